"""The spots of one frame, found by trackpy."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

EXPECTED_WARNINGS = (
    "Image is completely black|Image contains no local maxima|All local maxima were in the margins|"
    "No maxima survived|I am interpreting the image as"
)
"""How trackpy's warnings of frames without spots and of volumes with few planes begin."""

LARGEST = 1e30
"""Sums of larger numbers could be too large for single precision."""


def locate(
    frame: NDArray[Any], parameters: LinkingParameters, source: str = "movie", number: int = 0
) -> pd.DataFrame:
    """Find the spots of one frame.

    Parameters
    ----------
    frame : array_like, shape (Y, X) or (Z, Y, X)
        Real numbers of any type. NaN and numbers from 1e30 on count as background.
    parameters : LinkingParameters
        Those of linking are ignored.
    source : str
        What to call the movie in messages.
    number : int
        Number of the frame.

    Returns
    -------
    DataFrame
        A row a spot with trackpy's columns: (z), y, x in pixels, mass, size, ecc, signal, raw_mass
        and ep as in `Linked`, and frame. With a minimum mass of 0 it holds the masses to choose a
        minimum from.

    Raises
    ------
    InputError
        If the frame is smaller than a spot, or does not hold real numbers.
    """
    spots = candidates(frame, parameters, source, number)
    return spots[spots["mass"] > parameters.minimum_mass].reset_index(drop=True)


def candidates(
    frame: NDArray[Any], parameters: LinkingParameters, source: str, number: int
) -> pd.DataFrame:
    """Find the spots of one frame, whatever their mass."""
    import pandas as pd
    import trackpy

    image = _as_trackpy_likes(np.asarray(frame), source)
    diameter = (parameters.diameter,) * image.ndim
    if image.ndim == 3 and parameters.diameter_z:
        diameter = (parameters.diameter_z, *diameter[1:])
    if any(size < extent for size, extent in zip(image.shape, diameter, strict=True)):
        raise InputError(
            f"{source}: a frame of {' x '.join(map(str, image.shape))} pixels cannot hold a spot "
            f"with a diameter of {' x '.join(map(str, diameter))}; choose a smaller diameter."
        )
    if parameters.dark_on_light:
        image = _inverted(image)
    _ignore_expected_warnings()
    trackpy.quiet()
    # The error of a spot on a ground without noise, or without any ground, is NaN.
    with np.errstate(divide="ignore", invalid="ignore"):
        spots: pd.DataFrame = trackpy.locate(image, diameter, percentile=parameters.percentile)
    if len(spots) == 0:
        errors = ["ep"] if len(set(diameter)) == 1 else ["ep_z", "ep_y", "ep_x"]
        spots = pd.DataFrame(columns=[*spots.columns, *errors], dtype=np.float64)
    return spots.assign(frame=number)


def _as_trackpy_likes(image: NDArray[Any], source: str) -> NDArray[Any]:
    """Make an image of a type that trackpy works with, without NaN and negative numbers.

    trackpy pads with zeros, next to which negative numbers would have dark edges.
    """
    if image.dtype.kind not in "buif":
        raise InputError(
            f"{source}: frames must hold real numbers, not {image.dtype}; convert them first."
        )
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * np.uint8(255)
    if image.dtype.kind == "f":
        image = image.astype(np.float32 if image.dtype.itemsize <= 4 else np.float64)
        usable = np.abs(image) < LARGEST  # which NaN is not
        if not usable.all():
            ground = np.median(image[usable]) if usable.any() else 0.0
            image = np.where(usable, image, ground).astype(image.dtype)
    elif image.dtype.itemsize == 8:
        fits = image.size == 0 or (image.max() < 2**31 and image.min() >= -(2**31))
        image = image.astype(np.int32 if fits else np.float64)
    else:
        # Compiled code takes the byte order of this machine only.
        image = image.astype(image.dtype.newbyteorder("="), copy=False)
    lowest = image.min()
    if lowest >= 0:
        return image
    if image.dtype.kind == "f":
        return image - lowest
    return (image.astype(np.int64) - int(lowest)).astype(f"u{image.dtype.itemsize}")


def _inverted(image: NDArray[Any]) -> NDArray[Any]:
    """Make dark spots bright, as trackpy does.

    trackpy takes fractions for parts of 1; larger ones would become negative.
    """
    if image.dtype.kind == "f":
        return np.maximum(image.max(), image.dtype.type(1)) - image
    return np.iinfo(image.dtype).max - image


def _ignore_expected_warnings() -> None:
    """Ignore what trackpy warns of and no user can mend.

    Filters belong to the whole process. Setting them for a while is not safe in a worker: it would
    put back what another thread had set for a while, and for good. So these few warnings of
    trackpy stay ignored, and nothing else is.
    """
    filters: tuple[tuple[str, type[Warning]], ...] = (
        (EXPECTED_WARNINGS, UserWarning),
        ("", DeprecationWarning),  # of how trackpy uses pandas
    )
    present = [(getattr(entry[1], "pattern", entry[1]), entry[2]) for entry in warnings.filters]
    if (EXPECTED_WARNINGS, UserWarning) not in present:
        for message, category in filters:
            warnings.filterwarnings("ignore", message, category, module=r"trackpy\.")
