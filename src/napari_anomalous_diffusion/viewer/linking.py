"""The dock widget that links movies: what it shows, and what it asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.form import narrow_box
from napari_anomalous_diffusion.viewer.linking_controller import LinkingController
from napari_anomalous_diffusion.viewer.linking_histogram import MassHistogram
from napari_anomalous_diffusion.viewer.linking_layers import describe_axes
from napari_anomalous_diffusion.viewer.linking_model import LinkingModel, LinkingProgress
from napari_anomalous_diffusion.viewer.model_form import ModelForm
from napari_anomalous_diffusion.viewer.side_panel import SidePanel, line

if TYPE_CHECKING:
    from napari.viewer import Viewer

VOLUME_FIELDS = ("diameter_z", "search_range_z")


class LinkingPanel(SidePanel):
    """Finds the particles of a movie, and links them into tracks.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.movie = MovieForm()
        self.parameters = parameters_form()
        self.parameters.set_shown("channel", False)  # it is chosen with the movie
        self.files = ParameterFileButtons()
        self.preview = QCheckBox("Preview on the current frame")
        self.preview.setToolTip("Mark the spots that these parameters find on the frame you see.")
        self.histogram = MassHistogram()
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.run = LinkForm()
        self._arrange()
        self.show_preview(False)
        self.model = LinkingModel()
        self.controller = LinkingController(napari_viewer, self, self.model)
        # Whatever ends the panel, nothing of it may stay in the viewer.
        self.closed.connect(self.controller.close)
        self.destroyed.connect(self.controller.close)

    def _arrange(self) -> None:
        for view in (
            self.movie,
            line(),
            self.parameters,
            self.files,
            line(),
            self.preview,
            self.histogram,
            self.count,
            line(),
            self.run,
            self.message,
        ):
            self.column.addWidget(view)
        self.column.addStretch()

    def show_preview(self, on: bool) -> None:
        """Show what belongs to the preview, or hide it."""
        with QSignalBlocker(self.preview):
            self.preview.setChecked(on)
        self.histogram.setVisible(on)
        self.count.setVisible(on)
        self.count.setText("Looking for spots…" if on else "")

    def show_count(self, kept: int, found: int, frame: int) -> None:
        """Say how many spots there are on a frame."""
        self.count.setText(f"{kept:,} of {found:,} spots are kept on frame {frame}.")

    def show_volume(self, volume: bool) -> None:
        """Show the fields that only volumes have, or hide them."""
        for name in VOLUME_FIELDS:
            self.parameters.set_shown(name, volume)


class MovieForm(QWidget):
    """Which layer is linked, and how its axes are meant."""

    layer_chosen = Signal(int)
    axes_chosen = Signal(str)
    channel_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.layers = narrow_box("The movie: an Image layer with time.")
        self.layers.setPlaceholderText("Open a movie")
        self.axes = narrow_box("What the axes of the layer are, which its labels do not say.")
        self.axes.setPlaceholderText("Choose…")
        self.channel = QSpinBox()
        self.channel.setToolTip("The channel in which the spots are, counted from 0.")
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Movie", self.layers)
        self._form.addRow("Axes", self.axes)
        self._form.addRow("Channel", self.channel)
        self.layers.activated.connect(self.layer_chosen)
        self.axes.activated.connect(lambda place: self.axes_chosen.emit(self.axes.itemData(place)))
        self.channel.valueChanged.connect(self.channel_chosen)

    def set_layers(self, names: Sequence[str], chosen: int) -> None:
        """Show the names of the Image layers; `chosen` is -1 where there is none."""
        with QSignalBlocker(self.layers):
            self.layers.clear()
            self.layers.addItems(names)
            self.layers.setCurrentIndex(chosen)

    def set_axes(self, possible: Sequence[str], chosen: str | None) -> None:
        """Show what the axes may be, where there is more than one answer."""
        with QSignalBlocker(self.axes):
            self.axes.clear()
            for axes in possible:
                self.axes.addItem(describe_axes(axes), axes)
            self.axes.setCurrentIndex(-1 if chosen is None else self.axes.findData(chosen))
        self._form.setRowVisible(self.axes, len(possible) > 1)

    def set_channels(self, number: int, chosen: int) -> None:
        """Let the user choose from so many channels; 0 for a movie without."""
        with QSignalBlocker(self.channel):
            self.channel.setRange(0, max(number - 1, 0))
            self.channel.setValue(chosen)
        self._form.setRowVisible(self.channel, number > 0)


class ParameterFileButtons(QWidget):
    """Opens and saves parameters."""

    load_clicked = Signal()
    save_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.load = QPushButton("Load…")
        self.load.setToolTip("Read the parameters from a file.")
        self.save = QPushButton("Save…")
        self.save.setToolTip(
            "Write the parameters into a file, which the command takes as --parameters."
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Parameters"))
        row.addStretch()
        row.addWidget(self.load)
        row.addWidget(self.save)
        self.load.clicked.connect(lambda: self.load_clicked.emit())
        self.save.clicked.connect(lambda: self.save_clicked.emit())


class LinkForm(QWidget):
    """Starts and stops linking, and shows how far it is."""

    link_clicked = Signal()
    cancel_clicked = Signal()
    score_chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.link = QPushButton("Link")
        self.link.setToolTip("Find the spots of every frame, and link them into tracks.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop linking; nothing is added.")
        self.score = QCheckBox("Score when linked")
        self.score.setToolTip("Score the tracks at once, with the bank chosen in the other panel.")
        self.progress = QProgressBar()
        self.progress.setToolTip("Frames that are done.")
        buttons = QHBoxLayout()
        buttons.addWidget(self.link, stretch=1)
        buttons.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.score)
        column.addLayout(buttons)
        column.addWidget(self.progress)
        self.link.clicked.connect(lambda: self.link_clicked.emit())
        self.cancel.clicked.connect(lambda: self.cancel_clicked.emit())
        self.score.toggled.connect(self.score_chosen)
        self.set_progress(None)

    def set_ready(self, ready: bool) -> None:
        """Let the user link, or not."""
        self.link.setEnabled(ready)

    def set_progress(self, progress: LinkingProgress | None) -> None:
        """Show how far the linking is; None while nothing is being linked."""
        self.cancel.setVisible(progress is not None)
        self.progress.setVisible(progress is not None)
        if progress is not None:
            self.progress.setRange(0, progress.total)
            self.progress.setValue(progress.done)
            self.progress.setFormat(progress_text(progress))


def parameters_form() -> ModelForm[LinkingParameters]:
    """Make the form of the parameters of linking."""
    form = ModelForm(LinkingParameters, steps={"diameter": 2})
    for name in VOLUME_FIELDS:
        form.set_shown(name, False)
    return form


def progress_text(progress: LinkingProgress) -> str:
    """Say how many frames are done, and how long the others will take."""
    text = f"{progress.done:,} of {progress.total:,} frames"
    if progress.seconds_left is None:
        return text
    seconds = round(progress.seconds_left)
    left = f"{seconds} s" if seconds < 100 else f"{round(seconds / 60)} min"
    return f"{text}, {left} left"
