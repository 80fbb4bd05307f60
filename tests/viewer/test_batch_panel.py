"""Everything that is open, linked and scored by one click.

Platforms without OpenGL cannot show images; napari's viewer without its window is the same viewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog
from tifffile import imread

from napari_anomalous_diffusion import Trajectories, score
from napari_anomalous_diffusion.batch import BatchParameters, run_batch
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores.comparison import summary_row
from napari_anomalous_diffusion.tracks.files import write_table
from napari_anomalous_diffusion.tracks.linking import link
from napari_anomalous_diffusion.tracks.movies import as_movie
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.batch import BatchPanel
from napari_anomalous_diffusion.viewer.batch_controller import digest
from napari_anomalous_diffusion.viewer.linking import LinkingPanel
from napari_anomalous_diffusion.viewer.model import ScoredTracks
from napari_anomalous_diffusion.viewer.results import results

PARAMETERS = LinkingParameters(minimum_mass=200, dark_on_light=True, minimum_length=5)


@pytest.fixture(scope="session")
def beads() -> np.ndarray:
    return imread(sample_path("beads").with_name("beads.tif"))[:24, :200, :200]


@dataclass
class Stage:
    viewer: Any
    panel: BatchPanel
    qtbot: Any

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: not self.panel.controller.runner.busy, timeout=60_000)

    def run(self) -> None:
        self.panel.run.run.click()
        self.wait()

    @property
    def rows(self) -> list[list[str]]:
        """What the list of layers shows."""
        table = self.panel.layers
        return [[table.item(row, k).text() for k in range(3)] for row in range(table.rowCount())]

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self.viewer.layers]

    def summed_up(self) -> list[list[str]]:
        """What the summary shows, its first three columns."""
        model = self.panel.summary.model()
        return [[model.index(row, k).data() for k in range(3)] for row in range(model.rowCount())]


@pytest.fixture
def stage(qtbot, beads, tiny_bank, make_tracks) -> Callable[..., Stage]:
    panels = []

    def build(movies: int = 2) -> Stage:
        viewer = ViewerModel()
        for number in range(movies):
            part = beads[:, 90 * number : 90 * number + 90, :120]
            viewer.add_image(part, name=f"dish {number + 1}", scale=(0.1, 2, 2))
        viewer.add_tracks(make_tracks(), name="others")
        panel = BatchPanel(viewer)
        panel.parameters.show_values(PARAMETERS)
        panel.bank.addItem("tiny-20", str(tiny_bank.folder))
        panel.bank.setCurrentIndex(panel.bank.count() - 1)
        panel.show()
        panels.append(panel)
        qtbot.addWidget(panel)
        return Stage(viewer, panel, qtbot)

    yield build
    for panel in panels:
        panel.controller.close()
    qtbot.wait(50)


def test_movies_and_tracks_are_listed_with_their_sizes(stage):
    on = stage()
    on.viewer.add_points(np.zeros((3, 2)))
    on.viewer.add_image(np.zeros((40, 50)), name="still")
    on.viewer.add_image(np.zeros((5, 40, 50, 3), np.uint8), rgb=True, name="colours")
    assert on.rows == [
        ["dish 1", "24×90×120", ""],
        ["dish 2", "24×90×120", ""],
        ["others", "6 tracks", ""],
    ]
    on.viewer.layers["dish 1"].name = "control"
    assert on.rows[0][0] == "control"
    on.viewer.layers.remove("control")
    assert [row[0] for row in on.rows] == ["dish 2", "others"]


def test_one_click_links_and_scores_everything(stage, beads, tiny_bank):
    on = stage()
    on.run()
    assert on.names == ["dish 1", "dish 2", "others", "dish 1 tracks", "dish 2 tracks"]
    assert [row[2] for row in on.rows] == ["linked", "linked", "scored", "scored", "scored"]
    assert on.panel.message.text() == "All 5 layers are done."
    linked = link(as_movie(beads[:, :90, :120]), PARAMETERS)
    layer = on.viewer.layers["dish 1 tracks"]
    np.testing.assert_array_equal(layer.data[:, 2:], linked.trajectories.positions)
    assert layer.scale.tolist() == [0.1, 2, 2]
    expected = score(linked.trajectories, tiny_bank, device="cpu").table
    table = results.get(layer).scores.table
    assert table["verdict"].tolist() == expected["verdict"].tolist()
    np.testing.assert_allclose(table["mse_fbm"], expected["mse_fbm"], rtol=1e-5)
    assert layer.color_by == "best"


def test_the_panel_and_the_command_give_the_same_numbers(stage, tiny_bank, tmp_path):
    on = stage(0)
    movie = sample_path("beads").with_name("beads.tif")
    on.viewer.add_image(imread(movie), name="beads")
    linking = PARAMETERS.model_copy(update={"minimum_length": 20, "subtract_drift": True})
    on.panel.parameters.show_values(linking)
    on.run()
    layer = on.viewer.layers["beads tracks"]
    run_batch([movie], tmp_path, BatchParameters(bank=str(tiny_bank.folder), linking=linking))
    write_table(results.get(layer).scores.table, tmp_path / "panel.csv")
    ours, theirs = (pd.read_csv(tmp_path / name) for name in ("panel.csv", "beads-scores.csv"))
    assert len(theirs) == 128
    # napari counts tracks from 0.
    columns = ours.columns.drop("track_id")
    pd.testing.assert_frame_equal(ours[columns], theirs[columns], rtol=1e-5)
    points = pd.read_csv(tmp_path / "beads-tracks.csv")
    np.testing.assert_allclose(layer.data[:, 1:], points[["frame", "y", "x"]])


def test_the_summary_is_sorted_selects_layers_and_is_saved(stage, tmp_path, monkeypatch):
    on = stage(1)
    on.run()
    others, dish = on.viewer.layers["others"], on.viewer.layers["dish 1 tracks"]
    assert [row[0] for row in on.summed_up()] == ["others", "dish 1 tracks"]
    expected = summary_row(results.get(others).scores.table, results.get(others).scores.bank)
    assert on.summed_up()[0][1:] == [str(expected["tracks"]), str(expected["scored"])]
    summary = on.panel.summary
    headings = [
        summary.model().headerData(k, Qt.Orientation.Horizontal)
        for k in range(summary.model().columnCount())
    ]
    assert headings == [
        "layer", "tracks", "scored", "% ATTM", "% FBM", "% SBM", "median error", "bank",
    ]  # fmt: skip
    summary.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert [row[0] for row in on.summed_up()] == ["dish 1 tracks", "others"]
    summary.clicked.emit(summary.model().index(0, 0))
    assert on.viewer.layers.selection.active is dish
    path = tmp_path / "summary.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    on.panel.save.click()
    written = pd.read_csv(path)
    assert written["layer"].tolist() == ["others", "dish 1 tracks"]
    assert written.loc[0, "median_error"] == pytest.approx(expected["median_error"])


def test_what_fails_does_not_stop_the_rest(stage, messages):
    on = stage(1)
    on.viewer.add_image(np.full((10, 60, 60), 90, np.uint8), name="empty")
    on.viewer.add_image(np.zeros((6, 2, 60, 60), np.uint8), name="channels")
    broken = np.column_stack([np.zeros(5), np.arange(5) + 0.5, np.zeros((5, 2))])
    on.viewer.add_tracks(broken, name="half frames")
    on.run()
    states = {row[0]: row[2] for row in on.rows}
    assert states == {
        "dish 1": "linked",
        "others": "scored",
        "empty": "failed",
        "channels": "failed",
        "half frames": "failed",
        "dish 1 tracks": "scored",
    }
    reasons = {row[0]: on.panel.layers.item(k, 2).toolTip() for k, row in enumerate(on.rows)}
    assert "no spot was found" in reasons["empty"]
    assert "its axes may be time, z, y, x or channel, time, y, x" in reasons["channels"]
    assert "frames must be whole numbers" in reasons["half frames"]
    assert on.panel.message.text().startswith("3 of 6 layers failed. empty: no spot")
    assert messages == []


def test_axes_that_were_chosen_in_the_other_panel_are_known(stage, beads, qtbot):
    on = stage(0)
    movie = np.stack([np.full_like(beads, 128), beads])[:, :, :90, :120]
    layer = on.viewer.add_image(movie, name="two")
    other = LinkingPanel(on.viewer)
    qtbot.addWidget(other)
    other.model.layer = layer
    other.movie.axes_chosen.emit("ctyx")
    other.movie.channel.setValue(1)
    other.controller.close()
    on.run()
    assert on.rows[1][2] == "linked"
    linked = link(as_movie(beads[:, :90, :120]), PARAMETERS)
    tracks = on.viewer.layers["two tracks"]
    np.testing.assert_array_equal(tracks.data[:, 2:], linked.trajectories.positions)


def test_channel_and_exposure_are_among_the_parameters(stage, beads, tmp_path, monkeypatch):
    on = stage(0)
    movie = np.stack([np.full_like(beads, 128), beads], axis=1)[..., :90, :120]
    on.viewer.add_image(movie, name="two", axis_labels=("t", "channel", "y", "x"))
    on.run()
    assert on.rows[1][2] == "failed"
    assert "choose one among the parameters" in on.panel.layers.item(1, 2).toolTip()
    file = tmp_path / "linking.toml"
    PARAMETERS.model_copy(update={"channel": 1, "exposure": 0.8}).to_file(file)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    on.panel.files.load.click()
    on.run()
    assert on.rows[1][2] == "linked"
    tracks = on.viewer.layers["two tracks"]
    assert tracks.metadata["exposure"] == 0.8
    assert results.get(tracks).trajectories.calibration.exposure == 0.8
    on.panel.parameters.editors["channel"].widget.setValue(2)
    on.run()
    assert "there is no channel 2" in on.panel.layers.item(1, 2).toolTip()


def test_layers_can_be_left_out(stage):
    on = stage()
    for place in (0, 2):
        on.panel.layers.item(place, 0).setCheckState(Qt.CheckState.Unchecked)
    on.run()
    assert on.names == ["dish 1", "dish 2", "others", "dish 2 tracks"]
    assert [row[2] for row in on.rows] == ["", "linked", "", "scored"]
    for place in (1, 3):
        on.panel.layers.item(place, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not on.panel.run.run.isEnabled()


def test_nothing_is_done_twice(stage):
    on = stage(1)
    on.run()
    before = results.get(on.viewer.layers["others"])
    on.run()
    assert on.names == ["dish 1", "others", "dish 1 tracks"]
    assert [row[2] for row in on.rows] == ["linked before", "scored", "scored"]
    assert results.get(on.viewer.layers["others"]) is before
    on.panel.parameters.show_values(PARAMETERS.model_copy(update={"minimum_mass": 250}))
    on.run()
    assert on.names == ["dish 1", "others", "dish 1 tracks", "dish 1 tracks [1]"]
    on.viewer.layers.remove("dish 1 tracks [1]")
    on.run()
    assert on.rows[0][2] == "linked"


def test_cancelling_keeps_what_is_done(stage, messages):
    on = stage()
    on.panel.run.run.click()
    assert on.panel.run.cancel.isVisibleTo(on.panel)
    on.qtbot.waitUntil(lambda: on.rows[0][2] == "linked", timeout=30_000)
    on.panel.run.cancel.click()
    assert not on.panel.controller.runner.busy
    on.qtbot.wait(300)
    assert on.names == ["dish 1", "dish 2", "others", "dish 1 tracks"]
    assert [row[2] for row in on.rows] == ["linked", "cancelled", "cancelled", "cancelled"]
    assert messages == []
    on.run()
    assert [row[2] for row in on.rows][:3] == ["linked before", "linked", "scored"]


def test_layers_that_go_or_change_meanwhile(stage, beads, messages):
    on = stage()
    on.panel.run.run.click()
    on.qtbot.waitUntil(lambda: on.rows[0][2].startswith("linking"), timeout=30_000)
    on.viewer.layers["dish 1"].data = beads[:, 10:70, :]
    assert "was changed meanwhile" in on.panel.layers.item(0, 2).toolTip()
    on.viewer.layers.remove("dish 2")
    on.wait()
    assert on.names == ["dish 1", "others"]
    assert [row[2] for row in on.rows] == ["failed", "scored"]
    assert messages == []


def test_closing_while_it_runs_leaves_nothing_behind(stage, messages):
    on = stage()
    on.panel.run.run.click()
    on.panel.controller.close()
    on.qtbot.wait(300)
    on.viewer.layers["dish 1"].name = "control"
    assert on.names == ["control", "dish 2", "others"]
    assert messages == []


def test_scores_from_other_panels_are_summed_up(stage, tiny_bank):
    on = stage(0)
    layer = on.viewer.layers["others"]
    trajectories = Trajectories.from_napari(layer.data)
    scores = score(trajectories, tiny_bank, device="cpu")
    results.keep(layer, ScoredTracks(scores, trajectories, "cpu"))
    assert on.rows == [["others", "6 tracks", "scored"]]
    assert on.summed_up()[0][:2] == ["others", "6"]
    with pytest.warns(UserWarning, match="Previous color_by key"):
        layer.data = layer.data[:100]
    assert on.summed_up() == []


def test_parameters_are_shown_in_one_line_and_loaded(stage, tmp_path, monkeypatch, messages):
    on = stage(0)
    path = tmp_path / "linking.toml"
    LinkingParameters(diameter=7, subtract_drift=True).to_file(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    on.panel.files.load.click()
    assert on.panel.digest.text() == (
        "diameter 7, minimum mass 0, percentile 64, search range 5, memory 3, minimum length 20, "
        "subtract drift"
    )
    assert digest(LinkingParameters(diameter_z=5)).startswith("diameter 11, diameter in z 5")
    assert not on.panel.parameters.isVisibleTo(on.panel)
    on.panel.fold.click()
    assert on.panel.parameters.isVisibleTo(on.panel)
    Path(path).write_text("diameter = 4\n")
    on.panel.files.load.click()
    assert len(messages) == 1
    assert on.panel.parameters.values().diameter == 7
