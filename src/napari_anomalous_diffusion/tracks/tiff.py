"""TIFF stacks, read frame by frame, and what ImageJ and OME metadata say of pixels and time."""

from __future__ import annotations

import math
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.calibration import Calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPageSeries

LENGTHS = {
    "pm": 1e-12,
    "å": 1e-10,
    "nm": 1e-9,
    "µm": 1e-6,
    "mm": 1e-3,
    "cm": 1e-2,
    "inch": 0.0254,
    "m": 1.0,
}
TIMES = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
SPELLINGS = {
    "micron": "µm",
    "microns": "µm",
    "micrometer": "µm",
    "um": "µm",
    "\\u00b5m": "µm",
    "nanometer": "nm",
    "millimeter": "mm",
    "angstrom": "å",
    "in": "inch",
    "us": "µs",
    "msec": "ms",
    "millisecond": "ms",
    "milliseconds": "ms",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
}


def open_tiff(path: Path) -> tuple[TiffFrames, str, Calibration]:
    """Open the first series of a TIFF file without reading its pages.

    Parameters
    ----------
    path : Path
        TIFF or BigTIFF, with ImageJ's, OME's, tifffile's or no metadata.

    Returns
    -------
    frames : TiffFrames
    axes : str
        A letter an axis as tifffile names them: T, Z, C, S (colours), Y, X; I and Q are unknown.
    calibration : Calibration

    Raises
    ------
    InputError
        If the file is damaged.
    """
    import tifffile

    try:
        file = tifffile.TiffFile(path)
    except Exception as error:
        raise _damaged(path, error) from error
    try:
        frames = TiffFrames(path, file)
        calibration = _calibration(file, frames.axes)
    except InputError:
        file.close()
        raise
    except Exception as error:
        file.close()
        raise _damaged(path, error) from error
    return frames, frames.axes, calibration


def _damaged(path: Path, error: Exception) -> InputError:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return InputError(f"{path}: is a damaged or truncated TIFF file ({reason}); copy it again.")


class TiffFrames:
    """The first series of a TIFF file as an array whose first axis is read when it is asked for.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    axes : str
        As `open_tiff` returns them.
    """

    def __init__(self, path: Path, file: TiffFile) -> None:
        self._file = file
        self._path = path
        self._close = weakref.finalize(self, file.close)
        series = file.series[0]
        self.shape, self.axes = _without_single(series)
        self.dtype = series.dtype
        self.ndim = len(self.shape)
        self._in_one_piece = series.dataoffset is not None and bool(series.dtype)
        self._check_size(series)
        self._pages_a_frame = len(series.pages) // (self.shape[0] if self.ndim > 2 else 1)

    def _check_size(self, series: TiffPageSeries) -> None:
        if self._in_one_piece and series.dataoffset + series.nbytes > self._file.filehandle.size:
            lacking = series.dataoffset + series.nbytes - self._file.filehandle.size
            raise InputError(
                f"{self._path}: is a truncated TIFF file, {lacking:,} bytes are missing at its "
                "end; copy it again."
            )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, number: int) -> NDArray[Any]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        shape = self.shape[1:]
        if self._in_one_piece:
            return self._read(number * math.prod(shape), math.prod(shape)).reshape(shape)
        pages = slice(number * self._pages_a_frame, (number + 1) * self._pages_a_frame)
        return self._file.asarray(key=pages, series=0, maxworkers=1).reshape(shape)

    def _read(self, first: int, count: int) -> NDArray[Any]:
        """Read so many numbers, where all lie one after the other."""
        offset = self._file.series[0].dataoffset
        dtype = np.dtype(self.dtype).newbyteorder(self._file.byteorder)
        with self._path.open("rb") as file:
            return np.fromfile(file, dtype, count, offset=offset + first * dtype.itemsize)


def _without_single(series: TiffPageSeries) -> tuple[tuple[int, ...], str]:
    """Drop axes of size 1 but rows and columns, which `as_movie` would index."""
    kept = [
        (size, axis)
        for size, axis in zip(series.shape, series.axes, strict=True)
        if size != 1 or axis in "YX"
    ]
    return tuple(size for size, _ in kept), "".join(axis for _, axis in kept)


def _calibration(file: TiffFile, axes: str) -> Calibration:
    if file.is_ome and file.ome_metadata:
        return _from_ome(file.ome_metadata, "Z" in axes)
    if file.is_imagej:
        return _from_imagej(file, "Z" in axes)
    return Calibration()


def _from_imagej(file: TiffFile, volumes: bool) -> Calibration:
    metadata = file.imagej_metadata or {}
    page = file.pages.first
    sizes = [_pixel_size(page, tag) for tag in ("YResolution", "XResolution")]
    if volumes:
        sizes.insert(0, metadata.get("spacing", 1.0))
    unit = metadata.get("unit")
    interval = metadata.get("finterval", 0.0)
    if not interval and metadata.get("fps"):
        interval = 1 / metadata["fps"]
    return _made_of(sizes, [unit] * len(sizes), interval, metadata.get("tunit", "s"))


def _pixel_size(page: Any, name: str) -> float:
    tag = page.tags.get(name)
    if tag is None or not tag.value[0]:
        return 0.0
    return float(tag.value[1] / tag.value[0])


def _from_ome(text: str, volumes: bool) -> Calibration:
    root = ElementTree.fromstring(text)
    pixels = next((item for item in root.iter() if item.tag.endswith("}Pixels")), None)
    if pixels is None:
        return Calibration()
    axes = "ZYX" if volumes else "YX"
    return _made_of(
        [float(pixels.get(f"PhysicalSize{axis}", 0)) for axis in axes],
        [pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in axes],
        float(pixels.get("TimeIncrement", 0)),
        pixels.get("TimeIncrementUnit", "s"),
    )


def _made_of(
    sizes: list[float], units: list[str | None], interval: float, time_unit: str
) -> Calibration:
    """Make a calibration of what is known: all pixel sizes in one unit, the frame interval."""
    known: dict[str, Any] = {}
    spelled = [_spelled(unit) for unit in units]
    usable = all(math.isfinite(size) and size > 0 for size in sizes)
    if usable and all(unit in LENGTHS for unit in spelled):
        unit = spelled[-1]
        lengths = [
            # Unchanged where the unit is the same, to the last digit.
            size if own == unit else size * LENGTHS[own] / LENGTHS[unit]
            for size, own in zip(sizes, spelled, strict=True)
        ]
        known["pixel_size"] = lengths[0] if len(set(lengths)) == 1 else tuple(lengths)
        known["length_unit"] = unit
    if math.isfinite(interval) and interval > 0 and _spelled(time_unit) in TIMES:
        known["frame_interval"] = interval
        known["time_unit"] = _spelled(time_unit)
    return Calibration(**known)


def _spelled(unit: str | None) -> str:
    """Spell a unit in one way; the Greek mu and the micro sign are two characters."""
    plain = str(unit or "").strip().lower().replace("\u03bc", "µ")
    return SPELLINGS.get(plain, plain)
