"""From tracks to what the autoencoders see: normalised windows of one length.

A window is one coordinate of one track at equally spaced frames, all of them present. Windows are
cut at several strides, so that short lags keep the correlations of the motion and long ones its
ageing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories

REST_TOLERANCE = 1e-9
"""A window moves if its displacements exceed this share of its coordinates: less is rounding."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of many tracks, ready for a bank.

    Attributes
    ----------
    values : ndarray of float32, shape (n_windows, length)
        Positions from 0 on, in units of the window's root mean square displacement.
    track : ndarray of int64, shape (n_windows,)
        Which track of the trajectories each window belongs to.
    coordinate : ndarray of int64, shape (n_windows,)
        Which column of the positions.
    stride : ndarray of int64, shape (n_windows,)
        Frames from one point of the window to the next.
    points : ndarray of int64, shape (n_windows, length)
        The rows of the positions that the window holds.
    origin, scale : ndarray of float64, shape (n_windows,)
        The window's first position and root mean square displacement, in the user's units:
        ``values * scale + origin`` are the positions.
    possible : ndarray of int64, shape (n_tracks,)
        Windows a coordinate that the frames of each track allow, whether they move or not.
    """

    values: NDArray[np.float32]
    track: NDArray[np.int64]
    coordinate: NDArray[np.int64]
    stride: NDArray[np.int64]
    points: NDArray[np.int64]
    origin: NDArray[np.float64]
    scale: NDArray[np.float64]
    possible: NDArray[np.int64]

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.values)

    def first(self) -> NDArray[np.int64]:
        """Find the first contiguous window of every track and coordinate.

        The paper crops its trajectories so (Section II B).

        Returns
        -------
        ndarray of int64, shape (n_chosen,)
            Places among the windows, by track and within it by coordinate.
        """
        contiguous = np.flatnonzero(self.stride == 1)
        keys = self.track * (self.coordinate.max(initial=0) + 1) + self.coordinate
        # Windows of a track come in the order of its frames.
        _, first = np.unique(keys[contiguous], return_index=True)
        return contiguous[first]


def normalise(
    positions: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Bring windows to unit spread: displacements over their root mean square, cumulated from 0.

    Section I C of the paper divides by the displacements' standard deviation, which is the same
    where their mean is zero, but zero for a Levy walk that does not turn.

    Parameters
    ----------
    positions : ndarray of float64, shape (n, length)
        In any unit of length.

    Returns
    -------
    values : ndarray of float32, shape (n, length)
        Zero throughout for a window that does not move.
    scale : ndarray of float64, shape (n,)
        Root mean square displacement, in the unit of `positions`; 0 where nothing moves.
    """
    displacements = np.diff(positions, axis=1)
    scale = np.sqrt(np.mean(displacements**2, axis=1))
    moves = scale > REST_TOLERANCE * np.abs(positions).max(axis=1, initial=0)
    scale = np.where(moves, scale, 0.0)
    values = np.zeros(positions.shape, dtype=np.float32)
    values[moves, 1:] = np.cumsum(displacements[moves] / scale[moves, None], axis=1)
    return values, scale


def to_unit_deviation(
    values: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Bring windows to displacements of unit standard deviation, as published (Section I C).

    Parameters
    ----------
    values : ndarray of float32, shape (n, length)
        Windows that start at 0, in any unit.

    Returns
    -------
    values : ndarray of float32, shape (n, length)
        Zero throughout where all displacements are the same.
    varies : ndarray of bool, shape (n,)
        False there.
    """
    deviation = np.diff(values, axis=1).std(axis=1)
    # A Levy walk that does not turn has none but rounding.
    varies = deviation > 1e-4 * np.abs(values).max(axis=1, initial=0)
    scaled = np.where(varies[:, None], values / np.where(varies, deviation, 1)[:, None], 0)
    return scaled.astype(np.float32), varies


def strides_up_to(longest_span: int, length: int) -> list[int]:
    """List the strides 1, 2, 4, ... at which `length` points fit into `longest_span` frames."""
    strides = [1]
    while strides[-1] * 2 * (length - 1) < longest_span:
        strides.append(strides[-1] * 2)
    return strides


def cut(trajectories: Trajectories, length: int) -> Windows:
    """Cut every track into normalised windows at dyadic strides.

    At each stride, the frames that are that far apart form runs, broken where a frame is missing.
    A run of at least `length` points is covered from end to end by windows that overlap as little
    as possible. Nothing is interpolated; a window that does not move is left out.

    Parameters
    ----------
    trajectories : Trajectories
    length : int
        Points of a window.

    Returns
    -------
    Windows
        Ordered by stride, then by track.
    """
    layout = list(_layout(trajectories, length))
    points = np.concatenate([points for _, points in layout])
    stride = np.repeat([stride for stride, _ in layout], [len(points) for _, points in layout])
    track = np.searchsorted(trajectories.starts, points[:, 0], side="right") - 1
    possible = np.bincount(track, minlength=len(trajectories))

    dimensions = trajectories.positions.shape[1]
    coordinate = np.repeat(np.arange(dimensions), len(points))
    points, track, stride = (np.concatenate([a] * dimensions) for a in (points, track, stride))
    positions = trajectories.positions[points, coordinate[:, None]]
    values, scale = normalise(positions)
    moves = scale > 0
    return Windows(
        values=values[moves],
        track=track[moves],
        coordinate=coordinate[moves],
        stride=stride[moves],
        points=points[moves],
        origin=positions[moves, 0],
        scale=scale[moves],
        possible=possible,
    )


def _layout(trajectories: Trajectories, length: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each stride with the points, shape (n, length), of the windows at that stride."""
    starts, frames = trajectories.starts, trajectories.frames
    track = np.repeat(np.arange(len(trajectories)), np.diff(starts))
    frame = frames - frames[starts[:-1]][track]
    for stride in strides_up_to(int(frame.max(initial=0)) + 1, length):
        order = np.lexsort((frame, frame % stride, track)) if stride > 1 else np.arange(len(frame))
        follows = (np.diff(track[order]) == 0) & (np.diff(frame[order]) == stride)
        run_starts = np.concatenate(([0], np.flatnonzero(~follows) + 1)).astype(np.int64)
        run_lengths = np.diff(np.append(run_starts, len(order)))
        enough = run_lengths >= length
        first = _spread(run_starts[enough], run_lengths[enough], length)
        yield stride, order[first[:, None] + np.arange(length)]


def _spread(
    run_starts: NDArray[np.int64], run_lengths: NDArray[np.int64], length: int
) -> NDArray[np.int64]:
    """Place the fewest windows that cover each run, evenly, the last one flush with its end."""
    counts = -(-run_lengths // length)
    run = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(run)) - np.repeat(np.cumsum(counts) - counts, counts)
    slack = (run_lengths - length)[run]
    return run_starts[run] + number * slack // np.maximum(counts[run] - 1, 1)
