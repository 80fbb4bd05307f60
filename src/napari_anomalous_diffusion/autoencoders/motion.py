"""What of a track moves, and how much: the scale that its errors are told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.windows import REST_TOLERANCE

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories


@dataclass(frozen=True, eq=False)
class Motion:
    """The displacements of tracks.

    Attributes
    ----------
    displacements : ndarray of float64, shape (n_points, D)
        From each point to the next of its track, in the calibration's unit of length; 0 from the
        last.
    frames : ndarray of int64, shape (n_points,)
        Frames each displacement took; 1 from the last point.
    moves : ndarray of bool, shape (n_tracks, D)
        The coordinates that are not constant.
    scale : ndarray of float64, shape (n_tracks,)
        Root mean square displacement over the coordinates that move; 0 where none does.
    spread : ndarray of float64, shape (n_tracks,)
        Sum of the squared distances of its points from their mean, over the coordinates that move.
    """

    displacements: NDArray[np.float64]
    frames: NDArray[np.int64]
    moves: NDArray[np.bool_]
    scale: NDArray[np.float64]
    spread: NDArray[np.float64]

    @property
    def dimensions(self) -> NDArray[np.int64]:
        """Coordinates of each track that move, shape (n_tracks,)."""
        return self.moves.sum(axis=1)

    def noise_level(self, localisation_error: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Tell the localisation error in units of each track's root mean square displacement.

        Parameters
        ----------
        localisation_error : float or ndarray of float64, shape (n_tracks,)
            Standard deviation of a coordinate's error, in the calibration's unit of length.

        Returns
        -------
        ndarray of float64, shape (n_tracks,)
            At most sqrt(1/2): noise alone gives displacements of sqrt(2) times its size.
        """
        scale = np.where(self.scale > 0, self.scale, np.inf)
        return np.minimum(localisation_error / scale, np.sqrt(0.5))


def motion_of(trajectories: Trajectories) -> Motion:
    """Take the displacements of every track, and tell what of it moves.

    Parameters
    ----------
    trajectories : Trajectories

    Returns
    -------
    Motion
    """
    positions = trajectories.calibration.to_length(trajectories.positions)
    starts, last = trajectories.starts[:-1], trajectories.starts[1:] - 1
    displacements = np.diff(positions, axis=0, append=positions[-1:])
    frames = np.diff(trajectories.frames, append=trajectories.frames[-1:] + 1)
    # What leads from a track to the next is no step: it must not count as motion.
    displacements[last] = 0
    frames[last] = 1
    largest = np.maximum.reduceat(np.abs(positions), starts)
    moves = np.maximum.reduceat(np.abs(displacements), starts) > REST_TOLERANCE * largest
    squares = np.add.reduceat(displacements**2, starts) * moves
    counts = np.maximum((trajectories.lengths - 1) * moves.sum(axis=1), 1)
    lengths = trajectories.lengths[:, None]
    means = np.add.reduceat(positions, starts) / lengths
    distances = positions - np.repeat(means, trajectories.lengths, axis=0)
    spread = (np.add.reduceat(distances**2, starts) * moves).sum(axis=1)
    return Motion(displacements, frames, moves, np.sqrt(squares.sum(axis=1) / counts), spread)
