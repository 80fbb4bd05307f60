"""What every point must fulfil before it becomes part of a track, and the sentences if it does not.

`Trajectories.from_points` calls these functions, and nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

AXES = ("z", "y", "x")

# From here on not every whole number is a float64 of its own.
WHOLE_LIMIT = 2.0**53
# What may be left of a rounding error where times were divided by the frame interval.
WHOLE_TOLERANCE = 1e-6
# Squared displacements of larger coordinates could overflow.
LARGEST_COORDINATE = 1e100


def positions(
    values: ArrayLike, axes: Sequence[str] | None, source: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return coordinates as float64, their columns in the order (z), (y), x, and these axes."""
    array = _real_numbers(values, "coordinates", source)
    if array.ndim != 2 or not 1 <= array.shape[1] <= 3:
        raise InputError(
            f"{source}: positions have the shape (points, 1 to 3 coordinates), not {array.shape}."
        )
    if len(array) == 0:
        raise InputError(f"{source}: there are no points in it; give at least one track.")
    expected = AXES[-array.shape[1] :]
    given = expected if axes is None else tuple(axes)
    if sorted(given) != sorted(expected):
        raise InputError(
            f"{source}: the axes of {len(expected)} coordinates are {', '.join(expected)}, "
            f"not {', '.join(given)}."
        )
    return array[:, [given.index(axis) for axis in expected]], expected


def track_ids(values: ArrayLike, source: str) -> NDArray[Any]:
    """Return ids as int64, or as text (an object array of str) if any of them is no number."""
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "iufOUT":
        raise InputError(
            f"{source}: track ids are a list of whole numbers or text, "
            f"not an array of {array.dtype} with the shape {array.shape}."
        )
    if array.dtype.kind == "f":
        _refuse_missing_ids(np.isnan(array), source)
        fractional = ~_whole(array, tolerance=0)
        if fractional.any():
            raise _odd_id(array[fractional][0].item(), source)
    elif array.dtype.kind != "i":
        # From the values anew: numpy has made text of the numbers that stand beside text.
        return _mixed_ids(np.asarray(values, dtype=object), source)
    return array.astype(np.int64)


def _mixed_ids(array: NDArray[Any], source: str) -> NDArray[Any]:
    ids = [_plain_id(value, source) for value in array.tolist()]
    _refuse_missing_ids(np.array([value is None for value in ids]), source)
    if all(isinstance(value, int) for value in ids):
        try:
            return np.array(ids, dtype=np.int64)
        except OverflowError:
            pass  # ids of 64 bits without a sign: kept digit by digit, as text
    return np.array([str(value) for value in ids], dtype=object)


def _plain_id(value: object, source: str) -> int | str | None:
    """Return one id as an int or a str, None where it is missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return value if value.strip() else None
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _odd_id(value, source)


def _odd_id(value: object, source: str) -> InputError:
    return InputError(
        f"{source}: {value!r} is not a track id; give every track a whole number or a name."
    )


def _refuse_missing_ids(missing: NDArray[np.bool_], source: str) -> None:
    if missing.any():
        raise InputError(
            f"{source}: {_count(missing, 'no track id')} (row {np.argmax(missing) + 1} is the "
            "first); delete the points that belong to no track."
        )


def frames(values: ArrayLike, ids: NDArray[Any], source: str) -> NDArray[np.int64]:
    """Return frames as int64."""
    array = _real_numbers(values, "frames", source).reshape(-1)
    missing = ~np.isfinite(array)
    if missing.any():
        raise InputError(
            f"{source}: {_count(missing, 'no frame')} ({_track(ids, missing)} has the first); "
            "give them their frame, or delete them."
        )
    fractional = ~_whole(array, WHOLE_TOLERANCE)
    if fractional.any():
        raise InputError(
            f"{source}: frames must be whole numbers, but {_track(ids, fractional)} has a point at "
            f"{array[fractional][0]:g}; if these are times, divide them by the frame interval."
        )
    return np.rint(array).astype(np.int64)


def localisation_errors(
    values: ArrayLike | None, n_points: int, source: str
) -> NDArray[np.float64] | None:
    """Return localisation errors as float64; what is no positive number becomes NaN."""
    if values is None:
        return None
    array = _real_numbers(values, "localisation errors", source)
    if array.shape != (n_points,):
        raise InputError(
            f"{source}: {array.size} localisation errors and {n_points} points do not belong "
            "together; give one for each point."
        )
    return np.where(np.isfinite(array) & (array > 0), array, np.nan)


def all_finite(
    values: NDArray[np.float64],
    ids: NDArray[Any],
    times: NDArray[np.int64],
    axes: tuple[str, ...],
    source: str,
) -> None:
    """Refuse coordinates that are NaN, infinite, or too large to be squared."""
    # Written so that NaN, which compares as False, is refused too.
    usable = np.abs(values) < LARGEST_COORDINATE
    if not usable.all():
        points = np.any(~usable, axis=1)
        first = int(np.argmax(points))
        axis = int(np.argmin(usable[first]))
        raise InputError(
            f"{source}: {_count(points, 'no finite position')} (the first: {axes[axis]} = "
            f"{values[first, axis]:g} in {_track(ids, points)} at frame {times[first]}); "
            "delete these points, a track may skip frames."
        )


def one_point_a_frame(
    ids: NDArray[Any], track: NDArray[np.int64], times: NDArray[np.int64], source: str
) -> None:
    """Refuse two points of one track at one frame; points come sorted by track, then frame."""
    repeated = np.zeros(len(track), dtype=np.bool_)
    repeated[1:] = (track[1:] == track[:-1]) & (times[1:] == times[:-1])
    if repeated.any():
        others = int(repeated.sum()) - 1
        raise InputError(
            f"{source}: {_track(ids, repeated)} has more than one point at frame "
            f"{times[repeated][0]}{f' ({others} more like it)' if others else ''}; keep one point "
            "a frame, cut tracks where they split or merge, and delete spots that are not linked."
        )


def _real_numbers(values: ArrayLike, what: str, source: str) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iufO":
        raise InputError(f"{source}: {what} must be real numbers, not {array.dtype}.")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{source}: {what} must be real numbers ({error}).") from error


def _whole(array: NDArray[np.floating[Any]], tolerance: float) -> NDArray[np.bool_]:
    """Tell which numbers are whole; those of 2**53 or more count as fractions."""
    bounded = np.where(np.abs(array) < WHOLE_LIMIT, array, 0.5)
    whole: NDArray[np.bool_] = np.abs(bounded - np.rint(bounded)) <= tolerance
    return whole


def _track(ids: NDArray[Any], points: NDArray[np.bool_]) -> str:
    """Name the track of the first of these points."""
    name = ids[np.argmax(points)]
    return f"track {name!r}" if isinstance(name, str) else f"track {name}"


def _count(points: NDArray[np.bool_], lack: str) -> str:
    """Say how many points lack something."""
    n_points = int(points.sum())
    return f"1 point has {lack}" if n_points == 1 else f"{n_points} points have {lack}"
