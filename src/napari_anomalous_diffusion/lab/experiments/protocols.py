"""The mean error of a set of tracks under every network of a bank, in the protocol of the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.engine import reconstruct, window_errors
from napari_anomalous_diffusion.autoencoders.windows import cut
from napari_anomalous_diffusion.lab.simulation import as_trajectories
from napari_anomalous_diffusion.scores.populations import (
    batch_statistics,
    population_errors,
    population_windows,
)

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.tracks.table import Trajectories


def prepared_windows(bank: Bank, tracks: Trajectories | NDArray[np.float64]) -> NDArray[np.float32]:
    """Cut the first window of every track and coordinate, normalised as the bank asks.

    Parameters
    ----------
    bank : Bank
    tracks : Trajectories or ndarray of float64, shape (n_tracks, n_points, D)

    Returns
    -------
    ndarray of float32, shape (n_windows, bank.length)
        In units of the displacements' standard deviation for a bank of the published form, of
        their root mean square for one that scores track by track. What never moves is left out.
    """
    trajectories = as_trajectories(tracks) if isinstance(tracks, np.ndarray) else tracks
    if bank.protocol == "population":
        return population_windows(trajectories, bank.length)[0]
    windows = cut(trajectories, bank.length)
    return windows.values[windows.first()]


def errors_of_windows(bank: Bank, windows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the error of every window under every network, in the protocol of the bank.

    Parameters
    ----------
    bank : Bank
    windows : ndarray of float32, shape (n_windows, length)
        As `prepared_windows` gives them; for a bank of the published form one population, whose
        own statistics enter its errors.

    Returns
    -------
    ndarray of float64, shape (n_windows, n_networks)
    """
    if bank.protocol == "population":
        return population_errors(bank, windows)
    return window_errors(bank, windows).astype(np.float64)


def mean_of_members(bank: Bank, errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average the errors of windows over the members of each label.

    Parameters
    ----------
    bank : Bank
    errors : ndarray of float64, shape (n_windows, n_networks)

    Returns
    -------
    ndarray of float64, shape (n_windows, n_labels)
    """
    return np.asarray(np.nanmean(bank.by_label(errors), axis=-1))


def mean_errors(bank: Bank, tracks: Trajectories | NDArray[np.float64]) -> pd.DataFrame:
    """Average the errors of a set of tracks under every network of a bank.

    Parameters
    ----------
    bank : Bank
        Of either protocol; of the published form, the tracks are taken for one population.
    tracks : Trajectories or ndarray of float64, shape (n_tracks, n_points, D)

    Returns
    -------
    DataFrame
        Columns ``network`` (the label), ``member`` and ``mse``; a row a network.
    """
    errors = errors_of_windows(bank, prepared_windows(bank, tracks)).mean(axis=0)
    names = [
        (label.name, number)
        for label in bank.contents.labels
        for number in range(1, len(label.members) + 1)
    ]
    table = pd.DataFrame(names, columns=["network", "member"])
    return table.assign(mse=errors)


def reconstructions(bank: Bank, windows: NDArray[np.float32], label: str) -> NDArray[np.float32]:
    """Redraw windows with every member of a label, in the protocol of the bank.

    Parameters
    ----------
    bank : Bank
    windows : ndarray of float32, shape (n_windows, length)
    label : str

    Returns
    -------
    ndarray of float32, shape (n_members, n_windows, length)
    """
    if bank.protocol == "track":
        return reconstruct(bank, windows, label)
    values, redrawn = torch.from_numpy(windows), []
    for network in bank.networks[bank.labels.index(label)]:
        with batch_statistics(network), torch.no_grad():
            redrawn.append(network(values))
    return torch.stack(redrawn).numpy()
