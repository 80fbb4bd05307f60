"""How far localisations are off, estimated from the tracks themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_anomalous_diffusion.autoencoders.motion import motion_of
from napari_anomalous_diffusion.scores.words import ESTIMATE
from napari_anomalous_diffusion.tracks.notices import notice

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories

FEWEST_PAIRS = 5
"""Pairs of neighbouring displacements that a track needs to have a say."""


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


def localisation_error_of(trajectories: Trajectories, given: float | Literal["estimate"]) -> float:
    """Return the localisation error that is given, or else `estimate_localisation_error`."""
    return estimate_localisation_error(trajectories) if given == ESTIMATE else given
