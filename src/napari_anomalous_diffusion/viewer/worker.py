"""Scoring in steps, for a thread beside the event loop, to which it leaves a core."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from napari_anomalous_diffusion.scores.words import DEFAULT_LEVEL, FromTracks
from napari_anomalous_diffusion.threads import at_most_threads
from napari_anomalous_diffusion.tracks.notices import noted
from napari_anomalous_diffusion.viewer.model import ScoredTracks

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.tracks.table import Trajectories

ENGINE = "napari_anomalous_diffusion.autoencoders.engine"


def score_steps(
    read: Callable[[], Trajectories],
    bank: str,
    device: str,
    level: float = DEFAULT_LEVEL,
    localisation_error: float | FromTracks = 0.0,
) -> Generator[tuple[int, int], None, ScoredTracks]:
    """Score tracks in steps, yielding how many are done, and how many there are.

    Parameters
    ----------
    read : callable
        Makes the table of tracks, so that this, too, is done in the thread.
    bank, device : str
    level, localisation_error : float
        As in `score`.
    """
    from napari_anomalous_diffusion.scores.localisation import localisation_error_of
    from napari_anomalous_diffusion.scores.scoring import score_in_steps

    trajectories = read()
    with noted() as notices:
        errors = localisation_error_of(trajectories, localisation_error)
    steps = score_in_steps(
        trajectories,
        open_bank(bank, device),
        localisation_error=errors,
        level=level,
        device=device,
    )
    while True:
        try:
            with one_core_left():
                done = next(steps)
        except StopIteration as finished:
            return ScoredTracks(
                finished.value, trajectories, device, localisation_error, tuple(notices)
            ).prepared()
        yield done, len(trajectories)


def open_bank(bank: str, device: str) -> Bank:
    """Open a bank; where it is the one that was opened last, its networks are those of then.

    They are ten thousands of Python objects: made again with every scoring, they would soon call
    for the garbage collector, which stops everything for a third of a second.
    """
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.autoencoders.storage import checksum

    folder = load_bank(bank).folder
    return _kept_bank(folder, checksum((folder / "bank.json").read_bytes()), device)


@lru_cache(maxsize=1)
def _kept_bank(folder: Path, checksum: str, device: str) -> Bank:
    from napari_anomalous_diffusion.autoencoders.bank import load_bank

    return load_bank(folder)


def one_core_left() -> AbstractContextManager[None]:
    """Let torch take one core less than there are, so that the event loop has one to itself.

    Where both share the last core, the loop waits for tenths of a second, and torch's threads for
    each other: on two cores, one thread is twice as fast as two.
    """
    return at_most_threads(max((os.cpu_count() or 1) - 1, 1))


def _load_torch() -> None:
    collecting = gc.isenabled()
    gc.disable()
    try:
        # Where it is broken, scoring will say so.
        with suppress(Exception):
            import_module("safetensors.torch")
            import_module(ENGINE)
    finally:
        if collecting:
            gc.enable()


def warm_up() -> None:
    """Load torch in a thread, before it is needed: its libraries hold up all others meanwhile.

    Among its hundred thousand objects Python looks for garbage twice, and everything has to wait
    for it: half-way through, and again in one of the user's first clicks. Here it does so once, at
    the end.
    """
    from napari.qt.threading import create_worker

    if ENGINE not in sys.modules:
        create_worker(_load_torch, _start_thread=True, _connect={"finished": lambda: gc.collect()})
