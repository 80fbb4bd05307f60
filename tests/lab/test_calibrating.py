"""Calibrating a bank of untrained densities: what is written, and that it goes on where it was."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from napari_anomalous_diffusion import load_bank, score
from napari_anomalous_diffusion.autoencoders.bank import BankFile, Label, Member
from napari_anomalous_diffusion.autoencoders.densities import Density
from napari_anomalous_diffusion.autoencoders.storage import checksum
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab import calibrating
from napari_anomalous_diffusion.lab.calibrating import calibrate_bank
from napari_anomalous_diffusion.lab.experiments.certainty import (
    accuracy,
    calibration_error,
    false_alarms,
    judge_own,
)
from napari_anomalous_diffusion.lab.recipes import CalibrationRecipe, read_recipe
from napari_anomalous_diffusion.tracks.table import Trajectories

RECIPE = """
name = "tiny-any"
description = "Two densities that were never trained."
axis = "model"
network = "density"
length = 10
average = "arithmetic"
members = 1
seed = 0

[tracks]
steps = 1000

[training]
own_rounds = 1

[labels]
fbm = { model = "fbm", exponents = "0.3" }
sbm = { model = "sbm", exponents = "1.8" }
"""

SMALL = CalibrationRecipe(tracks=150, lengths=[12, 30], dimensions=[1], noise=[0.0, 0.5])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bank of two untrained networks, calibrated, and where its calibration was kept."""
    folder = tmp_path_factory.mktemp("bank")
    labels = []
    for seed, name in enumerate(["fbm", "sbm"]):
        torch.manual_seed(seed)
        network = Density()
        with torch.no_grad():
            network.answer.weight.mul_(10)
        path = folder / f"{name}-1.safetensors"
        save_file(network.state_dict(), path)
        member = Member(
            file=path.name, sha256=checksum(path.read_bytes()), seed=seed, own_error=1.0,
            loss_curve=[1.0],
        )  # fmt: skip
        labels.append(Label(name=name, windows=1, members=[member]))
    BankFile(
        name="tiny-any", description="Two densities.", axis="model", kind="probability",
        network="density", length=10, normalisation="batch", average="arithmetic", labels=labels,
        versions={},
    ).write(folder)  # fmt: skip
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    calibrate_bank(load_bank(folder), SMALL, cache=_cache(folder))
    return folder


def _cache(folder):
    cache = folder / "cache"
    cache.mkdir(exist_ok=True)
    return cache


def test_own_tracks_are_as_unusual_as_the_level_says_and_confidence_is_right(folder):
    bank = load_bank(folder)
    sources = dict(read_recipe(folder / "recipe.toml").labels)
    for length in (12, 20, 30):
        table = judge_own(bank, sources, 200, length, 1)
        assert false_alarms(table, level=0.2)["all"] == pytest.approx(0.2, abs=0.09)
        assert calibration_error(table) < 0.12
        candidates = [
            label in names.split(";")
            for label, names in zip(table["label"], table["candidates"], strict=True)
        ]
        assert np.mean(candidates) > 0.88
        assert table.groupby("label")["confidence"].count().min() == 200


def test_how_often_the_lowest_error_is_right_is_told_with_the_scores(folder):
    bank = load_bank(folder)
    sources = dict(read_recipe(folder / "recipe.toml").labels)
    lengths = [12, 30, 5]
    walk = np.random.default_rng(0).standard_normal(sum(lengths)).cumsum()
    tracks = Trajectories.from_points(
        np.repeat([0, 1, 2], lengths), np.concatenate([*map(np.arange, lengths)]), walk[:, None]
    )
    scores = score(tracks, bank)
    right = [scores.how_often_right(track) for track in range(3)]
    for length, share in zip(lengths[:2], right, strict=False):
        table = judge_own(bank, sources, 300, length, 1)
        assert share == pytest.approx(accuracy(table), abs=0.08)
    # Five points are too few to be scored.
    assert right[2] is None
    assert scores.how_often_right() == pytest.approx(np.mean(right[:2]))
    assert score(tracks.select([2]), bank).how_often_right() is None


def test_what_was_simulated_is_not_simulated_again(folder, monkeypatch):
    before = (folder / calibrating.FILE).read_bytes()

    def refuse(*arguments, **options):
        raise AssertionError("simulated again")

    monkeypatch.setattr(calibrating, "simulate_source", refuse)
    done = []
    calibrate_bank(
        load_bank(folder), SMALL, cache=_cache(folder), progress=lambda *step: done.append(step)
    )
    assert done[-1] == (4, 4)
    assert (folder / calibrating.FILE).read_bytes() == before


def test_a_damaged_calibration_is_refused(folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.glob("*.*"):
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / calibrating.FILE).write_bytes(b"damaged")
    with pytest.raises(InputError, match=calibrating.FILE):
        load_bank(copy)


def test_the_description_speaks_of_the_calibration(folder):
    described = json.loads((folder / "bank.json").read_text(encoding="utf-8"))
    data = (folder / calibrating.FILE).read_bytes()
    assert described["calibration"] == {"file": calibrating.FILE, "sha256": checksum(data)}


def test_without_a_calibration_the_same_bank_gives_no_p_values(folder, tmp_path):
    described = json.loads((folder / "bank.json").read_text(encoding="utf-8"))
    described["calibration"] = None
    for path in folder.glob("*-1.safetensors"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "bank.json").write_text(json.dumps(described), encoding="utf-8")
    walk = np.random.default_rng(0).standard_normal(30).cumsum()
    table = score(np.column_stack([np.zeros(30), np.arange(30), walk, walk]), tmp_path).table
    assert np.isnan(table["p_value"]).all()
