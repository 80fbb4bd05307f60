"""Errors of a whole bank for many windows, on any device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.networks import reconstruction_errors
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank

DeviceName = Literal["auto", "cpu", "cuda", "mps"]

CHUNK = 2048
"""Windows that go through the networks together."""


def choose_device(device: str = "auto") -> torch.device:
    """Turn a device's name into a device: ``auto`` is CUDA, then MPS, then the CPU.

    Raises
    ------
    InputError
        If the device is not one of ours, or this machine has none.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        return torch.device(next(name for name, there in available.items() if there))
    if not available.get(device, False):
        there = ", ".join(name for name, is_there in available.items() if is_there)
        raise InputError(f"There is no device {device!r} here: choose auto or one of {there}.")
    return torch.device(device)


def window_errors(
    bank: Bank, values: NDArray[np.float32], device: str = "auto"
) -> NDArray[np.float32]:
    """Compute the error of every window under every network of a bank, Eq. (2) of the paper.

    Each window is reconstructed as it is and mirrored, and its error is the mean of both: no
    diffusion model knows left from right, and no score should hang on how the camera was mounted.

    Parameters
    ----------
    bank : Bank
    values : ndarray of float32, shape (n_windows, length)
        Normalised windows.
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    ndarray of float32, shape (n_windows, n_networks)
        Mean squared errors in units of the squared root mean square displacement; a column a
        network, label by label and within a label member by member.
    """
    where = choose_device(device)
    networks = [network.to(where) for members in bank.networks for network in members]
    errors = np.empty((len(values), len(networks)), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(values), CHUNK):
            chunk = torch.from_numpy(values[start : start + CHUNK]).to(where)
            for column, network in enumerate(networks):
                both = reconstruction_errors(network, chunk), reconstruction_errors(network, -chunk)
                errors[start : start + CHUNK, column] = torch.stack(both).mean(0).cpu().numpy()
    return errors


def reconstruct(
    bank: Bank, values: NDArray[np.float32], label: str, device: str = "auto"
) -> NDArray[np.float32]:
    """Reconstruct windows with every member of one label.

    Parameters
    ----------
    bank : Bank
    values : ndarray of float32, shape (n_windows, length)
    label : str
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    ndarray of float32, shape (n_members, n_windows, length)
    """
    where = choose_device(device)
    windows = torch.from_numpy(values).to(where)
    with torch.inference_mode():
        members = [net.to(where)(windows) for net in bank.networks[bank.labels.index(label)]]
    return torch.stack(members).cpu().numpy()
