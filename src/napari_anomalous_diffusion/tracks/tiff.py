"""TIFF stacks, read frame by frame, and what ImageJ and OME metadata say of pixels and time."""

from __future__ import annotations

import logging
import math
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.units import calibration_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPageSeries

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How a TIFF file begins, in both byte orders; with a plus sign BigTIFF."""

BROKEN = ("page offset", "corrupted", "failed to reshape")
"""What tifffile logs of a file in which pages are missing, and reads what is left of it."""


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
        A letter an axis: T, Z, C, S (colours), Y, X; others are unknown. A stack of which ImageJ
        says that it is one of planes is taken for one of frames: that is how ImageJ opens movies.
    calibration : Calibration

    Raises
    ------
    InputError
        If the file is damaged.
    """
    import tifffile

    file = None
    try:
        with _complaints() as complaints:
            file = tifffile.TiffFile(path)
            frames = TiffFrames(path, file)
            axes = frames.axes
            if file.is_imagej and "T" not in axes:
                axes = axes.replace("Z", "T")
            calibration = _calibration(file, axes)
    except Exception as error:
        if file is not None:
            file.close()
        if isinstance(error, InputError):
            raise
        raise _damaged(path, one_line(error)) from error
    if complaints and not frames.complete:
        raise _damaged(path, "pages are missing")
    return frames, axes, calibration


def read_tiff(path: Path) -> NDArray[Any]:
    """Read the first series of a TIFF file as a whole; damaged bytes raise any exception."""
    import tifffile

    with _complaints():
        return tifffile.imread(path)


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(f"{path}: is a damaged or truncated TIFF file ({reason}); copy it again.")


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what tifffile logs in this thread of missing pages, and show nothing it logs."""
    found: list[str] = []
    thread = threading.get_ident()

    def keep(record: logging.LogRecord) -> bool:
        if record.thread != thread:
            return True
        message = record.getMessage()
        if any(text in message for text in BROKEN):
            found.append(message)
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(keep)
    try:
        yield found
    finally:
        logger.removeFilter(keep)


class TiffFrames:
    """A TIFF file as an array that reads a frame when it is asked for.

    It is the first series of the file, or all of them where each is one image like the first: so
    come files that were written image by image.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    axes : str
        A letter an axis as tifffile gives them, without those of size 1.
    complete : bool
        Whether all of it is known to be there: a stack that is not compressed, of its full size.
    """

    def __init__(self, path: Path, file: TiffFile) -> None:
        series = file.series[0]
        self._path = path
        self._file = file
        self._close = weakref.finalize(self, file.close)
        self._by_series = _is_stack(file.series)
        self._offset: int | None = None if self._by_series else series.dataoffset
        self.dtype = np.dtype(series.dtype)
        self.shape, self.axes = _without_single(series)
        if self._by_series:
            self.shape, self.axes = (len(file.series), *self.shape), f"Q{self.axes}"
        self._check_size(series)
        self.complete = self._offset is not None and len(self.shape) > 2
        self._pages = self._page_numbers(len(file.series if self._by_series else series.pages))
        self._whole: NDArray[Any] | None = None

    def _page_numbers(self, present: int) -> NDArray[np.int64] | None:
        """Give each page its number, by frame and plane; None where all is read at once."""
        outer = self.shape[:-2]
        by_page = self._offset is not None or present == math.prod(outer)
        if not (outer and by_page and self.axes.endswith("YX")):
            return None
        return np.arange(math.prod(outer)).reshape(outer)

    def _check_size(self, series: TiffPageSeries) -> None:
        if self._offset is not None:
            missing = self._offset + series.nbytes - self._file.filehandle.size
            if missing > 0:
                raise _damaged(self._path, f"{missing:,} bytes are missing at its end")

    def __len__(self) -> int:
        return self.shape[0]

    def transpose(self, order: Sequence[int]) -> TiffFrames:
        """Put the axes in another order; rows and columns stay where they are."""
        self.shape = tuple(self.shape[place] for place in order)
        self.axes = "".join(self.axes[place] for place in order)
        if self._pages is None:
            self._whole = self._read_whole().transpose(order)
        else:
            self._pages = self._pages.transpose(order[:-2])
        return self

    def __getitem__(self, number: int) -> NDArray[Any]:
        if self._pages is None:
            return self._read_whole()[number]
        pages = self._pages[number].ravel().tolist()
        return np.stack([self._read_page(page) for page in pages]).reshape(self.shape[1:])

    def _read_page(self, page: int) -> NDArray[Any]:
        if self._by_series:
            return self._file.asarray(series=page, maxworkers=1)
        if self._offset is None:
            return self._file.asarray(key=page, series=0, maxworkers=1)
        # All of them lie one after the other, not compressed.
        count = self.shape[-1] * self.shape[-2]
        dtype = self.dtype.newbyteorder(self._file.byteorder)
        offset = self._offset + page * count * dtype.itemsize
        with self._path.open("rb") as file:
            return np.fromfile(file, dtype, count, offset=offset)

    def _read_whole(self) -> NDArray[Any]:
        if self._whole is None:
            self._whole = self._file.asarray(series=0, maxworkers=1).reshape(self.shape)
        return self._whole


def _is_stack(series: Sequence[TiffPageSeries]) -> bool:
    first = series[0]
    return len(series) > 1 and all(
        len(each.pages) == 1 and (each.shape, each.dtype) == (first.shape, first.dtype)
        for each in series
    )


def _without_single(series: TiffPageSeries) -> tuple[tuple[int, ...], str]:
    """Drop axes of size 1 but rows and columns."""
    kept = [
        (size, axis)
        for size, axis in zip(series.shape, series.axes, strict=True)
        if size != 1 or axis in "YX"
    ]
    return tuple(size for size, _ in kept), "".join(axis for _, axis in kept)


def _calibration(file: TiffFile, axes: str) -> Calibration:
    volumes = "Z" in axes
    if file.is_ome and file.ome_metadata:
        return _from_ome(file.ome_metadata, volumes)
    if file.is_imagej:
        return _from_imagej(file, volumes)
    return Calibration()


def _from_imagej(file: TiffFile, volumes: bool) -> Calibration:
    metadata = file.imagej_metadata or {}
    sizes = [_pixel_size(file, tag) for tag in ("YResolution", "XResolution")]
    if volumes:
        sizes.insert(0, float(metadata.get("spacing", 0)))
    interval = float(metadata.get("finterval", 0))
    if not interval and metadata.get("fps"):
        interval = 1 / float(metadata["fps"])
    units = [metadata.get("unit")] * len(sizes)
    return calibration_of(sizes, units, interval, metadata.get("tunit", "s"))


def _pixel_size(file: TiffFile, name: str) -> float:
    """Return the inverse of a resolution, which is a fraction of pixels in a unit."""
    tag = file.pages.first.tags.get(name)
    if tag is None or not tag.value[0]:
        return 0.0
    return float(tag.value[1] / tag.value[0])


def _from_ome(text: str, volumes: bool) -> Calibration:
    elements = ElementTree.fromstring(text).iter()
    pixels = next((item for item in elements if item.tag.endswith("}Pixels")), None)
    if pixels is None:
        return Calibration()
    axes = "ZYX" if volumes else "YX"
    return calibration_of(
        [float(pixels.get(f"PhysicalSize{axis}", 0)) for axis in axes],
        [pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in axes],
        float(pixels.get("TimeIncrement", 0)),
        pixels.get("TimeIncrementUnit", "s"),
    )


def one_line(error: Exception) -> str:
    """Return what an error says, as a part of a sentence."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
