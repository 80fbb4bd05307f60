"""Asks which columns of a table hold the tracks, with a preview of its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_anomalous_diffusion.tracks.columns import column_candidates
from napari_anomalous_diffusion.tracks.formats import first_rows

PREVIEWED_ROWS = 8
ABSENT = "(none)"
MEANINGS = {
    "track": "Track ids",
    "frame": "Frames",
    "z": "z",
    "y": "y",
    "x": "x",
}
NEEDED = {"track", "frame", "x"}


class ColumnDialog(QDialog):
    """Shows a box for each meaning that a column can have, and the table below.

    Parameters
    ----------
    source : str
        What the table is called.
    names : sequence of str
        The names of its columns.
    rows : sequence of sequence of str
        Some of its rows.
    parent : QWidget, optional
    """

    def __init__(
        self,
        source: str,
        names: Sequence[str],
        rows: Sequence[Sequence[str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Columns of {source}")
        self.names = list(names)
        candidates = column_candidates(names)
        self.boxes = {meaning: self._box(meaning, candidates[meaning]) for meaning in MEANINGS}
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.table = self._preview(rows)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        for box in self.boxes.values():
            box.currentIndexChanged.connect(self._show)
        self._arrange(source)
        self._show()

    def _box(self, meaning: str, candidates: list[int]) -> QComboBox:
        box = QComboBox()
        box.addItem(ABSENT)
        box.addItems(self.names)
        box.setCurrentIndex(candidates[0] + 1 if candidates else 0)
        box.setToolTip(f"The column that holds the {MEANINGS[meaning].lower()}.")
        return box

    def _preview(self, rows: Sequence[Sequence[str]]) -> QTableWidget:
        table = QTableWidget(len(rows), len(self.names))
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setToolTip("The first rows of the table.")
        for place, row in enumerate(rows):
            for column, value in enumerate(row[: len(self.names)]):
                table.setItem(place, column, QTableWidgetItem(value))
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        return table

    def _arrange(self, source: str) -> None:
        form = QFormLayout()
        for meaning, box in self.boxes.items():
            title = MEANINGS[meaning]
            form.addRow(title if meaning in NEEDED else f"{title} (if there is one)", box)
        column = QVBoxLayout(self)
        column.addWidget(QLabel(f"Which columns of {source} hold the tracks?"))
        column.addLayout(form)
        column.addWidget(self.table, stretch=1)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        self.resize(560, 520)

    def chosen(self) -> dict[str, Any]:
        """Return what `read_tracks` is to be told: ``track``, ``frame`` and ``axes``."""
        columns = self._columns()
        axes = [self.names[columns[axis]] for axis in "zyx" if axis in columns]
        return {
            "track": self.names[columns["track"]],
            "frame": self.names[columns["frame"]],
            "axes": axes,
        }

    def _columns(self) -> dict[str, int]:
        """Return the place of the column of each meaning that has one."""
        places = {meaning: box.currentIndex() - 1 for meaning, box in self.boxes.items()}
        return {meaning: place for meaning, place in places.items() if place >= 0}

    def _show(self) -> None:
        """Head each column with what it means, and say what is missing."""
        columns = self._columns()
        meanings = {place: MEANINGS[meaning] for meaning, place in columns.items()}
        self.table.setHorizontalHeaderLabels(
            [
                f"{name}\n{meanings[place]}" if place in meanings else f"{name}\n"
                for place, name in enumerate(self.names)
            ]
        )
        problem = self._problem(columns)
        self.problem.setText(problem)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)

    def _problem(self, columns: dict[str, int]) -> str:
        missing = [MEANINGS[meaning] for meaning in MEANINGS if meaning in NEEDED - columns.keys()]
        if missing:
            return f"Choose a column for: {', '.join(missing)}."
        if "z" in columns and "y" not in columns:
            return "Choose a column for y too, or none for z."
        if len({*columns.values()}) < len(columns):
            return "A column can mean one thing only."
        return ""


def ask_columns(path: Path, parent: QWidget | None = None) -> dict[str, Any] | None:
    """Ask which columns of a table in text or Parquet hold the tracks.

    Parameters
    ----------
    path : Path
    parent : QWidget, optional
        The window to ask in; by default the one that is active.

    Returns
    -------
    dict or None
        What `read_tracks` is to be told; None where the user cancels, where there is no window to
        ask in, or no table that could be shown.
    """
    if QApplication.instance() is None:
        return None
    names, rows = first_rows(path, PREVIEWED_ROWS)
    if len(names) < len(NEEDED):
        return None
    dialog = ColumnDialog(path.name, names, rows, parent or QApplication.activeWindow())
    try:
        return dialog.chosen() if dialog.exec() else None
    finally:
        dialog.deleteLater()
