"""The dock widget: the views, one above the other, and their controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_anomalous_diffusion.viewer.controller import DockController
from napari_anomalous_diffusion.viewer.form import ScoreForm, narrow_box
from napari_anomalous_diffusion.viewer.legend import Legend
from napari_anomalous_diffusion.viewer.methods import copy_methods
from napari_anomalous_diffusion.viewer.model import DockModel
from napari_anomalous_diffusion.viewer.panels import PlotPanel
from napari_anomalous_diffusion.viewer.preferences import preferences
from napari_anomalous_diffusion.viewer.table import TrackTable

if TYPE_CHECKING:
    from napari.viewer import Viewer


class AnomalousDiffusionDock(QWidget):
    """Scores Tracks layers, colours them, and shows why.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    cleared = Signal()
    stepped = Signal(int)

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.form = ScoreForm()
        self.colour_by = narrow_box("What the colours of the tracks show.")
        self.colour_by.setPlaceholderText("(by napari)")
        self.legend = Legend()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setToolTip("What the scores say of the selected track.")
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plots = PlotPanel()
        self.table = TrackTable()
        self.tabs = QTabWidget()
        self.save = QPushButton("Save scores…")
        self.save.setToolTip("Save the scores of all tracks as CSV or Parquet.")
        self.methods = QPushButton("Copy methods")
        self.methods.setToolTip("Copy a paragraph for a paper: how these tracks were scored.")
        self._arrange()
        wanted = preferences()
        self.model = DockModel(bank=wanted.bank, device=wanted.device, level=wanted.level)
        self.controller = DockController(napari_viewer, self, self.model)
        self.methods.clicked.connect(lambda: copy_methods(self.model.layer, self.model.result))
        # Whatever ends the dock, nothing of it may stay in the viewer.
        self.destroyed.connect(self.controller.close)

    def _arrange(self) -> None:
        colour = QFormLayout()
        colour.addRow("Colour by", self.colour_by)
        save = QHBoxLayout()
        save.addWidget(self.save)
        save.addWidget(self.methods)
        self.tabs.addTab(self.plots, "Plots")
        self.tabs.addTab(self.table, "Tracks")
        self.tabs.setTabToolTip(0, "The errors of all tracks, or of the selected one.")
        self.tabs.setTabToolTip(1, "Every track's scores, to sort, filter and select.")
        content = QWidget()
        column = QVBoxLayout(content)
        column.addWidget(self.form)
        column.addWidget(_line())
        column.addLayout(colour)
        column.addWidget(self.legend)
        column.addWidget(_line())
        column.addWidget(self.summary)
        column.addWidget(self.tabs, stretch=1)
        column.addLayout(save)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # One that came with a longer legend would make all plots narrower, to be drawn once more.
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        area.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        for view in (self.form, self.legend, self.summary):
            view.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setMinimumWidth(300)

    def event(self, event: QEvent) -> bool:
        """Notice when napari takes the dock out of its window, which is how it closes it."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.controller.close()
            self.deleteLater()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move the selection with the arrow keys, and clear it with Escape."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() == Qt.Key.Key_Escape:
            self.cleared.emit()
        elif event.key() in steps:
            self.stepped.emit(steps[event.key()])
        else:
            super().keyPressEvent(event)


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFixedHeight(1)
    return line
