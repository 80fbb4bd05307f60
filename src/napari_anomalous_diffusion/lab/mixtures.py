"""Tracks of any source of a recipe.

That is one model, a mixture of three (Eq. 3 of the paper), or a function of the user's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.lab.own_models import simulate_own
from napari_anomalous_diffusion.lab.simulation import add_localisation_error, simulate
from napari_anomalous_diffusion.lab.sources import AnySource, Mixture, OwnModel


def simulate_source(
    source: AnySource,
    n_tracks: int,
    length: int,
    dimensions: int = 1,
    noise: float = 0.0,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Simulate tracks of a source.

    Parameters
    ----------
    source : Source, Mixture or OwnModel
    n_tracks : int
        Tracks for each of the source's exponents; of a model of one's own, all tracks.
    length, dimensions, noise, seed
        As in `simulation.simulate`.

    Returns
    -------
    ndarray of float64, shape (shares * n_tracks, length, dimensions)
        Positions, exponent by exponent.
    """
    if isinstance(source, OwnModel):
        own = simulate_own(source.function, source.code, n_tracks, length, dimensions, seed)
        # The function may well draw from the same generator and seed.
        return add_localisation_error(own, noise, np.random.default_rng([seed, 1]))
    if not isinstance(source, Mixture):
        return simulate(source.model, source.exponents, n_tracks, length, dimensions, noise, seed)
    parts = [
        mix(source.models, alpha, source.weights, n_tracks, length, dimensions, seed + number)
        for number, alpha in enumerate(source.exponents)
    ]
    return add_localisation_error(np.concatenate(parts), noise, np.random.default_rng(seed))


def mix(
    models: Sequence[str],
    exponent: float,
    weights: Sequence[float],
    n_tracks: int,
    length: int,
    dimensions: int = 1,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Sum the displacements of models with weights: Eq. (3) of the paper.

    Each component of a track is one trajectory, so that its correlations and its ageing are kept.
    Models differ in their step sizes by what no experiment would know, so that each component is
    first brought to a root mean square displacement of 1; one that never moves is drawn again.

    Parameters
    ----------
    models : sequence of str
    exponent : float
        The exponent alpha of each.
    weights : sequence of float
        The weight of each; only their ratios survive the normalisation of windows.
    n_tracks, length, dimensions, seed
        As in `simulation.simulate`.

    Returns
    -------
    ndarray of float64, shape (n_tracks, length, dimensions)
    """
    seeds = np.random.SeedSequence(seed).generate_state(len(models))
    positions = np.zeros((n_tracks, length, dimensions))
    for model, weight, its_seed in zip(models, weights, seeds, strict=True):
        if weight:
            tracks = _moving_tracks(model, exponent, n_tracks, length, dimensions, int(its_seed))
            positions += weight * tracks
    return positions


def _moving_tracks(
    model: str, exponent: float, n_tracks: int, length: int, dimensions: int, seed: int
) -> NDArray[np.float64]:
    """Simulate tracks of unit root mean square displacement until there are enough that move."""
    found = np.empty((0, length, dimensions))
    while len(found) < n_tracks:
        tracks = simulate(model, [exponent], n_tracks, length, dimensions, seed=seed)
        spread = np.sqrt(np.mean(np.diff(tracks, axis=1) ** 2, axis=(1, 2), keepdims=True))
        moves = spread.ravel() > 0
        found = np.concatenate([found, tracks[moves] / spread[moves]])
        seed += 1
    return found[:n_tracks]
