from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.files import read_tracks, write_table
from napari_anomalous_diffusion.tracks.table import Trajectories

NUCLEAR_TRACKS = Path(__file__).parent.parent / "data" / "nuclear_tracks.csv"

BEADS = pd.DataFrame(
    {
        "particle": [4, 4, 9],
        "frame": [0, 1, 0],
        "y": [1.5, 2.5, 3.5],
        "x": [10.25, 11.25, 12.25],
        "mass": [100.0, np.nan, 300.0],
    }
)


@pytest.fixture
def parquet():
    """Skip where pyarrow cannot be imported, as on a numpy older than its own."""
    return pytest.importorskip("pyarrow.parquet", exc_type=ImportError)


def refusal(path, **options):
    """The sentence a user reads."""
    with pytest.raises(InputError) as caught:
        read_tracks(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert message.endswith(".")
    return message.removeprefix(f"{path}: ")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_beads(tracks):
    assert tracks.track_ids.tolist() == [4, 9]
    assert tracks.frames.tolist() == [0, 1, 0]
    assert tracks.positions.tolist() == [[1.5, 10.25], [2.5, 11.25], [3.5, 12.25]]


class TestSources:
    def test_real_tracks_of_molecules_in_a_nucleus(self):
        tracks = read_tracks(NUCLEAR_TRACKS)
        assert (tracks.n_tracks, tracks.n_points, tracks.axes) == (24, 201, ("y", "x"))
        assert tracks.source == str(NUCLEAR_TRACKS)
        assert tracks.track_ids[:4].tolist() == [3, 4, 5, 10]
        longest = tracks.select([tracks.lengths.argmax()])
        assert longest.track_ids.tolist() == [3006]
        assert (longest.frames[0], longest.frames[-1], longest.n_points) == (91, 133, 43)
        raw = pd.read_csv(NUCLEAR_TRACKS)
        np.testing.assert_array_equal(tracks.positions, raw[["y", "x"]].to_numpy()[tracks.rows])

    def test_what_is_in_memory_already(self):
        assert_beads(read_tracks(BEADS))
        assert_beads(read_tracks(BEADS[["particle", "frame", "y", "x"]].to_numpy()))
        tracks = Trajectories.from_frame(BEADS)
        assert read_tracks(tracks) is tracks

    def test_anything_else_is_refused(self):
        with pytest.raises(InputError, match=r"^tracks cannot be read from a dict; give the path"):
            read_tracks({"x": [1]})

    def test_other_columns_can_be_named(self, tmp_path):
        path = tmp_path / "beads.csv"
        BEADS.rename(columns={"particle": "bead", "frame": "image"}).to_csv(path, index=False)
        assert "name the right one with --track" in refusal(path)
        assert_beads(read_tracks(path, track="bead", frame="image"))
        assert "there is no column 'cell'" in refusal(path, track="cell", frame="image")


class TestText:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("name", ["beads.csv", "beads.tsv", "beads.txt", "beads", "beads.gz"])
    def test_separators_encodings_and_line_endings(
        self, tmp_path, separator, encoding, ending, name
    ):
        path = tmp_path / name
        text = BEADS.to_csv(sep=separator, lineterminator=ending, index=False)
        path.write_bytes(text.encode(encoding))
        assert_beads(read_tracks(path))
        assert_beads(read_tracks(str(path)))

    @pytest.mark.parametrize("separator", [";", "\t"])
    def test_decimal_commas(self, tmp_path, separator):
        path = tmp_path / "beads.csv"
        BEADS.to_csv(path, sep=separator, decimal=",", index=False)
        assert_beads(read_tracks(path))

    @pytest.mark.parametrize(
        "text",
        [
            ",Trajectory,Frame,X,Y\n1,4,0,10.25,1.5\n2,4,1,11.25,2.5\n3,9,0,12.25,3.5\n",
            "ID,T,Y,X\n4.0,0.0,1.5,10.25\n4.0,1.0,2.5,11.25\n9.0,0.0,3.5,12.25\n",
            '"TrackID","t","x","y"\n"4","0","10.25","1.5"\n4,1,11.25,2.5\n9,0,12.25,3.5\n',
            "\n\ntrack_id,t,z,y,x\n4,0,,1.5,10.25\n\n4,1,,2.5,11.25\n9,0,,3.5,12.25",
            "a note,Track ID,Frame,x,y,\nx y,4,0,10.25,1.5,\n,4,1,11.25,2.5,\n,9,0,12.25,3.5,\n",
        ],
    )
    def test_tables_as_people_have_them(self, tmp_path, text):
        path = tmp_path / "beads.csv"
        path.write_text(text, encoding="utf-8")
        assert_beads(read_tracks(path))

    def test_a_blank_line_of_an_old_mac(self, tmp_path):
        path = tmp_path / "beads.csv"
        path.write_bytes(b"particle,frame,y,x\r4,0,1.5,10.25\r4,1,2.5,11.25\r\r 9,0,3.5,12.25\r")
        assert_beads(read_tracks(path))

    def test_ids_of_text(self, tmp_path):
        path = tmp_path / "cells.csv"
        path.write_text("track,frame,x\n1,0,1\ncell é,0,2\n1,1,3\n", encoding="utf-8")
        tracks = read_tracks(path)
        assert tracks.track_ids.tolist() == ["1", "cell é"]
        assert tracks.positions[:, 0].tolist() == [1.0, 3.0, 2.0]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "the file is empty; give a table of tracks."),
            (b"\n \n", "the file is empty; give a table of tracks."),
            (
                b"4,0,1.5,10.25\n4,1,2.5,11.25\n",
                "the first line must name the columns, but it holds the numbers 4, 0, 1.5, 10.25; "
                "put a line such as track_id,frame,y,x above it.",
            ),
            (
                b"particle,frame,y,x\n0,4,0,1.5,10.25\n",
                "its rows have 5 fields, but its first line names 4 columns; name every column "
                "there.",
            ),
            (b"particle,frame,y,x\n", "there are no points in it; give at least one track."),
            (
                b"just some text\n",
                "no column holds the track ids (the columns are 'just', ",
            ),
            (
                b"particle,frame,x\n4,0,1\n4,1,NaN\n",
                "1 point has no finite position (the first: x = nan in track 4 at frame 1); delete",
            ),
            (b"particle,frame,x\n4,0,1\n,1,2\n", "1 point has no track id (row 2 is the first);"),
            (b"particle,frame,x\n4,0,1\n4,1\n", "x = nan in track 4 at frame 1"),
            (b"particle,frame,x\n4,0,1\n4,1,?\n", "the column 'x' holds '?' in row 2 instead of a"),
            ("particle,frame,x\n4,0,1\n".encode("utf-16-le"), "is not a table in UTF-8 text, nor"),
            (
                b"particle,frame,x\n" + b"4,0,1\n" * 10**5 + b"\xff\n",
                "is not a table in UTF-8 text, nor",
            ),
            (b'particle,frame,x\n4,0,"1\n', "is not a table that can be read (Error tokenizing"),
            (
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
                "is not a table in UTF-8 text, nor of another format",
            ),
            (b"\0" * 100, "is not a table in UTF-8 text, nor of another format"),
        ],
    )
    def test_refusals(self, tmp_path, content, said):
        path = tmp_path / "beads.csv"
        path.write_bytes(content)
        assert said in refusal(path)

    def test_a_file_that_is_not_there(self, tmp_path):
        assert refusal(tmp_path / "none.csv") == (
            "cannot be read (No such file or directory); give the path of a file of tracks."
        )

    def test_a_folder(self, tmp_path):
        assert refusal(tmp_path) == (
            "is a folder, but no GEFF graph; give the path of a file of tracks."
        )


class TestParquet:
    @pytest.mark.parametrize("name", ["beads.parquet", "beads.csv", "beads"])
    def test_is_known_by_its_content(self, tmp_path, parquet, name):
        path = tmp_path / name
        BEADS.to_parquet(path)
        assert_beads(read_tracks(path))

    @pytest.mark.parametrize("index", ["frame", ["frame", "particle"]])
    def test_an_index_counts_as_a_column(self, tmp_path, parquet, index):
        path = tmp_path / "beads.parquet"
        for drop in (True, False):
            BEADS.set_index(index, drop=drop).to_parquet(path)
            assert_beads(read_tracks(path))

    def test_a_truncated_file_is_refused(self, tmp_path, parquet):
        path = tmp_path / "beads.parquet"
        BEADS.to_parquet(path)
        content = path.read_bytes()
        for size in (4, 100, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:size])
            assert refusal(path) == (
                "is a damaged or truncated Parquet file; copy or write it again."
            )

    def test_missing_columns_are_named(self, tmp_path, parquet):
        path = tmp_path / "beads.parquet"
        BEADS.drop(columns="frame").to_parquet(path)
        assert "no column holds the frames (the columns are 'particle', 'y', 'x'" in refusal(path)

    def test_without_pyarrow_it_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
        path = tmp_path / "beads.parquet"
        with pytest.raises(InputError, match="Parquet needs the package pyarrow"):
            write_table(BEADS, path)
        path.write_bytes(b"PAR1")
        assert refusal(path) == (
            "Parquet needs the package pyarrow, which cannot be imported here; install it anew, or "
            "use CSV."
        )

    def test_damaged_bytes_never_raise_anything_but_an_input_error(self, tmp_path, parquet):
        path = tmp_path / "beads.parquet"
        BEADS.to_parquet(path)
        content = bytearray(path.read_bytes())
        random = np.random.default_rng(0)
        for _ in range(200):
            damaged = bytearray(content)
            for place in random.integers(4, len(content), 3):
                damaged[place] = random.integers(256)
            path.write_bytes(damaged)
            assert_tracks_or_refusal(path)


def assert_tracks_or_refusal(path):
    try:
        tracks = read_tracks(path)
    except InputError:
        refusal(path)
    else:
        assert tracks.n_tracks > 0
        assert np.isfinite(tracks.positions).all()


# Bytes, texts of the characters that matter to a table, and tables with something odd in a cell.
CELLS = st.one_of(
    st.integers().map(str), st.floats().map(str), st.text(max_size=5), st.sampled_from(["", '"'])
)
TABLES = st.builds(
    lambda separator, rows: "\n".join(
        separator.join(row) for row in [["particle", "frame", "y", "x"], *rows]
    ),
    st.sampled_from(",;\t"),
    st.lists(st.lists(CELLS, max_size=6), max_size=6),
)
TEXTS = st.text(st.sampled_from('particleframexyzt_id,;\t\n\r" 0123.eE-\0é'))
CONTENTS = st.one_of(
    st.binary(),
    st.binary().map(b"PAR1".__add__),
    TEXTS.map(lambda text: text.encode()),
    TABLES.map(lambda text: text.encode("utf-8", "surrogatepass")),
)


class TestAnyBytes:
    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=CONTENTS)
    @example(content=b"particle,frame,x\n1,1e400,99999999999999999999999\n")
    @example(content=b"particle,frame,x\n18446744073709551615,0,1\n")
    @example(content=b"particle,frame,x\n1,18446744073709551615,1\n")
    @example(content=b"particle,frame,x\n" + b"1" * 200_000)
    @example(content=b"x" * 200_000)
    def test_give_tracks_or_one_sentence(self, tmp_path, content):
        path = tmp_path / "any"
        path.write_bytes(content)
        assert_tracks_or_refusal(path)


class TestWriteTable:
    def test_csv_leaves_empty_what_is_missing(self, tmp_path):
        path = tmp_path / "scores.csv"
        write_table(BEADS, path)
        assert path.read_text(encoding="utf-8").splitlines() == [
            "particle,frame,y,x,mass",
            "4,0,1.5,10.25,100.0",
            "4,1,2.5,11.25,",
            "9,0,3.5,12.25,300.0",
        ]

    def test_parquet_holds_null_for_what_is_missing(self, tmp_path, parquet):
        path = tmp_path / "scores.PARQUET"
        write_table(BEADS.assign(best=["sbm", None, "fbm"]), path)
        stored = parquet.read_table(path)
        assert stored.column_names == ["particle", "frame", "y", "x", "mass", "best"]
        assert stored["mass"].to_pylist() == [100.0, None, 300.0]
        assert stored["best"].to_pylist() == ["sbm", None, "fbm"]

    @pytest.mark.parametrize("ending", [".csv", ".parquet"])
    def test_what_was_written_can_be_read(self, tmp_path, ending):
        if ending == ".parquet":
            pytest.importorskip("pyarrow", exc_type=ImportError)
        tracks = read_tracks(NUCLEAR_TRACKS)
        path = tmp_path / "new" / "folder" / f"tracks{ending}"
        write_table(tracks.to_frame(), path)
        back = read_tracks(path)
        np.testing.assert_array_equal(back.starts, tracks.starts)
        np.testing.assert_array_equal(back.track_ids, tracks.track_ids)
        # The last digit may differ: pandas before 3.1 reads text a little inexactly.
        np.testing.assert_allclose(back.positions, tracks.positions, rtol=1e-15)
        assert names_in(path.parent) == [path.name]

    @pytest.mark.parametrize("name", ["scores.xlsx", "scores", "scores.csv.gz"])
    def test_other_endings_are_refused(self, tmp_path, name):
        with pytest.raises(InputError, match=rf"{name}: a table is written as .csv or .parquet;"):
            write_table(BEADS, tmp_path / name)
        assert names_in(tmp_path) == []

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path):
        class Unwritable:
            def __str__(self):
                raise RuntimeError("a bug")

        path = tmp_path / "scores.csv"
        write_table(BEADS, path)
        before = path.read_bytes()
        with pytest.raises(RuntimeError, match="a bug"):
            write_table(BEADS.assign(odd=Unwritable()), path)
        assert path.read_bytes() == before
        assert names_in(tmp_path) == ["scores.csv"]

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("not a folder")
        with pytest.raises(InputError, match=r"scores.csv: cannot be written \(.+\); choose anoth"):
            write_table(BEADS, tmp_path / "file" / "scores.csv")
        (tmp_path / "scores.csv").mkdir()
        with pytest.raises(InputError, match=r"scores.csv: cannot be written"):
            write_table(BEADS, tmp_path / "scores.csv")
        assert names_in(tmp_path) == ["file", "scores.csv"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_what_trackpy_measured_is_read_with_the_points(tmp_path, request, ending):
    table, path = BEADS.assign(ep=[0.1, 0.2, np.nan]), tmp_path / f"beads.{ending}"
    if ending == "parquet":
        request.getfixturevalue("parquet")
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep={"csv": ",", "tsv": "\t"}[ending])
    np.testing.assert_array_equal(read_tracks(path).localisation_errors, [0.1, 0.2, np.nan])
    table.assign(ep="good").to_csv(tmp_path / "words.csv", index=False)
    assert read_tracks(tmp_path / "words.csv").localisation_errors is None
