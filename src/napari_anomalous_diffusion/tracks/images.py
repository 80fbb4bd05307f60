"""Movies that are a file a frame."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.axes import axis_letters, refuse_colours
from napari_anomalous_diffusion.tracks.tiff import one_line, read_tiff

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGE_ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".jp2", ".webp")


def is_image(path: Path) -> bool:
    """Tell by its ending whether a file is an image, hidden ones aside."""
    return path.suffix.lower() in IMAGE_ENDINGS and not path.name.startswith(".")


class ImageFiles:
    """Frames that are files of their own, as an array that reads a frame when it is asked for.

    Parameters
    ----------
    paths : sequence of Path
        Images of the same size, in any order: image2 comes before image10.
    source : str
        What to call them together in messages.

    Raises
    ------
    InputError
        If there is none, or the first cannot be read or is no single grey image.
    """

    def __init__(self, paths: list[Path], source: str) -> None:
        if not paths:
            raise InputError(
                f"{source}: there are no images; give a folder or a pattern that has some."
            )
        self.paths = sorted(paths, key=natural_order)
        first = read_image(self.paths[0])
        if first.ndim > 3 or (first.ndim == 3 and first.shape[-1] not in (3, 4)):
            raise InputError(
                f"{source}: {self.paths[0].name} holds more than one image; give every movie by "
                "itself."
            )
        self.shape = (len(paths), *first.shape)
        self.dtype = first.dtype
        letters = "tyxs"[: len(self.shape)]
        refuse_colours(self.shape, axis_letters(self.shape, letters, source), source)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> NDArray[Any]:
        image = read_image(self.paths[number])
        if image.shape != self.shape[1:]:
            raise InputError(
                f"{self.paths[number]}: is an image of {' x '.join(map(str, image.shape))} pixels, "
                f"but the first has {' x '.join(map(str, self.shape[1:]))}; leave out those that "
                "do not belong to the movie."
            )
        return image


def natural_order(path: Path) -> list[tuple[int, str]]:
    """Return a key that sorts image2 before image10."""
    parts = re.split(r"(\d+)", path.name.lower())
    # Every second part is a number, so that like is compared with like.
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]


def read_image(path: Path) -> NDArray[Any]:
    """Read an image of any format that tifffile or imageio knows.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            image = read_tiff(path)
            if image.size == 0:
                raise ValueError("it is empty")
            return image
        import imageio.v3

        return imageio.v3.imread(path)
    # Damaged bytes make the readers fail in any way they can.
    except Exception as error:
        raise InputError(
            f"{path}: cannot be read as an image ({one_line(error)}); if it is damaged copy it "
            "again or leave it out."
        ) from error
