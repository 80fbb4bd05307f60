"""One network, trained from its checkpoint if there is one.

Every network is a task with a digest of all that decides it. What a task has reached lies in the
cache under its digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from napari_anomalous_diffusion.autoencoders.networks import (
    ARCHITECTURES,
    Normalisation,
    reconstruction_errors,
)
from napari_anomalous_diffusion.lab.recipes import AnySource, TrainingRecipe, WindowsRecipe, digest
from napari_anomalous_diffusion.lab.training_windows import (
    published_windows,
    simulate_windows,
    whole_tracks,
)
from napari_anomalous_diffusion.writing import whole_file

LOSS_FLOOR = 1e-3
"""Added to a window's error before its logarithm is taken: a perfect window is not worth more."""

HELD_OUT_TRACKS = 4000


@dataclass(frozen=True)
class Task:
    """One network to be trained, with all that decides what it becomes.

    Attributes
    ----------
    name : str
        For people: ``fbm 3`` or ``shared 3``.
    sources : dict of str to Source or Mixture
        What it is trained on, in equal shares.
    network : {"short", "long"}
        The architecture.
    rounds, rate
        See `TrainingRecipe`.
    start : str
        Digest of the task whose network it starts from, or nothing.
    """

    name: str
    sources: Mapping[str, AnySource]
    windows: WindowsRecipe
    training: TrainingRecipe
    network: str
    length: int
    normalisation: Normalisation
    seed: int
    rounds: int
    rate: float
    start: str = ""

    @property
    def digest(self) -> str:
        """All that decides the network, condensed."""
        step = self.training.model_dump(include={"batch", "round", "l2", "loss"})
        return digest(
            dict(self.sources), self.windows, step, self.length, self.normalisation,
            self.seed, self.rounds, str(self.rate), self.start,
            # Without an entry for the short network, as when there was no other.
            *([] if self.network == "short" else [self.network]),
        )  # fmt: skip

    @property
    def population(self) -> bool:
        """Whether the network is one of the published form: see `Bank.protocol`."""
        return self.normalisation == "shared"


def seed_from(*parts: str | int) -> int:
    """Make a seed of names and numbers."""
    return int(digest(*parts)[:7], 16)


def result_path(cache: Path, task: Task | str) -> Path:
    """Where the weights of a task, or of the task with this digest, are once it is finished."""
    return cache / f"{task if isinstance(task, str) else task.digest}.safetensors"


def run_task(task: Task, cache: Path, report: Callable[[int], None] = lambda rounds: None) -> None:
    """Train one network, from its checkpoint if there is one, and leave the weights in the cache.

    Parameters
    ----------
    task : Task
    cache : Path
    report : callable
        Called with the number of rounds that were done since it was called last.
    """
    if result_path(cache, task).exists():
        report(task.rounds)
        return
    windows = _windows_of(task)
    training = _Training(task, cache, batches_a_round=task.training.round // task.training.batch)
    report(len(training.losses))
    while len(training.losses) < task.rounds:
        training.round(windows)
        training.save()
        report(1)
    training.finish(len(windows))


def _windows_of(task: Task) -> torch.Tensor:
    parts = []
    for name, source in task.sources.items():
        seed = seed_from(task.seed, name, "windows")
        if task.population:
            parts.append(published_windows(source, task.windows.number, task.length, seed))
        else:
            parts.append(simulate_windows(source, task.windows, task.length, seed))
    return torch.from_numpy(np.concatenate(parts))


class _Training:
    """A network with all that its training needs to be interrupted and go on."""

    def __init__(self, task: Task, cache: Path, batches_a_round: int) -> None:
        self.task = task
        self.cache = cache
        self.batches_a_round = batches_a_round
        self.losses: list[float] = []
        torch.manual_seed(task.seed)
        self.network = ARCHITECTURES[task.network](task.length, task.normalisation)
        if task.start:
            self.network.load_state_dict(load_file(result_path(cache, task.start)))
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), task.rate, weight_decay=task.training.l2, foreach=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, task.rate, total_steps=task.rounds * batches_a_round
        )
        self.random = torch.Generator().manual_seed(task.seed)
        self._resume()

    @property
    def checkpoint(self) -> Path:
        return self.cache / f"{self.task.digest}.checkpoint"

    def _resume(self) -> None:
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.schedule.load_state_dict(state["schedule"])
            self.random.set_state(state["random"])
            self.losses = state["losses"]

    def save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": self.random.get_state(),
            "losses": self.losses,
        }
        with whole_file(self.checkpoint) as partial:
            torch.save(state, partial)

    def round(self, windows: torch.Tensor) -> None:
        """Show the network the windows of one round, drawn at random and mirrored at random."""
        self.network.train()
        batch, total = self.task.training.batch, 0.0
        for _ in range(self.batches_a_round):
            chosen = torch.randint(len(windows), (batch,), generator=self.random)
            signs = torch.randint(2, (batch, 1), generator=self.random) * 2 - 1
            errors = reconstruction_errors(self.network, windows[chosen] * signs)
            loss = (errors + LOSS_FLOOR).log() if self.task.training.loss == "log" else errors
            self.optimiser.zero_grad()
            loss.mean().backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.schedule.step()
            total += loss.mean().item()
        self.losses.append(round(total / self.batches_a_round, 5))

    def finish(self, n_windows: int) -> None:
        facts = {
            "seed": self.task.seed,
            "own_error": round(self._own_error(), 5),
            "loss_curve": self.losses,
            "windows": n_windows,
        }
        with whole_file(result_path(self.cache, self.task)) as partial:
            save_file(self.network.state_dict(), partial, {"facts": json.dumps(facts)})
        self.checkpoint.unlink(missing_ok=True)

    def _own_error(self) -> float:
        """Mean error over whole held-out tracks of the network's own kind."""
        # The published form knows no other statistics than those of the batch it is shown.
        self.network.train(self.task.population)
        draw = published_windows if self.task.population else whole_tracks
        share = HELD_OUT_TRACKS // len(self.task.sources)
        parts = [
            draw(source, share, self.task.length, seed=seed_from(name, "held out"))
            for name, source in self.task.sources.items()
        ]
        with torch.inference_mode():
            windows = torch.from_numpy(np.concatenate(parts))
            return reconstruction_errors(self.network, windows).mean().item()
