"""The masses of the spots of a frame, and the threshold that parts spots from noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from qtpy.QtCore import Qt, Signal

from napari_anomalous_diffusion.viewer.canvas import Canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

HEIGHT = 150
BINS = 40
KEPT, DROPPED = "#56B4E9", "#8C8C8C"

NO_SPOTS = "no spot on this frame"


class MassHistogram(Canvas):
    """Shows how the masses are distributed; emits the threshold that the user clicks or drags."""

    threshold_moved = Signal(float)

    def __init__(self) -> None:
        super().__init__(HEIGHT)
        self.setToolTip("Click or drag to choose the minimum mass.")
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self._masses: NDArray[np.float64] = np.empty(0)
        self._threshold = 0.0
        self._line: Any = None
        self._bars: Any = ()
        self.mpl_connect("button_press_event", self._on_mouse)
        self.mpl_connect("motion_notify_event", self._on_mouse)

    def show_masses(self, masses: NDArray[np.float64], threshold: float) -> None:
        """Show the masses of all spots of a frame, whatever their mass."""
        positive = masses[masses > 0]
        if self._line is not None and np.array_equal(positive, self._masses):
            self.set_threshold(threshold)
            return
        self._masses, self._threshold = positive, threshold
        self._line, self._bars = None, ()
        self.show_drawing(self._draw if len(self._masses) else _say_none)

    def set_threshold(self, threshold: float) -> None:
        """Move the line, and colour the bars anew."""
        self._threshold = threshold
        if self._line is not None:
            self._place_line()
            self.draw_idle()

    def _draw(self, figure: Figure) -> None:
        axes = figure.add_subplot()
        low, high = self._masses.min(), self._masses.max()
        edges = np.geomspace(low, max(high, 1.01 * low), BINS + 1)
        counts = np.histogram(self._masses, edges)[0]
        axes.set_xscale("log")
        self._bars = axes.bar(edges[:-1], counts, np.diff(edges), align="edge")
        axes.set_xlim(low / 1.1, high * 1.1)
        axes.set_xlabel("mass", fontsize="small")
        axes.set_ylabel("spots", fontsize="small")
        axes.tick_params(labelsize="small")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        self._line = axes.axvline(low, color=mpl.rcParams["text.color"], linewidth=1.5)
        self._place_line()

    def _place_line(self) -> None:
        # At the edge it remains in sight, so that it can be taken back.
        place = np.clip(self._threshold, *self._line.axes.get_xlim())
        self._line.set_xdata([place, place])
        for bar in self._bars:
            middle = bar.get_x() + bar.get_width() / 2
            bar.set_facecolor(KEPT if middle > self._threshold else DROPPED)

    def _on_mouse(self, event: Any) -> None:
        if self._line is None or event.xdata is None or not self._is_left(event):
            return
        lowest = self._masses.min()
        # Left of all spots, the threshold is none.
        self.threshold_moved.emit(0.0 if event.xdata < lowest else float(f"{event.xdata:.3g}"))

    @staticmethod
    def _is_left(event: Any) -> bool:
        if event.name == "motion_notify_event":
            return bool(event.guiEvent.buttons() & Qt.MouseButton.LeftButton)
        return bool(event.button == 1)


def _say_none(figure: Figure) -> None:
    figure.text(0.5, 0.5, NO_SPOTS, ha="center", va="center")
