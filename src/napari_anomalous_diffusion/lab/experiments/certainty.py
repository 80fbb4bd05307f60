"""How sure verdicts are: false alarms, power, reliability, and what real tracks do to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.lab import everything
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.simulation import add_localisation_error, as_trajectories
from napari_anomalous_diffusion.lab.sources import Source
from napari_anomalous_diffusion.scores.scoring import score
from napari_anomalous_diffusion.scores.words import SEPARATOR
from napari_anomalous_diffusion.tracks.table import Trajectories

Positions = NDArray[np.float64]
"""Shape (n_tracks, length, dimensions)."""

Strange = Callable[[int, int, int, np.random.Generator], Positions]
"""Displacements of ``(n_tracks, n_steps, dimensions)``."""


def judge_own(
    bank: Bank,
    sources: Mapping[str, Source],
    n_tracks: int,
    length: int,
    dimensions: int,
    noise: float | Sequence[float] = 0.0,
    seed: int = 88_000,
    spoil: Callable[[Positions, np.random.Generator], Positions] | None = None,
    missing: float = 0.0,
) -> pd.DataFrame:
    """Score fresh tracks of a bank's own labels, whose truth is known.

    Parameters
    ----------
    bank : Bank
    sources : mapping of str to Source
        Where the tracks of each label come from.
    n_tracks : int
        Tracks of each label, in equal shares for its exponents; at least one of each.
    length : int
        Frames of a track, before anything is done to it.
    dimensions : {1, 2, 3}
    noise : float or sequence of float
        Localisation error in units of the standard deviation of each track's displacements, and
        told to the bank; of several, each track has one.
    seed : int
    spoil : callable, optional
        What the microscope does to positions of shape (n_tracks, length, dimensions), which the
        bank is not told.
    missing : float
        Share of frames that are missing, drawn at random.

    Returns
    -------
    DataFrame
        A row a track: ``label`` and ``alpha`` it was simulated with, and what scoring says of it.
    """
    random = np.random.default_rng(seed)
    parts = []
    for number, (name, source) in enumerate(sources.items()):
        each = max(n_tracks // source.shares, 1)
        positions = simulate_source(source, each, length, dimensions, seed=seed + number)
        if spoil is not None:
            positions = spoil(positions, random)
        levels = noise if isinstance(noise, float | int) else random.choice(noise, len(positions))
        table = judged(bank, positions, levels, random, missing)
        parts.append(table.assign(label=name, alpha=np.repeat(source.exponents, each)))
    return pd.concat(parts, ignore_index=True)


def judged(
    bank: Bank,
    positions: Positions,
    noise: float | NDArray[np.float64],
    random: np.random.Generator,
    missing: float = 0.0,
) -> pd.DataFrame:
    """Add localisation error to tracks, and score them with its size known.

    Returns
    -------
    DataFrame
        The score table.
    """
    error = noise * np.diff(positions, axis=1).std(axis=(1, 2))
    tracks = as_trajectories(add_localisation_error(positions, noise, random))
    if missing:
        tracks = _without_some_frames(tracks, missing, random)
    return score(tracks, bank, localisation_error=error).table


def _without_some_frames(
    tracks: Trajectories, missing: float, random: np.random.Generator
) -> Trajectories:
    there = random.random(tracks.n_points) >= missing
    there[tracks.starts[:-1]] = True
    track = np.repeat(tracks.track_ids, tracks.lengths)
    return Trajectories.from_points(track[there], tracks.frames[there], tracks.positions[there])


def accuracy(table: pd.DataFrame) -> float:
    """Mean of the labels' recalls over tracks that move, of what `judge_own` returns."""
    moving = table[table["best"].notna()]
    return float((moving["best"] == moving["label"]).groupby(moving["label"]).mean().mean())


def false_alarms(table: pd.DataFrame, level: float = 0.05) -> pd.Series:
    """Share of each label's own tracks that are called novel, and of all in equal shares."""
    moving = table[table["p_value"].notna()]
    shares = (moving["p_value"] < level).groupby(moving["label"]).mean()
    return pd.concat([shares, pd.Series({"all": shares.mean()})])


def calibration_error(table: pd.DataFrame, bins: int = 10) -> float:
    """Mean distance between confidence and how often it is right, labels in equal shares."""
    curve = reliability(table, bins)
    return float(np.average((curve["right"] - curve["confidence"]).abs(), weights=curve["share"]))


def reliability(table: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """Tell how often verdicts of about the same confidence are right.

    Parameters
    ----------
    table : DataFrame
        From `judge_own`.
    bins : int
        Of equal width.

    Returns
    -------
    DataFrame
        A row a bin that is not empty: mean ``confidence``, share of ``right`` best labels, and
        ``share`` of all tracks.
    """
    moving = table[table["confidence"].notna()]
    weight = 1 / moving.groupby("label")["label"].transform("size")
    place = np.minimum((moving["confidence"] * bins).astype(int), bins - 1)
    columns = pd.DataFrame({
        "confidence": moving["confidence"] * weight,
        "right": (moving["best"] == moving["label"]) * weight,
        "share": weight,
    })  # fmt: skip
    sums = columns.groupby(place).sum()
    sums["confidence"] /= sums["share"]
    sums["right"] /= sums["share"]
    sums["share"] /= sums["share"].sum()
    return sums


def among_candidates(table: pd.DataFrame, label: str) -> float:
    """Share of scored tracks that have a label among their candidates."""
    candidates = table["candidates"].dropna()
    return float(candidates.str.split(SEPARATOR).map(lambda names: label in names).mean())


def power(
    bank: Bank,
    strange: Strange,
    n_tracks: int,
    length: int,
    dimensions: int,
    noise: float = 0.0,
    seed: int = 88_000,
    level: float = 0.05,
) -> float:
    """Share of strange tracks that are called novel.

    Parameters
    ----------
    bank : Bank
    strange : callable
        Draws displacements: one of `STRANGE`.
    n_tracks, length, dimensions, noise, seed
        As in `judge_own`.
    level : float

    Returns
    -------
    float
    """
    random = np.random.default_rng(seed)
    steps = strange(n_tracks, length - 1, dimensions, random)
    positions = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0), (0, 0)))
    table = judged(bank, positions, noise, random)
    return float((table["p_value"].dropna() < level).mean())


def bound_within(relaxation: float) -> Strange:
    """Make motion in a harmonic well that relaxes within so many frames (Ornstein-Uhlenbeck)."""

    def draw(n: int, n_steps: int, dimensions: int, random: np.random.Generator) -> Positions:
        return everything.bound(n, n_steps, dimensions, random, relaxation)

    return draw


def directed(speed: float) -> Strange:
    """Make Brownian motion with a constant velocity, in standard deviations of a step a frame."""

    def draw(n: int, n_steps: int, dimensions: int, random: np.random.Generator) -> Positions:
        course = random.standard_normal((n, 1, dimensions))
        course /= np.linalg.norm(course, axis=2, keepdims=True)
        return random.standard_normal((n, n_steps, dimensions)) + speed * course

    return draw


def two_states(ratio: float, stay: float) -> Strange:
    """Make motion between two step sizes, with so many frames in each on average."""

    def draw(n: int, n_steps: int, dimensions: int, random: np.random.Generator) -> Positions:
        leaves = random.random((n, n_steps)) < 1 / stay
        state = (np.cumsum(leaves, axis=1) + random.integers(2, size=(n, 1))) % 2
        return np.where(state, ratio, 1.0)[..., None] * random.standard_normal(
            (n, n_steps, dimensions)
        )

    return draw


STRANGE: dict[str, Strange] = {
    "bound, relaxing in 1 frame": bound_within(1),
    "bound, relaxing in 5 frames": bound_within(5),
    "bound, relaxing in 20 frames": bound_within(20),
    "directed, 0.3 steps a frame": directed(0.3),
    "directed, 1 step a frame": directed(1.0),
    "two states, 5 times faster, 20 frames each": two_states(5, 20),
}
"""Motion that none of the five models makes, by name."""


def blur(positions: Positions, random: np.random.Generator) -> Positions:
    """Take the mean of every four positions as one: exposure over the whole frame interval."""
    n_tracks, length, dimensions = positions.shape
    kept = length // 4
    return positions[:, : 4 * kept].reshape(n_tracks, kept, 4, dimensions).mean(axis=2)


def round_to_pixels(positions: Positions, random: np.random.Generator) -> Positions:
    """Round positions to half of a typical step."""
    pixel = 0.5 * np.diff(positions, axis=1).std(axis=(1, 2), keepdims=True)
    pixel = np.where(pixel > 0, pixel, 1)
    return np.round(positions / pixel) * pixel


def begin_late(positions: Positions, random: np.random.Generator) -> Positions:
    """Leave out the first three quarters: the process began long before the track."""
    return positions[:, -(positions.shape[1] // 4) :]


def change_halfway(positions: Positions, random: np.random.Generator) -> Positions:
    """Let the second half of each track be Brownian motion with steps of the same size."""
    steps = np.diff(positions, axis=1)
    half = steps.shape[1] // 2
    size = steps.std(axis=(1, 2), keepdims=True)
    steps[:, half:] = size * random.standard_normal(steps[:, half:].shape)
    return np.concatenate([positions[:, :1], positions[:, :1] + np.cumsum(steps, axis=1)], axis=1)
