"""Errors of whole tracks under a bank of densities: any length, any dimension, with gaps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.densities import (
    Past,
    Steps,
    look_back,
    negative_log_likelihoods,
)
from napari_anomalous_diffusion.autoencoders.engine import choose_device
from napari_anomalous_diffusion.autoencoders.motion import Motion, motion_of
from napari_anomalous_diffusion.threads import in_threads

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.tracks.table import Trajectories

STEPS_AT_ONCE = 20_000
"""Steps, with their padding, that go through a network together."""


def track_likelihoods(
    bank: Bank,
    trajectories: Trajectories,
    localisation_error: float | NDArray[np.float64] = 0.0,
    device: str = "auto",
) -> NDArray[np.float64]:
    """Compute the negative log-likelihood of every track under every network of a bank.

    Parameters
    ----------
    bank : Bank
        Of the kind ``probability``.
    trajectories : Trajectories
    localisation_error : float or ndarray of float64, shape (n_tracks,)
        Standard deviation of a coordinate's error, in the calibration's unit of length.
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    ndarray of float64, shape (n_tracks, n_networks + n_others)
        Nats a step, under the labels' networks and then under those for motion of other kinds, of
        displacements in units of the track's root mean square displacement. NaN for tracks with
        fewer points than the bank asks for, or that never move.
    """
    where = choose_device(device)
    networks = [network for members in bank.networks for network in members]
    networks = [network.to(where) for network in networks + bank.other_networks]
    errors = np.full((len(trajectories), len(networks)), np.nan)
    motion = motion_of(trajectories)
    levels = motion.noise_level(localisation_error)
    batches = _batches(trajectories, motion, levels, bank.length, where)

    def work(tasks: Iterator[tuple[NDArray[np.int64], Steps, Past, int]]) -> None:
        with torch.inference_mode():
            for tracks, steps, past, column in tasks:
                likelihoods = negative_log_likelihoods(networks[column], steps, past)
                errors[tracks, column] = likelihoods.cpu().numpy()

    # What networks know of the past is the same for all of them.
    looked_back = ((tracks, steps, look_back(steps)) for tracks, steps in batches)
    tasks = ((*batch, column) for batch in looked_back for column in range(len(networks)))
    if where.type == "cpu":
        in_threads(work, tasks)
    else:
        work(tasks)
    return errors


def _batches(
    trajectories: Trajectories,
    motion: Motion,
    levels: NDArray[np.float64],
    shortest: int,
    where: torch.device,
) -> Iterator[tuple[NDArray[np.int64], Steps]]:
    """Yield places of tracks with as many moving coordinates and about as many steps each."""
    starts, counts = trajectories.starts[:-1], trajectories.lengths - 1
    moving = np.where(counts + 1 >= shortest, motion.dimensions, 0)
    for dimensions in range(1, trajectories.dimensions + 1):
        # Moving coordinates first: one that is constant tells nothing.
        order = np.argsort(~motion.moves, axis=1, kind="stable")[:, :dimensions]
        tracks = np.flatnonzero(moving == dimensions)
        tracks = tracks[np.argsort(counts[tracks], kind="stable")]
        for chosen in _chunks(tracks, counts):
            place = np.arange(counts[chosen].max())
            there = place < counts[chosen, None]
            rows = np.where(there, starts[chosen, None] + place, 0)
            values = motion.displacements[rows[..., None], order[chosen, None, :]]
            values = values * there[..., None] / motion.scale[chosen, None, None]
            frames = np.where(there, motion.frames[rows], 1)
            numbers = (values, frames, counts[chosen], levels[chosen])
            values_, frames_, counts_, level_ = (
                torch.from_numpy(np.asarray(number, dtype=np.float32)).to(where)
                for number in numbers
            )
            yield chosen, Steps(values_, frames_, counts_.long(), level_)


def _chunks(tracks: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Cut tracks, in the order of their steps, so that each part is about `STEPS_AT_ONCE` big."""
    start = 0
    while start < len(tracks):
        # The last of a part is the longest, and rules its padding.
        sizes = counts[tracks[start:]] * np.arange(1, len(tracks) - start + 1)
        stop = start + max(int(np.searchsorted(sizes, STEPS_AT_ONCE, side="right")), 1)
        yield tracks[start:stop]
        start = stop
