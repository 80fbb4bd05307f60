"""From a recipe to a bank: many small networks, trained side by side, resumable at any moment.

What a network has reached lies in a cache: an interrupted training goes on where it was, and banks
whose recipes agree on a network train it once.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import platform
import queue
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from napari_anomalous_diffusion.autoencoders.bank import BankFile, Label, Member, checksum
from napari_anomalous_diffusion.lab.recipes import Recipe, read_recipe, seed_from
from napari_anomalous_diffusion.lab.tasks import Task, result_path, run_task
from napari_anomalous_diffusion.writing import whole_file

Report = Callable[[int, int], None]


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

    members = range(1, recipe.members + 1)
    shared = recipe.training.shared_rounds > 0
    starts = [_shared_task(recipe, member) for member in members if shared]
    owns = [
        _own_task(recipe, label, member, starts[member - 1].digest if shared else "")
        for member in members
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
                shutil.copyfile(result_path(cache, task), folder / f"{label}-{member}.safetensors")
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
            members.append(Member(file=path.name, sha256=checksum(path.read_bytes()), **facts))
        labels.append(Label(name=name, windows=windows, members=members))
    contents = BankFile(
        name=recipe.name,
        description=recipe.description,
        axis=recipe.axis,
        kind="probability" if recipe.network == "density" else "mse",
        network=recipe.network,
        length=recipe.length,
        normalisation=recipe.normalisation,
        average=recipe.average,
        labels=labels,
        versions={"python": platform.python_version()}
        | {name: version(name) for name in ("andi-datasets", "numpy", "torch")},
    )
    with whole_file(folder / "bank.json") as partial:
        partial.write_text(contents.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _shared_task(recipe: Recipe, member: int) -> Task:
    training = recipe.training
    return Task(
        name=f"shared {member}",
        sources=recipe.shared or recipe.labels,
        data=recipe.data,
        training=training,
        network=recipe.network,
        length=recipe.length,
        normalisation=recipe.normalisation,
        seed=seed_from(recipe.seed, "shared", member),
        rounds=training.shared_rounds,
        rate=training.shared_rate,
    )


def _own_task(recipe: Recipe, label: str, member: int, start: str) -> Task:
    training = recipe.training
    return Task(
        name=f"{label} {member}",
        sources={label: recipe.labels[label]},
        data=recipe.data,
        training=training,
        network=recipe.network,
        length=recipe.length,
        normalisation=recipe.normalisation,
        seed=seed_from(recipe.seed, label, member),
        rounds=training.own_rounds,
        rate=training.own_rate,
        start=start,
    )


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
    parent = multiprocessing.parent_process()

    def report(rounds: int) -> None:
        if parent is not None and not parent.is_alive():
            os._exit(1)  # whoever was killed outright must not leave workers behind
        reports.put(rounds)

    run_task(task, cache, report)
