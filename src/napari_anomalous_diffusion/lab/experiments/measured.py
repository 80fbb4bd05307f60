"""Tracks of experiments, real or simulated in their place: Figs. 6 and 7 of the paper.

The three experiments of the paper are not public. Simulated tracks of what their authors found in
them stand in: telomeres (FBM whose exponent crosses over from 0.5 to 1), receptors in a membrane
(ATTM at 0.8), and a nuclear receptor (ATTM at 0.8 with a share of FBM at 0.4 that grows with the
concentration of a hormone). Beside them stand two sets of real tracks that are public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.lab.experiments.protocols import mean_errors
from napari_anomalous_diffusion.lab.recipes import seed_from
from napari_anomalous_diffusion.lab.simulation import as_trajectories, simulate
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores.mixtures import mixtures_of
from napari_anomalous_diffusion.scores.scoring import score
from napari_anomalous_diffusion.tracks.files import read_tracks

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.tracks.table import Trajectories

CROSSOVER = 50.0
"""Frames at which both terms of the stand-in for telomeres are equal."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A set of tracks that is asked as a whole.

    Attributes
    ----------
    name : str
        As it stands in pictures.
    real : bool
        Measured, or simulated in place of measured ones.
    tracks : Trajectories
    """

    name: str
    real: bool
    tracks: Trajectories


def crossing_over(
    msd: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    n_tracks: int,
    length: int,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Draw the Gaussian process of stationary displacements that has a mean squared displacement.

    Parameters
    ----------
    msd : callable
        Of the lag in frames, shape (n,); 0 at 0.
    n_tracks, length : int
    seed : int

    Returns
    -------
    ndarray of float64, shape (n_tracks, length, 1)
        Positions from the origin on. Displacements that are k frames apart have the covariance
        (msd(k + 1) + msd(|k - 1|) - 2 msd(k)) / 2.
    """
    lag = np.arange(length - 1, dtype=np.float64)
    covariance = (msd(lag + 1) + msd(np.abs(lag - 1)) - 2 * msd(lag)) / 2
    places = np.abs(np.subtract.outer(lag, lag)).astype(int)
    root = np.linalg.cholesky(covariance[places])
    steps = np.random.default_rng(seed).standard_normal((n_tracks, length - 1)) @ root.T
    return np.cumsum(np.pad(steps, ((0, 0), (1, 0))), axis=1)[..., None]


def telomere_like(n_tracks: int, length: int, seed: int = 0) -> Sample:
    """Simulate the stand-in for telomeres: antipersistent at short times, Brownian at long ones.

    A Gaussian process with msd(t) = (t / 50)^0.5 + t / 50, t in frames, which is the sum of FBM at
    0.5 and Brownian motion: the local exponent is 0.56 over the first frames, 0.75 at 50 frames and
    1 in the end. No generator has it.
    """
    tracks = crossing_over(
        lambda lag: np.sqrt(lag / CROSSOVER) + lag / CROSSOVER, n_tracks, length, seed
    )
    return Sample("FBM from 0.5 to 1", False, as_trajectories(tracks))


def receptor_like(n_tracks: int, length: int, seed: int = 0) -> Sample:
    """Simulate the stand-in for receptors in a membrane: ATTM at 0.8."""
    tracks = simulate("attm", [0.8], n_tracks, length, seed=seed_from(seed, "receptor"))
    return Sample("ATTM at 0.8", False, as_trajectories(tracks))


def growing_share(
    shares: Iterable[float], n_tracks: int, length: int = 20, seed: int = 0
) -> list[Sample]:
    """Simulate the stand-ins for a nuclear receptor: ATTM at 0.8, a share of FBM at 0.4 among it.

    Parameters
    ----------
    shares : iterable of float
        Of tracks of FBM, in place of the hormone's concentration.
    n_tracks : int
        Tracks of each sample.
    length : int
    seed : int
    """
    attm = simulate("attm", [0.8], n_tracks, length, seed=seed_from(seed, "attm", "share"))
    fbm = simulate("fbm", [0.4], n_tracks, length, seed=seed_from(seed, "fbm", "share"))
    samples = []
    for share in shares:
        number = round(share * n_tracks)
        mixed = np.concatenate([fbm[:number], attm[number:]])
        samples.append(Sample(f"{100 * share:g} %", False, as_trajectories(mixed)))
    return samples


def real_samples() -> list[Sample]:
    """Read the packaged real tracks: beads in water, molecules in nuclei of living cells."""
    return [Sample(name, True, read_tracks(sample_path(name))) for name in ("beads", "nuclei")]


def errors_of_samples(bank: Bank, samples: Sequence[Sample]) -> pd.DataFrame:
    """Measure the mean error of samples under every network: Figs. 6 and 7a of the paper.

    Parameters
    ----------
    bank : Bank
        Of the published form, each sample is one population. Of each track and coordinate the
        first window is taken, as the paper crops its trajectories.
    samples : sequence of Sample

    Returns
    -------
    DataFrame
        Columns ``network, member, mse, sample, real``.
    """
    parts = [
        mean_errors(bank, sample.tracks).assign(sample=sample.name, real=sample.real)
        for sample in samples
    ]
    return pd.concat(parts, ignore_index=True)


def named_mixtures(bank: Bank, samples: Sequence[Sample]) -> pd.DataFrame:
    """Count which mixture has the lowest error, track by track: Fig. 7b of the paper.

    Parameters
    ----------
    bank : Bank
        Of mixtures, scoring track by track.
    samples : sequence of Sample

    Returns
    -------
    DataFrame
        Columns ``gamma, beta, share, mse, sample, real``: the share of the scored tracks, and the
        mean over them of the error under the label.
    """
    parts = [
        mixtures_of(score(sample.tracks, bank)).assign(sample=sample.name, real=sample.real)
        for sample in samples
    ]
    return pd.concat(parts, ignore_index=True)
