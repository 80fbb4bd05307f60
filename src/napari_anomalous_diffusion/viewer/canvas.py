"""A matplotlib canvas that looks like the rest of napari's window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QSize, Qt

from napari_anomalous_diffusion.scores.plots import write_figure

PREFERRED_WIDTH = 330

Drawing = Callable[[Figure], None]


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

    def show_drawing(self, drawing: Drawing) -> None:
        """Replace what is shown; `drawing` is called with the empty figure."""
        self._drawing = drawing
        self._redraw()

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
        with rc_context(self._style):
            self.figure.set_facecolor(self._style.get("figure.facecolor", "white"))
            self._drawing(self.figure)
        self.draw_idle()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of choice: a figure's own would make the dock very wide."""
        return QSize(PREFERRED_WIDTH, self.height())

    def draw(self) -> None:
        """Render the figure; ticks are made only now, so the style has to hold now, too."""
        with rc_context(self._style):
            super().draw()

    def wheelEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the scroll area around the canvas."""
        event.ignore()
