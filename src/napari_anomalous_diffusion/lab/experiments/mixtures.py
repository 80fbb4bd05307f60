"""Mixtures of three models: Fig. 5 of the paper, and how well a bank of mixtures names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.experiments.protocols import (
    errors_of_windows,
    mean_errors,
    mean_of_members,
    prepared_windows,
)
from napari_anomalous_diffusion.lab.mixtures import mix
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.sources import Mixture
from napari_anomalous_diffusion.scores.mixtures import (
    RECOVERY_COLUMNS,
    RECOVERY_FILE,
    plane_of_labels,
)
from napari_anomalous_diffusion.tracks.files import write_table

RECOVERY_TRACKS = 400
RECOVERY_SEED = 77_000


def errors_over_plane(
    bank: Bank,
    models: Sequence[str],
    exponents: Sequence[float],
    gammas: Sequence[float],
    betas: Sequence[float],
    n_tracks: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the error of every network on mixtures of three models: Fig. 5b-d of the paper.

    The mixtures are made of the same trajectories at every gamma and beta, so that what differs
    between two points is the weights alone.

    Parameters
    ----------
    bank : Bank
        Of the published form, the tracks at one gamma and beta are one population.
    models : sequence of str
        The models 1, 2 and 3 of Eq. (3).
    exponents : sequence of float
        Of all three, in equal shares.
    gammas, betas : sequence of float
    n_tracks : int
        Tracks for each exponent.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``network, member, mse, gamma, beta``; a row a network and point of the plane.
    """
    parts = _components(models, exponents, n_tracks, bank.length, seed)
    points = [(float(gamma), float(beta)) for gamma in gammas for beta in betas]
    tables = []
    for gamma, beta in points:
        tracks = np.tensordot(_weights(models, exponents, gamma, beta), parts, axes=1)
        tables.append(mean_errors(bank, tracks).assign(gamma=gamma, beta=beta))
    return pd.concat(tables, ignore_index=True)


def recover_mixtures(bank: Bank, n_tracks: int, seed: int = RECOVERY_SEED) -> pd.DataFrame:
    """Ask which mixture a bank names for tracks of every mixture that it knows.

    Parameters
    ----------
    bank : Bank
        Of mixtures, scoring track by track; its recipe says of what they are.
    n_tracks : int
        Fresh tracks of the bank's length for each gamma and beta.
    seed : int

    Returns
    -------
    DataFrame
        See `scores.mixtures.recovery_of`.

    Raises
    ------
    InputError
        If the bank does not tell mixtures apart track by track.
    """
    if bank.axis != "mixture" or bank.protocol != "track":
        raise InputError(f"The bank {bank.name} does not tell mixtures apart: choose mixtures-20.")
    sources = read_recipe(bank.folder / "recipe.toml").labels
    first = next(iter(sources.values()))
    assert isinstance(first, Mixture)  # the axis says so
    parts = _components(first.models, first.exponents, n_tracks, bank.length, seed)
    plane = plane_of_labels(bank.labels)
    tables = []
    for gamma, beta in plane[["gamma", "beta"]].to_numpy():
        weights = _weights(first.models, first.exponents, gamma, beta)
        errors = errors_of_windows(
            bank, prepared_windows(bank, np.tensordot(weights, parts, axes=1))
        )
        by_label = mean_of_members(bank, errors)
        named = np.bincount(by_label.argmin(axis=1), minlength=len(plane))
        tables.append(
            plane.rename(columns=lambda name: f"named_{name}").assign(
                gamma=gamma, beta=beta, share=named / named.sum(), mse=by_label.mean(axis=0)
            )
        )
    return pd.concat(tables, ignore_index=True)[RECOVERY_COLUMNS]


def write_recovery(
    bank_folder: str | Path,
    n_tracks: int = RECOVERY_TRACKS,
    seed: int = RECOVERY_SEED,
) -> Path:
    """Measure what a bank of mixtures recovers, and store the table beside its weights.

    Parameters
    ----------
    bank_folder : path
        Or the name of an installed bank.
    n_tracks, seed
        As in `recover_mixtures`.

    Returns
    -------
    Path
        ``recovery.csv`` in the bank's folder.
    """
    bank = load_bank(bank_folder)
    table = recover_mixtures(bank, n_tracks, seed)
    path = bank.folder / RECOVERY_FILE
    write_table(table.round({"share": 4, "mse": 5}), path)
    return path


def _weights(
    models: Sequence[str], exponents: Sequence[float], gamma: float, beta: float
) -> tuple[float, float, float]:
    return Mixture(models=list(models), exponents=list(exponents), gamma=gamma, beta=beta).weights


def _components(
    models: Sequence[str], exponents: Sequence[float], n_tracks: int, length: int, seed: int
) -> NDArray[np.float64]:
    """Simulate each model alone, at unit spread: shape (3, n_exponents * n_tracks, length, 1)."""
    return np.stack([
        np.concatenate([
            mix(models, alpha, one, n_tracks, length, seed=seed + number)
            for number, alpha in enumerate(exponents)
        ])
        for one in np.eye(len(models)).tolist()
    ])  # fmt: skip
