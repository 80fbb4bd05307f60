"""Which track was clicked: distances to what is drawn, in pixels of the screen.

Plain geometry on arrays; a tolerance that means the same at every zoom, in 2D and 3D.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 6.0
"""Pixels of the screen between a click and the track it means."""


def visible_segments(
    track: NDArray[np.int64],
    times: NDArray[np.float64],
    now: float | None,
    tail: float,
    head: float,
) -> NDArray[np.int64]:
    """Find the segments that napari draws at a moment.

    Parameters
    ----------
    track : ndarray of int64, shape (n_vertices,)
        Which track each vertex belongs to; the vertices of a track stand together, in time order.
    times : ndarray of float64, shape (n_vertices,)
        In frames.
    now : float or None
        The current frame; None where time is an axis of the picture, which then shows everything.
    tail, head : float
        Frames that are drawn before and after `now`.

    Returns
    -------
    ndarray of int64
        The first vertex of each segment; the second is the one after it.
    """
    drawn = track[1:] == track[:-1]
    if now is not None:
        drawn &= (times[1:] <= now + head) & (times[1:] > now - tail)
    return np.flatnonzero(drawn)


def along_sight(
    points: NDArray[np.float64], direction: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Flatten points onto the plane of the screen, which is perpendicular to `direction`.

    Parameters
    ----------
    points : ndarray of float64, shape (n, D)
    direction : ndarray of float64, shape (D,), or None
        Where the camera looks; None in a 2D view, which needs no flattening.

    Returns
    -------
    ndarray of float64, shape (n, D)
    """
    if direction is None:
        return points
    direction = direction / np.linalg.norm(direction)
    flat: NDArray[np.float64] = points - np.outer(points @ direction, direction)
    return flat


def distances(
    point: NDArray[np.float64], starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure from a point to segments.

    Parameters
    ----------
    point : ndarray of float64, shape (D,)
    starts, ends : ndarray of float64, shape (n, D)
        A segment of length zero is a point.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    along = ends - starts
    squared = np.einsum("nd,nd->n", along, along)
    share = np.einsum("nd,nd->n", point - starts, along) / np.where(squared > 0, squared, 1)
    nearest = starts + np.clip(share, 0, 1)[:, None] * along
    length: NDArray[np.float64] = np.linalg.norm(point - nearest, axis=1)
    return length


def nearest_segment(
    point: NDArray[np.float64],
    vertices: NDArray[np.float64],
    segments: NDArray[np.int64],
    tolerance: float,
) -> int | None:
    """Return the segment that is nearest to a point, if any is near enough.

    Parameters
    ----------
    point : ndarray of float64, shape (D,)
    vertices : ndarray of float64, shape (n_vertices, D)
    segments : ndarray of int64
        The first vertex of each segment that counts.
    tolerance : float
        In the unit of `vertices`.

    Returns
    -------
    int or None
        The first vertex of the segment.
    """
    segments = segments[_may_be_near(point, vertices, tolerance)[segments]]
    if not len(segments):
        return None
    away = distances(point, vertices[segments], vertices[segments + 1])
    closest = int(np.argmin(away))
    return int(segments[closest]) if away[closest] <= tolerance else None


def _may_be_near(
    point: NDArray[np.float64], vertices: NDArray[np.float64], tolerance: float
) -> NDArray[np.bool_]:
    """Tell, for each vertex but the last, whether a box around it and the next one is near."""
    near = np.ones(max(len(vertices) - 1, 0), dtype=bool)
    for here, coordinate in zip(point, vertices.T, strict=True):
        before, after = coordinate[:-1], coordinate[1:]
        near &= np.minimum(before, after) <= here + tolerance
        near &= np.maximum(before, after) >= here - tolerance
    return near
