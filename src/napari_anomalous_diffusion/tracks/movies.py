"""Movies, read frame by frame: arrays, TIFF stacks, images in a row, and whatever napari opens."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.calibration import Calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray

AXIS_NAMES = {
    "t": ("t", "time", "times", "timepoint", "frame", "frames"),
    "z": ("z", "depth", "plane", "planes", "slice", "slices"),
    "y": ("y", "row", "rows"),
    "x": ("x", "column", "columns", "col"),
    "c": ("c", "channel", "channels", "ch"),
    "s": ("s", "rgb", "rgba", "sample", "samples"),
}
"""What an axis may be called, without regard to case: time, depth, row, column, channel, colour."""

IMAGE_ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".gif", ".jp2", ".webp")
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PARQUET_MAGIC = b"PAR1"
BYTES_LOOKED_AT = 4096


@dataclass(frozen=True, eq=False)
class Movie:
    """Frames in the order of time.

    Attributes
    ----------
    frames : sequence of array
        ``len(frames)`` and ``frames[i]``, an array of shape (Y, X) or (Z, Y, X): a numpy or dask
        array, or something that reads a frame when it is asked for.
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
                f"{self.source}: frame {number} cannot be read ({_one_line(error)}); the file may "
                "be damaged, copy it again."
            ) from error


def as_movie(
    array: Any,
    axes: Sequence[str] | None = None,
    calibration: Calibration | None = None,
    source: str = "movie",
) -> Movie:
    """Make a movie of an array.

    Parameters
    ----------
    array : array, shape (T, Y, X) or (T, Z, Y, X)
        A numpy or dask array of real numbers, or anything that has their `shape`, `dtype` and
        indexing. Other axes may be there if their size is 1.
    axes : sequence of str, optional
        What each axis of the array is, in its order (see `AXIS_NAMES`). Names that say nothing,
        such as those that napari gives by default, are passed over. Without names, three axes are
        T, Y, X; four need names, as they may be depth or channels.
    calibration : Calibration, optional
        What a pixel and a frame are worth.
    source : str
        What to call the movie in messages: the file, the layer.

    Returns
    -------
    Movie

    Raises
    ------
    InputError
        If it is a single frame, has colours or channels, or its axes cannot be told.
    """
    if not hasattr(array, "shape") or not hasattr(array, "dtype"):
        array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise InputError(
            f"{source}: frames must hold real numbers, not {array.dtype}; convert them first."
        )
    letters = axis_letters(array.shape, axes, source)
    _refuse_colours(array.shape, letters, source)
    if 0 in array.shape:
        raise InputError(f"{source}: there is nothing in it, its shape is {array.shape}.")
    array, kept = _without_single(array, letters)
    if "t" not in kept:
        raise InputError(
            f"{source}: is a single {'volume' if 'z' in kept else 'frame'}; tracks need a movie, "
            "with time as its first axis."
        )
    order = [kept.index(letter) for letter in "tzyx" if letter in kept]
    if order != sorted(order):
        array = array.transpose(order)
    frame_axes = tuple(letter for letter in "zyx" if letter in kept)
    return Movie(array, frame_axes, calibration or Calibration(), source)


def axis_letters(shape: Sequence[int], axes: Sequence[str] | None, source: str = "movie") -> str:
    """Tell what each axis of an array of images is.

    Parameters
    ----------
    shape : sequence of int
    axes : sequence of str, optional
        Names as in `as_movie`.
    source : str
        What to call the array in messages.

    Returns
    -------
    str
        A letter an axis: t, z, y, x, c (channels), s (colours), or 1 for one that has no name and
        the size 1.

    Raises
    ------
    InputError
        If it cannot be told.
    """
    named = [_letter(name) for name in axes] if axes is not None else [None] * len(shape)
    if len(named) != len(shape):
        raise InputError(
            f"{source}: {len(named)} names of axes do not belong to the shape {tuple(shape)}; give "
            "one for each axis."
        )
    if len({*filter(None, named)}) < len([*filter(None, named)]):
        raise InputError(
            f"{source}: two axes have the same name ({', '.join(map(str, axes or ()))}); name each "
            "axis t, z, y, x or c."
        )
    if not any(named) and len(shape) >= 3 and shape[-1] in (3, 4):
        named[-1] = "s"
    missing = [letter for letter in "xy" if letter not in named]
    for place in reversed(range(len(shape))):
        if named[place] is None and missing:
            named[place] = missing.pop(0)
    if missing:
        raise InputError(
            f"{source}: an array of the shape {tuple(shape)} is no movie; give one with the axes "
            "t, y, x or t, z, y, x."
        )
    return _with_time(named, shape, source)


def _with_time(named: list[str | None], shape: Sequence[int], source: str) -> str:
    """Name the axes that have no name yet: one that is left is time, if nothing else is."""
    open_places = [place for place, letter in enumerate(named) if letter is None]
    wide = [place for place in open_places if shape[place] != 1]
    missing = [letter for letter in "tz" if letter not in named]
    if (len(wide) == 1 and missing == ["t", "z"]) or (len(wide) == 1 and missing == ["t"]):
        named[wide[0]] = "t"
    elif wide:
        raise InputError(
            f"{source}: the axes of the shape {tuple(shape)} may be time, depth or channels; name "
            "them, for example t, z, y, x."
        )
    return "".join(letter or "1" for letter in named)


def _letter(name: str) -> str | None:
    plain = str(name).strip().lower()
    return next((letter for letter, names in AXIS_NAMES.items() if plain in names), None)


def _refuse_colours(shape: Sequence[int], letters: str, source: str) -> None:
    sizes = dict(zip(letters, shape, strict=True))
    if sizes.get("s", 1) > 1:
        raise InputError(
            f"{source}: has {sizes['s']} colours a pixel; convert it to one grey value a pixel."
        )
    if sizes.get("c", 1) > 1:
        raise InputError(
            f"{source}: has {sizes['c']} channels; split it and give the channel with the "
            "particles."
        )


def _without_single(array: Any, letters: str) -> tuple[Any, str]:
    """Drop all axes of size 1 but rows and columns."""
    single = [
        size == 1 and letter not in "yx" for letter, size in zip(letters, array.shape, strict=True)
    ]
    if any(single):
        array = array[tuple(0 if drop else slice(None) for drop in single)]
    kept = "".join(letter for letter, drop in zip(letters, single, strict=True) if not drop)
    return array, kept


def is_movie(path: str | os.PathLike[str]) -> bool:
    """Tell a movie from a table of tracks, at a glance.

    Parameters
    ----------
    path : path
        A file, a folder of images, or a pattern such as ``images/*.png``.

    Returns
    -------
    bool
        True for a folder that holds images, a pattern, and a file that is neither text nor
        Parquet. Whether it can be opened is another question.
    """
    path = Path(path)
    if path.is_dir():
        return path.suffix.lower() == ".zarr" or any(map(_is_image, path.iterdir()))
    if not path.exists():
        return _is_pattern(path)
    try:
        with path.open("rb") as file:
            start = file.read(BYTES_LOOKED_AT)
    except OSError:
        return False
    return not start.startswith(PARQUET_MAGIC) and b"\0" in start


def open_movie(path: str | os.PathLike[str]) -> Movie:
    """Open a movie without reading its frames.

    Parameters
    ----------
    path : path
        A TIFF stack (also BigTIFF, ImageJ hyperstack, OME-TIFF); a folder with an image a frame,
        or a pattern such as ``images/*.png``, in the order of the numbers in their names; or
        anything that an installed napari reader opens.

    Returns
    -------
    Movie
        With the pixel size and the frame interval that ImageJ or OME metadata tell.

    Raises
    ------
    InputError
        If it cannot be opened, or is no movie as `as_movie` takes it.
    """
    path = Path(path)
    if path.is_dir() and path.suffix.lower() != ".zarr":
        return _open_images([file for file in path.iterdir() if _is_image(file)], str(path))
    if not path.exists():
        if _is_pattern(path):
            return _open_images([*map(Path, glob.glob(str(path)))], str(path))  # noqa: PTH207
        raise InputError(f"{path}: there is no such file; give the path of a movie.")
    if path.is_file() and _starts_as_tiff(path):
        from napari_anomalous_diffusion.tracks.tiff import open_tiff

        return as_movie(*open_tiff(path), source=str(path))
    return _open_with_napari(path)


def _starts_as_tiff(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in TIFF_MAGIC
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}); give the path of a movie."
        ) from error


def _is_pattern(path: Path) -> bool:
    return glob.has_magic(str(path))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_ENDINGS and not path.name.startswith(".")


def _natural_order(path: Path) -> list[tuple[int, str]]:
    """Sort image2 before image10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


class _ImageFiles:
    """Frames that are files of their own."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        first = read_image(paths[0])
        self.shape = (len(paths), *first.shape)
        self.dtype = first.dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> NDArray[Any]:
        image = read_image(self.paths[number])
        if image.shape != self.shape[1:]:
            raise InputError(
                f"{self.paths[number]}: is an image of {' x '.join(map(str, image.shape))} pixels, "
                f"and the first is one of {' x '.join(map(str, self.shape[1:]))}; make them equal."
            )
        return image


def read_image(path: Path) -> NDArray[Any]:
    """Read an image of any format that imageio knows.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        if _starts_as_tiff(path):
            import tifffile

            return tifffile.imread(path)
        import imageio.v3

        return imageio.v3.imread(path)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{path}: cannot be read as an image ({_one_line(error)}); it may be damaged, copy it "
            "again or leave it out."
        ) from error


def _open_images(paths: list[Path], source: str) -> Movie:
    if not paths:
        raise InputError(f"{source}: there are no images; give a folder or pattern that has some.")
    frames = _ImageFiles(sorted(paths, key=_natural_order))
    if len(frames.shape) == 4 and frames.shape[-1] not in (3, 4):
        raise InputError(
            f"{source}: {frames.paths[0].name} holds more than one image; give each movie by "
            "itself."
        )
    letters = axis_letters(frames.shape, "tyxs"[: frames.ndim], source)
    _refuse_colours(frames.shape, letters, source)
    if len(frames) == 1:
        raise InputError(f"{source}: is a single frame; tracks need a movie.")
    return Movie(frames, ("y", "x"), Calibration(), source)


def _open_with_napari(path: Path) -> Movie:
    """Open a file with the readers of napari and its plugins."""
    if path.suffix.lower() == ".py":  # napari would run it
        raise InputError(f"{path}: is a program, no movie; give the path of a movie.")
    try:
        import npe2
    except ImportError as error:
        raise InputError(
            f"{path}: only TIFF and images are read without napari; install napari and a reader "
            "for this format, or convert it to TIFF."
        ) from error
    try:
        npe2.PluginManager.instance().discover()
        layers = npe2.read([str(path)], stack=False)
    except Exception as error:
        raise InputError(
            f"{path}: no installed napari reader opens it ({_one_line(error)}); install one for "
            "this format, convert it to TIFF, or copy it again if it is damaged."
        ) from error
    images = [
        layer for layer in layers if layer[0] is not None and "image" in (*layer, "image")[2:]
    ]
    if len(images) != 1:
        raise InputError(
            f"{path}: holds {len(images) or 'no'} images for napari; give a movie with one channel."
        )
    return _from_layer(images[0], str(path))


def _kind(layer: Any) -> str:
    """Return the type of a tuple of data, (options), (type), which is an image if not said."""
    return layer[2] if len(layer) > 2 else "image"


def _from_layer(layer: Any, source: str) -> Movie:
    data, options = layer[0], layer[1] if len(layer) > 1 else {}
    if isinstance(data, list | tuple):  # several resolutions, the finest first
        data = data[0]
    if options.get("channel_axis") is not None:
        channels = data.shape[options["channel_axis"]]
        raise InputError(
            f"{source}: has {channels} channels; split it and give the channel with the particles."
        )
    return as_movie(data, options.get("axis_labels"), source=source)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
