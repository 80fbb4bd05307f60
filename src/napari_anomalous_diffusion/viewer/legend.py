"""What the colours of a layer mean, since napari does not say it for tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPixmap
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.viewer.keys import ColourKey

MOST_ROWS = 8
"""Labels that get a row each; more of them share a colour bar or a two-dimensional key."""

FULL_NAMES = {
    "attm": "annealed transient time motion",
    "bm": "Brownian motion",
    "ctrw": "continuous-time random walk",
    "fbm": "fractional Brownian motion",
    "lw": "Lévy walk",
    "sbm": "scaled Brownian motion",
    "immobile": "nothing moves in any window of the track",
    "too short": "no window of the bank's length fits into the track",
    "undecided": "more than one label explains the track",
    "novel": "no label's own tracks have such errors",
}


@dataclass(frozen=True)
class Entry:
    """One class of the legend.

    Attributes
    ----------
    name, colour : str
    count : int
        Its tracks.
    share : float
        Its share of all tracks.
    shown : bool
        Whether its tracks are drawn.
    is_label : bool
        Whether it is a label of the bank.
    """

    name: str
    colour: str
    count: int
    share: float
    shown: bool
    is_label: bool


class Legend(QWidget):
    """Shows classes and colours; emits which class to show or hide."""

    toggled = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.key = ColourKey()
        self.key.toggled.connect(self.toggled)
        self.boxes: dict[str, QCheckBox] = {}
        self.texts: dict[str, tuple[QLabel, QLabel]] = {}
        self.swatches: dict[str, QLabel] = {}
        self._rows = QWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.key)
        layout.addWidget(self._rows)

    def set_entries(self, entries: Sequence[Entry], axis: str, coloured: bool) -> None:
        """Show classes.

        Parameters
        ----------
        entries : sequence of Entry
        axis : {"model", "exponent", "mixture"}
            What the labels are.
        coloured : bool
            Whether the layer is coloured by class: if not, swatches would be wrong.
        """
        labels = [entry for entry in entries if entry.is_label]
        many = len(labels) > MOST_ROWS
        self.key.set_classes(labels if many else [], axis, coloured)
        self._set_rows([entry for entry in entries if not (many and entry.is_label)], coloured)

    def set_range(self, title: str, low: float, high: float) -> None:
        """Show the colour bar of a quantity, above the classes."""
        self.key.set_range(title, low, high)

    def _set_rows(self, entries: Sequence[Entry], coloured: bool) -> None:
        if list(self.boxes) != [entry.name for entry in entries]:
            self._make_rows(entries)
        for entry in entries:
            with QSignalBlocker(self.boxes[entry.name]):
                self.boxes[entry.name].setChecked(entry.shown)
            self.swatches[entry.name].setPixmap(swatch(entry.colour if coloured else None))
            count, share = self.texts[entry.name]
            count.setText(f"{entry.count:,}")
            share.setText(f"{entry.share:.1%}")

    def _make_rows(self, entries: Sequence[Entry]) -> None:
        # A grid keeps the height of rows that were taken out of it.
        old, self._rows = self._rows, QWidget()
        self.layout().replaceWidget(old, self._rows)
        old.deleteLater()
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(6)
        self.boxes, self.texts, self.swatches = {}, {}, {}
        for row, entry in enumerate(entries):
            box, colour, count, share = (
                QCheckBox(display_name(entry.name)),
                QLabel(),
                QLabel(),
                QLabel(),
            )
            box.toggled.connect(lambda on, name=entry.name: self.toggled.emit(name, on))
            full = FULL_NAMES.get(entry.name, entry.name)
            for widget in (box, colour, count, share):
                widget.setToolTip(f"{full}: untick to hide these tracks.")
            for text in (count, share):
                text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, widget in enumerate((colour, box, count, share)):
                grid.addWidget(widget, row, column)
            self.boxes[entry.name], self.swatches[entry.name] = box, colour
            self.texts[entry.name] = count, share


def swatch(colour: str | None, size: int = 12) -> QPixmap:
    """Draw a small square of a colour; an empty one for None."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QColor("#808080"))
    if colour is not None:
        painter.setBrush(QColor(colour))
    painter.drawRect(0, 0, size - 1, size - 1)
    painter.end()
    return pixmap
