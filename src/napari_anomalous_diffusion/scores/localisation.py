"""How far localisations are off: as the user says, as was measured, or as the tracks tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.motion import motion_of
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.words import ESTIMATE, MEASURED, FromTracks
from napari_anomalous_diffusion.tracks.notices import notice

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories

FEWEST_PAIRS = 5
"""Pairs of neighbouring displacements that a track needs to have a say."""


def localisation_error_of(
    trajectories: Trajectories, given: float | FromTracks | NDArray[np.float64]
) -> float | NDArray[np.float64]:
    """Turn what a user says of the localisation error into lengths.

    Parameters
    ----------
    trajectories : Trajectories
    given : float, ndarray of float64, shape (n_tracks,), "estimate" or "measured"
        A length, or one for each track, in the calibration's unit; or from which of
        `estimate_localisation_error` and `measured_localisation_error` to take it.

    Returns
    -------
    float, or ndarray of float64, shape (n_tracks,)

    Raises
    ------
    InputError
        If it was not measured, or `given` is another word.
    """
    if not isinstance(given, str):
        return given
    if given not in WAYS:
        raise InputError(
            f"A localisation error of {given!r} is no length: give a number from 0 on, 'measured' "
            "or 'estimate'."
        )
    return WAYS[given](trajectories)


def measured_localisation_error(trajectories: Trajectories) -> NDArray[np.float64]:
    """Take the localisation error that was measured with the points of each track.

    trackpy tells it as ``ep``, from the noise of the picture around each particle.

    Parameters
    ----------
    trajectories : Trajectories

    Returns
    -------
    ndarray of float64, shape (n_tracks,)
        Root mean square over the track's points, in the calibration's unit of length; the median
        of all others for a track without any.

    Raises
    ------
    InputError
        If nothing was measured.
    """
    errors = trajectories.localisation_errors
    if errors is None or np.isnan(errors).all():
        raise InputError(
            f"{trajectories.source}: no localisation error was measured with the points; trackpy "
            "writes it into a column ep. Give a number, or 'estimate'."
        )
    known = ~np.isnan(errors)
    track = np.repeat(np.arange(len(trajectories)), trajectories.lengths)[known]
    counts = np.bincount(track, minlength=len(trajectories))
    sums = np.bincount(track, errors[known] ** 2, len(trajectories))
    squares = sums / np.where(counts > 0, counts, 1)
    own = np.sqrt(np.where(counts > 0, squares, np.median(squares[counts > 0])))
    return np.asarray(own * np.mean(trajectories.calibration.pixel_size))


def estimate_localisation_error(trajectories: Trajectories) -> float:
    """Estimate the localisation error that a set of tracks has in common.

    An error sigma of each coordinate makes neighbouring displacements of Brownian motion
    anticorrelated, with a covariance of -sigma^2 (Berglund, Phys. Rev. E 82, 011917, 2010). The
    median over the tracks is taken.

    Parameters
    ----------
    trajectories : Trajectories

    Returns
    -------
    float
        Standard deviation of a coordinate's error, in the calibration's unit of length; 0 where
        displacements are not anticorrelated, or no track is long enough.

    Warns
    -----
    Notice
        Always: subdiffusive motion is anticorrelated too, and is taken for localisation error.
    """
    motion = motion_of(trajectories)
    steps, adjacent = motion.displacements, motion.frames == 1
    adjacent[trajectories.starts[1:] - 1] = False
    pairs = adjacent[:-1] & adjacent[1:]
    track = np.repeat(np.arange(len(trajectories)), trajectories.lengths)[:-1][pairs]
    products = (steps[:-1] * steps[1:]).sum(axis=1)[pairs]
    counts = np.bincount(track, minlength=len(trajectories))
    enough = (counts >= FEWEST_PAIRS) & (motion.dimensions > 0)
    sums = np.bincount(track, products, len(trajectories))[enough]
    covariances = sums / (counts * motion.dimensions)[enough]
    sigma = float(np.sqrt(max(-np.median(covariances), 0))) if enough.any() else 0.0
    notice(
        f"{trajectories.source}: the localisation error was estimated from the tracks, "
        f"{sigma:.3g} {trajectories.calibration.length_unit}; subdiffusive motion cannot well be "
        "told from it, so give the error if you know it."
    )
    return sigma


WAYS: dict[FromTracks, Callable[[Trajectories], float | NDArray[np.float64]]] = {
    ESTIMATE: estimate_localisation_error,
    MEASURED: measured_localisation_error,
}
"""How the tracks themselves can tell their localisation error."""
