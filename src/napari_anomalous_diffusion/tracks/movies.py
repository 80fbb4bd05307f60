"""Movies, read frame by frame: arrays, TIFF stacks, images in a row, and whatever napari opens."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.axes import axis_letters, refuse_colours
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.images import ImageFiles, is_image
from napari_anomalous_diffusion.tracks.tiff import MAGIC, one_line, open_tiff
from napari_anomalous_diffusion.tracks.units import calibration_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

TABLE_MAGIC = (b"PAR1", b"\xff\xfe", b"\xfe\xff")
"""How Parquet and text in UTF-16 begin; only other text is known by having no zeros."""

BYTES_LOOKED_AT = 4096


@dataclass(frozen=True, eq=False)
class Movie:
    """Frames in the order of time.

    Attributes
    ----------
    frames : sequence of array
        ``len(frames)`` and ``frames[i]``, an array of shape (Y, X) or (Z, Y, X): a numpy array, or
        something that reads a frame when it is asked for.
    axes : tuple of str
        The axes of a frame: ``("y", "x")`` or ``("z", "y", "x")``.
    calibration : Calibration
        What a pixel and a frame are worth, as far as the file says.
    source : str
        What to call the movie in messages: the file, the layer.
    """

    frames: Any
    axes: tuple[str, ...]
    calibration: Calibration
    source: str = "movie"

    def __len__(self) -> int:
        return len(self.frames)

    def frame(self, number: int) -> NDArray[Any]:
        """Read one frame.

        Parameters
        ----------
        number : int
            Counted from 0.

        Returns
        -------
        ndarray, shape (Y, X) or (Z, Y, X)

        Raises
        ------
        InputError
            If it cannot be read.
        """
        try:
            return np.asarray(self.frames[number])
        except InputError:
            raise
        # Readers of other packages fail over damaged bytes in any way they can.
        except Exception as error:
            raise InputError(
                f"{self.source}: frame {number} cannot be read ({one_line(error)}); if the file is "
                "damaged copy it again."
            ) from error


def as_movie(
    array: Any,
    axes: Sequence[str] | None = None,
    calibration: Calibration | None = None,
    source: str = "movie",
    channel: int | None = None,
) -> Movie:
    """Make a movie of an array.

    Parameters
    ----------
    array : array, shape (T, Y, X) or (T, Z, Y, X)
        A numpy or dask array of real numbers, or anything that has their ``shape``, ``dtype``,
        ``transpose`` and indexing. Other axes may be there if their size is 1.
    axes : sequence of str, optional
        What each axis of the array is, in its order (see `axes.AXIS_NAMES`). Names that say
        nothing are passed over. Three axes are T, Y, X unless they have other names; of four each
        needs a name, as they may be depth or channels.
    calibration : Calibration, optional
        What a pixel and a frame are worth.
    source : str
        What to call the movie in messages: the file, the layer.
    channel : int, optional
        Which channel is meant, counted from 0, where there are several.

    Returns
    -------
    Movie

    Raises
    ------
    InputError
        If it is a single frame, has colours, its axes cannot be told, or its channels are several
        and none is chosen.
    """
    if not hasattr(array, "shape") or not hasattr(array, "dtype"):
        array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise InputError(
            f"{source}: frames must hold real numbers, not {array.dtype}; convert them first."
        )
    letters = axis_letters(array.shape, axes, source)
    refuse_colours(array.shape, letters, source, channel)
    if 0 in array.shape:
        raise InputError(f"{source}: is empty, its shape is {array.shape}; give a movie.")
    single = [
        size == 1 and letter not in "yx" for letter, size in zip(letters, array.shape, strict=True)
    ]
    letters = "".join(letter for letter, drop in zip(letters, single, strict=True) if not drop)
    if "t" not in letters:
        raise InputError(
            f"{source}: is a single {'volume' if 'z' in letters else 'frame'}; give a movie, in "
            "which time is an axis."
        )
    if any(single):
        array = array[tuple(0 if drop else slice(None) for drop in single)]
    order = [letters.index(letter) for letter in "tczyx" if letter in letters]
    if order != sorted(order):
        array = array.transpose(order)
    frames = _DaskFrames(array) if hasattr(array, "dask") else array
    if channel is not None and "c" in letters:
        frames = _ChannelFrames(frames, channel)
    frame_axes = tuple(letter for letter in "zyx" if letter in letters)
    return Movie(frames, frame_axes, calibration or Calibration(), source)


class _DaskFrames:
    """Frames of a dask array, of which it computes several at a time: they are kept so long."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self._starts = np.concatenate([[0], np.cumsum(array.chunks[0])])
        self._start = 0
        self._block: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, number: int) -> NDArray[Any]:
        place = int(np.searchsorted(self._starts, number, side="right"))
        start, stop = int(self._starts[place - 1]), int(self._starts[place])
        if self._block is None or start != self._start:
            self._block = np.asarray(self._array[start:stop])
            self._start = start
        return self._block[number - start]


class _ChannelFrames:
    """One channel of frames that have several."""

    def __init__(self, frames: Any, channel: int) -> None:
        self._frames = frames
        self._channel = channel

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, number: int) -> NDArray[Any]:
        return np.asarray(self._frames[number])[self._channel]


def is_movie(path: str | os.PathLike[str]) -> bool:
    """Tell a movie from a table of tracks, at a glance.

    Parameters
    ----------
    path : path
        A file, a folder of images, or a pattern such as ``images/*.png``.

    Returns
    -------
    bool
        True for a folder that holds images, a pattern, and a file that ends like TIFF, or is
        neither text nor Parquet. Whether it can be opened is another question.
    """
    path = Path(path)
    if path.is_dir():
        return path.suffix.lower() == ".zarr" or any(map(is_image, path.iterdir()))
    if not path.exists():
        return glob.has_magic(str(path))
    start = _first_bytes(path, BYTES_LOOKED_AT)
    return _ends_like_tiff(path) or (not start.startswith(TABLE_MAGIC) and b"\0" in start)


def _ends_like_tiff(path: Path) -> bool:
    return path.suffix.lower() in (".tif", ".tiff")


def open_movie(path: str | os.PathLike[str], channel: int | None = None) -> Movie:
    """Open a movie without reading its frames.

    Parameters
    ----------
    path : path
        A TIFF stack (also BigTIFF, ImageJ hyperstack, OME-TIFF); a folder with an image a frame,
        or a pattern such as ``images/*.png``, in the order of the numbers in their names; or
        anything that an installed napari reader opens.
    channel : int, optional
        Which channel is meant, counted from 0, where there are several.

    Returns
    -------
    Movie
        With the pixel size and the frame interval that the file tells.

    Raises
    ------
    InputError
        If it cannot be opened, or is no movie as `as_movie` takes it.
    """
    path, source = Path(path), str(path)
    if path.is_dir() and path.suffix.lower() != ".zarr":
        frames = ImageFiles([file for file in path.iterdir() if is_image(file)], source)
        return as_movie(frames, "tyx", source=source)
    if not path.exists():
        if not glob.has_magic(source):
            raise InputError(f"{source}: there is no such file; give the path of a movie.")
        frames = ImageFiles([Path(file) for file in glob.glob(source)], source)  # noqa: PTH207
        return as_movie(frames, "tyx", source=source)
    if path.is_file() and (_ends_like_tiff(path) or _first_bytes(path, 4) in MAGIC):
        return as_movie(*open_tiff(path), source=source, channel=channel)
    return _open_with_napari(path, channel)


def _first_bytes(path: Path, number: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(number)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}); give a file that can."
        ) from error


def _open_with_napari(path: Path, channel: int | None) -> Movie:
    """Open a file with the readers of napari and its plugins, through npe2."""
    if path.suffix.lower() == ".py":  # napari would run it
        raise InputError(f"{path}: is a program; give the path of a movie.")
    try:
        import npe2
    except ImportError as error:
        raise InputError(
            f"{path}: only TIFF and images are read without napari; install napari and a reader "
            "for this format, or convert it to TIFF."
        ) from error
    try:
        npe2.PluginManager.instance().discover()
        layers: list[Any] = [*npe2.read([str(path)], stack=False)]
    # Readers of other packages fail in any way they can.
    except Exception as error:
        raise InputError(
            f"{path}: no installed napari reader opens it ({one_line(error)}); install one for "
            "this format, convert it to TIFF, or copy it again if it is damaged."
        ) from error
    # Tuples of data, (options), (type); without a type they are images.
    images = [layer for layer in layers if layer[0] is not None and layer[2:] in ((), ("image",))]
    if len(images) != 1:
        raise InputError(
            f"{path}: napari reads {len(images) or 'no'} images from it; give a file with one "
            "movie."
        )
    options = images[0][1] if len(images[0]) > 1 else {}
    return _from_layer(images[0][0], options, str(path), channel)


def _from_layer(
    data: Any, options: dict[str, Any], source: str, channel: int | None = None
) -> Movie:
    """Make a movie of the data of an Image layer and what else a reader says of it."""
    if isinstance(data, list | tuple):  # several resolutions, the finest first
        data = data[0]
    names = list(options.get("axis_labels") or [""] * data.ndim)
    if options.get("channel_axis") is not None:
        names[options["channel_axis"]] = "c"
    if options.get("rgb"):
        names[data.ndim - 1 :] = ["s"]
    movie = as_movie(data, names, source=source, channel=channel)
    calibration = layer_calibration(options.get("scale"), options.get("units"), len(movie.axes))
    return Movie(movie.frames, movie.axes, calibration, source)


def layer_calibration(
    scale: Sequence[float] | None, units: Sequence[object] | None, dimensions: int
) -> Calibration:
    """Tell what a pixel and a frame are worth from the scale and units of a napari layer.

    Parameters
    ----------
    scale : sequence of float, optional
        Time first, the axes of a frame last.
    units : sequence, optional
        The units of the scale, as text or as napari keeps them.
    dimensions : int
        Number of axes of a frame, 2 or 3.

    Returns
    -------
    Calibration
        What has no unit of length or time counts as unknown.
    """
    if scale is None or units is None or isinstance(units, str):
        return Calibration()
    sizes, names = [float(size) for size in scale], list(units)
    if len(sizes) != len(names) or len(sizes) < dimensions:
        return Calibration()
    interval, time_unit = (sizes[0], names[0]) if len(sizes) > dimensions else (0.0, "")
    return calibration_of(sizes[-dimensions:], names[-dimensions:], interval, time_unit)
