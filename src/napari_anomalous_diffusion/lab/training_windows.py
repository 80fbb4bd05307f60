"""The windows that a network is trained on, and those that its own error is measured on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.windows import cut, to_unit_deviation
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import WindowsRecipe
from napari_anomalous_diffusion.lab.simulation import add_localisation_error, as_trajectories
from napari_anomalous_diffusion.lab.sources import AnySource
from napari_anomalous_diffusion.tracks.table import Trajectories


def simulate_windows(
    source: AnySource, recipe: WindowsRecipe, length: int, seed: int
) -> NDArray[np.float32]:
    """Simulate training windows of one source, without those that never move.

    Parameters
    ----------
    source : Source, Mixture or OwnModel
    recipe : WindowsRecipe
    length : int
        Points of a window.
    seed : int

    Returns
    -------
    ndarray of float32, shape (n_windows, length)
    """
    whole = recipe.number // 2 if recipe.long_tracks else recipe.number
    parts = [
        whole_tracks(source, whole // 2, length, seed, 1, recipe.noise),
        whole_tracks(source, whole // 2, length, seed + 1, 2, recipe.noise),
    ]
    for offset, long in enumerate(recipe.long_tracks):
        share = (recipe.number - whole) // len(recipe.long_tracks)
        n_tracks = share // recipe.windows_per_track
        tracks = _simulate(source, n_tracks, long, 2, seed + 2 + offset, recipe.noise)
        windows = cut(tracks, length)
        random = np.random.default_rng(seed + 2 + offset)
        parts.append(windows.values[_a_few(windows.track, recipe.windows_per_track, random)])
    return np.concatenate(parts)


def whole_tracks(
    source: AnySource,
    n_windows: int,
    length: int,
    seed: int,
    dimensions: int = 1,
    noise: float = 0.0,
) -> NDArray[np.float32]:
    """Simulate windows that are whole tracks, shape (n_windows, length), less those at rest."""
    n_tracks = n_windows // dimensions
    return cut(_simulate(source, n_tracks, length, dimensions, seed, noise), length).values


def published_windows(
    source: AnySource, n_windows: int, length: int, seed: int
) -> NDArray[np.float32]:
    """Simulate windows as the published networks are shown them (Section I C of the paper).

    Whole one-dimensional tracks, brought to displacements of unit standard deviation.
    """
    values, varies = to_unit_deviation(whole_tracks(source, n_windows, length, seed))
    return values[varies]


def _simulate(
    source: AnySource, n_tracks: int, length: int, dimensions: int, seed: int, noise: float
) -> Trajectories:
    each = -(-n_tracks // source.shares)
    positions = simulate_source(source, each, length, dimensions, seed=seed)
    if noise:
        random = np.random.default_rng([seed, 2])
        levels = noise * random.random(len(positions))
        positions = add_localisation_error(positions, levels, random)
    return as_trajectories(positions)


def _a_few(
    track: NDArray[np.int64], at_most: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Choose at most so many windows of each track, at random."""
    order = random.permutation(len(track))
    order = order[np.argsort(track[order], kind="stable")]
    place = np.arange(len(order)) - np.searchsorted(track[order], track[order])
    return order[place < at_most]
