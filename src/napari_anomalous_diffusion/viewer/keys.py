"""Colour bars and two-dimensional keys: legends for numbers and for many labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.patches import Rectangle
from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtGui import QFocusEvent, QKeyEvent
from qtpy.QtWidgets import QToolTip

from napari_anomalous_diffusion.scores.palette import display_name, mixture, spread
from napari_anomalous_diffusion.viewer.canvas import Canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.legend import Entry

BAR_HEIGHT, MAP_HEIGHT = 58, 210

HOW = "click, or go there with the arrow keys and press space, to hide or show its tracks"

DIRECTIONS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Down: (0, -1),
    Qt.Key.Key_Up: (0, 1),
}


class ColourKey(Canvas):
    """A key that is drawn; its cells hide or show their tracks, by the mouse or by the keys.

    The arrow keys go from cell to cell, space hides or shows the tracks of the marked one.
    """

    toggled = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__(BAR_HEIGHT)
        self._cells: dict[str, _Cell] = {}
        self._marked: str | None = None
        self.mpl_connect("button_press_event", self._on_press)
        self.mpl_connect("motion_notify_event", self._on_motion)
        self.hide()

    def set_range(self, title: str, low: float, high: float) -> None:
        """Show the colours between two values."""

        def draw(figure: Figure) -> None:
            axes = figure.add_subplot()
            axes.imshow(
                spread(np.linspace(0, 1, 256))[None],
                aspect="auto",
                extent=(low, high if high > low else low + 1, 0, 1),
            )
            axes.set_yticks([])
            axes.set_title(title)

        self._cells = {}
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._show(draw, BAR_HEIGHT, f"The colours of {title.lower()}.")

    def set_classes(self, entries: Sequence[Entry], axis: str, coloured: bool) -> None:
        """Show a cell for each of many labels: in a row, or on a plane for mixtures."""
        self._cells = {}
        if not entries or not coloured:
            self.hide()
            return
        flat = axis == "mixture"
        places = [
            (mixture(entry.name) if flat else None) or (float(number), 0.0)
            for number, entry in enumerate(entries)
        ]

        def draw(figure: Figure) -> None:
            axes = figure.add_subplot()
            self._draw_cells(axes, entries, np.array(places), flat)

        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tooltip = f"The colours of the labels: {HOW}."
        self._show(draw, MAP_HEIGHT if flat else BAR_HEIGHT, tooltip)

    def _show(self, draw: Any, height: int, tooltip: str) -> None:
        self.setToolTip(tooltip)
        self.setFixedHeight(height)
        self.show()
        self.show_drawing(draw)

    def _draw_cells(self, axes: Axes, entries: Sequence[Entry], places: Any, flat: bool) -> None:
        width, height = _spacing(places[:, 0]), _spacing(places[:, 1])
        corners = places - np.array([width, height]) / 2
        self._cells = {}
        for place, corner, entry in zip(places, corners, entries, strict=True):
            patch = Rectangle(corner, width, height, facecolor=entry.colour, linewidth=0.8)
            axes.add_patch(patch)
            self._cells[entry.name] = _Cell(entry, patch, place)
        self._draw_edges()
        axes.set_xlim(places[:, 0].min() - width / 2, places[:, 0].max() + width / 2)
        axes.set_ylim(places[:, 1].min() - height / 2, places[:, 1].max() + height / 2)
        if flat:
            axes.set_xticks(np.unique(places[:, 0]))
            axes.set_yticks(np.unique(places[:, 1]))
            axes.set_xlabel("γ")
            axes.set_ylabel("β")
            return
        axes.set_yticks([])
        axes.set_title(display_name(entries[0].name).partition(" =")[0])
        step = -(-len(entries) // 10)
        names = [entry.name.rpartition("=")[2] for entry in entries]
        axes.set_xticks(places[::step, 0], names[::step])

    def _draw_edges(self) -> None:
        """Leave cells empty whose tracks are hidden, and frame the marked one in focus."""
        text = self.figure.axes[0].title.get_color()
        for name, cell in self._cells.items():
            framed = name == self._marked and self.hasFocus()
            cell.patch.set(
                edgecolor=text if framed else cell.entry.colour,
                linewidth=2.5 if framed else 0.8,
                zorder=2 if framed else 1,
                fill=cell.entry.shown,
            )

    def _cell_at(self, event: Any) -> _Cell | None:
        return next((cell for cell in self._cells.values() if cell.patch.contains(event)[0]), None)

    def _on_press(self, event: Any) -> None:
        if (cell := self._cell_at(event)) is not None:
            self._marked = cell.entry.name
            self._toggle(cell)

    def _on_motion(self, event: Any) -> None:
        if (cell := self._cell_at(event)) is not None:
            self.setToolTip(cell.sentence)

    def _toggle(self, cell: _Cell) -> None:
        self.toggled.emit(cell.entry.name, not cell.entry.shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Go to the next cell, or hide or show the tracks of the marked one."""
        cell = self._cells.get(self._marked or "")
        if cell is None or not (event.key() == Qt.Key.Key_Space or event.key() in DIRECTIONS):
            event.ignore()
        elif event.key() == Qt.Key.Key_Space:
            self._toggle(cell)
            self._tell_marked()
        else:
            self._mark(neighbour(self._cells, cell, DIRECTIONS[event.key()]))

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Mark a cell: where the keys act has to be seen."""
        super().focusInEvent(event)
        if self._cells:
            self._mark(self._marked if self._marked in self._cells else next(iter(self._cells)))

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Mark no cell: the keys act elsewhere."""
        super().focusOutEvent(event)
        if self._cells:
            self._draw_edges()
            self.draw_idle()

    def _mark(self, name: str) -> None:
        self._marked = name
        self._draw_edges()
        self.draw_idle()
        self._tell_marked()

    def _tell_marked(self) -> None:
        cell = self._cells[self._marked or ""]
        self.setToolTip(cell.sentence)
        self.setAccessibleDescription(cell.sentence)
        box = cell.patch.get_window_extent()
        ratio = self.device_pixel_ratio
        place = QPoint(int(box.x0 / ratio), int(self.height() - box.y0 / ratio))
        QToolTip.showText(self.mapToGlobal(place), cell.sentence, self)


class _Cell(NamedTuple):
    """One label of a key.

    Attributes
    ----------
    entry : Entry
    patch : Rectangle
    place : ndarray, shape (2,)
        Its middle, in the units of the axes.
    """

    entry: Entry
    patch: Rectangle
    place: NDArray[np.float64]

    @property
    def sentence(self) -> str:
        """What a tooltip says of it."""
        entry = self.entry
        hidden = "" if entry.shown else ", hidden"
        share = f"{entry.count:,} tracks, {entry.share:.1%}{hidden}"
        return f"{display_name(entry.name)}: {share}; {HOW}."


def neighbour(cells: Mapping[str, _Cell], cell: _Cell, direction: tuple[int, int]) -> str:
    """Return the name of the next cell straight on; that of the cell itself where there is none."""
    ahead = {
        name: float(step @ direction)
        for name, other in cells.items()
        if np.allclose((step := other.place - cell.place) * direction[::-1], 0)
    }
    return min(
        (name for name in ahead if ahead[name] > 1e-6), key=ahead.__getitem__,
        default=cell.entry.name,
    )  # fmt: skip


def _spacing(values: Any) -> float:
    steps = np.diff(np.unique(np.round(values, 6)))
    return float(steps.min()) if len(steps) else 1.0
