"""Plots beside napari's canvas: of all tracks, or of the selected one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.viewer.canvas import Canvas
from napari_anomalous_diffusion.viewer.form import narrow_box
from napari_anomalous_diffusion.viewer.pictures import HEIGHT, OverviewFigure, TrackFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_anomalous_diffusion.viewer.model import ScoredTracks
    from napari_anomalous_diffusion.viewer.reconstructions import SelectedTrack

UNSCORED = "Score a Tracks layer\nto see its errors here."


class PlotPanel(QWidget):
    """Shows plots, one above the other; emits what the lowest of a track shall show.

    Those of all tracks and those of the selected one have a canvas each, of which one is seen:
    nothing is drawn anew when a selection is cleared.
    """

    label_chosen = Signal(str)
    page_chosen = Signal(int)
    save_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.overview, self.track = Canvas(2 * HEIGHT), Canvas(2 * HEIGHT)
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
        self._result: ScoredTracks | None = None
        self._figure: TrackFigure | None = None
        self._arrange()
        self.labels.activated.connect(
            lambda index: self.label_chosen.emit(self.labels.itemData(index))
        )
        self.page.valueChanged.connect(lambda page: self.page_chosen.emit(page - 1))
        self.save.clicked.connect(lambda: self.save_clicked.emit())
        self.show_result(None)

    def _arrange(self) -> None:
        form = QFormLayout(self.controls)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Compare with", self.labels)
        form.addRow("Windows", self.page)
        form.addRow(self.place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.overview)
        layout.addWidget(self.track)
        layout.addWidget(self.controls)
        layout.addWidget(self.save)
        layout.addStretch()

    @property
    def canvas(self) -> Canvas:
        """The canvas that is seen."""
        return self.overview if self.track.isHidden() else self.track

    def show_result(self, result: ScoredTracks | None) -> None:
        """Show the pictures of all tracks of a result, or what will be seen.

        Nothing changes where the result is shown already.
        """
        self._set_track_shown(False)
        if result is self._result is not None:
            return
        self._result, self._figure = result, None

        if result is None:
            self.overview.show_drawing(_say_unscored)
            self.overview.setFixedHeight(2 * HEIGHT)
            return
        overview = OverviewFigure(result)
        self.overview.show_drawing(overview.compose)
        self.overview.setFixedHeight(overview.height)

    @property
    def prepared(self) -> bool:
        """Whether the pictures of a track have been made for the result that is shown."""
        return self._figure is not None

    def prepare(self, shown: SelectedTrack) -> None:
        """Make the pictures of a track, unseen, so that the first click need not wait for them."""
        figure = self._figure = TrackFigure(shown.result)
        self.track.show_drawing(figure.compose, lambda: figure.show(shown))
        self.track.setFixedHeight(figure.height)
        self.track.take_size(self.overview.width(), figure.height)

    def show_track(self, shown: SelectedTrack) -> None:
        """Show the pictures of one track, of the result that is shown."""
        if self._figure is None:
            self.prepare(shown)
        else:
            figure = self._figure
            self.track.change_drawing(lambda: figure.show(shown))
        self._show_page(shown)
        self._set_track_shown(True, len(shown.windows) > 0)

    def _show_page(self, shown: SelectedTrack) -> None:
        """Say which label is drawn beside the best, and which page of the windows it is."""
        labels = shown.result.scores.labels
        with QSignalBlocker(self.labels):
            if [self.labels.itemData(place) for place in range(self.labels.count())] != [*labels]:
                self.labels.clear()
                for name in labels:
                    self.labels.addItem(display_name(name), name)
            self.labels.setCurrentIndex(self.labels.findData(shown.beside))
        with QSignalBlocker(self.page):
            self.page.setRange(1, max(shown.pages, 1))
            self.page.setSuffix(f" of {shown.pages}")
            self.page.setValue(shown.page + 1)
        self.place.setText(shown.place)

    def set_theme(self, theme: str) -> None:
        """Take on the colours of a napari theme."""
        for canvas in (self.overview, self.track):
            canvas.set_theme(theme)

    def _set_track_shown(self, shown: bool, controls: bool = False) -> None:
        self.controls.setVisible(shown and controls)
        self.overview.setHidden(shown)
        self.track.setVisible(shown)


def _say_unscored(figure: Figure) -> None:
    figure.text(0.5, 0.5, UNSCORED, ha="center", va="center")
