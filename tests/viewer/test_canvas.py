"""Where names and numbers stand: found once, kept while nothing is cut off."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

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
    canvas.change_drawing(lambda: canvas.figure.axes[0].set_ylim(0, 0.9) and ())
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
    canvas.change_drawing(lambda: change(canvas.figure.axes[0]) and ())
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


def test_a_new_drawing_is_given_its_room_before_it_is_drawn(canvas, qtbot):
    qtbot.wait(50)
    happened = []
    canvas.mpl_connect("draw_event", lambda event: happened.append("drawn"))
    before = place(canvas)
    canvas.show_drawing(lambda figure: figure.subplots().set_ylabel("two\nlines") and None)
    for _ in range(3):  # to be put on the figure, and to be moved twice
        with qtbot.waitSignal(canvas._next_turn.timeout):
            assert happened == []
    assert happened == []  # there is room, but nothing is drawn yet
    laid_out = place(canvas)
    assert laid_out[0, 0] > before[0, 0]
    qtbot.waitUntil(lambda: happened == ["drawn"])
    np.testing.assert_array_equal(place(canvas), laid_out)
    assert not cut_off(canvas.figure)


def pixels(canvas: Canvas) -> np.ndarray:
    return np.array(canvas.buffer_rgba())[..., :3].astype(int)


def level(canvas: Canvas, value: float) -> None:
    """Draw one line in the place of the one before."""
    axes = canvas.figure.axes[0]

    def change():
        for line in axes.lines:
            line.remove()
        return [axes.axhline(value, color="red")]

    canvas.change_drawing(change)
    canvas.draw()


@pytest.mark.parametrize("limits", [(0, 1), (0, 1e5), (0.97, 1.03)])
def test_single_axes_get_the_room_that_matplotlib_would_give_them(canvas, limits):
    def draw(figure):
        axes = figure.subplots()
        axes.set(ylabel="two\nlines", ylim=limits, title="error", xlabel="frame")
        axes.plot([0, 1], limits, label="a name")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.2))

    canvas.show_drawing(draw)
    canvas.draw()
    ours = place(canvas)
    canvas.figure.set_layout_engine("constrained")
    canvas.figure.draw_without_rendering()
    np.testing.assert_allclose(ours, place(canvas), atol=1e-3)  # a third of a pixel


def test_axes_that_share_a_part_get_their_room_too(canvas):
    def draw(figure):
        left, right = figure.subplots(1, 2)
        right.set_ylabel("two\nlines")
        figure.colorbar(left.imshow([[0, 1]]), ax=left)

    canvas.show_drawing(draw)
    canvas.draw()
    assert not cut_off(canvas.figure)
    left, right, bar = (axes.get_tightbbox() for axes in canvas.figure.axes)
    assert left.x1 < bar.x0 < bar.x1 < right.x0


def test_what_comes_and_goes_is_drawn_over_a_picture_of_the_rest(canvas, monkeypatch):
    empty = pixels(canvas)
    level(canvas, 0.5)
    seen = pixels(canvas)
    rendered = []
    monkeypatch.setattr(
        "matplotlib.backends.backend_agg.FigureCanvasAgg.draw", lambda self: rendered.append(1)
    )
    level(canvas, 0.2)
    lower = pixels(canvas)
    level(canvas, 0.5)
    np.testing.assert_array_equal(pixels(canvas), seen)
    assert rendered == []
    changed = np.flatnonzero((seen != empty).any(axis=(1, 2)))
    assert len(changed) <= 4  # rows of one line, and not those of the other
    assert np.flatnonzero((lower != empty).any(axis=(1, 2))).min() > changed.max()


def test_other_limits_or_names_are_another_picture(canvas):
    level(canvas, 0.5)
    before = pixels(canvas)
    canvas.figure.axes[0].set_ylim(0, 0.9)
    level(canvas, 0.5)
    assert not np.array_equal(pixels(canvas), before)
    canvas.figure.axes[0].set_ylim(0, 1)
    level(canvas, 0.5)
    np.testing.assert_array_equal(pixels(canvas), before)
    canvas.figure.axes[0].set_ylabel("terror")
    level(canvas, 0.5)
    assert not np.array_equal(pixels(canvas), before)


def test_a_saved_picture_holds_all_of_it(canvas, tmp_path):
    from matplotlib.image import imread

    level(canvas, 0.5)
    canvas.save(str(tmp_path / "picture.png"))
    red, green, blue = imread(tmp_path / "picture.png")[..., :3].transpose(2, 0, 1)
    assert ((red > 0.9) & (green < 0.1) & (blue < 0.1)).sum() > 100
    level(canvas, 0.2)  # and what is seen goes on as before
    assert pixels(canvas)[..., 0].max() == 255


def test_every_part_of_a_drawing_has_a_turn_of_its_own(canvas, qtbot):
    qtbot.wait(50)

    def parts(figure):
        for axes in figure.subplots(3):
            axes.set_ylabel("part")
            yield

    def named():
        return [axes.get_ylabel() for axes in canvas.figure.axes].count("part")

    canvas.show_drawing(parts)
    seen = [named()]
    for _ in range(3):
        with qtbot.waitSignal(canvas._next_turn.timeout):
            pass
        seen.append(named())
    assert seen == [0, 1, 2, 3]
    canvas.set_theme("light")
    canvas.draw()  # whoever cannot wait gets all of it
    assert named() == 3


def two_parts(canvas: Canvas) -> list[Axes]:
    """Show empty axes above others, in parts of their own."""

    def parts(figure):
        for part in figure.subfigures(2, 1, facecolor=figure.get_facecolor()):
            part.subplots()

    canvas.show_drawing(parts)
    canvas.draw()
    return canvas.figure.axes


def test_a_part_whose_axes_change_is_drawn_and_the_others_are_not(canvas, monkeypatch):
    upper, lower = two_parts(canvas)
    lines = []

    def show(top: float) -> np.ndarray:
        def change():
            for line in lines:
                line.remove()
            lower.set_ylim(0, top)
            lines[:] = [axes.axhline(0.3, color="red") for axes in (upper, lower)]
            return lines

        canvas.change_drawing(change)
        canvas.draw()
        return pixels(canvas)

    first = show(1)
    rendered = []
    for axes in (upper, lower):
        monkeypatch.setattr(axes.xaxis, "draw", lambda renderer, axes=axes: rendered.append(axes))
    other = show(2)
    assert rendered == [lower]
    middle = len(first) // 2
    np.testing.assert_array_equal(other[:middle], first[:middle])
    assert not np.array_equal(other[middle:], first[middle:])
    np.testing.assert_array_equal(show(1), first)
    assert rendered == [lower]


def test_a_part_that_nothing_comes_and_goes_in_is_drawn_every_time(canvas, monkeypatch):
    upper, lower = two_parts(canvas)
    [bar] = lower.bar([0], [0.5], color="blue")
    line = upper.axhline(0.3, color="red")

    def show(height: float) -> np.ndarray:
        canvas.change_drawing(lambda: bar.set_height(height) or [line])
        canvas.draw()
        return pixels(canvas)

    first = show(0.5)
    rendered = []
    monkeypatch.setattr(upper.xaxis, "draw", rendered.append)
    other = show(0.2)
    middle = len(first) // 2
    np.testing.assert_array_equal(other[:middle], first[:middle])
    assert not np.array_equal(other[middle:], first[middle:])
    np.testing.assert_array_equal(show(0.5), first)
    assert rendered == []


def test_each_part_is_laid_out_in_two_turns_and_drawn_in_one(canvas, qtbot, monkeypatch):
    done = []
    monkeypatch.setattr(
        "matplotlib.figure.SubFigure.draw", lambda part, renderer: done.append(("drawn", part))
    )

    def parts(figure):
        for part in figure.subfigures(2, 1):
            part.subplots().set_ylabel("two\nlines")

    canvas.show_drawing(parts)
    with qtbot.waitSignal(canvas._next_turn.timeout):
        pass
    seen = []
    while canvas.busy:
        lefts = [axes.get_position().x0 for axes in canvas.figure.axes]
        with qtbot.waitSignal(canvas._next_turn.timeout):
            pass
        now = [axes.get_position().x0 for axes in canvas.figure.axes]
        seen.append(([old != new for old, new in zip(lefts, now, strict=True)], len(done)))
    first, second = canvas.figure.subfigs
    assert seen == [
        ([True, False], 0),
        ([False, False], 0),  # there are no other numbers at the other size
        ([False, True], 0),
        ([False, False], 0),
        ([False, False], 1),
        ([False, False], 2),
        ([False, False], 2),
    ]
    assert done == [("drawn", first), ("drawn", second)]


def test_a_size_may_be_taken_before_the_canvas_is_seen(qtbot):
    widget = Canvas(200)
    qtbot.addWidget(widget)
    drawn = []
    widget.drawn.connect(lambda: drawn.append(1))
    widget.set_theme("dark")
    widget.show_drawing(lambda figure: figure.subplots().set_ylabel("error") and None)
    widget.take_size(330, 200)
    qtbot.waitUntil(lambda: drawn == [1])
    before = place(widget)
    widget.setFixedWidth(330)
    widget.show()
    qtbot.wait(50)
    np.testing.assert_array_equal(place(widget), before)
    assert drawn == [1]


def test_another_screen_may_have_finer_pixels(qtbot, monkeypatch):
    ratio = [2.0]
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda canvas: ratio[0])
    widget = Canvas(200)
    qtbot.addWidget(widget)
    drawn = []
    widget.drawn.connect(lambda: drawn.append(np.array(widget.buffer_rgba()).shape[:2]))
    widget.show_drawing(lambda figure: figure.subplots().set_ylabel("error") and None)
    widget.take_size(330, 200)
    qtbot.waitUntil(lambda: len(drawn) == 1)
    widget.setFixedWidth(330)
    widget.show()
    qtbot.wait(50)
    assert drawn == [(400, 660)]
    ratio[0] = 1.0
    widget._update_pixel_ratio()  # what matplotlib does when a window changes screens
    qtbot.waitUntil(lambda: len(drawn) == 2)
    assert drawn[1] == (200, 330)
