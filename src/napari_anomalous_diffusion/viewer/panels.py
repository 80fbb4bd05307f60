"""Plots beside the canvas: of all tracks, or of the selected one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_anomalous_diffusion.scores import plots
from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.viewer.canvas import Canvas
from napari_anomalous_diffusion.viewer.form import narrow_box

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import ScoredTracks

HEIGHT, ROW_HEIGHT = 410, 14
UNSCORED = "Score a Tracks layer\nto see its errors here."


class PlotPanel(QWidget):
    """Shows two plots, one above the other; emits what the lower one shall show."""

    label_chosen = Signal(str)
    page_chosen = Signal(int)
    save_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.canvas = Canvas(HEIGHT)
        self.labels = narrow_box(
            "The label whose reconstruction is drawn beside that of the best one."
        )
        self.page = QSpinBox()
        self.page.setToolTip("Which windows of the track are drawn.")
        self.page.setPrefix("page ")
        self.place = QLabel()
        self.place.setWordWrap(True)
        self.save = QPushButton("Save picture…")
        self.save.setToolTip("Save these plots as PNG, PDF or SVG.")
        self.controls = QWidget()
        self._arrange()
        self.labels.activated.connect(
            lambda index: self.label_chosen.emit(self.labels.itemData(index))
        )
        self.page.valueChanged.connect(lambda page: self.page_chosen.emit(page - 1))
        self.save.clicked.connect(lambda: self.save_clicked.emit())
        self.show_nothing()

    def _arrange(self) -> None:
        form = QFormLayout(self.controls)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Compare with", self.labels)
        form.addRow("Windows", self.page)
        form.addRow(self.place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.canvas)
        layout.addWidget(self.controls)
        layout.addWidget(self.save)
        layout.addStretch()

    def show_nothing(self) -> None:
        """Say what will be seen here."""

        def draw(figure: Figure) -> None:
            figure.text(0.5, 0.5, UNSCORED, ha="center", va="center")

        self._set_controls(False)
        self.canvas.show_drawing(draw)

    def show_overview(self, result: ScoredTracks) -> None:
        """Show the shares of the labels, and how the errors are distributed."""

        def draw(figure: Figure) -> None:
            upper, lower = figure.subplots(2, 1, height_ratios=[max(n_labels, 8), 8])
            plots.label_shares(upper, result.scores)
            plots.error_distributions(lower, result.scores)

        n_labels = len(result.scores.labels)
        self._set_controls(False)
        self.canvas.setFixedHeight(HEIGHT + ROW_HEIGHT * max(n_labels - 8, 0))
        self.canvas.show_drawing(draw)

    def show_track(
        self,
        result: ScoredTracks,
        track: int,
        windows: NDArray[Any],
        reconstructions: Mapping[str, NDArray[Any]],
    ) -> None:
        """Show the errors of one track, and its windows with reconstructions.

        Parameters
        ----------
        result : ScoredTracks
        track : int
        windows : ndarray, shape (n_windows, length)
            Those of one page.
        reconstructions : mapping of str to ndarray, shape (n_members, n_windows, length)
        """

        def draw(figure: Figure) -> None:
            upper, lower = figure.subplots(2, 1)
            plots.error_profile(upper, result.scores, track)
            plots.reconstruction(lower, windows, reconstructions, result.scores.labels)

        self._set_controls(len(windows) > 0)
        self.canvas.setFixedHeight(HEIGHT)
        self.canvas.show_drawing(draw)

    def set_page(self, label: str | None, labels: tuple[str, ...], page: int, pages: int) -> None:
        """Show which label is drawn beside the best, and which page of the windows it is."""
        with QSignalBlocker(self.labels):
            if [self.labels.itemData(place) for place in range(self.labels.count())] != [*labels]:
                self.labels.clear()
                for name in labels:
                    self.labels.addItem(display_name(name), name)
            self.labels.setCurrentIndex(self.labels.findData(label))
        with QSignalBlocker(self.page):
            self.page.setRange(1, max(pages, 1))
            self.page.setSuffix(f" of {pages}")
            self.page.setValue(page + 1)

    def set_place(self, text: str) -> None:
        """Say where the windows come from."""
        self.place.setText(text)

    def set_theme(self, theme: str) -> None:
        """Take on the colours of a napari theme."""
        self.canvas.set_theme(theme)

    def _set_controls(self, shown: bool) -> None:
        self.controls.setVisible(shown)
