"""Errors of whole tracks under a bank of densities: any length, any dimension, with gaps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.densities import Steps, negative_log_likelihoods
from napari_anomalous_diffusion.autoencoders.engine import choose_device
from napari_anomalous_diffusion.autoencoders.windows import REST_TOLERANCE

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.tracks.table import Trajectories

STEPS_AT_ONCE = 20_000
"""Steps, with their padding, that go through a network together."""


def track_likelihoods(
    bank: Bank,
    trajectories: Trajectories,
    localisation_error: float = 0.0,
    device: str = "auto",
) -> NDArray[np.float64]:
    """Compute the negative log-likelihood of every track under every network of a bank.

    Parameters
    ----------
    bank : Bank
        Of the kind ``probability``.
    trajectories : Trajectories
    localisation_error : float
        Standard deviation of a coordinate's error, in the calibration's unit of length.
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    ndarray of float64, shape (n_tracks, n_networks)
        Nats a step, of displacements in units of the track's root mean square displacement. NaN for
        tracks with fewer points than the bank asks for, or that never move.
    """
    where = choose_device(device)
    networks = [network.to(where) for members in bank.networks for network in members]
    errors = np.full((len(trajectories), len(networks)), np.nan)
    with torch.inference_mode():
        for tracks, steps in _batches(trajectories, bank.length, localisation_error, where):
            for column, network in enumerate(networks):
                likelihoods = negative_log_likelihoods(network, steps)
                errors[tracks, column] = likelihoods.cpu().numpy()
    return errors


def _batches(
    trajectories: Trajectories, shortest: int, localisation_error: float, where: torch.device
) -> Iterator[tuple[NDArray[np.int64], Steps]]:
    """Yield places of tracks with as many moving coordinates and about as many steps each."""
    positions = trajectories.calibration.to_length(trajectories.positions)
    starts, counts = trajectories.starts[:-1], trajectories.lengths - 1
    displacements = np.diff(positions, axis=0, append=positions[-1:])
    frames = np.diff(trajectories.frames, append=trajectories.frames[-1:] + 1)
    # What leads from a track to the next is no step: it must not count as motion.
    displacements[trajectories.starts[1:] - 1] = 0
    largest = np.maximum.reduceat(np.abs(positions), starts)
    moves = np.maximum.reduceat(np.abs(displacements), starts) > REST_TOLERANCE * largest
    moving = np.where(counts + 1 >= shortest, moves.sum(axis=1), 0)
    for dimensions in range(1, trajectories.dimensions + 1):
        # Moving coordinates first: one that is constant tells nothing.
        order = np.argsort(~moves, axis=1, kind="stable")[:, :dimensions]
        tracks = np.flatnonzero(moving == dimensions)
        tracks = tracks[np.argsort(counts[tracks], kind="stable")]
        for chosen in _chunks(tracks, counts):
            place = np.arange(counts[chosen].max())
            there = place < counts[chosen, None]
            rows = np.where(there, starts[chosen, None] + place, 0)
            values = displacements[rows[..., None], order[chosen, None, :]] * there[..., None]
            yield (
                chosen,
                _steps(
                    values,
                    np.where(there, frames[rows], 1),
                    counts[chosen],
                    localisation_error,
                    where,
                ),
            )


def _chunks(tracks: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Cut tracks, in the order of their steps, so that each part is about `STEPS_AT_ONCE` big."""
    start = 0
    while start < len(tracks):
        # The last of a part is the longest, and rules its padding.
        sizes = counts[tracks[start:]] * np.arange(1, len(tracks) - start + 1)
        stop = start + max(int(np.searchsorted(sizes, STEPS_AT_ONCE, side="right")), 1)
        yield tracks[start:stop]
        start = stop


def _steps(
    values: NDArray[np.float64],
    frames: NDArray[np.int64],
    counts: NDArray[np.int64],
    localisation_error: float,
    where: torch.device,
) -> Steps:
    dimensions = values.shape[2]
    scale = np.sqrt(np.sum(values**2, axis=(1, 2)) / (counts * dimensions))
    # Noise alone gives displacements of sqrt(2) times its size: there can be no more of it.
    level = np.minimum(localisation_error / scale, np.sqrt(0.5))
    numbers = values / scale[:, None, None], frames, counts, level
    values_, frames_, counts_, level_ = (
        torch.from_numpy(np.asarray(number, dtype=np.float32)).to(where) for number in numbers
    )
    return Steps(values_, frames_, counts_.long(), level_)
