"""Tracks that split or merge, cut where they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.notices import counted, notice

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cut_at_branches(
    ids: NDArray[Any], frames: NDArray[np.float64], edges: NDArray[np.int64], source: str
) -> NDArray[Any]:
    """Give every point the id of its unbranched piece of track.

    Where a track splits, all links to what comes after are cut; where tracks merge, all links to
    what came before.

    Parameters
    ----------
    ids : ndarray, shape (n_points,)
        The user's own id of the whole track of each point.
    frames : ndarray, shape (n_points,)
    edges : ndarray of int64, shape (n_edges, 2)
        Which points are linked, by their places, in either direction of time.
    source : str
        What to call the tracks in messages.

    Returns
    -------
    ndarray, shape (n_points,)
        `ids`, if no track branches. Otherwise text: the piece of a track ``3`` that begins first
        is ``"3"``, those that begin later are ``"3.1"``, ``"3.2"`` and so on.

    Raises
    ------
    InputError
        If a link joins two points of the same frame.
    """
    root = _first_points(_unbranched(_forward(edges, frames, ids, source), len(ids)))
    pieces, piece = np.unique(root, return_inverse=True)
    tracks, track = np.unique(ids[pieces], return_inverse=True)
    if len(pieces) == len(tracks):
        return ids
    order = np.lexsort((pieces, frames[pieces], track))
    sizes = np.bincount(track)
    rank = np.empty(len(pieces), dtype=np.int64)
    rank[order] = np.arange(len(pieces)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    names = [
        f"{tracks[which]}.{place}" if place else str(tracks[which])
        for which, place in zip(track, rank, strict=True)
    ]
    branched = int(np.count_nonzero(sizes > 1))
    notice(
        f"{source}: {counted(branched, 'track splits or merges', 'tracks split or merge')}; cut at "
        f"the branches, {'it makes' if branched == 1 else 'they make'} "
        f"{sizes[sizes > 1].sum():,} tracks."
    )
    return np.array(names, dtype=object)[piece]


def connected(edges: NDArray[np.int64], n_points: int) -> NDArray[np.int64]:
    """Give every group of linked points a number, in the order of their first points.

    Parameters
    ----------
    edges : ndarray of int64, shape (n_edges, 2)
    n_points : int

    Returns
    -------
    ndarray of int64, shape (n_points,)
    """
    group = np.arange(n_points)
    while True:
        # Each group takes the lowest number of its neighbours, then of its neighbour's group.
        lowest = group.copy()
        joined = group[edges].min(axis=1)
        for end in (0, 1):
            np.minimum.at(lowest, edges[:, end], joined)
            np.minimum.at(lowest, group[edges[:, end]], joined)
        lowest = _first_points(lowest)
        if np.array_equal(lowest, group):
            return np.unique(group, return_inverse=True)[1]
        group = lowest


def _forward(
    edges: NDArray[np.int64], frames: NDArray[np.float64], ids: NDArray[Any], source: str
) -> NDArray[np.int64]:
    """Let every link run forward in time, and be there once."""
    if not len(edges):
        return edges
    times = frames[edges]
    still = times[:, 0] == times[:, 1]
    if still.any():
        first = int(np.argmax(still))
        raise InputError(
            f"{source}: track {ids[edges[first, 0]]} links two points of frame "
            f"{times[first, 0]:g}; delete this link where the tracks were made."
        )
    ordered = np.where(times[:, :1] > times[:, 1:], edges[:, ::-1], edges)
    return np.unique(ordered, axis=0)


def _unbranched(edges: NDArray[np.int64], n_points: int) -> NDArray[np.int64]:
    """Return the point before each point, or the point itself where a piece begins."""
    before = np.arange(n_points)
    if len(edges):
        out_degree = np.bincount(edges[:, 0], minlength=n_points)
        in_degree = np.bincount(edges[:, 1], minlength=n_points)
        simple = edges[(out_degree[edges[:, 0]] == 1) & (in_degree[edges[:, 1]] == 1)]
        before[simple[:, 1]] = simple[:, 0]
    return before


def _first_points(before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow every point to the first of its chain, twice as far each time."""
    while True:
        further = before[before]
        if np.array_equal(further, before):
            return before
        before = further
