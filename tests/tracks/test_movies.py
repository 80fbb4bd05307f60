from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.images import natural_order
from napari_anomalous_diffusion.tracks.movies import (
    Movie,
    as_movie,
    is_movie,
    layer_calibration,
    open_movie,
)

tifffile = pytest.importorskip("tifffile")

BEADS = sample_path("beads").with_name("beads.tif")
SHAPE = (6, 12, 10)
# Values that tell every pixel from every other, in both bytes.
STACK = (np.arange(np.prod(SHAPE)).reshape(SHAPE) * 77 % 60_000).astype(np.uint16)
VOLUMES = STACK.reshape(3, 2, 12, 10)


def all_frames(movie: Movie) -> Any:
    return np.stack([movie.frame(number) for number in range(len(movie))])


def check_sentence(error: InputError, source: str = "") -> None:
    message = str(error)
    assert message.startswith(source)
    assert message.endswith(".")
    assert "\n" not in message


class TestAsMovie:
    @pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, ">u2", np.float16, np.float64])
    def test_takes_every_type_of_number(self, dtype: Any) -> None:
        movie = as_movie(STACK.astype(dtype))
        assert movie.axes == ("y", "x")
        np.testing.assert_array_equal(all_frames(movie), STACK.astype(dtype))

    @pytest.mark.parametrize(
        ("axes", "frame_axes"),
        [
            (("t", "z", "y", "x"), ("z", "y", "x")),
            (("Time", "Depth", "Row", "Column"), ("z", "y", "x")),
            (("t", "z", "axis -2", "axis -1"), ("z", "y", "x")),
            (("-4", "z", "-2", "-1"), ("z", "y", "x")),
        ],
    )
    def test_volumes_are_told_by_names(
        self, axes: tuple[str, ...], frame_axes: tuple[str, ...]
    ) -> None:
        movie = as_movie(VOLUMES, axes)
        assert movie.axes == frame_axes
        np.testing.assert_array_equal(all_frames(movie), VOLUMES)

    def test_axes_come_in_any_order(self) -> None:
        movie = as_movie(VOLUMES.transpose(1, 3, 2, 0), "zxyt")
        np.testing.assert_array_equal(all_frames(movie), VOLUMES)

    @pytest.mark.parametrize("axes", [None, "tcyx"])
    def test_axes_of_size_one_are_dropped(self, axes: str | None) -> None:
        movie = as_movie(STACK[:, np.newaxis], axes)
        assert movie.axes == ("y", "x")
        np.testing.assert_array_equal(all_frames(movie), STACK)

    @pytest.mark.parametrize(
        ("shape", "axes", "words"),
        [
            ((12, 10), None, "single frame"),
            ((1, 12, 10), None, "single frame"),
            ((2, 12, 10), "zyx", "single volume"),
            ((12, 10, 3), None, "3 colours"),
            ((6, 12, 10, 4), None, "4 colours"),
            ((6, 12, 10, 3), ("t", "y", "x", "RGB"), "3 colours"),
            ((6, 2, 12, 10), "tcyx", "has 2 channels; split it"),
            ((6, 2, 12, 10), None, "may be time, depth or channels; name them"),
            ((6, 2, 2, 12, 10), "tczyx", "has 2 channels"),
            ((6, 12, 10), "tyxz", "4 names of axes"),
            ((6, 12, 10), "tyy", "are the same"),
            ((7,), None, "is no movie"),
            ((), None, "is no movie"),
            ((0, 12, 10), None, "is empty"),
        ],
    )
    def test_says_what_is_wrong_in_one_sentence(
        self, shape: tuple[int, ...], axes: Any, words: str
    ) -> None:
        with pytest.raises(InputError, match=words) as caught:
            as_movie(np.zeros(shape, np.uint8), axes, source="cells")
        check_sentence(caught.value, "cells: ")

    @pytest.mark.parametrize("dtype", [np.complex64, "U3", object, "datetime64[s]"])
    def test_what_is_no_number_is_refused(self, dtype: Any) -> None:
        with pytest.raises(InputError, match="must hold real numbers"):
            as_movie(np.empty(SHAPE, dtype))

    @given(
        shape=st.lists(st.integers(0, 5), max_size=6).map(tuple),
        axes=st.none() | st.lists(st.sampled_from("tzyxcs") | st.text(max_size=3), max_size=6),
    )
    def test_whatever_comes_is_a_movie_or_one_sentence(
        self, shape: tuple[int, ...], axes: list[str] | None
    ) -> None:
        try:
            movie = as_movie(np.zeros(shape, np.uint8), axes)
        except InputError as error:
            check_sentence(error)
            return
        assert len(movie) > 1
        assert movie.frame(len(movie) - 1).ndim == len(movie.axes)
        assert movie.frame(0).size * len(movie) == np.prod(shape)

    def test_of_dask_every_chunk_is_computed_once(self) -> None:
        array = pytest.importorskip("dask.array")
        computed = []

        def block(values: Any) -> Any:
            computed.append(len(values))
            return values

        lazy = array.from_array(STACK, chunks=(4, 12, 10)).map_blocks(block, dtype=STACK.dtype)
        computed.clear()
        movie = as_movie(lazy)
        assert computed == []
        np.testing.assert_array_equal(all_frames(movie), STACK)
        assert computed == [4, 2]

    def test_a_frame_that_fails_is_named(self) -> None:
        class Damaged:
            shape, dtype = SHAPE, np.dtype(np.uint8)

            def __getitem__(self, number: int) -> None:
                raise OSError("disk on fire")

        with pytest.raises(InputError, match=r"m: frame 2 cannot be read \(disk on fire\)"):
            as_movie(Damaged(), source="m").frame(2)


class TestTiff:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"metadata": None},
            {"metadata": {"axes": "TYX"}},
            {"compression": "zlib", "predictor": True},
            {"compression": "zlib", "metadata": None},
            {"bigtiff": True},
            {"byteorder": ">"},
            {"byteorder": ">", "compression": "zlib"},
            {"imagej": True, "metadata": {"axes": "TYX"}},
            {"imagej": True, "metadata": {"axes": "ZYX"}},  # as ImageJ saves what it has imported
            {"ome": True, "metadata": {"axes": "TYX"}},
            {"ome": True, "bigtiff": True, "metadata": {"axes": "TYX"}, "compression": "zlib"},
            {"tile": (16, 16)},
        ],
        ids=str,
    )
    def test_stacks_of_every_kind(self, tmp_path: Path, options: dict[str, Any]) -> None:
        path = tmp_path / "stack.tif"
        tifffile.imwrite(path, STACK, **options)
        movie = open_movie(path)
        assert is_movie(path)
        assert movie.axes == ("y", "x")
        assert movie.source == str(path)
        np.testing.assert_array_equal(all_frames(movie), STACK)
        np.testing.assert_array_equal(movie.frame(4), STACK[4])  # in any order

    @pytest.mark.parametrize("compression", [None, "zlib"])
    @pytest.mark.parametrize(
        "options", [{"imagej": True}, {"ome": True}, {}], ids=["imagej", "ome", "shaped"]
    )
    def test_volumes(self, tmp_path: Path, options: dict[str, Any], compression: Any) -> None:
        path = tmp_path / "volumes.tif"
        if compression and "imagej" in options:
            pytest.skip("ImageJ knows no compression")
        tifffile.imwrite(
            path, VOLUMES, metadata={"axes": "TZYX"}, compression=compression, **options
        )
        movie = open_movie(path)
        assert movie.axes == ("z", "y", "x")
        np.testing.assert_array_equal(all_frames(movie), VOLUMES)

    @pytest.mark.parametrize("compression", [None, "zlib"])
    def test_time_need_not_come_first(self, tmp_path: Path, compression: Any) -> None:
        path = tmp_path / "ztyx.ome.tif"
        tifffile.imwrite(
            path,
            VOLUMES.swapaxes(0, 1),
            ome=True,
            metadata={"axes": "ZTYX"},
            compression=compression,
        )
        np.testing.assert_array_equal(all_frames(open_movie(path)), VOLUMES)

    @pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"metadata": None}], ids=str)
    def test_written_image_by_image(self, tmp_path: Path, options: dict[str, Any]) -> None:
        with tifffile.TiffWriter(tmp_path / "stack.tif") as file:
            for frame in STACK:
                file.write(frame, **options)
        np.testing.assert_array_equal(all_frames(open_movie(tmp_path / "stack.tif")), STACK)

    def test_bits_of_one_page_each(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "bits.tif", STACK > 30_000)
        np.testing.assert_array_equal(all_frames(open_movie(tmp_path / "bits.tif")), STACK > 30_000)

    @pytest.mark.parametrize(
        ("options", "calibration"),
        [
            (
                {
                    "imagej": True,
                    "resolution": (4, 4),
                    "metadata": {"axes": "TYX", "unit": "um", "finterval": 0.5},
                },
                Calibration(pixel_size=0.25, length_unit="µm", frame_interval=0.5, time_unit="s"),
            ),
            (
                {"imagej": True, "resolution": (4, 4), "metadata": {"axes": "TYX", "fps": 20}},
                Calibration(frame_interval=0.05, time_unit="s"),
            ),
            (
                {
                    "ome": True,
                    "metadata": {
                        "axes": "TYX",
                        "PhysicalSizeX": 100.0,
                        "PhysicalSizeXUnit": "nm",
                        "PhysicalSizeY": 0.2,
                        "PhysicalSizeYUnit": "µm",
                        "TimeIncrement": 7.5,
                        "TimeIncrementUnit": "ms",
                    },
                },
                Calibration(
                    pixel_size=(200.0, 100.0),
                    length_unit="nm",
                    frame_interval=7.5,
                    time_unit="ms",
                ),
            ),
            (
                {
                    "imagej": True,
                    "resolution": (4, 4),
                    "metadata": {"axes": "TYX", "unit": r"\u00B5m", "tunit": "sec"},
                },
                Calibration(pixel_size=0.25, length_unit="µm"),
            ),
            ({"resolution": (72, 72), "resolutionunit": 2}, Calibration()),  # a printer's
            (
                {
                    "imagej": True,
                    "resolution": (72, 72),
                    "metadata": {"axes": "TYX", "unit": "inch"},
                },
                Calibration(),
            ),
            ({"imagej": True, "metadata": {"axes": "TYX", "unit": "pixel"}}, Calibration()),
        ],
        ids=["imagej", "imagej-fps", "ome", "escaped", "plain", "inches", "pixels"],
    )
    def test_pixel_size_and_interval(
        self, tmp_path: Path, options: dict[str, Any], calibration: Calibration
    ) -> None:
        path = tmp_path / "stack.tif"
        tifffile.imwrite(path, STACK, **options)
        found = open_movie(path).calibration
        np.testing.assert_allclose(found.pixel_size, calibration.pixel_size)
        assert found.model_copy(update={"pixel_size": 1.0}) == calibration.model_copy(
            update={"pixel_size": 1.0}
        )

    def test_height_of_a_plane(self, tmp_path: Path) -> None:
        path = tmp_path / "volumes.tif"
        tifffile.imwrite(
            path,
            VOLUMES,
            imagej=True,
            resolution=(4, 4),
            metadata={"axes": "TZYX", "unit": "micron", "spacing": 1.5},
        )
        calibration = open_movie(path).calibration
        assert calibration.pixel_size == (1.5, 0.25, 0.25)
        assert calibration.length_unit == "µm"

    def test_channels_and_colours_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "channels.tif"
        tifffile.imwrite(path, VOLUMES, imagej=True, metadata={"axes": "TCYX"})
        with pytest.raises(InputError, match=r"channels\.tif: has 2 channels"):
            open_movie(path)
        colours = np.zeros((4, 12, 10, 3), np.uint8)
        tifffile.imwrite(path, colours, photometric="rgb")
        with pytest.raises(InputError, match="3 colours"):
            open_movie(path)

    def test_a_single_image_is_refused(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "one.tif", STACK[0])
        with pytest.raises(InputError, match=r"one\.tif: is a single frame"):
            open_movie(tmp_path / "one.tif")

    @pytest.mark.parametrize("content", [b"", b"<html>not found</html>", bytes(1000)])
    def test_what_is_only_called_so(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "movie.tif").write_bytes(content)
        with pytest.raises(InputError, match="is a damaged or truncated TIFF file") as caught:
            open_movie(tmp_path / "movie.tif")
        check_sentence(caught.value, str(tmp_path / "movie.tif"))

    @pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.6, 0.9, 0.97])
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"metadata": None},
            {"compression": "zlib"},
            {"compression": "zlib", "metadata": None},
            {"imagej": True, "metadata": {"axes": "TYX"}},
            {"ome": True, "metadata": {"axes": "TYX"}},
            {"ome": True, "metadata": {"axes": "TYX"}, "compression": "zlib"},
            {"bigtiff": True},
        ],
        ids=str,
    )
    def test_a_truncated_file_is_one_sentence_or_whole(
        self,
        tmp_path: Path,
        options: dict[str, Any],
        share: float,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        path = tmp_path / "stack.tif"
        frames = np.random.default_rng(1).integers(0, 60_000, (6, 64, 64)).astype(np.uint16)
        tifffile.imwrite(path, frames, **options)
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        try:
            read = all_frames(open_movie(path))
        except InputError as error:
            check_sentence(error, str(path))
        else:  # what came after the last frame is missing
            np.testing.assert_array_equal(read, frames)
        assert capfd.readouterr().err == ""

    def test_other_threads_may_log(self, tmp_path: Path, caplog: Any) -> None:
        tifffile.imwrite(tmp_path / "stack.tif", STACK)
        open_movie(tmp_path / "stack.tif")
        logging.getLogger("tifffile").error("of someone else")
        assert "of someone else" in caplog.text

    def test_frames_are_read_when_they_are_asked_for(self, tmp_path: Path) -> None:
        path = tmp_path / "stack.tif"
        tifffile.imwrite(path, STACK)
        movie = open_movie(path)
        with path.open("r+b") as file:  # every byte after the head
            file.seek(path.stat().st_size // 2)
            file.write(bytes(200))
        assert (all_frames(movie) != STACK).any()

    def test_the_sample(self) -> None:
        movie = open_movie(BEADS)
        assert len(movie) == 60
        np.testing.assert_array_equal(movie.frame(59), tifffile.imread(BEADS)[59])


class TestImages:
    def test_a_folder_and_a_pattern(self, tmp_path: Path) -> None:
        iio = pytest.importorskip("imageio.v3")
        for number, frame in enumerate((STACK // 256).astype(np.uint8)):
            iio.imwrite(tmp_path / f"frame{number + 7}.png", frame)  # 7, 8, 9, 10, 11, 12
        (tmp_path / "notes.txt").write_text("nothing")
        for place in (tmp_path, tmp_path / "*.png"):
            assert is_movie(place)
            movie = open_movie(place)
            assert movie.axes == ("y", "x")
            np.testing.assert_array_equal(all_frames(movie), STACK // 256)

    def test_tiff_images(self, tmp_path: Path) -> None:
        for number, frame in enumerate(STACK):
            tifffile.imwrite(tmp_path / f"{number}.tif", frame)
        np.testing.assert_array_equal(all_frames(open_movie(tmp_path)), STACK)

    def test_what_does_not_belong_is_named(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "1.tif", STACK[0])
        tifffile.imwrite(tmp_path / "2.tif", STACK[0, :5])
        (tmp_path / "3.tif").write_bytes(b"II*\0 nothing")
        movie = open_movie(tmp_path)
        with pytest.raises(InputError, match=r"2\.tif: is an image of 5 x 10 pixels"):
            movie.frame(1)
        with pytest.raises(InputError, match=r"3\.tif: cannot be read as an image"):
            movie.frame(2)

    @pytest.mark.parametrize(
        ("frames", "words"),
        [
            ([], "there are no images"),
            ([STACK[0]], "single frame"),
            ([STACK, STACK], r"0\.tif holds more than one image"),
            ([np.zeros((12, 10, 3), np.uint8)] * 2, "3 colours"),
        ],
        ids=["none", "one", "stacks", "colours"],
    )
    def test_what_is_no_movie_is_refused(
        self, tmp_path: Path, frames: list[Any], words: str
    ) -> None:
        for number, frame in enumerate(frames):
            tifffile.imwrite(tmp_path / f"{number}.tif", frame)
        with pytest.raises(InputError, match=words):
            open_movie(tmp_path)

    @given(st.lists(st.text("ab019_.", max_size=8), min_size=2))
    def test_any_names_can_be_sorted(self, names: list[str]) -> None:
        sorted((Path(f"x{name}") for name in names), key=natural_order)


class TestIsMovie:
    def test_tables_are_none(self, tmp_path: Path) -> None:
        table = tmp_path / "tracks.csv"
        table.write_text("track_id,frame,y,x\n0,0,1.0,2.0\n")
        parquet = tmp_path / "tracks.parquet"
        parquet.write_bytes(b"PAR1\0\0\0")
        (tmp_path / "empty").mkdir()
        wide = tmp_path / "tracks.txt"
        wide.write_text("track_id,frame,y,x", encoding="utf-16")
        for path in (table, parquet, wide, tmp_path / "empty", tmp_path / "nothing.tif"):
            assert not is_movie(path)
        assert is_movie(BEADS)
        (tmp_path / "empty.tif").touch()
        assert is_movie(tmp_path / "empty.tif")
        assert is_movie(tmp_path / "cells.zarr") is False  # not there
        (tmp_path / "cells.zarr").mkdir()
        assert is_movie(tmp_path / "cells.zarr")


class TestNapariReaders:
    def test_a_format_that_only_napari_reads(self, tmp_path: Path) -> None:
        pytest.importorskip("napari")
        np.save(tmp_path / "stack.npy", STACK)
        assert is_movie(tmp_path / "stack.npy")
        np.testing.assert_array_equal(all_frames(open_movie(tmp_path / "stack.npy")), STACK)

    def test_what_nothing_reads(self, tmp_path: Path) -> None:
        pytest.importorskip("napari")
        path = tmp_path / "cells.unheardof"
        path.write_bytes(bytes(100))
        with pytest.raises(InputError, match="no installed napari reader") as caught:
            open_movie(path)
        check_sentence(caught.value, str(path))

    def test_tables_of_points_are_no_images(self, tmp_path: Path) -> None:
        pytest.importorskip("napari")
        path = tmp_path / "points.csv"
        path.write_text("index,axis-0,axis-1\n0,1.0,2.0\n")
        with pytest.raises(InputError, match="napari reads no images from it"):
            open_movie(path)

    def test_without_npe2(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "npe2", None)
        (tmp_path / "cells.nd2").write_bytes(bytes(100))
        with pytest.raises(InputError, match=r"cells\.nd2: only TIFF and images are read without"):
            open_movie(tmp_path / "cells.nd2")

    def test_programs_are_not_run(self, tmp_path: Path) -> None:
        (tmp_path / "program.py").write_text("raise SystemExit")
        with pytest.raises(InputError, match="is a program"):
            open_movie(tmp_path / "program.py")

    def test_a_file_that_is_not_there(self) -> None:
        with pytest.raises(InputError, match=r"nothing\.tif: there is no such file"):
            open_movie("nothing.tif")


class TestLayerCalibration:
    def test_scale_and_units(self) -> None:
        assert layer_calibration(
            (0.5, 0.2, 0.1, 0.1), ("second", "micrometer", "micrometer", "micrometer"), 3
        ) == Calibration(
            pixel_size=(0.2, 0.1, 0.1), length_unit="µm", frame_interval=0.5, time_unit="s"
        )
        assert layer_calibration((1.0, 160, 160), ("pixel", "nm", "nm"), 2) == Calibration(
            pixel_size=160.0, length_unit="nm"
        )

    @pytest.mark.parametrize("units", [None, ("pixel",) * 3, ("s", "um"), "um"])
    def test_without_units_nothing_is_known(self, units: Any) -> None:
        assert layer_calibration((1, 2, 2), units, 2) == Calibration()


def test_nothing_heavy_is_imported() -> None:
    from subprocess import run

    code = (
        "import sys, napari_anomalous_diffusion.tracks.movies\n"
        "print([name for name in ('napari', 'npe2', 'tifffile', 'imageio', 'trackpy', 'torch')"
        " if name in sys.modules])"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_open_file_is_closed_in_the_end(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "stack.tif", STACK, compression="zlib")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        movie = open_movie(tmp_path / "stack.tif")
        movie.frame(0)
        del movie
