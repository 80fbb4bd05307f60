"""Which column of a table means what.

============================== =============== ======== ==================
written by                     track           frame    coordinates
============================== =============== ======== ==================
trackpy                        ``particle``    ``frame`` ``(z), y, x``
ultrack                        ``track_id``    ``t``    ``(z), y, x``
tracksdata                     ``tracklet_id`` ``t``    ``(z), y, x``
napari-tracks-reader           ``TrackID``     ``t``    ``x, y, (z)``
saSPT, quot                    ``trajectory``  ``frame`` ``y, x``
a napari array saved as a table ``ID``         ``T``    ``(Z), Y, X``
MOSAIC                         ``Trajectory``  ``Frame`` ``x, y, z``
TrackMate                      ``TRACK_ID``    ``FRAME`` ``POSITION_X, ...``
this package                   ``track_id``    ``frame`` ``(z), (y), x``
============================== =============== ======== ==================

Names are compared without regard to case, spaces, hyphens, underscores and a unit at the end, such
as ``x [nm]``, ``X (µm)`` or ``y_px``.
"""

from __future__ import annotations

import re
import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.checks import AXES
from napari_anomalous_diffusion.tracks.units import calibration_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.calibration import Calibration

# A later group counts only where no column bears a name of an earlier one: `id` numbers the spots
# where a `track_id` stands beside it (ultrack), and `t` the seconds beside a `frame`.
TRACK_NAMES = (
    ("particle", "trackid", "trackletid", "trajectory", "track"),
    ("trajectoryid", "trajid", "particleid", "tracknumber", "trackindex", "trajectorynumber"),
    ("id",),
)
FRAME_NAMES = (("frame",), ("frames", "framenumber", "frameindex", "timepoint"), ("t", "time"))
AXIS_NAMES = {
    axis: ((axis,), (f"position{axis}", f"{axis}position", f"pos{axis}", f"{axis}pos"))
    for axis in AXES
}

TO_LINK = (
    "its points are not linked into tracks yet: link them, for example with trackpy.link on x, y "
    "and frame, or open their movie and link that; or, where a column holds the tracks, "
)
NAME_IT = "name the right one with --{0} ({0}= in Python)"

MOST_NAMES_LISTED = 12

UNIT = re.compile(
    r"[\s_]*(?:\[(.*)\]|\((.*)\)|(?<=[\s_])(nm|µm|μm|um|microns?|px|pix|pixels?|ms|s|sec))\s*$"
)
"""A unit at the end of a column's name."""


class SeveralColumnsError(InputError):
    """More than one column could be meant: whoever can ask the user may do so."""


@dataclass(frozen=True)
class PointColumns:
    """The places of the columns that make a point, counted from 0."""

    track: int
    frame: int
    axes: tuple[int, ...]


def find_columns(
    names: Sequence[object],
    *,
    track: str | None = None,
    frame: str | None = None,
    axes: Sequence[str] | None = None,
    source: str = "table",
) -> PointColumns:
    """Tell which columns hold the track ids, the frames and the coordinates.

    Parameters
    ----------
    names : sequence
        The names of all columns.
    track, frame : str, optional
        The names of these columns, where they go by a name of their own.
    axes : sequence of str, optional
        The names of the columns of the coordinates in the order (z), (y), x.
    source : str
        What to call the table in messages.

    Returns
    -------
    PointColumns
        `axes` in the order (z), (y), x.

    Raises
    ------
    InputError
        If a column is missing.
    SeveralColumnsError
        If more than one column could be meant.
    """
    unlinked = not _hits(names, TRACK_NAMES) and _are_points(names, frame, axes)
    remedy = (TO_LINK if unlinked else "") + NAME_IT.format("track")
    return PointColumns(
        track=_find(names, track, TRACK_NAMES, "the track ids", remedy, source),
        frame=_find(names, frame, FRAME_NAMES, "the frames", NAME_IT.format("frame"), source),
        axes=_find_axes(names, axes, source),
    )


def column_candidates(names: Sequence[object]) -> dict[str, list[int]]:
    """List the columns that could be meant by their names.

    Parameters
    ----------
    names : sequence
        The names of all columns.

    Returns
    -------
    dict of str to list of int
        The places, counted from 0, of columns for ``track``, ``frame``, ``z``, ``y`` and ``x``.
    """
    groups = {"track": TRACK_NAMES, "frame": FRAME_NAMES, **AXIS_NAMES}
    return {meaning: _hits(names, group) for meaning, group in groups.items()}


def are_tracks(names: Sequence[object], rows: Sequence[Sequence[object]] = ()) -> bool:
    """Tell whether columns are those of tracks, even if some could be meant by several names.

    Parameters
    ----------
    names : sequence
        The names of all columns.
    rows : sequence of sequence
        Some of the values: where an ``id`` numbers the points themselves, these are no tracks.
    """
    try:
        places = find_columns(names)
    except SeveralColumnsError:
        candidates = column_candidates(names)
        return all(candidates[meaning] for meaning in ("track", "frame", "x"))
    except InputError:
        return False
    points = [row for row in rows if len(row) == len(names)]
    several_frames = len({row[places.frame] for row in points}) > 1
    return not (
        several_frames and _numbers_points(names, places, [row[places.track] for row in points])
    )


def _numbers_points(names: Sequence[object], places: PointColumns, ids: Sequence[object]) -> bool:
    """Tell whether a column ``id`` numbers the points themselves, as ThunderSTORM's does."""
    return (
        _plain(names[places.track]) in TRACK_NAMES[-1]
        and len(ids) > 1
        and len(set(ids)) == len(ids)
    )


def _are_points(names: Sequence[object], frame: str | None, axes: Sequence[str] | None) -> bool:
    """Tell whether a table has frames and coordinates."""
    return bool(frame or _hits(names, FRAME_NAMES)) and bool(axes or _hits(names, AXIS_NAMES["x"]))


def _find_axes(names: Sequence[object], axes: Sequence[str] | None, source: str) -> tuple[int, ...]:
    name_it = "name the coordinates in the order z, y, x with --axes (axes= in Python)"
    if axes is not None:
        return tuple(_find(names, name, (), "a coordinate", name_it, source) for name in axes)
    present = {axis for axis in AXES if _hits(names, AXIS_NAMES[axis])}
    # A table with z alone beside x lacks y.
    wanted = AXES if "z" in present else AXES[1:] if "y" in present else AXES[2:]
    return tuple(
        _find(names, None, AXIS_NAMES[axis], f"the coordinate {axis}", name_it, source)
        for axis in wanted
    )


def _hits(names: Sequence[object], groups: Sequence[Sequence[str]]) -> list[int]:
    """Return the places of the columns with a name of the first group that has any."""
    plain = [_plain(name) for name in names]
    by_group = ([place for place, name in enumerate(plain) if name in group] for group in groups)
    return next(filter(None, by_group), [])


def named_calibration(names: Sequence[object], places: PointColumns) -> Calibration:
    """Return the calibration that the names of the coordinates' columns tell, as ``x [nm]`` does.

    Parameters
    ----------
    names : sequence
        The names of all columns.
    places : PointColumns

    Returns
    -------
    Calibration
        One unit of length a unit of the positions; the frames stay frames.
    """
    units = [_unit(names[place]) for place in places.axes]
    return calibration_of([1.0] * len(units), units)


def _unit(name: object) -> str:
    found = UNIT.search(str(name))
    return next(filter(None, found.groups()), "") if found else ""


def _find(
    names: Sequence[object],
    given: str | None,
    groups: Sequence[Sequence[str]],
    meaning: str,
    remedy: str,
    source: str,
) -> int:
    """Return the place of the one column with the given name, or with a name of the groups."""
    if given is not None:
        hits = [place for place, name in enumerate(names) if str(name) == given]
    else:
        hits = _hits(names, groups)
    if len(hits) == 1:
        return hits[0]
    if hits:
        several = " and ".join(_quoted(names[place]) for place in hits)
        raise SeveralColumnsError(
            f"{source}: the columns {several} could each hold {meaning}; {remedy}."
        )
    missing = f"no column holds {meaning}" if given is None else f"there is no column {given!r}"
    raise InputError(f"{source}: {missing} ({_listed(names)}); {remedy}.")


def take_points(
    table: pd.DataFrame,
    *,
    track: str | None,
    frame: str | None,
    axes: Sequence[str] | None,
    source: str,
) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.float64]]:
    """Take the track ids, frames and positions out of a table.

    Parameters
    ----------
    table, track, frame, axes, source
        As in `Trajectories.from_frame`.

    Returns
    -------
    track_ids : ndarray, shape (n_points,)
        Missing ones are None or NaN.
    frames : ndarray of float64, shape (n_points,)
        Missing ones are NaN.
    positions : ndarray of float64, shape (n_points, D)
        Columns in the order (z), (y), x; missing values are NaN. A z that is missing everywhere is
        left out.

    Raises
    ------
    InputError
        If a column is missing, ambiguous or not numeric, or the points are not linked.
    """
    named = {_plain(name) for name in table.columns}
    # trackpy's tables often have an index that is called frame as well as a column.
    levels = [name for name in table.index.names if name is not None and _plain(name) not in named]
    if levels:
        table = table.reset_index(levels)
    places = find_columns(list(table.columns), track=track, frame=frame, axes=axes, source=source)
    coordinates = [_numbers(table.iloc[:, place], source) for place in places.axes]
    if len(coordinates) == 3 and np.isnan(coordinates[0]).all():
        del coordinates[0]
    ids = _ids(table.iloc[:, places.track])
    if track is None and _numbers_points(list(table.columns), places, ids.tolist()):
        raise InputError(
            f"{source}: every point has another {_quoted(table.columns[places.track])}, so that "
            f"{TO_LINK}{NAME_IT.format('track')}."
        )
    return (
        ids,
        _numbers(table.iloc[:, places.frame], source),
        np.column_stack(coordinates),
    )


def columns_to_read(names: Sequence[object], places: PointColumns) -> tuple[int, ...]:
    """Tell which columns of a file hold its points, and their localisation errors if any do.

    Parameters
    ----------
    names : sequence
        The names of all columns.
    places : PointColumns
        What `find_columns` made of them.

    Returns
    -------
    tuple of int
        Places among `names`, each once.
    """
    points = (places.track, places.frame, *places.axes)
    errors = [place for place, name in enumerate(names) if name == ERRORS]
    return tuple(dict.fromkeys((*points, *(errors if len(errors) == 1 else ()))))


ERRORS = "ep"
"""trackpy's name for the static localisation error of a point."""


def localisation_errors(table: pd.DataFrame) -> NDArray[np.float64] | None:
    """Take trackpy's estimate of each point's static localisation error out of a table.

    Parameters
    ----------
    table : DataFrame
        As trackpy makes it, with a column ``ep`` in the unit of the coordinates, or without one.

    Returns
    -------
    ndarray of float64, shape (n_points,), or None
        None where there is no such column of numbers.
    """
    if table.columns.tolist().count(ERRORS) != 1:
        return None
    column = table[ERRORS]
    return column.to_numpy(np.float64, na_value=np.nan) if column.dtype.kind in "iuf" else None


def _ids(column: pd.Series[Any]) -> NDArray[Any]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind != "O":
        return column.to_numpy()
    return column.astype(object).where(column.notna(), None).to_numpy()


def _numbers(column: pd.Series[Any], source: str) -> NDArray[np.float64]:
    """Return a column as float64, NaN where it is empty."""
    import pandas as pd

    numbers = column
    if column.dtype.kind in "OU":
        numbers = pd.to_numeric(column.astype(object), errors="coerce")
        _refuse_text(column, numbers.isna() & column.notna(), source)
    if numbers.dtype.kind not in "iuf":
        raise InputError(
            f"{source}: the column {_quoted(column.name)} must hold real numbers, "
            f"not {column.dtype}; name another, or correct it."
        )
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def _refuse_text(column: pd.Series[Any], lost: pd.Series[bool], source: str) -> None:
    """Refuse the first value that was lost on the way to a number, unless it is blank."""
    for row in np.flatnonzero(lost):
        value = str(column.iloc[row])
        if value.strip():
            raise InputError(
                f"{source}: the column {_quoted(column.name)} holds {_quoted(value)} in row "
                f"{row + 1} instead of a number; correct or delete this row."
            )


def _plain(name: object) -> str:
    """Reduce a name to what counts: ``Track ID``, ``track_id`` and ``TrackID`` are the same."""
    return UNIT.sub("", str(name).lower()).translate(str.maketrans("", "", " \t_-"))


def _quoted(name: object) -> str:
    return reprlib.repr(str(name))


def _listed(names: Sequence[object]) -> str:
    if not names:
        return "there are no columns"
    shown = ", ".join(_quoted(name) for name in names[:MOST_NAMES_LISTED])
    more = len(names) - MOST_NAMES_LISTED
    return f"the columns are {shown}{f' and {more} more' if more > 0 else ''}"
