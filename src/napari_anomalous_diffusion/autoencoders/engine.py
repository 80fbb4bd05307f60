"""Errors of a whole bank for many windows, on any device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_anomalous_diffusion.autoencoders.folded import fold
from napari_anomalous_diffusion.autoencoders.workspace import Workspace
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.threads import in_threads
from napari_anomalous_diffusion.tracks.notices import notice

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank

DeviceName = Literal["auto", "cpu", "cuda", "mps"]

POINTS_AT_ONCE = {"cpu": 12_000, "cuda": 1_000_000, "mps": 1_000_000}
"""Points of the windows that go through the networks together: what they make of them fits a
processor's cache, or is enough to keep a graphics card busy."""

FEWEST_AT_ONCE = 100
"""Windows that go through together however long they are: narrower products are slow."""

Network = Callable[[Tensor, Workspace], Tensor]
"""Reconstructs windows that stand in columns."""

_ready: WeakKeyDictionary[Bank, dict[torch.device, list[Network]]]
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
    at_once = _AtOnce(bank.length, where)
    # Each processor takes the next network, where a graphics card has to do with all of them.
    each = 1 if where.type == "cpu" else len(networks)

    def work(tasks: Iterator[tuple[slice, int]]) -> None:
        space = Workspace(where)
        with torch.inference_mode():
            for chunk, first in tasks:
                some = slice(first, first + each)
                errors[chunk, some] = at_once.compute(networks[some], distinct[chunk], space)

    tasks = product(at_once.chunks(len(distinct)), range(0, len(networks), each))
    if where.type == "cpu":
        in_threads(work, tasks)
    else:
        work(iter(tasks))
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
    number = bank.labels.index(label)
    first = sum(len(members) for members in bank.networks[:number])
    networks = _networks(bank, where)[first : first + len(bank.networks[number])]
    windows, space = torch.from_numpy(values).to(where).T, Workspace(where)
    with torch.inference_mode():
        # The next network writes where this one has.
        members = [network(windows, space).T.clone() for network in networks]
    return torch.stack(members).cpu().numpy()


class _AtOnce:
    """So many windows as go through the networks together; fewer, once they do not fit the memory.

    Parameters
    ----------
    length : int
        Points of a window.
    where : device
    """

    def __init__(self, length: int, where: torch.device) -> None:
        self.windows = max(POINTS_AT_ONCE[where.type] // length, FEWEST_AT_ONCE)
        self.where = where

    def chunks(self, n_windows: int) -> list[slice]:
        """Part windows in chunks of one size, since a small one at the end would be slow."""
        n_chunks = max(-(-n_windows // self.windows), 1)
        size = max(-(-n_windows // n_chunks), 1)
        return [slice(start, start + size) for start in range(0, n_windows, size)]

    def compute(
        self, networks: list[Network], values: NDArray[np.float32], space: Workspace
    ) -> NDArray[np.float32]:
        """Compute the errors of windows of one chunk, in parts where it does not fit the memory."""
        parts, start = [], 0
        while start < len(values):
            part = values[start : start + self.windows]
            try:
                parts.append(_mirrored_errors(networks, part, space, self.where))
            except RuntimeError as error:
                if len(part) == 1 or not _lacks_memory(error):
                    raise
                space.clear()
                self.windows = len(part) // 2
            else:
                start += len(part)
        return np.concatenate(parts)


def _networks(bank: Bank, where: torch.device) -> list[Network]:
    """Make the bank's networks ready for windows in columns, once for each device."""
    ready = _ready.setdefault(bank, {})
    if where not in ready:
        networks = [network for members in bank.networks for network in members]
        ready[where] = [fold(network, where) or _as_it_is(network, where) for network in networks]
    return ready[where]


def _as_it_is(network: nn.Module, where: torch.device) -> Network:
    there = network.to(where)
    return lambda windows, space: there(windows.T).T


def _mirrored_errors(
    networks: list[Network], values: NDArray[np.float32], space: Workspace, where: torch.device
) -> NDArray[np.float32]:
    windows = torch.from_numpy(values).to(where).T
    both = torch.cat([windows, -windows], dim=1)
    errors = [(network(both, space) - both).square_().mean(0) for network in networks]
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
