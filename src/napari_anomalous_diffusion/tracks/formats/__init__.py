"""A module for each format in which tracks reach a disk, told apart by content.

Each has three functions. ``recognises(path, beginning)`` says whether a file is of this format, and
``holds_tracks(path, beginning)`` whether it is known at a glance to hold tracks: they are given the
first bytes of the file and look at little else. ``read(path, beginning, names)`` reads the tracks,
with the calibration the file has.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_anomalous_diffusion.tracks.table import Trajectories

FORMATS = ("geff", "parquet", "hdf5", "trackmate_xml", "trackmate_csv", "text")
"""In this order; anything that no other format recognises is taken for text."""

BEGINNING = 1 << 16
"""So many bytes are enough to tell the formats apart."""


@dataclass(frozen=True)
class ColumnNames:
    """The names of the columns that the user gave, where the format has columns."""

    track: str | None = None
    frame: str | None = None
    axes: Sequence[str] | None = None


class Format(Protocol):
    """What the module of a format offers."""

    def recognises(self, path: Path, beginning: bytes) -> bool: ...  # noqa: D102
    def holds_tracks(self, path: Path, beginning: bytes) -> bool: ...  # noqa: D102
    def read(  # noqa: D102
        self, path: Path, beginning: bytes, names: ColumnNames
    ) -> Trajectories: ...


def open_tracks(path: Path, names: ColumnNames) -> Trajectories:
    """Read the tracks of a file or of a GEFF folder.

    Parameters
    ----------
    path : Path
    names : ColumnNames

    Returns
    -------
    Trajectories
        With the file's own calibration.

    Raises
    ------
    InputError
        If it cannot be read, or does not hold tracks.
    """
    beginning = _beginning(path)
    return _format_of(path, beginning).read(path, beginning, names)


def holds_tracks(path: Path) -> bool:
    """Tell at a glance whether a file or folder is known to hold tracks that can be read here."""
    try:
        beginning = _beginning(path)
        return _format_of(path, beginning).holds_tracks(path, beginning)
    except InputError:
        return False


def column_names(path: Path) -> tuple[str, ...]:
    """Return the names of the columns of a table in text or Parquet; of anything else none."""
    return first_rows(path, 0)[0]


def first_rows(path: Path, number: int) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Read the beginning of a table in text or Parquet, as it is written.

    Parameters
    ----------
    path : Path
    number : int
        At most so many rows.

    Returns
    -------
    names : tuple of str
        Of all columns; none for any other file.
    rows : list of tuple of str
    """
    from napari_anomalous_diffusion.tracks.formats import parquet, text
    from napari_anomalous_diffusion.tracks.formats.layout import find_layout

    try:
        beginning = _beginning(path)
        module = _format_of(path, beginning)
        if module is parquet:
            return parquet.first_rows(path, number)
        if module is text:
            layout = find_layout(path, beginning)
            return layout.names, list(layout.rows[:number])
    except (InputError, OSError, ValueError):  # pyarrow's errors are among them
        pass
    return (), []


def _beginning(path: Path) -> bytes:
    """Return the first bytes of a file; a folder has none."""
    try:
        if path.is_dir():
            return b""
        with path.open("rb") as file:
            return file.read(BEGINNING)
    # A path with a null character is a ValueError.
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}); give the path "
            "of a file of tracks."
        ) from error


def _format_of(path: Path, beginning: bytes) -> Format:
    modules = (cast(Format, import_module(f"{__name__}.{name}")) for name in FORMATS)
    return next(module for module in modules if module.recognises(path, beginning))
