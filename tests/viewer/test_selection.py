"""Clicks, keys and rows: the selected track and what is shown of it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent

from napari_anomalous_diffusion.scores.classical import time_averaged_msd
from napari_anomalous_diffusion.viewer.colours import DIMMED


def press(widget, key) -> None:
    widget.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


@pytest.mark.parametrize(
    ("dimensions", "scale", "ndisplay"),
    [(2, (1, 1, 1), 2), (2, (2, 0.1, 0.1), 2), (3, (1, 1, 1, 1), 3), (3, (1, 5, 0.2, 0.2), 3)],
)
def test_a_click_selects_the_track_under_it(stage, make_tracks, dimensions, scale, ndisplay):
    on = stage(make_tracks(dimensions), scale=scale, translate=(0, *[7] * dimensions))
    on.viewer.dims.ndisplay = ndisplay
    on.score()
    zoom = 5 / scale[-1]
    for track in (4, 8, 11):
        here = on.middle(track)
        on.viewer.dims.set_point(0, here[0])
        on.click(here, zoom=zoom)
        assert on.model.selected == on.place(track)
        assert on.opacity(track) == 1
        assert on.opacity(7) == pytest.approx(DIMMED, abs=1e-4)
    aside = here.copy()
    aside[-1] += 40 * scale[-1]
    on.click(aside, zoom=zoom)
    assert on.model.selected is None
    assert on.opacity(7) == 1


def test_tolerance_is_in_pixels_of_the_screen(stage):
    on = stage()
    on.score()
    here = on.middle(8)
    vertices = on.layer.data[on.layer.data[:, 0] == 8]
    here[1] = vertices[:, 2].min() - 5  # five pixels beside the track, at zoom 1
    here[2] = vertices[np.argmin(vertices[:, 2]), 3]
    on.viewer.dims.set_point(0, 59)
    here[0], on.layer.tail_length = 59, 100
    on.click(here, zoom=1)
    assert on.model.selected == on.place(8)
    on.click(here, zoom=2)
    assert on.model.selected is None


def test_drags_other_buttons_and_hidden_tracks_select_nothing(stage):
    on = stage()
    on.score()
    here = on.middle(4)
    on.viewer.dims.set_point(0, here[0])
    on.click(here, drag=30)
    on.click(here, button=2)
    assert on.model.selected is None
    on.click(here, drag=2)  # a hand that trembles
    assert on.model.selected == on.place(4)
    on.model.hidden = frozenset({on.table["verdict"][on.place(4)]})
    on.click(here)
    assert on.model.selected is None


@pytest.mark.parametrize(
    "change", [{"visible": False}, {"display_tail": False}, {"hide_completed_tracks": True}]
)
def test_what_napari_does_not_draw_cannot_be_clicked(stage, make_tracks, change):
    data = make_tracks()
    data[data[:, 0] == 11, 1] += 200
    on = stage(data)
    on.score()
    vertices = on.layer.data[on.layer.data[:, 0] == 4, 1:]
    here = vertices[-3].copy()
    on.viewer.dims.set_point(0, 70)  # the track ended at 59, and its tail is still there
    here[0] = 70
    on.click(here)
    assert on.model.selected == on.place(4)
    for name, value in change.items():
        setattr(on.layer, name, value)
    on.click(here)
    assert on.model.selected is None


def test_a_click_that_draws_selects_nothing(stage):
    on = stage()
    on.score()
    on.viewer.add_points(ndim=3).mode = "add"
    on.click(on.middle(4))
    assert on.model.selected is None


def test_the_plots_and_the_row_of_a_selected_track(stage):
    on = stage()
    on.score()
    place = on.place(8)
    on.model.selected = place
    row = on.table.iloc[place]
    profile, displacements, windows = on.dock.plots.canvas.figure.axes
    drawn = [line.get_ydata() for line in profile.lines if len(line.get_ydata()) == 3]
    assert any(
        np.allclose(line, row[["mse_attm", "mse_fbm", "mse_sbm"]].tolist()) for line in drawn
    )
    lags, msd, _ = time_averaged_msd(on.model.result.trajectories, place)
    dots = displacements.collections[0].get_offsets()
    assert np.allclose(dots, np.column_stack([lags, msd]))
    assert f"α = {row['alpha']:.2f}" in displacements.get_title()
    assert windows.get_legend() is not None
    track = windows.lines[0].get_ydata()
    assert np.isfinite(track).sum() == 60  # three windows of 20 points
    assert "Track 8" in on.dock.summary.text()
    assert on.dock.table.view.currentIndex().row() == place
    on.model.selected = None
    assert on.dock.plots.canvas.figure.axes[0].get_title() == "verdicts on 6 tracks"


def test_each_track_is_drawn_on_the_same_axes_and_nothing_of_the_last_one_stays(stage):
    on = stage()
    on.score()

    def drawn(track: int) -> list[object]:
        on.model.selected = None if track is None else on.place(track)
        panel = on.dock.plots
        panel.canvas.draw()
        return [
            [axes.get_title(), axes.get_xlim(), axes.get_ylim(), axes.axison, len(axes.texts)]
            + [line.get_ydata().tolist() for line in axes.lines]
            + [len(axes.collections), axes.get_legend() is None]
            for axes in panel.canvas.figure.axes
        ]

    first = drawn(8)
    axes = on.dock.plots.canvas.figure.axes
    for other in (12, 4, 20, 11):
        assert drawn(other) != first
    assert repr(drawn(8)) == repr(first)
    assert on.dock.plots.canvas.figure.axes == axes
    on.viewer.theme = "light"
    assert repr(drawn(8)) == repr(first)


def test_the_plots_of_a_track_are_made_before_the_first_click(stage):
    on = stage()
    on.score()
    track = on.dock.plots.track
    on.qtbot.waitUntil(lambda: on.dock.plots.prepared and not track.busy)
    assert track.isHidden()
    places = [axes.get_position().bounds for axes in track.figure.axes]
    frames = dict(track._frames)
    assert len(frames) == 3
    drawn = []
    track.drawn.connect(lambda: drawn.append(on.model.selected))
    on.model.selected = on.place(7)
    assert drawn == [on.place(7)]
    assert track.figure.axes[0].get_title() == "track 7"
    on.qtbot.wait(50)
    assert drawn == [on.place(7)]
    assert [axes.get_position().bounds for axes in track.figure.axes] == places
    assert frames.items() <= track._frames.items()


def test_a_cleared_selection_shows_the_overview_without_drawing_it_anew(stage):
    on = stage()
    on.score()
    overview = on.dock.plots.canvas.figure.axes
    on.model.selected = on.place(4)
    assert on.dock.plots.canvas.figure.axes != overview
    on.model.selected = None
    assert on.dock.plots.canvas.figure.axes == overview


def test_another_label_and_other_windows_can_be_shown(stage):
    on = stage()
    on.score()
    on.model.selected = on.place(8)
    panel = on.dock.plots
    row = on.table.iloc[on.place(8)]
    third = ({"attm", "fbm", "sbm"} - {row["best"], row["runner_up"]}).pop()
    before = panel.canvas.figure.axes[-1].lines[0].get_ydata()
    panel.labels.setCurrentIndex(panel.labels.findData(third))
    panel.labels.activated.emit(panel.labels.currentIndex())
    texts = [text.get_text() for text in panel.canvas.figure.axes[-1].get_legend().get_texts()]
    assert texts == ["track", row["best"].upper(), third.upper()]
    panel.page.setValue(2)
    assert not np.array_equal(before, panel.canvas.figure.axes[-1].lines[0].get_ydata())
    on.model.selected = on.place(4)
    assert panel.page.value() == 1
    assert panel.labels.currentData() == on.table.iloc[on.place(4)]["runner_up"]


def test_a_track_without_windows_can_be_selected(stage):
    on = stage()
    on.score()
    for track in (12, 20):
        on.model.selected = on.place(track)
        assert not on.dock.plots.controls.isVisibleTo(on.dock)
    assert "too short" in on.dock.summary.text()


def test_rows_and_arrow_keys_move_the_selection_and_the_viewer(stage, make_tracks):
    data = make_tracks()
    data[data[:, 0] == 11, 1] += 200
    on = stage(data)
    on.score()
    on.viewer.dims.set_point(0, 30)
    table = on.dock.table
    table.view.setCurrentIndex(table.model.index(on.place(4), 0))
    assert on.model.selected == on.place(4)
    press(on.dock, Qt.Key.Key_Down)
    assert on.model.selected == on.place(4) + 1
    assert on.viewer.dims.point[0] == 30
    on.model.selected = on.place(8)
    press(on.dock, Qt.Key.Key_Down)
    assert on.model.selected == on.place(11)
    assert on.viewer.dims.point[0] == 259  # where this track ends
    press(on.dock, Qt.Key.Key_Up)
    assert on.model.selected == on.place(8)
    press(on.dock, Qt.Key.Key_Escape)
    assert on.model.selected is None
    assert not table.view.selectionModel().hasSelection()


def test_keys_of_the_viewer_are_bound_only_while_a_track_is_selected(stage):
    on = stage()
    on.score()
    called = []
    on.viewer.bind_key("Down", lambda viewer: called.append("theirs"))
    theirs = dict(on.viewer.keymap)
    on.model.selected = on.place(4)
    bound = {str(key): action for key, action in on.viewer.keymap.items()}
    assert set(bound) == {"Down", "Up", "Escape"}
    bound["Down"](on.viewer)
    assert called == ["theirs"]
    bound["Escape"](on.viewer)
    assert on.model.selected is None
    assert dict(on.viewer.keymap) == theirs


def test_table_sorts_and_filters(stage):
    on = stage()
    on.score()
    table = on.dock.table

    def ids() -> list[str]:
        return [
            table.model.data(table.model.index(row, 0)) for row in range(table.model.rowCount())
        ]

    header = [
        table.model.headerData(column, Qt.Orientation.Horizontal)
        for column in range(table.model.columnCount())
    ]
    assert header[:4] == ["track", "verdict", "points", "margin"]
    row = table.model.row_of(on.place(4))
    assert table.model.data(table.model.index(row, 1)) == on.table["best"][on.place(4)].upper()
    assert "p_value" not in header  # empty, so not shown
    margin = header.index("margin")
    table.view.sortByColumn(margin, Qt.SortOrder.DescendingOrder)
    expected = on.table.sort_values("margin", ascending=False)["track_id"].tolist()
    assert [int(track) for track in ids()] == expected
    table.points.setValue(20)
    assert "20" not in ids()
    assert table.count.text() == "5 of 6 tracks"
    table.label.setCurrentText("immobile")
    table.label.activated.emit(table.label.currentIndex())
    assert ids() == ["12"]
    table.label.setCurrentIndex(0)
    table.label.activated.emit(0)
    table.margin.setValue(float(on.table["margin"].max()) - 0.005)
    assert ids()[0] == str(expected[0])
    on.model.selected = on.place(20)  # filtered out: selected all the same
    assert not table.view.selectionModel().hasSelection()


def test_a_bank_of_probabilities_shows_errors_and_no_windows(stage):
    on = stage()
    on.dock.controller._choose_bank("models-any")
    on.score()
    _, errors = on.dock.plots.canvas.figure.axes
    assert "nats per step" in errors.get_ylabel()
    on.model.selected = on.place(4)
    profile, displacements = on.dock.plots.canvas.figure.axes
    assert displacements.get_ylabel().startswith("time-averaged MSD")
    assert profile.get_title().startswith("track 4")
    assert "nats per step" in profile.get_ylabel()
    assert not on.dock.plots.controls.isVisibleTo(on.dock)
    assert "60 points, margin" in on.dock.summary.text()
    on.dock.table.margin.setValue(1.5)  # in nats, which have no end
    expected = (on.table["margin"] >= 1.5).sum()
    assert on.dock.table.count.text() == f"{expected} of 6 tracks"
