"""Motion of every kind: the ground against which a bank's labels are found wanting.

Whether a track is none of the known models cannot be told from its probability under them alone:
regular motion is probable under all of them. It can be told from how much more probable the track
is to a network that was shown motion of every kind that one can think of, without labels (Ren et
al., "Likelihood ratios for out-of-distribution detection", NeurIPS 2019, call this a background
model).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_anomalous_diffusion.lab.simulation import simulate

Displacements = NDArray[np.float64]
"""Shape (n_tracks, n_steps, D), in any unit."""

MODELS = {
    "attm": np.linspace(0.1, 1.0, 10),
    "ctrw": np.linspace(0.1, 1.0, 10),
    "fbm": np.linspace(0.1, 1.9, 19),
    "lw": np.linspace(1.1, 1.9, 9),
    "sbm": np.linspace(0.1, 1.9, 19),
}


def everything(n_tracks: int, length: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    """Simulate motion of every kind.

    The five models at all their exponents; bound and confined motion, drift, switching between two
    diffusivities, diffusivities that wander, correlations of any shape, each in equal shares. A
    quarter of the tracks change from one kind to another on their way, a quarter are sums of two.

    Parameters
    ----------
    n_tracks, length, dimensions, seed : int

    Returns
    -------
    ndarray of float64, shape (n_tracks, length, dimensions)
    """
    random = np.random.default_rng(seed)
    first, second = (_of_all_kinds(n_tracks, length - 1, dimensions, random) for _ in range(2))
    step = np.arange(length - 1)[None, :, None]
    change = random.integers(1, max(length - 1, 2), n_tracks)[:, None, None]
    ratio = _log_uniform(random, 0.1, 10, n_tracks)[:, None, None]
    changed = np.where(step < change, first, ratio * second)
    fate = random.integers(4, size=n_tracks)[:, None, None]
    displacements = np.where(fate == 0, changed, np.where(fate == 1, first + ratio * second, first))
    return _positions(displacements)


def trapped(n_tracks: int, length: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    """Simulate motion that stays in a place: half in harmonic wells, half in boxes.

    It is the most common of what is none of the five models, and the hardest to tell from FBM: a
    network that knows nothing else finds it where one that knows everything does not.

    Parameters
    ----------
    n_tracks, length, dimensions, seed : int

    Returns
    -------
    ndarray of float64, shape (n_tracks, length, dimensions)
    """
    random = np.random.default_rng(seed)
    each = -(-n_tracks // 2)
    parts = [draw(each, length - 1, dimensions, random) for draw in (bound, confined)]
    return _positions(random.permutation(np.concatenate(parts))[:n_tracks])


def _of_all_kinds(n_tracks: int, n_steps: int, dimensions: int, random: Generator) -> Displacements:
    kinds: list[Callable[[int, int, int, Generator], Displacements]] = [
        *[_model(model) for model in MODELS],
        bound, confined, drifting, switching, wandering, correlated,
    ]  # fmt: skip
    each = -(-n_tracks // len(kinds))
    parts = [kind(each, n_steps, dimensions, random) for kind in kinds]
    mixed: Displacements = random.permutation(np.concatenate([_to_unit(part) for part in parts]))
    return mixed[:n_tracks]


def _model(model: str) -> Callable[[int, int, int, Generator], Displacements]:
    def draw(n_tracks: int, n_steps: int, dimensions: int, random: Generator) -> Displacements:
        exponents = MODELS[model]
        each = -(-n_tracks // len(exponents))
        seed = int(random.integers(2**31))
        positions = simulate(model, exponents, each, n_steps + 1, dimensions, seed=seed)
        return np.diff(random.permutation(positions)[:n_tracks], axis=1)

    return draw


def bound(
    n_tracks: int,
    n_steps: int,
    dimensions: int,
    random: Generator,
    relaxation: float | None = None,
) -> Displacements:
    """Draw motion in a harmonic well, relaxing within so many frames, or within 0.2 to 100."""
    relaxations = (
        _log_uniform(random, 0.2, 100, n_tracks)
        if relaxation is None
        else np.full(n_tracks, relaxation)
    )
    keep = np.exp(-1 / relaxations)[:, None]
    kicks = random.standard_normal((n_tracks, n_steps + 1, dimensions))
    positions = np.empty_like(kicks)
    positions[:, 0] = kicks[:, 0]
    for frame in range(1, n_steps + 1):
        positions[:, frame] = (
            keep * positions[:, frame - 1] + np.sqrt(1 - keep**2) * kicks[:, frame]
        )
    return np.diff(positions, axis=1)


def confined(n_tracks: int, n_steps: int, dimensions: int, random: Generator) -> Displacements:
    """Draw Brownian motion in a box of 1 to 30 steps, which its walls send back."""
    side = _log_uniform(random, 1, 30, n_tracks)[:, None, None]
    start = side * random.random((n_tracks, 1, dimensions))
    free = start + np.cumsum(random.standard_normal((n_tracks, n_steps + 1, dimensions)), axis=1)
    # Unfolded, a box with mirrors is an endless row of boxes, every other one turned round.
    inside = side - np.abs(free % (2 * side) - side)
    return np.diff(inside, axis=1)


def drifting(n_tracks: int, n_steps: int, dimensions: int, random: Generator) -> Displacements:
    """Draw Brownian motion with a velocity of 0.05 to 5 steps a frame, which may turn slowly."""
    speed = _log_uniform(random, 0.05, 5, n_tracks)[:, None, None]
    turn = _log_uniform(random, 1e-3, 0.5, n_tracks)[:, None, None]
    turn = turn * (random.random((n_tracks, 1, 1)) < 0.5)
    course = random.standard_normal((n_tracks, 1, dimensions)) + np.cumsum(
        turn * random.standard_normal((n_tracks, n_steps, dimensions)), axis=1
    )
    course /= np.linalg.norm(course, axis=2, keepdims=True)
    return random.standard_normal((n_tracks, n_steps, dimensions)) + speed * course


def switching(n_tracks: int, n_steps: int, dimensions: int, random: Generator) -> Displacements:
    """Draw motion that switches between two diffusivities, one of which may be a directed one."""
    stay = _log_uniform(random, 2, 100, (n_tracks, 2))
    state = random.integers(2, size=n_tracks)
    states = np.empty((n_tracks, n_steps), dtype=np.int64)
    for step in range(n_steps):
        states[:, step] = state
        leaves = random.random(n_tracks) < 1 / stay[np.arange(n_tracks), state]
        state = np.where(leaves, 1 - state, state)
    fast = drifting(n_tracks, n_steps, dimensions, random)
    brownian = random.standard_normal((n_tracks, n_steps, dimensions))
    directed = random.random((n_tracks, 1, 1)) < 0.5
    slow = brownian / _log_uniform(random, 1, 30, n_tracks)[:, None, None]
    return np.where(states[..., None] == 0, slow, np.where(directed, fast, brownian))


def wandering(n_tracks: int, n_steps: int, dimensions: int, random: Generator) -> Displacements:
    """Draw Brownian motion whose diffusivity wanders, back to a mean or not."""
    keep = np.exp(-1 / _log_uniform(random, 1, 1000, n_tracks))[:, None]
    spread = _log_uniform(random, 0.1, 2, n_tracks)[:, None]
    kicks = random.standard_normal((n_tracks, n_steps))
    logarithm = np.empty_like(kicks)
    logarithm[:, 0] = kicks[:, 0]
    for step in range(1, n_steps):
        before = logarithm[:, step - 1 : step]
        logarithm[:, step : step + 1] = (
            keep * before + np.sqrt(1 - keep**2) * kicks[:, step : step + 1]
        )
    sizes = np.exp(spread * logarithm)[..., None]
    return sizes * random.standard_normal((n_tracks, n_steps, dimensions))


def correlated(n_tracks: int, n_steps: int, dimensions: int, random: Generator) -> Displacements:
    """Draw stationary Gaussian displacements whose spectrum is a random smooth curve."""
    points = 2 * n_steps
    frequency = np.arange(points // 2 + 1) / points
    shift = random.uniform(-1, 1, (n_tracks, 1))
    logarithm = shift * np.log(frequency + 1 / points)
    for wave in range(1, 5):
        height = random.standard_normal((n_tracks, 1)) / wave
        logarithm = logarithm + height * np.cos(2 * np.pi * wave * frequency)
    shape = (n_tracks, points // 2 + 1, dimensions)
    white = random.standard_normal(shape) + 1j * random.standard_normal(shape)
    return np.fft.irfft(np.exp(logarithm / 2)[..., None] * white, points, axis=1)[:, :n_steps]


def _positions(displacements: Displacements) -> NDArray[np.float64]:
    return np.pad(np.cumsum(displacements, axis=1), ((0, 0), (1, 0), (0, 0)))


def _to_unit(displacements: Displacements) -> Displacements:
    """Bring tracks to a root mean square displacement of 1; those that rest stay at rest."""
    scale = np.sqrt(np.mean(displacements**2, axis=(1, 2), keepdims=True))
    return displacements / np.where(scale > 0, scale, 1)


def _log_uniform(
    random: Generator, low: float, high: float, shape: int | tuple[int, ...]
) -> NDArray[np.float64]:
    """Draw numbers whose logarithms are evenly spread."""
    return np.exp(random.uniform(np.log(low), np.log(high), shape))
