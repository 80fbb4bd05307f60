"""Scoring leaves the event loop a core, and everybody's number of threads as it was."""

from __future__ import annotations

import gc
import os
import shutil
import sys

import pytest
import torch

from napari_anomalous_diffusion.viewer import worker
from napari_anomalous_diffusion.viewer.worker import one_core_left, open_bank


@pytest.mark.parametrize(
    ("cores", "before", "meanwhile"), [(2, 2, 1), (8, 8, 7), (8, 3, 3), (1, 1, 1), (None, 4, 1)]
)
def test_one_core_is_left_unless_the_user_leaves_more(monkeypatch, cores, before, meanwhile):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    torch.set_num_threads(before)
    with one_core_left():
        assert torch.get_num_threads() == meanwhile
    assert torch.get_num_threads() == before


def test_scoring_in_the_dock_changes_no_number_of_threads(stage):
    torch.set_num_threads(2)
    on = stage()
    on.score()
    assert torch.get_num_threads() == 2


def test_a_bank_is_opened_once_until_it_changes(tiny_bank, tmp_path):
    folder = shutil.copytree(tiny_bank.folder, tmp_path / "bank")
    bank = open_bank(str(folder), "cpu")
    assert open_bank(str(folder), "cpu") is bank
    assert open_bank(str(folder), "auto") is not bank  # its networks may be elsewhere
    bank = open_bank(str(folder), "cpu")
    path = folder / "bank.json"
    path.write_text(path.read_text().replace(bank.name, "renamed"))
    assert open_bank(str(folder), "cpu").name == "renamed"


@pytest.mark.parametrize("wanted", [True, False])
def test_garbage_is_looked_for_once_when_torch_is_there(qtbot, monkeypatch, wanted):
    happened = []
    monkeypatch.setattr(gc, "collect", lambda: happened.append(gc.isenabled()))
    monkeypatch.setattr(
        worker, "import_module", lambda name: happened.append((name, gc.isenabled()))
    )
    monkeypatch.setitem(sys.modules, worker.ENGINE, worker)
    if not wanted:
        gc.disable()
    try:
        worker.warm_up()  # it is there already
        qtbot.wait(50)
        assert happened == []
        monkeypatch.delitem(sys.modules, worker.ENGINE)
        worker.warm_up()
        qtbot.waitUntil(lambda: len(happened) == 3)
    finally:
        gc.enable()
    assert happened == [("safetensors.torch", False), (worker.ENGINE, False), wanted]
