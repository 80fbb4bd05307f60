"""A matplotlib canvas that looks like the rest of napari's window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtGui import QResizeEvent

from napari_anomalous_diffusion.scores.plots import write_figure

PREFERRED_WIDTH = 330

Drawing = Callable[[Figure], None]
Change = Callable[[], None]


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
    So a new drawing is given its room in one turn of the event loop, and is drawn in another.

    Parameters
    ----------
    height : int
        In pixels; the width is that of the dock.
    """

    def __init__(self, height: int) -> None:
        super().__init__(Figure(layout="constrained"))
        self.setFixedHeight(height)
        self.setMinimumWidth(120)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the dock
        self._style: Any = {}  # matplotlib wants to see every one of its names in the type
        self._drawing: Drawing = lambda figure: None
        self._change: Change = lambda: None
        self._next_turn = QTimer(self)
        self._next_turn.setSingleShot(True)
        self._next_turn.timeout.connect(self._on_turn)

    def show_drawing(self, drawing: Drawing) -> None:
        """Replace what is shown; `drawing` is called with the empty figure."""
        self._drawing, self._change = drawing, lambda: None
        self._redraw()

    def change_drawing(self, change: Change) -> None:
        """Change what is shown in place; `change` knows what the drawing has put on the figure."""
        self._change = change
        with rc_context(self._style):
            change()
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
        with rc_context(self._style):
            write_figure(self.figure, path, dpi=200)

    def _redraw(self) -> None:
        self.figure.clear()
        self._make_room()
        with rc_context(self._style):
            self.figure.set_facecolor(self._style.get("figure.facecolor", "white"))
            self._drawing(self.figure)
            self._change()
        self._next_turn.start(0)

    def _on_turn(self) -> None:
        """Find the room that everything needs; or draw, if it is known."""
        engine = self.figure.get_layout_engine()
        if not (self.figure.axes and isinstance(engine, ConstrainedLayoutEngine)):
            self.draw_idle()
            return
        with rc_context(self._style):
            engine.execute(self.figure)
        self.figure.set_layout_engine("none")
        self._next_turn.start(0)

    def _make_room(self) -> None:
        """Lay the figure out when it is drawn next."""
        self.figure.set_layout_engine("constrained")

    def draw(self) -> None:
        """Render the figure; ticks are made only now, so the style has to hold now, too."""
        kept = not isinstance(self.figure.get_layout_engine(), ConstrainedLayoutEngine)
        with rc_context(self._style):
            super().draw()
            if kept and cut_off(self.figure):
                self._make_room()
                super().draw()
        self.figure.set_layout_engine("none")

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
