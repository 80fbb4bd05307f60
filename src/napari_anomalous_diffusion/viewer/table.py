"""The table of tracks: sorted, filtered, and in step with the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QColor, QShowEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.scores.words import SEPARATOR
from napari_anomalous_diffusion.viewer.form import narrow_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import ScoredTracks

ALL = "all labels"
TOP = QModelIndex()

FIRST = ("track_id", "verdict", "n_points", "margin")
"""What a narrow dock shows without scrolling."""

LABELS = {"verdict", "best", "runner_up", "candidates"}
"""Columns of labels, which are written as they stand in the legend."""

MEANINGS = {
    "track_id": "Your own number or name of the track.",
    "n_points": "Points of the track.",
    "n_windows": "Windows of the track that were scored.",
    "verdict": "The best label, or why there is none.",
    "best": "The label with the lowest error.",
    "candidates": "The labels that cannot be told from the best.",
    "runner_up": "The label with the second lowest error.",
    "margin": "How far the best label is ahead of the runner-up: a share of the runner-up's error, "
    "or nats a step for banks of probabilities.",
    "p_value": "How often a track of a known label would have errors as unlikely as these.",
    "confidence": "How often a track with such errors is what its best label says.",
}


class TrackTableModel(QAbstractTableModel):
    """A table of scores for Qt. Sorting and filtering are numpy's: 100,000 tracks take no time."""

    def __init__(self) -> None:
        super().__init__()
        self.table = pd.DataFrame()
        self.order: NDArray[np.int64] = np.arange(0)
        self._cells: list[NDArray[Any]] = []
        self._kept: NDArray[np.bool_] = np.ones(0, dtype=bool)
        self._sorting = (-1, Qt.SortOrder.AscendingOrder)
        self._colours: dict[str, str] = {}

    def set_table(self, table: pd.DataFrame, colours: dict[str, str]) -> None:
        """Show a table, the most telling columns first.

        Columns that are empty are left out, and that of the best labels where the verdicts say all
        that it does.
        """
        self.beginResetModel()
        filled = table.loc[:, table.notna().any()]
        doubled = "best" in filled and filled["verdict"].where(filled["best"].notna()).equals(
            filled["best"]
        )
        rest = [name for name in filled if name not in FIRST and not (doubled and name == "best")]
        self.table = filled[[name for name in FIRST if name in filled] + rest]
        # Qt asks for thousands of cells at a time, and pandas takes its time over each.
        self._cells = [self.table[name].to_numpy() for name in self.table]
        self._kept = np.ones(len(table), dtype=bool)
        self._colours = colours
        self._arrange()
        self.endResetModel()

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Show only these tracks."""
        self.beginResetModel()
        self._kept = kept
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; tracks without a value come last, whatever the order."""
        self.layoutAboutToBeChanged.emit()
        self._sorting = (column, order)
        self._arrange()
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        column, direction = self._sorting
        order = np.arange(len(self.table))
        if 0 <= column < self.table.shape[1]:
            ascending = direction == Qt.SortOrder.AscendingOrder
            values = self.table.iloc[:, column]
            if values.dtype.kind not in "iufb":
                values = values.astype(str).where(values.notna())
            ranked = values.reset_index(drop=True)
            order = ranked.sort_values(ascending=ascending, kind="stable").index.to_numpy()
        self.order = order[self._kept[order]]

    def row_of(self, track: int) -> int | None:
        """Return the row of a track, None where it is filtered out."""
        rows = np.flatnonzero(self.order == track)
        return int(rows[0]) if len(rows) else None

    def rowCount(self, parent: QModelIndex = TOP) -> int:  # noqa: N802 - Qt's name
        """Count the tracks that are shown."""
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: QModelIndex = TOP) -> int:  # noqa: N802 - Qt's name
        """Count the columns."""
        return 0 if parent.isValid() else self.table.shape[1]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        value = self._cells[index.column()][self.order[index.row()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown_value(value, self.table.columns[index.column()] in LABELS)
        if role == Qt.ItemDataRole.DecorationRole and isinstance(value, str):
            return QColor(self._colours[value]) if value in self._colours else None
        if role == Qt.ItemDataRole.TextAlignmentRole and not isinstance(value, str):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's name, shortened for narrow docks, or what it means."""
        if orientation != Qt.Orientation.Horizontal or section >= self.table.shape[1]:
            return None
        name = str(self.table.columns[section])
        if role == Qt.ItemDataRole.DisplayRole:
            return name.removeprefix("n_").removesuffix("_id")
        if role == Qt.ItemDataRole.ToolTipRole:
            error = f"The track's error under {name.partition('_')[2]}: low is likely."
            return MEANINGS.get(name, error)
        return None


class TrackTable(QWidget):
    """Shows the rows of tracks; emits which one the user moves to."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.label = narrow_box("Show only tracks with this verdict.")
        self.points = QSpinBox()
        self.points.setMaximum(99_999)
        self.points.setToolTip("Show only tracks of at least so many points.")
        self.margin = QDoubleSpinBox()
        self.margin.setMaximum(999)  # nats have no end
        self.margin.setSingleStep(0.05)
        self.margin.setToolTip("Show only tracks whose best label leads by at least this margin.")
        self.confidence = QDoubleSpinBox()
        self.confidence.setMaximum(1)
        self.confidence.setSingleStep(0.05)
        self.confidence.setToolTip("Show only tracks whose best label is at least so probable.")
        self.model = TrackTableModel()
        self.view = QTableView()
        self.view.setToolTip(
            "Click a heading to sort; click a row, or move with the arrow keys, to select a track."
        )
        self.count = QLabel()
        self._full = pd.DataFrame()
        self._widths_are_old = False
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setTabKeyNavigation(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(20)
        self.view.horizontalHeader().setResizeContentsPrecision(30)  # rows that decide the widths
        self.view.setMinimumHeight(240)
        numbers = QGridLayout()
        numbers.addWidget(QLabel("Points ≥"), 0, 0)
        numbers.addWidget(self.points, 0, 1)
        numbers.addWidget(QLabel("Margin ≥"), 0, 2)
        numbers.addWidget(self.margin, 0, 3)
        numbers.addWidget(QLabel("Confidence ≥"), 1, 0, 1, 2)
        numbers.addWidget(self.confidence, 1, 2, 1, 2)
        for box in (self.points, self.margin, self.confidence):
            box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
            box.setStyleSheet("min-width: 30px")  # napari's is too wide for a narrow dock
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.label)
        layout.addLayout(numbers)
        layout.addWidget(self.view)
        layout.addWidget(self.count)

    def _connect(self) -> None:
        self.view.setSortingEnabled(True)
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.selectionModel().currentRowChanged.connect(self._on_row)
        self.label.activated.connect(self._filter)
        self.points.valueChanged.connect(self._filter)
        self.margin.valueChanged.connect(self._filter)
        self.confidence.valueChanged.connect(self._filter)

    def set_result(self, result: ScoredTracks | None) -> None:
        """Show the rows of a result, unfiltered."""
        self._full = pd.DataFrame() if result is None else result.scores.table
        colours = {} if result is None else result.class_colours
        for widget in (self.label, self.points, self.margin, self.confidence):
            widget.blockSignals(True)
        self.label.clear()
        if result is not None:
            verdicts = set(self._full["verdict"].unique())
            self.label.addItem(ALL, None)
            for name in colours:
                if name in verdicts:
                    self.label.addItem(display_name(name), name)
        self.points.setValue(0)
        self.margin.setValue(0)
        self.confidence.setValue(0)
        self.confidence.setEnabled(
            result is not None and bool(self._full["confidence"].notna().any())
        )
        for widget in (self.label, self.points, self.margin, self.confidence):
            widget.blockSignals(False)
        with QSignalBlocker(self.view.selectionModel()):
            self.model.set_table(self._full, colours)
        self._widths_are_old = True
        if self.isVisible():
            self._fit_columns()
        self._show_count()

    def _fit_columns(self) -> None:
        if self._widths_are_old:
            self._widths_are_old = False
            self.view.resizeColumnsToContents()

    def select(self, track: int | None) -> None:
        """Mark the row of a track; that of none where it is None or filtered out."""
        row = None if track is None else self.model.row_of(track)
        selection = self.view.selectionModel()
        with QSignalBlocker(selection):
            selection.clear()
            if row is not None:
                index = self.model.index(row, 0)
                flags = selection.SelectionFlag
                selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.view.scrollTo(index)
        self.view.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Bring the marked row into sight: it may have been marked behind another tab."""
        super().showEvent(event)
        self._fit_columns()  # which takes long, and is left until it is seen
        self.view.scrollTo(self.view.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    def neighbour(self, track: int | None, step: int) -> int | None:
        """Return the track that is so many rows away; the first row's where there is no track."""
        if not len(self.model.order):
            return None
        row = None if track is None else self.model.row_of(track)
        place = 0 if row is None else min(max(row + step, 0), len(self.model.order) - 1)
        return int(self.model.order[place])

    def _on_row(self, current: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(int(self.model.order[current.row()]))

    def _filter(self) -> None:
        table = self._full
        if table.empty:
            return
        kept = table["n_points"].to_numpy() >= self.points.value()
        if self.margin.value() > 0:
            kept &= table["margin"].to_numpy(dtype=float) >= self.margin.value()
        if self.confidence.value() > 0:
            kept &= table["confidence"].to_numpy(dtype=float) >= self.confidence.value()
        if self.label.currentData() is not None:
            kept &= table["verdict"].to_numpy() == self.label.currentData()
        with QSignalBlocker(self.view.selectionModel()):
            self.model.keep(kept)
        self._show_count()
        self.filtered.emit()

    filtered = Signal()

    def _show_count(self) -> None:
        shown, total = len(self.model.order), len(self._full)
        self.count.setText(f"{shown:,} of {total:,} tracks" if total else "")


def shown_value(value: Any, is_label: bool = False) -> str:
    """Write a value as it stands in a cell: nothing if it is missing, labels as in the legend."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if is_label:
        return "; ".join(map(display_name, str(value).split(SEPARATOR)))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
