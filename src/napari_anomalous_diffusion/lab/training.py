"""From a recipe to a bank: many small networks, trained side by side, resumable at any moment.

Every network is a task with a digest of all that decides it. What a task has reached lies in the
cache under its digest: an interrupted training goes on where it was, and banks whose recipes agree
on a network train it once.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import platform
import queue
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from napari_anomalous_diffusion.autoencoders.bank import BankFile, Label, Member, checksum
from napari_anomalous_diffusion.autoencoders.networks import (
    Normalisation,
    ShortAutoencoder,
    reconstruction_errors,
)
from napari_anomalous_diffusion.autoencoders.windows import cut
from napari_anomalous_diffusion.lab.recipes import (
    Recipe,
    Source,
    TrainingRecipe,
    WindowsRecipe,
    digest,
    read_recipe,
)
from napari_anomalous_diffusion.lab.simulation import as_trajectories, simulate
from napari_anomalous_diffusion.tracks.table import Trajectories

LOSS_FLOOR = 1e-3
"""Added to a window's error before its logarithm is taken: a perfect window is not worth more."""

HELD_OUT_TRACKS = 4000

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """One network to be trained.

    Attributes
    ----------
    name : str
        For people: ``fbm 3`` or ``shared 3``.
    sources : dict of str to Source
        What it is trained on, in equal shares.
    rounds, rate
        See `TrainingRecipe`.
    start : str
        Digest of the task whose network it starts from, or nothing.
    """

    name: str
    sources: dict[str, Source]
    windows: WindowsRecipe
    training: TrainingRecipe
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
            self.sources, self.windows, step, self.length, self.normalisation,
            self.seed, self.rounds, str(self.rate), self.start,
        )  # fmt: skip


def train_bank(
    recipe_path: str | Path,
    folder: str | Path,
    *,
    cache: str | Path = ".training",
    workers: int = 1,
    progress: Report | None = None,
) -> None:
    """Train the bank of a recipe; called again after an interruption, go on.

    Parameters
    ----------
    recipe_path : path
    folder : path
        The bank's folder. ``bank.json`` is written when every label has all its members; a finished
        member's weights are there as soon as it is trained.
    cache : path
        Where checkpoints and finished networks are kept.
    workers : int
        Processes of one thread each that train networks side by side.
    progress : callable, optional
        Called with the rounds done, of all networks together, and the rounds to be done.

    Raises
    ------
    InputError
        If the recipe cannot be used, or andi-datasets is not installed.
    """
    recipe = read_recipe(recipe_path)
    folder, cache = Path(folder), Path(cache)
    folder.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    if Path(recipe_path).resolve() != (folder / "recipe.toml").resolve():
        shutil.copyfile(recipe_path, folder / "recipe.toml")

    starts = [_shared_task(recipe, member) for member in range(1, recipe.members + 1)]
    if not recipe.training.shared_rounds:
        starts = []
    owns = [
        _own_task(recipe, label, member, starts[member - 1].digest if starts else "")
        for member in range(1, recipe.members + 1)
        for label in recipe.labels
    ]
    total = sum(task.rounds for task in starts + owns)
    done = 0

    def report(rounds: int) -> None:
        nonlocal done
        done += rounds
        if progress is not None:
            progress(done, total)

    for stage in (starts, owns):
        for task in _run(stage, cache, workers, report):
            if task in owns:
                label, member = task.name.split()
                shutil.copyfile(_result(cache, task), folder / f"{label}-{member}.safetensors")
    write_description(recipe, folder)


def write_description(recipe: Recipe, folder: Path) -> None:
    """Write ``bank.json`` from a recipe and the finished weights beside it."""
    labels = []
    for name in recipe.labels:
        members, windows = [], 0
        for number in range(1, recipe.members + 1):
            path = folder / f"{name}-{number}.safetensors"
            with safe_open(path, framework="pt") as file:
                facts = json.loads(file.metadata()["facts"])
            windows = facts.pop("windows")
            members.append(Member(file=path.name, sha256=checksum(path), **facts))
        labels.append(Label(name=name, windows=windows, members=members))
    contents = BankFile(
        name=recipe.name,
        description=recipe.description,
        axis=recipe.axis,
        kind="mse",
        length=recipe.length,
        normalisation=recipe.normalisation,
        average=recipe.average,
        labels=labels,
        versions={"python": platform.python_version()}
        | {name: version(name) for name in ("andi-datasets", "numpy", "torch")},
    )
    temporary = folder / "bank.json.part"
    temporary.write_text(contents.model_dump_json(indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / "bank.json")


def simulate_windows(
    source: Source, recipe: WindowsRecipe, length: int, seed: int
) -> NDArray[np.float32]:
    """Simulate training windows of one source, without those that never move.

    Parameters
    ----------
    source : Source
    recipe : WindowsRecipe
    length : int
        Points of a window.
    seed : int

    Returns
    -------
    ndarray of float32, shape (n_windows, length)
    """
    whole = recipe.number // 2 if recipe.long_tracks else recipe.number
    parts = [
        _whole_tracks(source, whole // 2, length, 1, seed),
        _whole_tracks(source, whole // 2, length, 2, seed + 1),
    ]
    for offset, long in enumerate(recipe.long_tracks):
        share = (recipe.number - whole) // len(recipe.long_tracks)
        tracks = _simulate(source, share // recipe.windows_per_track, long, 2, seed + 2 + offset)
        windows = cut(tracks, length)
        random = np.random.default_rng(seed + 2 + offset)
        parts.append(windows.values[_a_few(windows.track, recipe.windows_per_track, random)])
    return np.concatenate(parts)


def _whole_tracks(
    source: Source, n_windows: int, length: int, dimensions: int, seed: int
) -> NDArray[np.float32]:
    return cut(_simulate(source, n_windows // dimensions, length, dimensions, seed), length).values


def _simulate(
    source: Source, n_tracks: int, length: int, dimensions: int, seed: int
) -> Trajectories:
    each = -(-n_tracks // len(source.exponents))
    return as_trajectories(
        simulate(source.model, source.exponents, each, length, dimensions, seed=seed)
    )


def _a_few(
    track: NDArray[np.int64], at_most: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Choose at most so many windows of each track, at random."""
    order = random.permutation(len(track))
    order = order[np.argsort(track[order], kind="stable")]
    place = np.arange(len(order)) - np.searchsorted(track[order], track[order])
    return order[place < at_most]


def _shared_task(recipe: Recipe, member: int) -> Task:
    training = recipe.training
    return Task(
        name=f"shared {member}",
        sources=recipe.shared or recipe.labels,
        windows=recipe.windows,
        training=training,
        length=recipe.length,
        normalisation=recipe.normalisation,
        seed=_seed(recipe.seed, "shared", member),
        rounds=training.shared_rounds,
        rate=training.shared_rate,
    )


def _own_task(recipe: Recipe, label: str, member: int, start: str) -> Task:
    training = recipe.training
    return Task(
        name=f"{label} {member}",
        sources={label: recipe.labels[label]},
        windows=recipe.windows,
        training=training,
        length=recipe.length,
        normalisation=recipe.normalisation,
        seed=_seed(recipe.seed, label, member),
        rounds=training.own_rounds,
        rate=training.own_rate,
        start=start,
    )


def _seed(*parts: str | int) -> int:
    return int(digest(*parts)[:7], 16)


def _result(cache: Path, task: Task | str) -> Path:
    return cache / f"{task if isinstance(task, str) else task.digest}.safetensors"


def _run(
    tasks: list[Task], cache: Path, workers: int, report: Callable[[int], None]
) -> Iterator[Task]:
    """Carry out tasks, in this process or in several; yield each that is finished."""
    if workers == 1:
        for task in tasks:
            run_task(task, cache, report)
            yield task
        return
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        reports: Any = manager.Queue()
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            running = {pool.submit(_run_in_worker, task, cache, reports): task for task in tasks}
            while running:
                with contextlib.suppress(queue.Empty):
                    report(reports.get(timeout=1))
                for future in [future for future in running if future.done()]:
                    future.result()
                    yield running.pop(future)
            while not reports.empty():
                report(reports.get())


def _run_in_worker(task: Task, cache: Path, reports: Any) -> None:
    torch.set_num_threads(1)
    run_task(task, cache, reports.put)


def run_task(task: Task, cache: Path, report: Callable[[int], None] = lambda rounds: None) -> None:
    """Train one network, from its checkpoint if there is one, and leave the weights in the cache.

    Parameters
    ----------
    task : Task
    cache : Path
    report : callable
        Called with the number of rounds that were done since it was called last.
    """
    if _result(cache, task).exists():
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
    parts = [
        simulate_windows(source, task.windows, task.length, _seed(task.seed, name, "windows"))
        for name, source in task.sources.items()
    ]
    return torch.from_numpy(np.concatenate(parts))


class _Training:
    """A network with all that its training needs to be interrupted and go on."""

    def __init__(self, task: Task, cache: Path, batches_a_round: int) -> None:
        self.task = task
        self.cache = cache
        self.batches_a_round = batches_a_round
        self.losses: list[float] = []
        torch.manual_seed(task.seed)
        self.network = ShortAutoencoder(task.length, task.normalisation)
        if task.start:
            self.network.load_state_dict(load_file(_result(cache, task.start)))
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
        temporary = self.checkpoint.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

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
        result = _result(self.cache, self.task)
        temporary = result.with_suffix(".part")
        save_file(self.network.state_dict(), temporary, {"facts": json.dumps(facts)})
        temporary.replace(result)
        self.checkpoint.unlink(missing_ok=True)

    def _own_error(self) -> float:
        """Mean error over whole held-out tracks of the network's own kind."""
        self.network.eval()
        share = HELD_OUT_TRACKS // len(self.task.sources)
        parts = [
            _whole_tracks(source, share, self.task.length, 1, _seed(name, "held out"))
            for name, source in self.task.sources.items()
        ]
        with torch.inference_mode():
            windows = torch.from_numpy(np.concatenate(parts))
            return reconstruction_errors(self.network, windows).mean().item()
