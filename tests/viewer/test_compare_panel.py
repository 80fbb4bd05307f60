"""Scored layers and conditions side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_anomalous_diffusion import Trajectories, score
from napari_anomalous_diffusion.scores.comparison import compare
from napari_anomalous_diffusion.viewer.compare import ComparePanel
from napari_anomalous_diffusion.viewer.model import ScoredTracks
from napari_anomalous_diffusion.viewer.results import results


@dataclass
class Stage:
    viewer: Any
    panel: ComparePanel
    qtbot: Any

    @property
    def controller(self) -> Any:
        return self.panel.controller

    @property
    def table(self) -> pd.DataFrame:
        return self.controller.comparison.table

    @property
    def rows(self) -> list[list[str]]:
        """What the list of scored layers shows."""
        table = self.panel.layers
        return [[table.item(row, k).text() for k in range(3)] for row in range(table.rowCount())]

    def wait(self) -> None:
        """Wait until all that is wished for is compared."""
        controller = self.controller
        self.qtbot.waitUntil(
            lambda: not controller._timer.isActive() and not controller._background.busy,
            timeout=30_000,  # two cores may have other work
        )

    def name(self, place: int, condition: str) -> None:
        self.panel.layers.item(place, 1).setText(condition)


@pytest.fixture
def keep(tiny_bank) -> Callable[[Any], None]:
    def score_and_keep(layer: Any, bank: Any = tiny_bank) -> None:
        trajectories = Trajectories.from_napari(layer.data)
        scores = score(trajectories, bank, device="cpu")
        results.keep(layer, ScoredTracks(scores, trajectories, "cpu"))

    return score_and_keep


@pytest.fixture
def stage(qtbot, make_tracks, keep) -> Callable[..., Stage]:
    panels = []

    def build(layers: int = 3) -> Stage:
        viewer = ViewerModel()
        for number in range(layers):
            keep(viewer.add_tracks(make_tracks(seed=number), name=f"cell {number + 1}"))
        viewer.add_tracks(make_tracks(seed=9), name="not scored")
        panel = ComparePanel(viewer)
        panel.show()
        panels.append(panel)
        qtbot.addWidget(panel)
        on = Stage(viewer, panel, qtbot)
        on.wait()
        return on

    yield build
    for panel in panels:
        panel.controller.close()
    qtbot.wait(50)


def scores_of(on: Stage, *places: int) -> list[Any]:
    return [results.get(on.viewer.layers[place]).scores for place in places]


def test_scored_layers_are_compared_one_by_one(stage):
    on = stage()
    assert on.rows == [["cell 1", "", "6"], ["cell 2", "", "6"], ["cell 3", "", "6"]]
    names = ("cell 1", "cell 2", "cell 3")
    expected = compare({name: scores_of(on, k) for k, name in enumerate(names)})
    pd.testing.assert_frame_equal(on.table, expected.table)
    assert on.panel.note.text() == "95 % intervals: tracks resampled."
    upper, lower = on.panel.canvas.figure.axes
    assert "MSE" in upper.get_ylabel()
    assert "share" in lower.get_ylabel()
    assert on.panel.save_table.isEnabled()


def test_layers_of_one_condition_are_compared_as_movies(stage):
    on = stage()
    on.name(0, "control")
    on.name(1, "drug")
    on.name(2, "drug ")
    assert on.panel.by.currentText() == "Condition"
    on.wait()
    groups = {"control": scores_of(on, 0), "drug": scores_of(on, 1, 2)}
    pd.testing.assert_frame_equal(on.table, compare(groups).table)
    assert on.panel.note.text() == ("95 % intervals: resampled tracks in control; movies in drug.")
    on.panel.by.activated.emit(0)
    on.wait()
    assert on.controller.comparison.groups == ["cell 1", "cell 2", "cell 3"]
    assert [row[1].strip() for row in on.rows] == ["control", "drug", "drug"]


def test_layers_without_a_condition_are_a_group_of_their_own(stage):
    on = stage()
    on.name(1, "drug")
    on.wait()
    assert on.controller.comparison.groups == ["no condition", "drug"]


def test_layers_are_left_out_renamed_scored_and_removed(stage, keep):
    on = stage()
    on.panel.layers.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    on.wait()
    assert on.controller.comparison.groups == ["cell 2", "cell 3"]
    on.viewer.layers["cell 2"].name = "nucleus"
    keep(on.viewer.layers["not scored"])
    on.wait()
    assert on.controller.comparison.groups == ["nucleus", "cell 3", "not scored"]
    on.viewer.layers.remove("nucleus")
    on.wait()
    assert on.controller.comparison.groups == ["cell 3", "not scored"]
    with pytest.warns(UserWarning, match="Previous color_by key"):
        on.viewer.layers["cell 3"].data = on.viewer.layers["cell 3"].data[:50]
    on.wait()
    assert on.controller.comparison.groups == ["not scored"]
    on.viewer.layers.clear()
    on.wait()
    assert on.controller.comparison is None
    assert not on.panel.save_picture.isEnabled()
    assert on.panel.canvas.figure.texts[0].get_text().startswith("Score Tracks layers")


def test_other_banks_cannot_be_compared(stage, tiny_bank, keep):
    on = stage(1)
    result = results.get(on.viewer.layers["cell 1"])
    table = result.scores.table.rename(columns={"mse_fbm": "mse_bm"}).replace({"fbm": "bm"})

    class OtherScores:
        def __init__(self) -> None:
            self.table, self.labels, self.bank = table, ("attm", "bm", "sbm"), tiny_bank

        def __len__(self) -> int:
            return len(table)

    other = on.viewer.layers["not scored"]
    keep(other)
    results._results[other] = ScoredTracks(OtherScores(), result.trajectories, "cpu")
    results.changed.emit(other)
    on.wait()
    assert "score all with the same bank" in on.panel.message.text()
    assert on.controller.comparison is None
    on.panel.layers.item(1, 0).setCheckState(Qt.CheckState.Unchecked)
    on.wait()
    assert on.panel.message.text() == ""
    assert on.controller.comparison.groups == ["cell 1"]


def test_picture_and_table_are_saved(stage, tmp_path, monkeypatch, messages):
    on = stage()
    for name, button in (
        ("comparison.png", on.panel.save_picture),
        ("comparison.csv", on.panel.save_table),
        ("comparison.doc", on.panel.save_table),
    ):
        monkeypatch.setattr(
            QFileDialog, "getSaveFileName", lambda *_, path=tmp_path / name: (str(path), "")
        )
        button.click()
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    written = pd.read_csv(tmp_path / "comparison.csv")
    np.testing.assert_allclose(written["mean_error"], on.table["mean_error"])
    assert len(messages) == 1
    assert "choose one as ending" in messages[0]


def test_a_closed_panel_hears_nothing(stage, keep):
    on = stage(1)
    on.controller.close()
    keep(on.viewer.layers["not scored"])
    on.viewer.layers["cell 1"].name = "other"
    on.viewer.theme = "light"
    on.qtbot.wait(100)
    assert on.rows == [["cell 1", "", "6"]]


def walks(tracks: int, seed: int) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(size=(tracks * 30, 2))
    track, frame = np.divmod(np.arange(len(steps)), 30)
    return np.column_stack([track, frame, steps.cumsum(axis=0)])


def test_each_population_can_be_asked_what_it_is_as_a_whole(stage, keep):
    on = stage(1)
    keep(on.viewer.add_tracks(walks(40, 1), name="many"))
    on.wait()
    on.panel.ask.click()
    on.qtbot.waitUntil(lambda: not on.controller._asking.busy, timeout=60_000)
    few, many = on.panel.answers.text().splitlines()
    assert few == "cell 1: too few windows (64 are needed)."
    assert many.startswith("many: ")
    assert "80 windows" in many
    # Brownian motion is all three of these.
    assert set(many.split(": ")[1].split(" (")[0].split(" or ")) <= {"ATTM", "CTRW", "SBM"}
    on.name(0, "control")
    on.wait()
    assert on.panel.answers.text() == ""


def test_nothing_can_be_asked_where_nothing_is_scored(stage):
    on = stage(0)
    assert not on.panel.ask.isEnabled()
