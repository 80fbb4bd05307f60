"""Where names and numbers stand: found once, kept while nothing is cut off."""

from __future__ import annotations

import numpy as np
import pytest

from napari_anomalous_diffusion.viewer.canvas import Canvas, cut_off


@pytest.fixture
def canvas(qtbot) -> Canvas:
    widget = Canvas(200)
    qtbot.addWidget(widget)
    widget.set_theme("dark")
    widget.setFixedWidth(330)
    widget.show()

    def draw(figure):
        axes = figure.subplots()
        axes.set_ylabel("error")
        axes.set_ylim(0, 1)

    widget.show_drawing(draw)
    widget.draw()
    return widget


def place(canvas: Canvas) -> np.ndarray:
    return canvas.figure.axes[0].get_position().get_points()


def test_the_layout_is_kept_while_nothing_is_cut_off(canvas):
    before = place(canvas)
    canvas.change_drawing(lambda: canvas.figure.axes[0].set_ylim(0, 0.9))
    canvas.draw()
    np.testing.assert_array_equal(place(canvas), before)
    assert not cut_off(canvas.figure)


@pytest.mark.parametrize(
    "change",
    [
        lambda axes: axes.set_ylim(0, 1e5),  # wide numbers push the name out
        lambda axes: axes.set_title("two\nlines"),
        lambda axes: axes.set_xlabel("frame"),
    ],
)
def test_what_would_be_cut_off_is_given_room(canvas, change):
    before = place(canvas)
    canvas.change_drawing(lambda: change(canvas.figure.axes[0]))
    canvas.draw()
    assert not np.array_equal(place(canvas), before)
    assert not cut_off(canvas.figure)


def test_another_size_or_theme_is_laid_out_anew(canvas, monkeypatch):
    before = place(canvas)
    canvas.setFixedWidth(200)
    canvas.draw()
    assert not cut_off(canvas.figure)
    assert place(canvas)[0, 0] > before[0, 0]  # the same letters are a larger share of the width
    canvas.setFixedWidth(330)
    monkeypatch.setattr(
        "napari_anomalous_diffusion.viewer.canvas.plot_style", lambda theme: {"font.size": 14}
    )
    canvas.set_theme("light")
    canvas.draw()
    assert not cut_off(canvas.figure)
    assert place(canvas)[0, 0] > before[0, 0]


def test_a_new_drawing_is_given_its_room_in_one_turn_and_drawn_in_another(canvas, qtbot):
    qtbot.wait(50)
    happened = []
    canvas.mpl_connect("draw_event", lambda event: happened.append("drawn"))
    before = place(canvas)
    canvas.show_drawing(lambda figure: figure.subplots().set_ylabel("two\nlines"))
    with qtbot.waitSignal(canvas._next_turn.timeout):
        assert happened == []
    assert happened == []  # there is room, but nothing is drawn yet
    laid_out = place(canvas)
    assert laid_out[0, 0] > before[0, 0]
    qtbot.waitUntil(lambda: happened == ["drawn"])
    np.testing.assert_array_equal(place(canvas), laid_out)
    assert not cut_off(canvas.figure)
