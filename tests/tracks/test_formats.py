"""The same tracks in every format, and what each of them says beside the points."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.files import read_tracks
from napari_anomalous_diffusion.tracks.formats import holds_tracks
from napari_anomalous_diffusion.tracks.formats.geff_writing import write_geff
from napari_anomalous_diffusion.tracks.notices import Notice

PLAIN = "track_id,frame,y,x\n4,0,1.5,10.25\n4,1,2.5,11.25\n4,3,4.5,13.25\n9,0,3.5,12.25\n9,1,3,12\n"
POINTS = pd.DataFrame(
    {
        "particle": [4, 4, 4, 9, 9],
        "frame": [0, 1, 3, 0, 1],
        "y": [1.5, 2.5, 4.5, 3.5, 3.0],
        "x": [10.25, 11.25, 13.25, 12.25, 12.0],
    }
)

TRACKMATE_NAMES = """\
LABEL,ID,TRACK_ID,QUALITY,POSITION_X,POSITION_Y,POSITION_Z,POSITION_T,FRAME,RADIUS,VISIBILITY
"""
TRACKMATE_TITLES = """\
Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,Radius,Visibility
Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,R,Visibility
,,,(quality),({length}),({length}),({length}),({time}),,({length}),
"""
TRACKMATE_SPOTS = """\
ID11,11,4,5.1,10.25,1.5,0.0,0.0,0,0.5,1
ID40,40,,3.2,99.0,98.0,0.0,0.0,0,0.5,1
ID21,21,9,5.0,12.25,3.5,0.0,0.0,0,0.5,1
ID12,12,4,5.2,11.25,2.5,0.0,0.05,1,0.5,1
ID22,22,9,5.3,12.0,3.0,0.0,0.05,1,0.5,1
ID13,13,4,5.4,13.25,4.5,0.0,0.15000000000000002,3,0.5,1
"""

PARTICLES_XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<Tracks nTracks="2" spaceUnits="µm" frameInterval="0.05" timeUnits="sec"
        generationDateTime="Tue, 16 Apr 2024 18:36:11" from="TrackMate v7.12.2">
  <particle nSpots="3">
    <detection t="0" x="10.25" y="1.5" z="0.0" />
    <detection t="1" x="11.25" y="2.5" z="0.0" />
    <detection t="3" x="13.25" y="4.5" z="0.0" />
  </particle>
  <particle nSpots="2">
    <detection t="0" x="12.25" y="3.5" z="0.0" />
    <detection t="1" x="12.0" y="3.0" z="0.0" />
  </particle>
</Tracks>
"""

SPOT = (
    '<Spot ID="{0}" name="ID{0}" STD_INTENSITY_CH1="0.1" QUALITY="5" POSITION_T="{2}" FRAME="{1}" '
    'RADIUS="0.5" VISIBILITY="1" POSITION_X="{4}" POSITION_Y="{3}" POSITION_Z="0.0" />'
)
EDGE = '<Edge SPOT_SOURCE_ID="{}" SPOT_TARGET_ID="{}" LINK_COST="0.2" EDGE_TIME="0.5" />'


def model_xml(spots, tracks, shown):
    """TrackMate's own file: `spots` as (id, frame, y, x), `tracks` as ids with their links."""
    by_frame = {frame: [spot for spot in spots if spot[1] == frame] for frame in range(9)}
    frames = "".join(
        f'<SpotsInFrame frame="{frame}">'
        + "".join(SPOT.format(spot[0], frame, 0.05 * frame, *spot[2:]) for spot in found)
        + "</SpotsInFrame>"
        for frame, found in by_frame.items()
    )
    linked = "".join(
        f'<Track name="Track_{track}" TRACK_ID="{track}" NUMBER_SPOTS="{len(links) + 1}">'
        + "".join(EDGE.format(*link) for link in links)
        + "</Track>"
        for track, links in tracks.items()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<TrackMate version="7.11.1">
  <Log>Starting detection &amp; tracking &lt;now&gt;.</Log>
  <Model spatialunits="µm" timeunits="sec">
    <FeatureDeclarations><SpotFeatures>
      <Feature feature="QUALITY" name="Quality" shortname="Quality" isint="false" />
    </SpotFeatures></FeatureDeclarations>
    <AllSpots nspots="{len(spots)}">{frames}</AllSpots>
    <AllTracks>{linked}</AllTracks>
    <FilteredTracks>{"".join(f'<TrackID TRACK_ID="{track}" />' for track in shown)}</FilteredTracks>
  </Model>
  <Settings>
    <ImageData filename="beads.tif" folder="/data/" width="512" height="512" nslices="1"
               nframes="4" pixelwidth="0.1" pixelheight="0.1" voxeldepth="1.0" timeinterval="0.05"/>
  </Settings>
</TrackMate>
"""


MODEL_SPOTS = [
    (11, 0, 1.5, 10.25), (12, 1, 2.5, 11.25), (13, 3, 4.5, 13.25),
    (21, 0, 3.5, 12.25), (22, 1, 3.0, 12.0), (40, 0, 98, 99), (51, 0, 5, 5), (52, 1, 6, 6),
]  # fmt: skip
# The order of links is any, and so is their direction.
MODEL_TRACKS = {4: [(12, 13), (11, 12)], 9: [(22, 21)], 5: [(51, 52)]}
MODEL_XML = model_xml(MODEL_SPOTS, MODEL_TRACKS, shown=[4, 9])

MICROMETRES = Calibration(length_unit="µm", frame_interval=0.05, time_unit="s")


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path, **options):
    """The sentence a user reads."""
    with pytest.raises(InputError) as caught:
        read_tracks(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert message.endswith(".")
    return message.removeprefix(f"{path}: ")


def assert_plain(tracks, ids=(4, 9), calibration=None):
    """Check that these are the tracks of `PLAIN`."""
    order = np.argsort(tracks.track_ids)
    tracks = tracks.select(order)
    assert tracks.axes == ("y", "x")
    assert tracks.track_ids.tolist() == list(ids)
    assert tracks.lengths.tolist() == [3, 2]
    assert tracks.frames.tolist() == [0, 1, 3, 0, 1]
    np.testing.assert_array_equal(tracks.positions, POINTS[["y", "x"]].to_numpy())
    if calibration is not None:
        assert tracks.calibration == calibration


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            PLAIN,
            PLAIN.replace(",", ";"),
            PLAIN.replace(",", "\t"),
            PLAIN.replace(",", " "),
            PLAIN.replace(",", "   ").replace("\n", "  \n  "),
            PLAIN.replace(",", ";").replace(".", ","),
            PLAIN.replace(",", " ").replace(".", ","),
            '"' + PLAIN.strip().replace(".", "§").replace(",", '","').replace("§", ",")
            .replace("\n", '"\n"') + '"\n',
            "\ufeff" + PLAIN,
            "# made by hand\n\n% in two steps\n" + PLAIN,
            "# made by hand\n# " + PLAIN,
            "#" + PLAIN.replace(",", " "),
            PLAIN.replace("track_id,frame,y,x", "Track ID,Frame Number,Y Position,X Position"),
            PLAIN.replace("track_id,frame,y,x", "TRAJECTORY,FRAME,Y,X"),
            PLAIN.replace("track_id,frame,y,x", "id,time,pos_y,pos_x"),
            PLAIN.replace("track_id,frame,y,x", "Track,Timepoint,y_px,x_px"),
        ],
    )  # fmt: skip
    def test_tables_as_people_have_them(self, tmp_path, text):
        path = write(tmp_path / "tracks.txt", text)
        assert_plain(read_tracks(path))
        assert holds_tracks(path)

    @pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8"])
    def test_a_unit_in_the_names_and_the_encodings_of_spreadsheets(self, tmp_path, encoding):
        text = PLAIN.replace("y,x", "y (µm),x [µm]").replace(",", "\t")
        tracks = read_tracks(write(tmp_path / "tracks.txt", text.encode(encoding)))
        assert_plain(tracks, calibration=Calibration(length_unit="µm"))

    def test_mosaic(self, tmp_path):
        # A column of numbers without a name, a column more than there are names for, z of 0.
        text = (
            ",Trajectory,Frame,x,y,z,m0,m1,m2,m3,m4,NPscore\n"
            "1,4,0,10.25,1.5,0.0,0.5,1,1,1,1,0\n2,4,1,11.25,2.5,0.0,0.5,1,1,1,1,0\n"
        )
        tracks = read_tracks(write(tmp_path / "mosaic.csv", text))
        assert tracks.track_ids.tolist() == [4]
        assert tracks.axes == ("z", "y", "x")
        assert tracks.positions.tolist() == [[0, 1.5, 10.25], [0, 2.5, 11.25]]

    def test_columns_that_could_each_be_meant_are_named(self, tmp_path):
        text = PLAIN.replace("y,x", "y,x").replace("frame,y,x", "frame,Y,y,x,X")
        text = text.replace(",1.5,10.25", ",1.5,0,10.25,0").replace(",2.5,11.25", ",2.5,0,11.25,0")
        text = text.replace(",4.5,13.25", ",4.5,0,13.25,0").replace(",3.5,12.25", ",3.5,0,12.25,0")
        path = write(tmp_path / "tracks.csv", text.replace(",3,12\n", ",3,0,12,0\n"))
        assert refusal(path) == (
            "the columns 'Y' and 'y' could each hold the coordinate y; name the coordinates in the "
            "order z, y, x with --axes (axes= in Python)."
        )
        assert_plain(read_tracks(path, axes=["Y", "x"]))
        assert "there is no column 'w'" in refusal(path, axes=["w"])

    def test_localisations_that_are_not_linked_are_said_to_be_so(self, tmp_path):
        text = '"frame","x [nm]","y [nm]","sigma [nm]"\n1,10,20,130\n2,11,21,128\n'
        path = write(tmp_path / "thunderstorm.csv", text)
        said = refusal(path)
        assert "its points are not linked into tracks yet: link them, for example with trac" in said
        assert not holds_tracks(path)

    def test_an_id_that_numbers_localisations_is_no_track(self, tmp_path):
        # As ThunderSTORM writes it.
        text = (
            '"id","frame","x [nm]","y [nm]","sigma [nm]","intensity [photon]","offset [photon]",'
            '"bkgstd [photon]","chi2","uncertainty [nm]"\n'
            "1.0,1.0,8421.2,1033.5,131.2,841.5,210.0,21.2,98.1,12.1\n"
            "2.0,1.0,2210.1,5120.8,128.9,702.2,208.4,20.8,91.7,14.0\n"
            "3.0,2.0,8430.7,1041.9,129.5,799.0,211.3,21.0,95.2,12.6\n"
        )
        path = write(tmp_path / "thunderstorm.csv", text)
        assert refusal(path) == (
            "every point has another 'id', so that its points are not linked into tracks yet: link "
            "them, for example with trackpy.link on x, y and frame, or open their movie and link "
            "that; or, where a column holds the tracks, name the right one with --track (track= in "
            "Python)."
        )
        assert not holds_tracks(path)
        # Whoever names the column means it.
        assert len(read_tracks(path, track="id")) == 3

    def test_no_names(self, tmp_path):
        path = write(tmp_path / "tracks.csv", PLAIN.split("\n", 1)[1].replace(",", ";"))
        assert "the first line must name the columns, but it holds the numbers 4, 0" in refusal(
            path
        )

    def test_a_row_that_is_longer_than_the_names(self, tmp_path):
        path = write(tmp_path / "tracks.csv", PLAIN + "9,2,3,12,7\n")
        assert "its rows have 5 fields, but its first line names 4 columns" in refusal(path)


class TestTrackMateTable:
    @pytest.mark.parametrize(("length", "encoding"), [("micron", "utf-8"), ("µm", "cp1252")])
    def test_spots(self, tmp_path, length, encoding):
        text = TRACKMATE_NAMES + TRACKMATE_TITLES.format(length=length, time="sec")
        path = write(tmp_path / "spots.csv", (text + TRACKMATE_SPOTS).encode(encoding))
        with pytest.warns(Notice, match=r"spots.csv: 1 spot is in no track, and left out\.$"):
            tracks = read_tracks(path)
        assert_plain(tracks, calibration=MICROMETRES)
        assert tracks.rows.tolist() == [0, 3, 5, 2, 4]
        assert holds_tracks(path)

    def test_pixels_and_frames(self, tmp_path):
        text = TRACKMATE_NAMES + TRACKMATE_TITLES.format(length="pixel", time="frame")
        path = write(tmp_path / "spots.csv", text + "ID1,1,4,5,10.25,1.5,7.5,0,0,0.5,1\n")
        tracks = read_tracks(path)
        assert tracks.axes == ("z", "y", "x")
        assert tracks.calibration == Calibration()

    def test_before_version_7(self, tmp_path):
        path = write(
            tmp_path / "spots.csv", TRACKMATE_NAMES + TRACKMATE_SPOTS.replace("40,,", "40,None,")
        )
        with pytest.warns(Notice, match="1 spot is in no track"):
            assert_plain(read_tracks(path))

    def test_another_calibration_takes_its_place(self, tmp_path):
        path = write(tmp_path / "particles.xml", PARTICLES_XML)
        mine = Calibration(pixel_size=0.1, length_unit="µm")
        assert read_tracks(path, calibration=mine).calibration == mine

    def test_only_spots_that_are_not_linked(self, tmp_path):
        text = TRACKMATE_NAMES + TRACKMATE_TITLES.format(length="µm", time="sec")
        path = write(tmp_path / "spots.csv", text + "ID40,40,,3.2,99.0,98.0,0.0,0.0,0,0.5,1\n")
        assert refusal(path) == (
            "none of its spots is linked to a track; link them in TrackMate (the step after the "
            "filter of spots) and save again."
        )

    def test_a_split_cannot_be_cut_here(self, tmp_path):
        text = TRACKMATE_NAMES + TRACKMATE_SPOTS.replace("ID40,40,,", "ID40,40,4,")
        said = refusal(write(tmp_path / "spots.csv", text))
        assert said.startswith("track 4 has more than one spot at frame 0, so it splits or merges")

    @pytest.mark.parametrize(
        ("names", "what"),
        [
            ("LABEL,TRACK_ID,SPOT_SOURCE_ID,SPOT_TARGET_ID,LINK_COST,SPEED", "links"),
            ("LABEL,TRACK_INDEX,TRACK_ID,NUMBER_SPOTS,NUMBER_GAPS,LONGEST_GAP", "tracks"),
        ],
    )
    def test_its_other_tables(self, tmp_path, names, what):
        path = write(tmp_path / "other.csv", names + "\nTrack_0,0,0,4,0,1\n")
        assert refusal(path) == (
            f"is TrackMate's table of {what}, which has no positions; export the table of spots in "
            "tracks instead."
        )
        assert not holds_tracks(path)


class TestTrackMateXML:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_tracks_alone(self, tmp_path, encoding):
        text = PARTICLES_XML.replace("UTF-8", encoding)
        path = write(tmp_path / "tracks.xml", text.encode(encoding))
        assert_plain(read_tracks(path), ids=(0, 1), calibration=MICROMETRES)
        assert holds_tracks(path)

    def test_a_whole_session_with_the_tracks_that_are_shown(self, tmp_path):
        path = write(tmp_path / "session.xml", MODEL_XML)
        with pytest.warns(Notice, match="session.xml: 3 spots are in no track, and left out"):
            assert_plain(read_tracks(path), calibration=MICROMETRES)
        assert holds_tracks(path)

    def test_splits_and_merges_are_cut_at_the_branch(self, tmp_path):
        # 1 - 2 - 3 - 6 - 7: from 2 a branch 4 - 5 leaves, which comes back at 6.
        spots = [
            (1, 0, 0, 0), (2, 1, 1, 1), (3, 2, 2, 2), (4, 2, 2, 9), (5, 3, 3, 9), (6, 4, 4, 4),
            (7, 5, 5, 5), (8, 0, 50, 50), (9, 1, 51, 51),
        ]  # fmt: skip
        tracks = {3: [(1, 2), (2, 3), (2, 4), (4, 5), (5, 6), (3, 6), (6, 7)], 8: [(8, 9)]}
        path = write(tmp_path / "cells.xml", model_xml(spots, tracks, shown=[3, 8]))
        with pytest.warns(
            Notice, match="1 track splits or merges; cut at the branches, it makes 4"
        ):
            cut = read_tracks(path)
        found = {name: cut.frames[cut.starts[i] : cut.starts[i + 1]].tolist()
                 for i, name in enumerate(cut.track_ids)}  # fmt: skip
        assert found == {"3": [0, 1], "3.1": [2], "3.2": [2, 3], "3.3": [4, 5], "8": [0, 1]}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                "<html><body/></html>",
                "is an XML file, but not one of TrackMate's; give TrackMate's",
            ),
            (PARTICLES_XML[:450], "is a damaged or truncated XML file (unclosed token: line 10"),
            (PARTICLES_XML.replace(' y="2.5"', ""), "a detection (line 6) has no y; save it again"),
            (
                PARTICLES_XML.replace("2.5", "2,5"),
                "a detection (line 6) holds what is no number (c",
            ),
            (PARTICLES_XML.replace('t="3"', 't="1"'), "track 0 has more than one spot at frame 1"),
            ("<Tracks></Tracks>", "there are no tracks in it; link them in TrackMate"),
            (model_xml(MODEL_SPOTS, {}, []), "none of its 8 spots is linked; link them in TrackM"),
            (
                model_xml(MODEL_SPOTS, MODEL_TRACKS, []),
                "TrackMate's filters hide all of its tracks",
            ),
            (model_xml(MODEL_SPOTS[1:], MODEL_TRACKS, [4]), "some of its links are of spots that"),
            (model_xml(MODEL_SPOTS, {4: [(11, 21)]}, [4]), "track 4 links two points of frame 0"),
            (MODEL_XML.replace('TRACK_ID="4"', f'TRACK_ID="{10**20}"'), "holds what is no number"),
            (MODEL_XML.replace(' POSITION_X="10.25"', ""), "a Spot (line 8) has no POSITION_X"),
        ],
    )
    @pytest.mark.filterwarnings("ignore::napari_anomalous_diffusion.tracks.notices.Notice")
    def test_refusals(self, tmp_path, text, said):
        assert said in refusal(write(tmp_path / "tracks.xml", text))

    def test_entities_are_never_expanded(self, tmp_path):
        laughs = '<!DOCTYPE Tracks [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
        path = write(tmp_path / "tracks.xml", PARTICLES_XML.replace("<Tracks", laughs + "<Tracks"))
        assert "declares a document type, which no file of TrackMate's does" in refusal(path)

    def test_other_xml_is_left_to_others(self, tmp_path):
        assert not holds_tracks(write(tmp_path / "a.xml", "<!-- <Tracks> --><OME></OME>"))


class TestHDF5:
    pytestmark = pytest.mark.filterwarnings("ignore:The default value of 'track_times'")

    @pytest.fixture
    def store(self, tmp_path):
        pytest.importorskip("tables")
        pytest.importorskip("h5py")
        return tmp_path / "store.h5"

    def test_trackpy_stores(self, store):
        trackpy = pytest.importorskip("trackpy")
        for kind in (trackpy.PandasHDFStore, trackpy.PandasHDFStoreSingleNode):
            store.unlink(missing_ok=True)
            with kind(str(store)) as out:
                for _, points in POINTS.assign(mass=1.0, ep=0.25).groupby("frame"):
                    out.put(points)
            assert_plain(read_tracks(store))
            assert read_tracks(store).localisation_errors == pytest.approx(0.25)
            assert holds_tracks(store)

    @pytest.mark.parametrize("options", [{}, {"format": "table"}, {"data_columns": True}])
    @pytest.mark.filterwarnings("ignore::pandas.errors.PerformanceWarning")
    def test_what_pandas_writes(self, store, options):
        options = options | ({"format": "table"} if options else {})
        POINTS.assign(name="a").to_hdf(store, key="deep/tracks", **options)
        pd.DataFrame({"a": [1]}).to_hdf(store, key="other")
        assert_plain(read_tracks(store))
        POINTS.to_hdf(store, key="again")
        assert refusal(store) == (
            "several of its tables again, deep/tracks, other hold tracks; save the right one in a "
            "file of its own."
        )

    def test_other_files_are_left_to_others(self, tmp_path):
        h5py = pytest.importorskip("h5py")
        path = tmp_path / "image.h5"
        with h5py.File(path, "w") as file:
            file["deep/image"] = np.zeros((4, 4))
        assert not holds_tracks(path)
        assert "holds no table that pandas or trackpy wrote; save the tracks as" in refusal(path)

    def test_truncated(self, store):
        POINTS.to_hdf(store, key="tracks")
        content = store.read_bytes()
        for size in (8, 100, len(content) // 2):
            store.write_bytes(content[:size])
            assert "is a damaged HDF5 file, or one that pandas did not write" in refusal(store)

    def test_without_h5py_it_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "h5py", None)
        path = write(tmp_path / "store.h5", b"\x89HDF\r\n\x1a\n")
        assert 'HDF5 needs the package h5py; install it, for example with pip install "nap' in (
            refusal(path)
        )
        assert not holds_tracks(path)


def write_graph(path, *, times=(0, 1, 3, 0, 1), edges=((10, 11), (11, 12), (14, 13)), about=None):
    """Write a graph as the specification says, with zarr alone."""
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    nodes = np.arange(10, 10 + len(times), dtype=np.uint64)
    values = {"t": times, "y": POINTS["y"], "x": POINTS["x"]}
    arrays = {"nodes/ids": nodes, "edges/ids": np.array(edges, dtype=np.uint64).reshape(-1, 2)}
    arrays |= {f"nodes/props/{name}/values": np.array(part) for name, part in values.items()}
    for name, array in arrays.items():
        group.create_array(name, data=array)
    axes = [{"name": "t", "type": "time", "unit": "second"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in ("x", "y")]
    group.attrs["geff"] = {"geff_version": "1.1.0", "directed": True, "axes": axes} | (about or {})
    return path


class TestGEFF:
    def test_a_graph(self, tmp_path):
        path = write_graph(tmp_path / "tracks.geff")
        assert_plain(read_tracks(path), ids=(0, 1), calibration=Calibration(
            length_unit="µm", frame_interval=1.0, time_unit="s"
        ))  # fmt: skip
        assert holds_tracks(path)

    def test_times_become_frames(self, tmp_path):
        path = write_graph(tmp_path / "tracks.zarr", times=np.array([0, 1, 3, 0, 1]) * 0.05)
        tracks = read_tracks(path)
        assert_plain(tracks, ids=(0, 1))
        assert tracks.calibration.frame_interval == pytest.approx(0.05)

    def test_splits_are_cut_and_single_nodes_left_out(self, tmp_path):
        path = write_graph(tmp_path / "t.geff", times=(0, 1, 1, 2, 9), edges=((10, 11), (10, 12)))
        with pytest.warns(Notice) as caught:
            tracks = read_tracks(path)
        assert [str(notice.message).removeprefix(f"{path}: ") for notice in caught] == [
            "2 points are in no track, and left out.",
            "1 track splits or merges; cut at the branches, it makes 3 tracks.",
        ]
        assert tracks.track_ids.tolist() == ["0", "0.1", "0.2"]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"edges": ()}, "its 5 points are not linked; link them where they were found"),
            ({"edges": ((10, 99),)}, "has edges of nodes that are not in it; write it again"),
            ({"about": {"axes": None}}, "this GEFF graph does not say which of its properties are"),
            ({"about": {"track_node_props": {"tracklet": "?"}}}, "is a damaged or incomplete GEFF"),
        ],
    )
    def test_refusals(self, tmp_path, changes, said):
        assert said in refusal(write_graph(tmp_path / "tracks.geff", **changes))

    def test_other_folders_are_left_to_others(self, tmp_path):
        (tmp_path / ".zattrs").write_text(json.dumps({"multiscales": []}))
        assert not holds_tracks(tmp_path)

    def test_what_is_written_can_be_read(self, tmp_path):
        pytest.importorskip("geff")
        path = tmp_path / "new" / "tracks.geff"
        calibration = Calibration(
            pixel_size=0.1, length_unit="µm", frame_interval=0.05, time_unit="s"
        )
        mine = read_tracks(POINTS, calibration=calibration)
        labels = np.array(["fbm"] * 3 + [None] * 2, dtype=object)
        for _ in range(2):
            write_geff(mine, path, {"best": labels, "margin": [0.1, 0.1, 0.1, np.nan, np.nan]})
        assert [item.name for item in path.parent.iterdir()] == ["tracks.geff"]
        assert_plain(read_tracks(path), calibration=calibration)
        group = pytest.importorskip("zarr").open_group(str(path), mode="r")
        assert group["nodes/props/best/values"][:].tolist() == ["fbm"] * 3 + [""] * 2
        assert group["nodes/props/best/missing"][:].tolist() == [False] * 3 + [True] * 2

    def test_nothing_else_is_overwritten(self, tmp_path):
        pytest.importorskip("geff")
        with pytest.raises(InputError, match="is there already, and is no GEFF graph; choose anot"):
            write_geff(read_tracks(POINTS), tmp_path)

    def test_without_zarr_it_is_named(self, tmp_path, monkeypatch):
        path = write_graph(tmp_path / "tracks.geff")
        monkeypatch.setitem(sys.modules, "zarr", None)
        assert "GEFF needs the package zarr; install it, for example with pip inst" in refusal(path)
