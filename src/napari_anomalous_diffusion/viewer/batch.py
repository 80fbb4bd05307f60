"""The dock widget that links and scores everything that is open."""

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
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_anomalous_diffusion.viewer.batch_controller import BatchController
from napari_anomalous_diffusion.viewer.form import narrow_box
from napari_anomalous_diffusion.viewer.frame_table import ROW_HEIGHT, FrameTable
from napari_anomalous_diffusion.viewer.linking import ParameterFileButtons, parameters_form
from napari_anomalous_diffusion.viewer.side_panel import TABLE_WIDTH, SidePanel, line

if TYPE_CHECKING:
    from napari.viewer import Viewer

TABLE_HEIGHT = 170
STATE_WIDTH = 110


@dataclass(frozen=True)
class LayerRow:
    """What the list says of a layer.

    Attributes
    ----------
    name, size, state : str
    problem : str
        Shown over the state.
    chosen : bool
        Whether it takes part.
    """

    name: str
    size: str
    state: str = ""
    problem: str = ""
    chosen: bool = True


class BatchPanel(SidePanel):
    """Links every movie and scores every Tracks layer, and sums up what became of them.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(TABLE_WIDTH)
        self.layers = LayerList()
        self.fold = QToolButton()
        self.fold.setText("Parameters of linking")
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setToolTip("The parameters with which all movies are linked.")
        self.parameters = parameters_form()
        self.digest = QLabel()
        self.digest.setWordWrap(True)
        self.files = ParameterFileButtons()
        self.bank = narrow_box("The bank with which all tracks are scored.")
        self.run = RunForm()
        self.summary = FrameTable("Click a heading to sort; click a row to select its layer.")
        self.summary.setMinimumHeight(TABLE_HEIGHT)
        self.save = QPushButton("Save summary…")
        self.save.setToolTip("Save the summary as CSV or Parquet.")
        self._arrange()
        self.unfold(False)
        self.fold.toggled.connect(self.unfold)
        self.controller = BatchController(napari_viewer, self)
        self.closed.connect(self.controller.close)
        self.destroyed.connect(self.controller.close)

    def _arrange(self) -> None:
        bank = QFormLayout()
        bank.addRow("Bank", self.bank)
        self.column.addWidget(self.layers)
        for view in (self.fold, self.digest, self.parameters, self.files):
            self.column.addWidget(view)
        self.column.addLayout(bank)
        self.column.addWidget(self.run)
        self.column.addWidget(self.message)
        self.column.addWidget(line())
        self.column.addWidget(QLabel("Summary of what is scored"))
        self.column.addWidget(self.summary, stretch=1)
        self.column.addWidget(self.save)

    def unfold(self, open_: bool) -> None:
        """Show the parameters, or one line in their place."""
        with QSignalBlocker(self.fold):
            self.fold.setChecked(open_)
        arrow = Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow
        self.fold.setArrowType(arrow)
        self.parameters.setVisible(open_)
        self.digest.setVisible(not open_)


class LayerList(QTableWidget):
    """Shows the layers with their sizes and states; emits which take part, and which is clicked."""

    toggled = Signal(int, bool)
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, 3)
        self.setHorizontalHeaderLabels(["Layer", "Size", "State"])
        self.setToolTip("Every movie and Tracks layer; untick those that shall be left out.")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.resizeSection(2, STATE_WIDTH)
        self.setMinimumHeight(TABLE_HEIGHT)
        self.itemChanged.connect(self._on_item)
        self.cellClicked.connect(lambda row, _: self.chosen.emit(row))

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """Show these layers."""
        with QSignalBlocker(self):
            self.setRowCount(len(rows))
            for place, row in enumerate(rows):
                self._set_row(place, row)

    def set_row(self, place: int, row: LayerRow) -> None:
        """Show one layer anew."""
        with QSignalBlocker(self):
            self._set_row(place, row)
        self.viewport().update()

    def _set_row(self, place: int, row: LayerRow) -> None:
        for column, text in enumerate((row.name, row.size, row.state)):
            item = self.item(place, column)
            if item is None:
                item = QTableWidgetItem()
                self.setItem(place, column, item)
            item.setText(text)
            item.setToolTip(text)
        state = Qt.CheckState.Checked if row.chosen else Qt.CheckState.Unchecked
        self.item(place, 0).setCheckState(state)
        self.item(place, 2).setToolTip(row.problem or row.state)

    def _on_item(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            self.toggled.emit(item.row(), item.checkState() == Qt.CheckState.Checked)


class RunForm(QWidget):
    """Starts and stops, and shows how many layers are done."""

    run_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.run = QPushButton("Link and score all")
        self.run.setToolTip("Link the movies and score all tracks, one layer after the other.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop; what is done remains.")
        self.progress = QProgressBar()
        self.progress.setToolTip("Layers that are done.")
        buttons = QHBoxLayout()
        buttons.addWidget(self.run, stretch=1)
        buttons.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(buttons)
        column.addWidget(self.progress)
        self.run.clicked.connect(lambda: self.run_clicked.emit())
        self.cancel.clicked.connect(lambda: self.cancel_clicked.emit())
        self.set_progress(None)

    def set_progress(self, progress: tuple[int, int] | None) -> None:
        """Show how many layers are done, and how many there are; None while nothing is done."""
        self.cancel.setVisible(progress is not None)
        self.progress.setVisible(progress is not None)
        if progress is not None:
            self.progress.setRange(0, progress[1])
            self.progress.setValue(progress[0])
            self.progress.setFormat("%v of %m layers")

    def set_ready(self, ready: bool) -> None:
        """Let the user start, or not."""
        self.run.setEnabled(ready)
