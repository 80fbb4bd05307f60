"""Errors of a whole bank for many windows, on any device."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_anomalous_diffusion.autoencoders.folded import fold
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.notices import notice

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank

DeviceName = Literal["auto", "cpu", "cuda", "mps"]

POINTS_AT_ONCE = {"cpu": 8_000, "cuda": 1_000_000, "mps": 1_000_000}
"""Points of the windows that go through the networks together: what they make of them fits a
processor's cache, or is enough to keep a graphics card busy."""

FEWEST_AT_ONCE = 100
"""Windows that go through together however long they are: narrower products are slow."""

_ready: WeakKeyDictionary[Bank, dict[torch.device, list[Callable[[Tensor], Tensor]]]]
_ready = WeakKeyDictionary()


def choose_device(device: str = "auto") -> torch.device:
    """Turn a device's name into a device: ``auto`` is CUDA, then MPS, then the CPU.

    Where the device asked for is not there, the CPU takes its place, and that is said once.

    Raises
    ------
    InputError
        If the device is not one of ours.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        return torch.device(next(name for name, there in available.items() if there))
    if device not in available:
        names = ", ".join(available)
        raise InputError(f"There is no device {device!r}: choose auto or one of {names}.")
    if not available[device]:
        _say_that_the_cpu_computes(device)
        return torch.device("cpu")
    return torch.device(device)


@cache
def _say_that_the_cpu_computes(instead_of: str) -> None:
    notice(f"This machine has no {instead_of}, or torch cannot use it: the CPU computes instead.")


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
    networks = _networks(bank, where)
    distinct, place = _distinct(values)
    errors = np.empty((len(distinct), len(networks)), dtype=np.float32)
    most = max(POINTS_AT_ONCE[where.type] // bank.length, FEWEST_AT_ONCE)
    # Chunks of one size, since a small one at the end would be slow.
    n_chunks = max(-(-len(distinct) // most), 1)
    start, at_once = 0, max(-(-len(distinct) // n_chunks), 1)
    with torch.inference_mode():
        while start < len(distinct):
            chunk = slice(start, start + at_once)
            try:
                errors[chunk] = _mirrored_errors(networks, distinct[chunk], where)
            except RuntimeError as error:
                if at_once == 1 or not _lacks_memory(error):
                    raise
                at_once //= 2
            else:
                start += at_once
    return errors[place]


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


def _networks(bank: Bank, where: torch.device) -> list[Callable[[Tensor], Tensor]]:
    """Make the bank's networks ready for windows in columns, once for each device."""
    ready = _ready.setdefault(bank, {})
    if where not in ready:
        networks = [network for members in bank.networks for network in members]
        ready[where] = [fold(network, where) or _as_it_is(network, where) for network in networks]
    return ready[where]


def _as_it_is(network: nn.Module, where: torch.device) -> Callable[[Tensor], Tensor]:
    there = network.to(where)
    return lambda windows: there(windows.T).T


def _mirrored_errors(
    networks: list[Callable[[Tensor], Tensor]], values: NDArray[np.float32], where: torch.device
) -> NDArray[np.float32]:
    windows = torch.from_numpy(values).to(where).T
    both = torch.cat([windows, -windows], dim=1)
    errors = [(network(both) - both).square_().mean(0) for network in networks]
    there, mirrored = torch.stack(errors, dim=1).chunk(2)
    return ((there + mirrored) / 2).cpu().numpy()


def _distinct(
    values: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Find the windows that are no other's double or mirror image, and each window's place there.

    A particle that jumps once within a window makes one of few windows, and some tracks are full
    of them.
    """
    rows = np.arange(len(values))
    sign = np.sign(values[rows, (values != 0).argmax(axis=1)])
    # Adding 0 makes the zero of a mirrored window the usual one.
    upright = np.ascontiguousarray(values * np.where(sign < 0, -1, 1)[:, None] + 0, np.float32)
    as_one = upright.view(np.dtype((np.void, upright.itemsize * upright.shape[1])))[:, 0]
    _, first, place = np.unique(as_one, return_index=True, return_inverse=True)
    return upright[first], place


def _lacks_memory(error: RuntimeError) -> bool:
    # Devices other than CUDA say it in words only.
    words = "out of memory", "not enough memory", "can't allocate memory"
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        word in str(error) for word in words
    )
