"""A matplotlib canvas that looks like the rest of napari's window."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QResizeEvent

from napari_anomalous_diffusion.scores.plots import write_figure

PREFERRED_WIDTH = 330

Drawing = Callable[[Figure], Iterator[None] | None]
Change = Callable[[], Sequence[Artist]]

MOST_FRAMES = 32
"""Pictures of axes that are kept, about a megabyte each."""


def plot_style(theme: str) -> dict[str, Any]:
    """Return matplotlib's parameters for plots in the colours of a napari theme."""
    colours = get_theme(theme)
    background, text = colours.background.as_hex(), colours.text.as_hex()
    quiet = colours.secondary.as_hex()
    return {
        "figure.facecolor": background,
        "savefig.facecolor": background,
        "axes.facecolor": background,
        "axes.edgecolor": quiet,
        "axes.labelcolor": text,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": "medium",
        "font.size": 9,
        "grid.color": quiet,
        "legend.facecolor": background,
        "legend.edgecolor": quiet,
        "legend.labelcolor": text,
        "text.color": text,
        "xtick.color": text,
        "ytick.color": text,
    }


class Canvas(FigureCanvasQTAgg):
    """Shows one drawing, and draws it anew when the theme changes.

    The room that names and numbers need is found when a drawing is first shown, in another size or
    in another theme, and kept as long as nothing is cut off: to find it takes longer than to draw.
    So a new drawing is made, given its room and drawn in several turns of the event loop.

    Axes with their numbers and names take longer to draw than what is drawn on them. So what comes
    and goes is drawn over a picture of all the rest, which is kept for as long as it is the same.

    Parameters
    ----------
    height : int
        In pixels; the width is that of the dock.
    """

    drawn = Signal()

    def __init__(self, height: int) -> None:
        super().__init__(Figure(layout="constrained"))
        self.setFixedHeight(height)
        self.setMinimumWidth(120)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the dock
        self._style: Any = {}  # matplotlib wants to see every one of its names in the type
        self._drawing: Drawing = lambda figure: None
        self._steps: Iterator[None] = iter(())
        self._change: Change = lambda: ()
        self._moving: Sequence[Artist] = ()
        self._undrawn: list[SubFigure] = []
        self._frames: dict[Hashable, Any] = {}
        self._next_turn = QTimer(self)
        self._next_turn.setSingleShot(True)
        self._next_turn.timeout.connect(self._on_turn)

    @property
    def busy(self) -> bool:
        """Whether something is not on the figure yet, or has no room."""
        return self._next_turn.isActive()

    def show_drawing(self, drawing: Drawing) -> None:
        """Replace what is shown; `drawing` is called with the empty figure.

        If it is a generator, every part that it draws before it yields has a turn of its own.
        """
        self._drawing, self._change = drawing, lambda: ()
        self._redraw()

    def change_drawing(self, change: Change) -> None:
        """Change what is shown in place; `change` knows what the drawing has put on the figure.

        It returns, in the order of drawing, all that lies over the rest and comes and goes with
        such changes; or nothing, where the rest changes too. Limits and names of axes may always
        change.
        """
        self._compose()
        self._change = change
        with rc_context(self._style):
            self._moving = change()
        if self._frames:
            # At once: what napari has to paint after a click can take as long as all of this.
            self.draw()
        else:
            self.draw_idle()

    def set_theme(self, theme: str) -> None:
        """Take on the colours of a napari theme."""
        self._style = plot_style(theme)
        self._redraw()

    def save(self, path: str) -> None:
        """Write the picture to a file; its ending decides the format.

        Raises
        ------
        InputError
            If the ending is of no picture, or the file cannot be written.
        """
        self._compose()
        with rc_context(self._style):
            write_figure(self.figure, path, dpi=200)

    def _redraw(self) -> None:
        self.figure.clear()
        self._undrawn = []
        self.figure.set_facecolor(self._style.get("figure.facecolor", "white"))
        self._make_room()
        self._moving = ()
        with rc_context(self._style):
            self._steps = self._then_change(self._drawing(self.figure))
        self._next_turn.start(0)

    def _then_change(self, parts: Iterator[None] | None) -> Iterator[None]:
        yield from parts or ()
        self._moving = self._change()

    def _compose(self) -> None:
        """Put on the figure what has not been put there yet, without drawing it."""
        unfinished, self._steps = self._steps, iter(())
        with rc_context(self._style):
            for _ in unfinished:
                pass

    def _on_turn(self) -> None:
        """Put the next part on the figure; or find the room that all needs; or draw the next."""
        engine = self.figure.get_layout_engine()
        with rc_context(self._style):
            if next(self._steps, self) is not self:
                self._next_turn.start(0)
            elif self.figure.axes and isinstance(engine, ConstrainedLayoutEngine):
                engine.execute(self.figure)
                self.figure.set_layout_engine("none")
                self._begin_to_draw()
            elif self._undrawn:
                self._draw_part()
            else:
                self.draw_idle()

    def _begin_to_draw(self) -> None:
        if self.figure.subfigs and not self._moving:
            self._undrawn = [*self.figure.subfigs]
            self.get_renderer().clear()
            self.figure.patch.draw(self.get_renderer())
        self._next_turn.start(0)

    def _draw_part(self) -> None:
        self._undrawn.pop(0).draw(self.get_renderer())
        if self._undrawn:
            self._next_turn.start(0)
        else:
            self.update()
            self.drawn.emit()

    def _make_room(self) -> None:
        """Lay the figure out when it is drawn next."""
        self._frames.clear()
        self.figure.set_layout_engine("constrained")

    def draw(self) -> None:
        """Render the figure; ticks are made only now, so the style has to hold now, too."""
        self._compose()
        self._undrawn = []
        with rc_context(self._style):
            for artist in self._moving:
                artist.set_animated(True)  # which leaves it out where the rest is drawn
            self._draw_frame()
            if cut_off(self.figure):
                self._make_room()
                self._draw_frame()
            for artist in self._moving:
                artist.draw(self.get_renderer())
        self.update()
        self.drawn.emit()

    def _draw_frame(self) -> None:
        """Draw all but what comes and goes, or take the picture that was kept of it."""
        key = _frame_of(self.figure)
        if key in self._frames and self._moving:
            self.restore_region(self._frames[key])
            return
        super().draw()
        self.figure.set_layout_engine("none")
        if self._moving:
            if len(self._frames) >= MOST_FRAMES:
                self._frames.clear()
            self._frames[key] = self.copy_from_bbox(self.figure.bbox)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay out anew: the room that letters need is another share of the whole."""
        self._make_room()
        super().resizeEvent(event)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of choice: a figure's own would make the dock very wide."""
        return QSize(PREFERRED_WIDTH, self.height())

    def wheelEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the scroll area around the canvas."""
        event.ignore()


def _frame_of(figure: Figure) -> Hashable:
    """Return all that decides what the axes look like before anything is drawn on them."""
    return tuple(
        (axes.axison, axes.get_xlabel(), axes.get_ylabel(), *axes.get_xlim(), *axes.get_ylim())
        for axes in figure.axes
    )


def cut_off(figure: Figure) -> bool:
    """Say whether some of the words around the axes of a drawn figure do not lie within it.

    Numbers stand between their axis and its name, so they are within when the name is.
    """
    words = [
        artist
        for axes in figure.axes
        if axes.axison
        for artist in (axes.title, axes.xaxis.label, axes.yaxis.label, axes.get_legend())
        if artist is not None and (isinstance(artist, Legend) or artist.get_text())
    ]
    (left, bottom), (right, top) = figure.bbox.get_points()
    boxes = [artist.get_window_extent() for artist in words]
    return any(box.x0 < left or box.y0 < bottom or box.x1 > right or box.y1 > top for box in boxes)
