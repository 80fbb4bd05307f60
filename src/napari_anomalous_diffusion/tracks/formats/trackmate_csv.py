"""The spots in tracks that TrackMate exports as CSV.

Since version 7 four rows stand above the values: the names of the features, their long and their
short titles, and their units in brackets. Spots that are linked to no track have no TRACK_ID.
Earlier versions write the names alone, and None for no track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.formats.layout import Layout, find_layout
from napari_anomalous_diffusion.tracks.formats.trackmate import (
    HOW_TO_LINK,
    say_unlinked,
    without_flat_depth,
)
from napari_anomalous_diffusion.tracks.table import Trajectories
from napari_anomalous_diffusion.tracks.units import calibration_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from napari_anomalous_diffusion.tracks.calibration import Calibration
    from napari_anomalous_diffusion.tracks.formats import ColumnNames

COLUMNS = ("TRACK_ID", "FRAME", "POSITION_Z", "POSITION_Y", "POSITION_X")
TIME = "POSITION_T"
OTHER_TABLES = {"SPOT_SOURCE_ID": "links", "NUMBER_SPOTS": "tracks"}
"""A column that tells TrackMate's other tables, and what they hold."""

TITLE_ROWS = 3


def recognises(path: Path, beginning: bytes) -> bool:
    """Tell whether a file is a table of TrackMate's."""
    if path.is_dir() or b"TRACK_ID" not in beginning:
        return False
    try:
        names = find_layout(path, beginning).names
    except InputError:
        return False
    return set(COLUMNS) <= set(names) or ("TRACK_ID" in names and _other(names) is not None)


def holds_tracks(path: Path, beginning: bytes) -> bool:
    """Tell whether it is the table of spots."""
    return set(COLUMNS) <= set(find_layout(path, beginning).names)


def read(path: Path, beginning: bytes, names: ColumnNames) -> Trajectories:
    """Read the spots that are in tracks; those that are not are left out with a notice."""
    layout = find_layout(path, beginning)
    other = _other(layout.names)
    if other is not None:
        raise InputError(
            f"{path}: is TrackMate's table of {other}, which has no positions; export the table of "
            "spots in tracks instead."
        )
    columns = _columns(names)
    wanted = dict.fromkeys([*columns, *([TIME] if TIME in layout.names else [])])
    titles = _titles(layout)
    table = layout.read(path, [_place(layout, name, path) for name in wanted], skip=len(titles))
    linked = table[columns[0]].notna().to_numpy()
    if not linked.any():
        raise InputError(f"{path}: none of its spots is linked to a track; {HOW_TO_LINK}.")
    say_unlinked(int((~linked).sum()), str(path))
    table = table[linked].reset_index(drop=True)
    _refuse_branches(table, columns[0], columns[1], path)
    tracks = without_flat_depth(
        Trajectories.from_frame(
            table, track=columns[0], frame=columns[1], axes=columns[2:], source=str(path)
        )
    )
    tracks = replace(tracks, rows=np.flatnonzero(linked)[tracks.rows])
    units = dict(zip(layout.names, titles[-1], strict=False)) if titles else {}
    return tracks.calibrated(_calibration(table, units, columns, tracks.axes))


def _other(names: Sequence[str]) -> str | None:
    """Say what a table of TrackMate's holds if not spots."""
    return next((what for column, what in OTHER_TABLES.items() if column in names), None)


def _columns(names: ColumnNames) -> tuple[str, ...]:
    track, frame, *axes = COLUMNS
    return (names.track or track, names.frame or frame, *(names.axes or axes))


def _place(layout: Layout, name: str, path: Path) -> int:
    if name not in layout.names:
        raise InputError(
            f"{path}: there is no column {name!r} in this table of TrackMate's; leave it out."
        )
    return layout.names.index(name)


def _titles(layout: Layout) -> list[tuple[str, ...]]:
    """Return the rows of titles and units below the names; there are none before version 7."""
    frame = layout.names.index("FRAME")
    titles = [row for row in layout.rows[:TITLE_ROWS] if not _is_number(row, frame)]
    return titles if len(titles) == TITLE_ROWS else []


def _is_number(row: Sequence[str], place: int) -> bool:
    return place < len(row) and row[place].strip().lstrip("-").replace(".", "", 1).isdigit()


def _refuse_branches(table: pd.DataFrame, track: str, frame: str, path: Path) -> None:
    repeated = table.duplicated([track, frame])
    if repeated.any():
        first = table[repeated].iloc[0]
        raise InputError(
            f"{path}: track {_short(first[track])} has more than one spot at frame "
            f"{_short(first[frame])}, so it splits or merges, and this table does not say where; "
            "save it from TrackMate as XML (the button Save), which is cut at the branches here."
        )


def _short(value: object) -> str:
    return str(value).removesuffix(".0")


def _calibration(
    table: pd.DataFrame, units: dict[str, str], columns: Sequence[str], axes: Sequence[str]
) -> Calibration:
    """Tell the unit of the positions from their titles, and the frame interval from the times."""
    own = [units.get(name, "").strip(" ()") for name in columns[2:]][-len(axes) :]
    interval = 0.0
    if TIME in table and table[TIME].dtype.kind in "if" and table[columns[1]].dtype.kind in "if":
        later = table[table[columns[1]] > 0]
        if len(later):
            # From the last frame, where rounding counts least.
            last = later.iloc[int(later[columns[1]].to_numpy().argmax())]
            # 0.05 times 3 is not quite 0.15.
            interval = float(f"{last[TIME] / last[columns[1]]:.12g}")
    return calibration_of([1.0] * len(axes), own, interval, units.get(TIME, "").strip(" ()"))
