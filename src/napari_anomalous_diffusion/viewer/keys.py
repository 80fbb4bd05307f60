"""Colour bars and two-dimensional keys: legends for numbers and for many labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle
from qtpy.QtCore import Signal

from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.viewer.canvas import Canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_anomalous_diffusion.viewer.legend import Entry

BAR_HEIGHT, MAP_HEIGHT = 58, 210


class ColourKey(Canvas):
    """A key that is drawn; its cells can be clicked to hide or show their tracks."""

    toggled = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__(BAR_HEIGHT)
        self._cells: list[tuple[Rectangle, Entry]] = []
        self.mpl_connect("button_press_event", self._on_press)
        self.mpl_connect("motion_notify_event", self._on_motion)
        self.hide()

    def set_range(self, title: str, low: float, high: float) -> None:
        """Show the colours between two values."""

        def draw(figure: Figure) -> None:
            axes = figure.add_subplot()
            axes.imshow(
                np.linspace(0, 1, 256)[None],
                cmap="viridis",
                aspect="auto",
                extent=(low, high if high > low else low + 1, 0, 1),
            )
            axes.set_yticks([])
            axes.set_title(title)

        self._cells = []
        self._show(draw, BAR_HEIGHT, f"The colours of {title.lower()}.")

    def set_classes(self, entries: Sequence[Entry], axis: str, coloured: bool) -> None:
        """Show a cell for each of many labels: in a row, or on a plane for mixtures."""
        self._cells = []
        if not entries or not coloured:
            self.hide()
            return
        flat = axis == "mixture"
        places = [_place(entry.name, number, flat) for number, entry in enumerate(entries)]

        def draw(figure: Figure) -> None:
            axes = figure.add_subplot()
            self._draw_cells(axes, entries, np.array(places), flat)

        tooltip = "The colours of the labels: click one to hide or show its tracks."
        self._show(draw, MAP_HEIGHT if flat else BAR_HEIGHT, tooltip)

    def _show(self, draw: Any, height: int, tooltip: str) -> None:
        self.setToolTip(tooltip)
        self.setFixedHeight(height)
        self.show()
        self.show_drawing(draw)

    def _draw_cells(self, axes: Axes, entries: Sequence[Entry], places: Any, flat: bool) -> None:
        self._cells = []
        width, height = _spacing(places[:, 0]), _spacing(places[:, 1])
        for (x, y), entry in zip(places, entries, strict=True):
            cell = Rectangle(
                (x - width / 2, y - height / 2),
                width,
                height,
                facecolor=entry.colour if entry.shown else "none",
                edgecolor=entry.colour,
                linewidth=0.8,
            )
            axes.add_patch(cell)
            self._cells.append((cell, entry))
        axes.set_xlim(places[:, 0].min() - width / 2, places[:, 0].max() + width / 2)
        axes.set_ylim(places[:, 1].min() - height / 2, places[:, 1].max() + height / 2)
        if flat:
            axes.set_xlabel("γ")
            axes.set_ylabel("β")
            return
        axes.set_yticks([])
        axes.set_title(display_name(entries[0].name).partition(" =")[0])
        step = -(-len(entries) // 10)
        names = [entry.name.rpartition("=")[2] for entry in entries]
        axes.set_xticks(places[::step, 0], names[::step])

    def _entry_at(self, event: Any) -> Entry | None:
        return next((entry for cell, entry in self._cells if cell.contains(event)[0]), None)

    def _on_press(self, event: Any) -> None:
        if (entry := self._entry_at(event)) is not None:
            self.toggled.emit(entry.name, not entry.shown)

    def _on_motion(self, event: Any) -> None:
        if (entry := self._entry_at(event)) is not None:
            tracks = f"{entry.count:,} tracks, {entry.share:.1%}"
            self.setToolTip(f"{display_name(entry.name)}: {tracks}. Click to hide or show them.")


def _place(name: str, number: int, flat: bool) -> tuple[float, float]:
    """Return where a label stands: ``gamma=0.2,beta=0.4`` on a plane, others in a row."""
    if not flat:
        return float(number), 0.0
    x, y = (float(part.rpartition("=")[2]) for part in name.split(","))
    return x, y


def _spacing(values: Any) -> float:
    steps = np.diff(np.unique(np.round(values, 6)))
    return float(steps.min()) if len(steps) else 1.0
