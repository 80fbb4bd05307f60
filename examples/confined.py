"""A model of one's own: Brownian motion in a box whose walls reflect."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMALLEST, LARGEST = 2.0, 6.0
"""Sides of the box, in units of the standard deviation of a free step."""


def confined(n_tracks: int, length: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    """Simulate particles that diffuse freely in a box, each in one of its own size.

    Parameters
    ----------
    n_tracks, length, dimensions : int
        Tracks, points of each, and coordinates.
    seed : int
        The same seed gives the same tracks.

    Returns
    -------
    ndarray of float64, shape (n_tracks, length, dimensions)
    """
    random = np.random.default_rng(seed)
    side = random.uniform(SMALLEST, LARGEST, size=(n_tracks, 1, 1))
    start = random.uniform(0, side, size=(n_tracks, 1, dimensions))
    steps = random.normal(size=(n_tracks, length - 1, dimensions))
    free = np.concatenate([start, start + steps.cumsum(axis=1)], axis=1)
    # A path that is mirrored at a wall is as likely as the one that would have gone through it.
    return side - np.abs(free % (2 * side) - side)
