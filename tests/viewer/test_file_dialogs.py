"""Saving and loading what the user chooses, and one sentence where that fails."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.viewer.file_dialogs import (
    PARAMETERS,
    TABLES,
    load_parameters,
    save_as,
    save_parameters,
)


@pytest.fixture
def parent(qtbot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def choose(monkeypatch):
    """Let the user choose a path; return what the dialogs were asked with."""
    asked = []

    def choice(path: str) -> list[tuple]:
        for dialog in ("getSaveFileName", "getOpenFileName"):
            monkeypatch.setattr(
                QFileDialog, dialog, lambda *wish: (asked.append(wish[1:]), (path, ""))[1]
            )
        return asked

    return choice


def test_what_is_chosen_is_written(parent, choose):
    asked, written = choose("scores.csv"), []
    save_as(parent, "Save scores", "cells scores.csv", TABLES, written.append)
    assert asked == [("Save scores", "cells scores.csv", TABLES)]
    assert written == ["scores.csv"]


def test_who_chooses_nothing_gets_nothing(parent, choose):
    choose("")
    done = []
    save_as(parent, "Save scores", "scores.csv", TABLES, done.append)
    save_parameters(parent, done.append)
    load_parameters(parent, done.append)
    assert done == []


@pytest.mark.parametrize(
    ("chosen", "written"), [("linking", "linking.toml"), ("mine.toml", "mine.toml")]
)
def test_parameters_have_an_ending(parent, choose, chosen, written):
    asked, done = choose(chosen), []
    save_parameters(parent, done.append)
    assert asked == [("Save parameters", "linking.toml", PARAMETERS)]
    assert done == [written]


@pytest.mark.parametrize("dialog", [save_parameters, load_parameters])
def test_what_is_wrong_is_said_in_its_sentence(parent, choose, messages, dialog):
    choose("linking.toml")

    def fail(path: str) -> None:
        raise InputError(f"{path} is no file of parameters.")

    said = []
    dialog(parent, fail, said.append)
    assert said == ["linking.toml is no file of parameters."]
    assert messages == []
    dialog(parent, fail)
    assert messages == said
