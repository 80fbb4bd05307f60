"""Which axis of an array of images is time, depth, rows, columns, channels or colours."""

from __future__ import annotations

from collections.abc import Sequence

from napari_anomalous_diffusion.errors import InputError

AXIS_NAMES = {
    "t": ("t", "time", "times", "timepoint", "frame", "frames"),
    "z": ("z", "depth", "plane", "planes", "slice", "slices"),
    "y": ("y", "row", "rows"),
    "x": ("x", "column", "columns", "col"),
    "c": ("c", "channel", "channels", "ch"),
    "s": ("s", "rgb", "rgba", "sample", "samples"),
}
"""What an axis may be called, without regard to case: time, depth, row, column, channel, colour."""


def axis_letters(shape: Sequence[int], names: Sequence[str] | None, source: str = "movie") -> str:
    """Tell what each axis of an array of images is.

    Parameters
    ----------
    shape : sequence of int
    names : sequence of str, optional
        A name for each axis (`AXIS_NAMES`); others say nothing, such as those that napari gives
        by default. Where neither rows nor columns are named they are the last two axes, and a
        single one that is left is time.
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
    letters = _named(shape, names, source)
    if not any(letters) and len(shape) >= 3 and shape[-1] in (3, 4):
        letters[-1] = "s"
    missing = [letter for letter in "xy" if letter not in letters]
    for place in reversed(range(len(shape))):
        if letters[place] is None and missing:
            letters[place] = missing.pop(0)
    if missing:
        raise InputError(
            f"{source}: an array of the shape {tuple(shape)} is no movie; give one with the axes "
            "t, y, x or t, z, y, x."
        )
    wide = [place for place, letter in enumerate(letters) if not letter and shape[place] != 1]
    if len(wide) == 1 and "t" not in letters:
        letters[wide[0]] = "t"
    elif wide:
        raise InputError(
            f"{source}: the axes of the shape {tuple(shape)} may be time, depth or channels; name "
            "them, for example t, z, y, x."
        )
    return "".join(letter or "1" for letter in letters)


def _named(shape: Sequence[int], names: Sequence[str] | None, source: str) -> list[str | None]:
    """Return the letter of each axis, None where its name says nothing."""
    letters = [_letter(name) for name in names or [""] * len(shape)]
    if len(letters) != len(shape):
        raise InputError(
            f"{source}: {len(letters)} names of axes do not belong to the shape {tuple(shape)}; "
            "give one for each axis."
        )
    known = [letter for letter in letters if letter]
    if len(set(known)) < len(known):
        raise InputError(
            f"{source}: two of the axes {', '.join(map(str, names or ()))} are the same; name each "
            "axis t, z, y, x or c."
        )
    return letters


def _letter(name: str) -> str | None:
    plain = str(name).strip().lower()
    return next((letter for letter, names in AXIS_NAMES.items() if plain in names), None)


def refuse_colours(
    shape: Sequence[int], letters: str, source: str, channel: int | None = None
) -> None:
    """Refuse images with colours, and with channels of which none is chosen.

    Parameters
    ----------
    shape : sequence of int
    letters : str
        A letter an axis, as `axis_letters` gives them.
    source : str
    channel : int, optional
        The channel that is meant, counted from 0.

    Raises
    ------
    InputError
        If there is more than one of them, or not the one that is meant.
    """
    sizes = dict(zip(letters, shape, strict=True))
    if sizes.get("s", 1) > 1:
        raise InputError(
            f"{source}: has {sizes['s']} colours a pixel (RGB); convert it to one grey value a "
            "pixel."
        )
    channels = sizes.get("c", 1)
    if channel is None and channels > 1:
        raise InputError(
            f"{source}: has {channels} channels; split it, or name the channel with the particles "
            "(--channel, counted from 0)."
        )
    if channel is not None and not 0 <= channel < channels:
        raise InputError(
            f"{source}: there is no channel {channel}; choose one from 0 to {channels - 1}."
        )
