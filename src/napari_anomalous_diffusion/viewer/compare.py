"""The dock widget that puts scored layers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
)

from napari_anomalous_diffusion.viewer.canvas import Canvas
from napari_anomalous_diffusion.viewer.compare_controller import CompareController
from napari_anomalous_diffusion.viewer.form import narrow_box
from napari_anomalous_diffusion.viewer.frame_table import ROW_HEIGHT
from napari_anomalous_diffusion.viewer.side_panel import TABLE_WIDTH, SidePanel, line

if TYPE_CHECKING:
    from napari.viewer import Viewer

LIST_HEIGHT = 150
PICTURE_HEIGHT = 420
ROOM_FOR_NAMES = 240
COUNT_WIDTH = 60

BY_LAYER, BY_CONDITION = "layer", "condition"


@dataclass(frozen=True)
class GroupRow:
    """What the list says of a scored layer.

    Attributes
    ----------
    name, condition : str
    tracks : int
    chosen : bool
        Whether it is compared.
    """

    name: str
    condition: str
    tracks: int
    chosen: bool


class ComparePanel(SidePanel):
    """Compares the errors and the best labels of scored layers, or of conditions.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    by_chosen = Signal(str)

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(TABLE_WIDTH)
        self.layers = GroupList()
        self.by = narrow_box("What is compared: each layer, or layers of one condition together.")
        self.by.addItem("Layer", BY_LAYER)
        self.by.addItem("Condition", BY_CONDITION)
        self.canvas = Canvas(PICTURE_HEIGHT)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.ask = QPushButton("What is each, as a whole?")
        self.ask.setToolTip(
            "Ask by the protocol of the paper what each population is: as one kind of motion, from "
            "the first 20 points of its tracks. It labels no single track."
        )
        self.answers = QLabel()
        self.answers.setWordWrap(True)
        self.answers.setTextFormat(Qt.TextFormat.PlainText)
        self.answers.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.save_picture = QPushButton("Save picture…")
        self.save_picture.setToolTip("Save the picture as PNG, PDF or SVG.")
        self.save_table = QPushButton("Save table…")
        self.save_table.setToolTip("Save the numbers as CSV or Parquet.")
        self._arrange()
        self.by.activated.connect(lambda place: self.by_chosen.emit(self.by.itemData(place)))
        self.controller = CompareController(napari_viewer, self)
        self.closed.connect(self.controller.close)
        self.destroyed.connect(self.controller.close)

    def _arrange(self) -> None:
        form = QFormLayout()
        form.addRow("Group by", self.by)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_picture)
        buttons.addWidget(self.save_table)
        self.column.addWidget(self.layers)
        self.column.addLayout(form)
        self.column.addWidget(line())
        self.column.addWidget(self.canvas)
        self.column.addWidget(self.note)
        self.column.addWidget(self.ask)
        self.column.addWidget(self.answers)
        self.column.addWidget(self.message)
        self.column.addLayout(buttons)
        self.column.addStretch()

    def set_by(self, by: str) -> None:
        """Show what is compared."""
        with QSignalBlocker(self.by):
            self.by.setCurrentIndex(self.by.findData(by))

    def make_room(self, long: bool) -> None:
        """Make the picture higher where the names of its groups are turned."""
        self.canvas.setFixedHeight(PICTURE_HEIGHT + (ROOM_FOR_NAMES if long else 0))

    def set_ready(self, ready: bool) -> None:
        """Let the user save what is shown and ask about it, or not."""
        self.ask.setEnabled(ready)
        self.save_picture.setEnabled(ready)
        self.save_table.setEnabled(ready)


class GroupList(QTableWidget):
    """Shows the scored layers and their conditions; emits what the user changes of them."""

    toggled = Signal(int, bool)
    named = Signal(int, str)

    def __init__(self) -> None:
        super().__init__(0, 3)
        self.setHorizontalHeaderLabels(["Scored layer", "Condition", "Tracks"])
        self.setToolTip("Tick what is compared; click a condition to type its name.")
        self.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(2, COUNT_WIDTH)
        self.setMinimumHeight(LIST_HEIGHT)
        self.itemChanged.connect(self._on_item)

    def set_rows(self, rows: Sequence[GroupRow]) -> None:
        """Show these layers."""
        with QSignalBlocker(self):
            self.setRowCount(len(rows))
            for place, row in enumerate(rows):
                name = QTableWidgetItem(row.name)
                state = Qt.CheckState.Checked if row.chosen else Qt.CheckState.Unchecked
                name.setCheckState(state)
                name.setToolTip(row.name)
                tracks = QTableWidgetItem(f"{row.tracks:,}")
                tracks.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                for item in (name, tracks):
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                items = (name, QTableWidgetItem(row.condition), tracks)
                for column, item in enumerate(items):
                    self.setItem(place, column, item)

    def _on_item(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            self.toggled.emit(item.row(), item.checkState() == Qt.CheckState.Checked)
        else:
            self.named.emit(item.row(), item.text().strip())
