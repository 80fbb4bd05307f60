"""Legends of banks with many labels: a colour bar for exponents, a plane for mixtures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backend_bases import MouseButton, MouseEvent
from matplotlib.colors import to_rgba
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent

from napari_anomalous_diffusion.scores.palette import display_name, label_colours
from napari_anomalous_diffusion.viewer.legend import Entry, Legend

EXPONENTS = [f"alpha={tenth / 10:g}" for tenth in range(1, 20)]
MIXTURES = [
    f"gamma={g / 10:g},beta={b / 10:g}" for g in range(0, 11, 2) for b in range(0, 11 - g, 2)
]


def entries(labels: list[str], hidden: str = "") -> list[Entry]:
    colours = label_colours(labels)
    made = [Entry(name, colours[name], 3, 0.03, name != hidden, True) for name in labels]
    return [*made, Entry("immobile", "#767676", 40, 0.4, True, False)]


@pytest.fixture
def legend(qtbot) -> Legend:
    widget = Legend()
    qtbot.addWidget(widget)
    widget.key.set_theme("dark")
    widget.resize(300, 300)
    return widget


def test_exponents_share_a_colour_bar(legend):
    legend.set_entries(entries(EXPONENTS), "exponent", True)
    axes = legend.key.figure.axes[0]
    assert axes.get_title() == "α"
    assert [tick.get_text() for tick in axes.get_xticklabels()][:3] == ["0.1", "0.3", "0.5"]
    assert len(axes.patches) == 19
    assert axes.patches[18].get_facecolor() == to_rgba(label_colours(EXPONENTS)["alpha=1.9"])
    assert list(legend.boxes) == ["immobile"]


def test_mixtures_lie_on_a_plane(legend):
    legend.set_entries(entries(MIXTURES), "mixture", True)
    axes = legend.key.figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("γ", "β")
    corner = axes.patches[MIXTURES.index("gamma=0.2,beta=0.4")]
    np.testing.assert_allclose(corner.get_xy(), [0.1, 0.3])


@pytest.mark.parametrize(("labels", "axis"), [(EXPONENTS, "exponent"), (MIXTURES, "mixture")])
def test_a_cell_can_be_clicked_to_hide_and_show_its_tracks(legend, qtbot, labels, axis):
    hidden = labels[4]
    legend.set_entries(entries(labels, hidden), axis, True)
    canvas = legend.key
    canvas.draw()
    for label, shown in ((labels[2], False), (hidden, True)):
        cell = canvas.figure.axes[0].patches[labels.index(label)]
        x, y = cell.get_window_extent().get_points().mean(axis=0)
        press, move = (
            MouseEvent(kind, canvas, x, y, button=MouseButton.LEFT)
            for kind in ("button_press_event", "motion_notify_event")
        )
        canvas.callbacks.process("motion_notify_event", move)
        assert "3 tracks, 3.0%" in canvas.toolTip()
        with qtbot.waitSignal(legend.toggled) as signal:
            canvas.callbacks.process("button_press_event", press)
        assert signal.args == [label, shown]


def press(canvas, key) -> bool:
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
    canvas.keyPressEvent(event)
    return event.isAccepted()


@pytest.mark.parametrize(
    ("labels", "axis", "path"),
    [
        (EXPONENTS, "exponent", {Qt.Key.Key_Right: "alpha=0.2", Qt.Key.Key_Left: "alpha=0.1"}),
        (
            MIXTURES,
            "mixture",
            {
                Qt.Key.Key_Down: "gamma=0,beta=0",
                Qt.Key.Key_Right: "gamma=0.2,beta=0",
                Qt.Key.Key_Up: "gamma=0.2,beta=0.2",
                Qt.Key.Key_Left: "gamma=0,beta=0.2",
            },
        ),
    ],
)
def test_cells_can_be_reached_and_toggled_by_the_keys(legend, qtbot, labels, axis, path):
    legend.set_entries(entries(labels), axis, True)
    key = legend.key
    assert key.focusPolicy() == Qt.FocusPolicy.StrongFocus
    legend.show()
    key.draw()
    legend.activateWindow()
    key.setFocus()
    qtbot.waitUntil(key.hasFocus)
    for arrow, label in path.items():
        assert press(key, arrow)
        framed = [patch.get_linewidth() > 1 for patch in key.figure.axes[0].patches]
        assert [name for name, on in zip(labels, framed, strict=True) if on] == [label]
        assert key.toolTip().startswith(display_name(label) + ": 3 tracks, 3.0%")
    with qtbot.waitSignal(legend.toggled) as signal:
        press(key, Qt.Key.Key_Space)
    assert signal.args == [label, False]
    legend.set_entries(entries(labels, label), axis, True)  # what the dock answers
    with qtbot.waitSignal(legend.toggled) as signal:
        press(key, Qt.Key.Key_Space)
    assert signal.args == [label, True]
    assert not press(key, Qt.Key.Key_Escape)  # the dock's own
    key.clearFocus()
    assert all(patch.get_linewidth() < 1 for patch in key.figure.axes[0].patches)


def test_colours_of_a_range_take_no_keys(legend):
    legend.set_entries(entries(EXPONENTS), "exponent", True)
    legend.set_range("Margin", 0, 1)
    assert legend.key.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert not press(legend.key, Qt.Key.Key_Right)


def test_a_legend_without_a_result_is_empty(legend):
    legend.set_entries(entries(EXPONENTS), "exponent", True)
    legend.set_entries([], "model", False)
    assert legend.boxes == {}
    assert not legend.key.isVisibleTo(legend)
