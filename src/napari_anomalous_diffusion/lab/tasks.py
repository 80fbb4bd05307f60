"""One network, trained from its checkpoint if there is one.

Every network is a task with a digest of all that decides it. What a task has reached lies in the
cache under its digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from napari_anomalous_diffusion.autoencoders.bank import new_network
from napari_anomalous_diffusion.autoencoders.networks import Normalisation
from napari_anomalous_diffusion.lab.lessons import Lessons, TrackLessons, WindowLessons
from napari_anomalous_diffusion.lab.recipes import (
    TracksRecipe,
    TrainingRecipe,
    WindowsRecipe,
    digest,
)
from napari_anomalous_diffusion.lab.sources import AnySource
from napari_anomalous_diffusion.writing import whole_file


@dataclass(frozen=True)
class Task:
    """One network to be trained, with all that decides what it becomes.

    Attributes
    ----------
    name : str
        For people: ``fbm 3`` or ``shared 3``.
    sources : dict of str to Source, Mixture or OwnModel
        What it is trained on, in equal shares.
    network : {"short", "long", "density"}
        The architecture.
    rounds, rate
        See `TrainingRecipe`.
    start : str
        Digest of the task whose network it starts from, or nothing.
    """

    name: str
    sources: Mapping[str, AnySource]
    data: WindowsRecipe | TracksRecipe
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
        data = self.data.model_dump()
        if not self.data.noise:
            del data["noise"]
        return digest(
            dict(self.sources), data, step, self.length, self.normalisation,
            self.seed, self.rounds, str(self.rate), self.start,
            # Without an entry for the short network, or windows without noise, as when there was
            # nothing else.
            *([] if self.network == "short" else [self.network]),
        )  # fmt: skip

    def lessons(self) -> Lessons:
        """Simulate what the network is trained on."""
        if isinstance(self.data, TracksRecipe):
            return TrackLessons(self.sources, self.data, self.seed)
        published = self.normalisation == "shared"
        log = self.training.loss == "log"
        return WindowLessons(self.sources, self.data, self.length, self.seed, log, published)


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
    lessons = task.lessons()
    training = _Training(task, cache, batches_a_round=task.training.round // task.training.batch)
    report(len(training.losses))
    while len(training.losses) < task.rounds:
        training.round(lessons)
        training.save()
        report(1)
    training.finish(lessons)


class _Training:
    """A network with all that its training needs to be interrupted and go on."""

    def __init__(self, task: Task, cache: Path, batches_a_round: int) -> None:
        self.task = task
        self.cache = cache
        self.batches_a_round = batches_a_round
        self.losses: list[float] = []
        torch.manual_seed(task.seed)
        self.network = new_network(task.network, task.length, task.normalisation)
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

    def round(self, lessons: Lessons) -> None:
        """Show the network what belongs to one round, drawn at random."""
        self.network.train()
        total = 0.0
        for _ in range(self.batches_a_round):
            loss = lessons.loss(self.network, self.task.training.batch, self.random)
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if lessons.longest_gradient is not None:
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), lessons.longest_gradient)
            self.optimiser.step()
            self.schedule.step()
            total += loss.item()
        self.losses.append(round(total / self.batches_a_round, 5))

    def finish(self, lessons: Lessons) -> None:
        facts = {
            "seed": self.task.seed,
            "own_error": round(lessons.own_error(self.network), 5),
            "loss_curve": self.losses,
            "windows": len(lessons),
        }
        with whole_file(result_path(self.cache, self.task)) as partial:
            save_file(self.network.state_dict(), partial, {"facts": json.dumps(facts)})
        self.checkpoint.unlink(missing_ok=True)
