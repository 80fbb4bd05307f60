"""A table of any columns, sorted by a click; its rows are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QTableView

from napari_anomalous_diffusion.viewer.table import TrackTableModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

ROW_HEIGHT = 22


class FrameTableModel(TrackTableModel):
    """A DataFrame for Qt, under titles of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: Mapping[str, str] = {}

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        wanted = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
        if orientation != Qt.Orientation.Horizontal or role not in wanted:
            return None
        if section >= self.table.shape[1]:
            return None
        name = str(self.table.columns[section])
        return self.titles.get(name, name)


class FrameTable(QTableView):
    """Shows a DataFrame; emits the row, by its place in the frame, that the user chooses."""

    chosen = Signal(int)

    def __init__(self, tooltip: str) -> None:
        super().__init__()
        self.frame = FrameTableModel()
        self.setModel(self.frame)
        self.setToolTip(tooltip)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.setWordWrap(False)
        self.clicked.connect(self._on_click)

    def show_frame(self, frame: pd.DataFrame, titles: Mapping[str, str]) -> None:
        """Show a frame; the order the user has sorted by stays."""
        with QSignalBlocker(self.selectionModel()):
            self.frame.titles = titles
            self.frame.set_table(frame, {})
        self.resizeColumnsToContents()

    def _on_click(self, index: QModelIndex) -> None:
        self.chosen.emit(int(self.frame.order[index.row()]))
