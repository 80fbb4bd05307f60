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

from napari_anomalous_diffusion.autoencoders.bank import (
    Bank,
    BankFile,
    Label,
    Member,
    StoredFile,
    load_bank,
)
from napari_anomalous_diffusion.autoencoders.storage import (
    Precision,
    checksum,
    common_part,
    write_weights,
)
from napari_anomalous_diffusion.lab.own_models import keep_code, try_function
from napari_anomalous_diffusion.lab.recipes import Recipe, digest, read_recipe, seed_from
from napari_anomalous_diffusion.lab.tasks import Task, result_path, run_task

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
    _bring_own_models(recipe, folder)
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
    finals = [*owns, *_other_tasks(recipe).values()]
    total = sum(task.rounds for task in starts + finals)
    done = 0

    def report(rounds: int) -> None:
        nonlocal done
        done += rounds
        if progress is not None:
            progress(done, total)

    for stage in (starts, finals):
        for task in _run(stage, cache, workers, report):
            if stage is finals:
                name = f"{'-'.join(task.name.split())}.safetensors"
                shutil.copyfile(result_path(cache, task), folder / name)
    trained = Bank(folder, _described(recipe, folder))
    _store(trained, folder, recipe.precision, one_start=shared)


def _described(recipe: Recipe, folder: Path) -> BankFile:
    """Describe a bank from its recipe and the finished weights beside it, as they were trained."""
    numbers = range(1, recipe.members + 1)
    labels = [
        _described_label(name, [folder / f"{name}-{number}.safetensors" for number in numbers])
        for name in recipe.labels
    ]
    others = [
        _described_label(name, [folder / f"other-{name}.safetensors"])
        for name in _other_tasks(recipe)
    ]
    return BankFile(
        name=recipe.name,
        description=recipe.description,
        axis=recipe.axis,
        kind="probability" if recipe.network == "density" else "mse",
        network=recipe.network,
        length=recipe.length,
        normalisation=recipe.normalisation,
        average=recipe.average,
        labels=labels,
        others=others,
        versions={"python": platform.python_version()}
        | {name: version(name) for name in ("andi-datasets", "numpy", "torch")}
        | {model.function: digest(model.code) for model in recipe.own_models},
    )


def _described_label(name: str, paths: list[Path]) -> Label:
    members, windows = [], 0
    for path in paths:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["facts"])
        windows = facts.pop("windows")
        members.append(Member(file=path.name, sha256=checksum(path.read_bytes()), **facts))
    return Label(name=name, windows=windows, members=members)


def store_anew(bank: Bank, folder: str | Path, precision: Precision) -> Bank:
    """Write a trained bank to another folder, its weights with another precision.

    Parameters
    ----------
    bank : Bank
    folder : path
        It is made; whatever else lies in the bank's folder is copied there.
    precision : {"full", "half"}
        What full precision has lost on the way to half does not come back.

    Returns
    -------
    Bank
    """
    folder = Path(folder)
    members = [member for label in bank.contents.labels for member in label.members]
    networks = [stored.file for stored in (*bank.contents.common, *members)]
    shutil.copytree(bank.folder, folder, ignore=shutil.ignore_patterns(*networks))
    recipe = folder / "recipe.toml"
    lines = recipe.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("precision =")]
    place = next(number for number, line in enumerate(lines) if line.startswith("members ="))
    lines.insert(place + 1, f'precision = "{precision}"')
    recipe.write_text("\n".join(lines) + "\n", encoding="utf-8")
    one_start = read_recipe(recipe).training.shared_rounds > 0
    _store(bank, folder, precision, one_start=one_start)
    return load_bank(folder)


def _store(bank: Bank, folder: Path, precision: Precision, *, one_start: bool) -> None:
    """Write a bank, perhaps over itself; in half precision, networks of one start share a part."""
    labels = bank.contents.labels
    numbers = range(max(len(label.members) for label in labels))
    shares = [
        common_part([bank.weights(label, number) for label in labels])
        for number in numbers
        if one_start and precision == "half" and not bank.contents.others  # which have none
    ]
    names = [f"common-{number}.safetensors" for number in range(1, len(shares) + 1)]
    common = [
        StoredFile(file=name, sha256=write_weights(folder / name, share))
        for name, share in zip(names, shares, strict=True)
    ]
    stored = [
        label.model_copy(
            update={
                "members": [
                    _stored(bank, label, number, folder, precision, shares)
                    for number in range(len(label.members))
                ]
            }
        )
        for label in labels
    ]
    changes = {"precision": precision, "common": common, "labels": stored}
    bank.contents.model_copy(update=changes).write(folder)


def _stored(
    bank: Bank, label: Label, number: int, folder: Path, precision: Precision, shares: list[Any]
) -> Member:
    """Write one network, and return what the bank says of it."""
    member = label.members[number]
    with safe_open(bank.folder / member.file, framework="pt") as file:
        facts = file.metadata()
    sha256 = write_weights(
        folder / member.file, bank.weights(label, number), precision,
        common=shares[number] if shares else None, facts=facts,
    )  # fmt: skip
    return member.model_copy(update={"sha256": sha256})


def _bring_own_models(recipe: Recipe, folder: Path) -> None:
    """Try the functions that a recipe names, and keep their files beside it."""
    lengths, dimensions = recipe.data.shapes(recipe.length)
    for model in recipe.own_models:
        try_function(model.function, model.code, lengths, dimensions)
        keep_code(model.function, model.code, folder)


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


def _other_tasks(recipe: Recipe) -> dict[str, Task]:
    """One network for each kind of motion that is none of the labels, by name."""
    others = recipe.others
    if others is None:
        return {}
    return {
        name: Task(
            name=f"other {name}",
            sources={name: source},
            data=recipe.data.model_copy(update={"steps": others.steps}),
            training=recipe.training,
            network=recipe.network,
            length=recipe.length,
            normalisation=recipe.normalisation,
            seed=seed_from(recipe.seed, name, 1),
            rounds=others.rounds,
            rate=others.rate or recipe.training.own_rate,
        )
        for name, source in others.sources.items()
    }


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
