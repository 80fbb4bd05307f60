"""The linking panel: preview, linking, and what users do meanwhile.

Platforms without OpenGL cannot show images; napari's viewer without its window is the same viewer.
`test_linking_window.py` does the same in a real window.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import pytest
from matplotlib.backend_bases import MouseButton, MouseEvent
from napari.components import ViewerModel
from qtpy.QtWidgets import QFileDialog
from tifffile import imread

from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.linking import link, locate
from napari_anomalous_diffusion.tracks.movies import as_movie
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer import linking_controller
from napari_anomalous_diffusion.viewer.linking import LinkingPanel, progress_text
from napari_anomalous_diffusion.viewer.linking_model import LinkingProgress

PARAMETERS = LinkingParameters(minimum_mass=200, dark_on_light=True, minimum_length=10)


@pytest.fixture(scope="session")
def beads() -> np.ndarray:
    return imread(sample_path("beads").with_name("beads.tif"))[:20, 100:220, 100:240]


@dataclass
class Stage:
    viewer: Any
    layer: Any
    panel: LinkingPanel
    qtbot: Any

    @property
    def model(self) -> Any:
        return self.panel.model

    @property
    def preview(self) -> Any:
        return self.panel.controller.preview

    @property
    def said(self) -> str:
        return self.panel.message.text()

    def take(self, **parameters: Any) -> None:
        self.panel.controller._take(self.model.parameters.model_copy(update=parameters))

    def see(self) -> np.ndarray:
        """Wait for the preview of what is wished for, and return its points."""
        preview = self.preview

        def up_to_date() -> bool:
            wish, found = preview._wish, preview._found
            quiet = not preview._timer.isActive() and not preview._background.busy
            return quiet and found is not None and found.serves(wish, preview._frame(wish))

        self.qtbot.waitUntil(up_to_date, timeout=20_000)
        return preview.points.data

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: self.model.progress is None, timeout=30_000)

    def link(self) -> Any:
        self.panel.run.link.click()
        self.wait()
        return self.viewer.layers[-1]


@pytest.fixture
def stage(qtbot, beads) -> Callable[..., Stage]:
    panels = []

    def build(data: Any = None, **options: Any) -> Stage:
        viewer = ViewerModel()
        layer = viewer.add_image(beads if data is None else data, **({"name": "beads"} | options))
        panel = LinkingPanel(viewer)
        panel.controller._take(PARAMETERS)
        panel.show()
        panels.append(panel)
        qtbot.addWidget(panel)
        return Stage(viewer, layer, panel, qtbot)

    yield build
    for panel in panels:
        panel.controller.close()
    qtbot.wait(50)


# The preview


def test_spots_of_the_current_frame_are_marked(stage, beads):
    on = stage(scale=(1, 0.5, 0.5), translate=(0, 3, 4), units=("s", "um", "um"))
    on.viewer.dims.set_point(0, 7)
    on.panel.preview.click()
    points = on.see()
    spots = locate(beads[7], PARAMETERS)
    np.testing.assert_allclose(points[:, 1:], spots[["y", "x"]])
    assert set(points[:, 0]) == {7}
    layer = on.preview.points
    assert set(layer.size) == {11}
    np.testing.assert_array_equal(layer.data_to_world([7, 1, 2]), on.layer.data_to_world([7, 1, 2]))
    assert layer.units == on.layer.units
    assert not layer.face_color[:, 3].any()
    found = len(locate(beads[7], PARAMETERS.model_copy(update={"minimum_mass": 0})))
    assert on.panel.count.text() == f"{len(spots)} of {found} spots are kept on frame 7."
    assert on.viewer.layers.selection.active is on.layer


def test_the_preview_follows_frames_and_parameters_in_place(stage, beads):
    on = stage()
    on.panel.preview.click()
    on.see()
    layer = on.preview.points
    on.viewer.dims.set_point(0, 12)
    np.testing.assert_allclose(on.see()[:, 1:], locate(beads[12], PARAMETERS)[["y", "x"]])
    on.panel.parameters.editors["diameter"].widget.setValue(9)
    smaller = PARAMETERS.model_copy(update={"diameter": 9})
    np.testing.assert_allclose(on.see()[:, 1:], locate(beads[12], smaller)[["y", "x"]])
    assert on.preview.points is layer
    assert set(layer.size) == {9}


def test_a_new_minimum_mass_chooses_from_what_was_found(stage, beads, monkeypatch):
    on = stage()
    on.viewer.dims.set_point(0, 10)
    on.panel.preview.click()
    on.see()
    monkeypatch.setattr(on.preview._background, "start", lambda *_, **__: pytest.fail("found anew"))
    for mass in (0, 150.5, 250, 1e6):
        on.panel.parameters.editors["minimum_mass"].widget.setValue(mass)
        spots = locate(beads[10], PARAMETERS.model_copy(update={"minimum_mass": mass}))
        np.testing.assert_allclose(on.preview.points.data[:, 1:], spots[["y", "x"]])


def test_the_threshold_is_dragged_in_the_histogram(stage):
    on = stage()
    on.panel.preview.click()
    on.see()
    canvas = on.panel.histogram
    canvas.draw()
    axes = canvas.figure.axes[0]
    assert canvas._line.get_xdata() == [200, 200]
    x, y = axes.transData.transform((250, 1))
    press = MouseEvent("button_press_event", canvas, x, y, button=MouseButton.LEFT)
    canvas.callbacks.process("button_press_event", press)
    assert on.model.parameters.minimum_mass == pytest.approx(250, rel=0.01)
    assert on.panel.parameters.values() == on.model.parameters
    assert canvas._line.get_xdata()[0] == on.model.parameters.minimum_mass
    x = axes.transAxes.transform((0.001, 0.5))[0]
    press = MouseEvent("button_press_event", canvas, x, y, button=MouseButton.LEFT)
    canvas.callbacks.process("button_press_event", press)
    assert on.model.parameters.minimum_mass == 0


def test_stale_previews_are_dropped(stage, beads):
    on = stage()
    on.panel.preview.click()
    on.preview._timer.stop()
    on.preview._act()
    on.viewer.dims.set_point(0, 3)
    points = on.see()
    assert set(points[:, 0]) == {3}
    np.testing.assert_allclose(points[:, 1:], locate(beads[3], PARAMETERS)[["y", "x"]])


def test_a_preview_that_fails_says_why_and_recovers(stage, messages):
    on = stage()
    on.panel.preview.click()
    on.see()
    on.take(diameter=301)
    on.qtbot.waitUntil(lambda: "choose a smaller diameter" in on.panel.count.text())
    assert len(on.preview.points.data) == 0
    on.take(diameter=11)
    assert len(on.see()) > 0
    assert messages == []


def test_the_preview_goes_with_its_switch_its_layer_and_its_panel(stage):
    on = stage()
    on.panel.preview.click()
    on.see()
    on.panel.preview.click()
    assert on.viewer.layers[:] == [on.layer]
    on.panel.preview.click()
    on.see()
    on.viewer.layers.remove(on.preview.points)
    assert not on.panel.preview.isChecked()
    on.panel.preview.click()
    on.see()
    on.panel.controller.close()
    assert on.viewer.layers[:] == [on.layer]


def test_points_follow_a_movie_that_is_scaled_or_renamed(stage):
    on = stage()
    on.panel.preview.click()
    on.see()
    on.layer.scale = (1, 2, 2)
    assert on.preview.points.scale.tolist() == [1, 2, 2]
    on.layer.name = "nuclei"
    assert on.panel.movie.layers.currentText() == "nuclei"


# Linking


@pytest.mark.parametrize("kind", ["numpy", "dask", "float32", "uint16"])
def test_the_tracks_are_those_of_the_python_function(stage, beads, kind):
    data = {
        "numpy": beads,
        "dask": da.from_array(beads, chunks=(5, 60, 70)),
        "float32": beads.astype(np.float32),
        "uint16": beads.astype(np.uint16) * 100,
    }[kind]
    on = stage(data, scale=(0.04, 0.35, 0.35), units=("s", "um", "um"), translate=(0, 1, 2))
    tracks = on.link()
    expected = link(as_movie(data), PARAMETERS)
    np.testing.assert_array_equal(tracks.data[:, 1:], expected.trajectories.to_napari()[:, 1:])
    np.testing.assert_array_equal(tracks.features["mass"], expected.features["mass"])
    assert tracks.name == "beads tracks"
    assert tracks.scale.tolist() == on.layer.scale.tolist()
    assert tracks.translate.tolist() == on.layer.translate.tolist()
    assert tracks.units == on.layer.units
    assert tracks.metadata["linking"]["minimum_mass"] == 200
    assert f"{len(expected.trajectories)} tracks of 10 points or more" in on.said


def test_linking_shows_how_far_it_is(stage):
    on = stage()
    heard: list[LinkingProgress | None] = []
    on.model.events.progress.connect(heard.append)
    on.panel.run.link.click()
    assert on.panel.run.cancel.isVisibleTo(on.panel)
    assert not on.panel.run.link.isEnabled()
    on.wait()
    done = [step.done for step in heard[:-1]]
    assert done[:2] == [0, 1]
    assert done == sorted(set(done))
    assert {step.total for step in heard[:-1]} == {20}
    assert heard[-1] is None
    assert not on.panel.run.progress.isVisibleTo(on.panel)
    assert progress_text(LinkingProgress(30, 1300, 5, 61.2)) == "30 of 1,300 frames, 61 s left"
    assert progress_text(LinkingProgress(30, 1300, 5, 600)) == "30 of 1,300 frames, 10 min left"


def test_cancelling_adds_nothing(stage, messages):
    on = stage()
    on.panel.run.link.click()
    on.qtbot.waitUntil(lambda: on.model.progress.done > 0, timeout=20_000)
    on.panel.run.cancel.click()
    assert on.model.progress is None
    assert on.panel.run.link.isEnabled()
    on.qtbot.wait(300)
    assert on.viewer.layers[:] == [on.layer]
    assert messages == []


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"minimum_mass": 1e6}, "choose a smaller minimum mass"),
        ({"minimum_length": 50}, "choose a smaller minimum length"),
        ({"minimum_mass": 0, "search_range": 60}, "choose a smaller search range"),
        ({"diameter": 201}, "choose a smaller diameter"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(stage, messages, parameters, words):
    on = stage()
    on.take(**parameters)
    on.link()
    assert words in on.said
    assert messages == [on.said]
    assert on.viewer.layers[:] == [on.layer]
    assert on.panel.run.link.isEnabled()


def test_an_even_diameter_is_not_linked(stage, messages):
    on = stage()
    on.panel.parameters.editors["diameter"].widget.setValue(10)
    assert on.said == "Diameter: must be an odd number from 3 on"
    on.link()
    assert messages == [on.said]


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((40, 50), {}, "is a single image"),
        ((5, 40, 50, 3), {"rgb": True}, "is a colour image"),
        ((5, 40, 50), {"axis_labels": ("z", "y", "x")}, "not those of a movie"),
    ],
)
def test_what_is_no_movie_says_so_and_cannot_be_linked(stage, shape, options, words):
    on = stage(np.zeros(shape, np.uint8), **options)
    assert words in on.said
    assert not on.panel.run.link.isEnabled()


def test_a_single_frame_is_told(stage, messages, beads):
    on = stage(beads[:1])
    on.link()
    assert "single frame" in on.said
    assert messages == [on.said]


def test_the_user_says_which_axis_is_the_channel(stage, beads):
    on = stage(np.stack([np.full_like(beads, 128), beads], axis=1))
    assert on.said == "beads: choose what its axes are; its labels do not say."
    assert not on.panel.run.link.isEnabled()
    movie = on.panel.movie
    texts = [movie.axes.itemText(place) for place in range(movie.axes.count())]
    assert texts == ["time, z, y, x", "channel, time, y, x", "time, channel, y, x"]
    movie.axes_chosen.emit("tcyx")
    assert on.said == ""
    movie.channel.setValue(1)
    on.panel.preview.click()
    assert set(on.see()[:, 1]) == {1}
    tracks = on.link()
    expected = link(as_movie(beads), PARAMETERS).trajectories
    np.testing.assert_array_equal(tracks.data[:, 3:], expected.positions)


def test_the_channel_goes_into_the_file_of_parameters_and_back(stage, beads, tmp_path, monkeypatch):
    on = stage(np.stack([np.full_like(beads, 128), beads]), axis_labels=("channel", "t", "y", "x"))
    assert not on.panel.parameters.editors["channel"].widget.isVisibleTo(on.panel)
    on.panel.movie.channel.setValue(1)
    file = tmp_path / "linking.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    on.panel.files.save.click()
    assert LinkingParameters.from_file(file).channel == 1
    on.panel.movie.channel.setValue(0)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    on.panel.files.load.click()
    assert on.panel.movie.channel.value() == on.model.channel == 1


def test_labels_make_the_question_needless(stage, beads):
    both = np.stack([beads, beads])
    on = stage(both, axis_labels=("channel", "t", "y", "x"))
    assert on.model.axes == "ctyx"
    assert not on.panel.movie.axes.isVisibleTo(on.panel)
    assert on.panel.movie.channel.maximum() == 1
    on.layer.axis_labels = ("t", "z", "y", "x")
    assert on.model.axes == "tzyx"
    assert on.panel.parameters.editors["diameter_z"].widget.isVisibleTo(on.panel)


def test_deleting_the_movie_while_it_is_linked(stage, messages):
    on = stage()
    on.panel.preview.click()
    on.see()
    on.panel.run.link.click()
    on.viewer.layers.remove(on.layer)
    assert on.model.progress is None
    assert messages == ["beads was removed while it was being linked."]
    on.qtbot.wait(200)
    assert len(on.viewer.layers) == 0
    assert not on.panel.run.link.isEnabled()


def test_changing_the_movie_while_it_is_linked(stage, messages, beads):
    on = stage()
    on.panel.run.link.click()
    on.layer.data = beads[:10]
    assert messages == ["beads was changed while it was being linked: link it again."]
    on.qtbot.wait(200)
    assert on.viewer.layers[:] == [on.layer]
    assert on.link().data[:, 1].max() == 9


def test_renaming_the_movie_while_it_is_linked(stage):
    on = stage()
    on.panel.run.link.click()
    on.layer.name = "nuclei"
    on.wait()
    assert on.viewer.layers[-1].name == "nuclei tracks"


def test_closing_while_it_links_leaves_nothing_behind(stage, messages):
    on = stage()
    on.panel.preview.click()
    on.see()
    on.panel.run.link.click()
    before = [len(emitter.callbacks) for emitter in on.layer.events.emitters.values()]
    on.panel.controller.close()
    on.panel.controller.close()
    after = [len(emitter.callbacks) for emitter in on.layer.events.emitters.values()]
    assert sum(before) - sum(after) == 9
    on.viewer.dims.set_point(0, 2)
    on.viewer.theme = "light"
    on.layer.name = "nuclei"
    on.qtbot.wait(300)
    assert on.viewer.layers[:] == [on.layer]
    assert messages == []


@pytest.mark.parametrize("finished", [True, False])
def test_nothing_holds_on_to_a_movie_that_is_gone(stage, beads, finished):
    on = stage(beads.copy())
    on.panel.preview.click()
    on.see()
    on.panel.run.link.click()
    if finished:
        on.wait()
    layer, data = weakref.ref(on.layer), weakref.ref(on.layer.data)
    on.viewer.layers.clear()
    on.viewer.add_points()  # napari itself keeps what was selected last
    on.layer = None
    on.qtbot.wait(300)
    gc.collect()
    assert layer() is None
    assert data() is None


def test_two_viewers_do_not_disturb_each_other(stage):
    one, other = stage(), stage(name="other")
    one.panel.preview.click()
    one.see()
    one.panel.run.link.click()
    other.viewer.dims.set_point(0, 3)
    other.panel.controller.close()
    one.wait()
    assert [layer.name for layer in other.viewer.layers] == ["other"]
    assert one.viewer.layers[-1].name == "beads tracks"


def test_linked_tracks_are_scored_if_that_is_wished_for(stage, monkeypatch):
    scored = []
    monkeypatch.setattr(linking_controller, "score_in_dock", lambda *given: scored.append(given))
    on = stage()
    on.link()
    assert scored == []
    on.panel.run.score.click()
    tracks = on.link()
    assert scored == [(on.viewer, tracks)]


# Files


def test_parameters_go_to_a_file_and_come_back(stage, tmp_path, monkeypatch, messages):
    on = stage()
    path = tmp_path / "beads"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    on.panel.files.save.click()
    written = tmp_path / "beads.toml"
    assert LinkingParameters.from_file(written) == PARAMETERS
    on.take(diameter=5)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(written), ""))
    on.panel.files.load.click()
    assert on.model.parameters == on.panel.parameters.values() == PARAMETERS
    written.write_text("diametre = 3\n")
    on.panel.files.load.click()
    assert len(messages) == 1
    assert "there is no parameter diametre" in on.said
    assert on.model.parameters == PARAMETERS
