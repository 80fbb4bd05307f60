"""What to score with what, and how far the scoring is."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from napari_anomalous_diffusion.scores.words import ESTIMATE, MEASURED

DEVICES = ("auto", "cpu", "cuda", "mps")
WAYS = {"given": None, "measured (ep)": MEASURED, "estimated": ESTIMATE}
OTHER_BANK = "Other folder…"


def narrow_box(tooltip: str) -> QComboBox:
    """Make a combo box that does not widen the dock for the sake of a long entry."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(4)
    box.setMinimumWidth(80)  # Qt would make room for all of what stands there while it is empty
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.setToolTip(tooltip)
    return box


def number_box(tooltip: str, highest: float, decimals: int, step: float) -> QDoubleSpinBox:
    """Make a box for a number from 0 on that does not widen the dock."""
    box = QDoubleSpinBox()
    box.setDecimals(decimals)
    box.setMaximum(highest)
    box.setSingleStep(step)
    box.setKeyboardTracking(False)
    box.setStyleSheet("min-width: 30px")  # napari's is too wide for a narrow dock
    box.setToolTip(tooltip)
    return box


class ScoreForm(QWidget):
    """Shows the choices and emits what is chosen; it decides nothing."""

    layer_chosen = Signal(int)
    bank_chosen = Signal(str)
    other_bank_wanted = Signal()
    device_chosen = Signal(str)
    level_chosen = Signal(float)
    localisation_error_chosen = Signal(object)
    exposure_chosen = Signal(float)
    score_new_chosen = Signal(bool)
    score_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.layers = narrow_box("The Tracks layer to score and to look at.")
        self.banks = narrow_box(
            "The bank of autoencoders: what it tells apart, then the points of a window."
        )
        self.devices = narrow_box("Where the networks run; auto takes the fastest there is.")
        self.devices.addItems(DEVICES)
        self.level = number_box(
            "Share of each label's own tracks that may be called novel, or denied their label; for "
            "banks that were calibrated.", 1, 3, 0.01,
        )  # fmt: skip
        self.localisation_error = number_box(
            "Standard deviation of a coordinate's localisation error, in the layer's unit of "
            "length; banks of probabilities use it.", 1e6, 4, 0.01,
        )  # fmt: skip
        self.localisation_way = narrow_box(
            "Where the localisation error comes from: a number that you know; trackpy's column ep, "
            "which layers that were linked here have; or the tracks themselves, which cannot well "
            "tell it from subdiffusive motion."
        )
        for name, way in WAYS.items():
            self.localisation_way.addItem(name, way)
        self.exposure = number_box(
            "Share of the frame interval during which the shutter was open: alpha and D are "
            "corrected for the blur of what moved meanwhile, when the layer is scored.", 1, 2, 0.1,
        )  # fmt: skip
        self.score = QPushButton("Score")
        self.score.setToolTip("Score every track of the layer with every autoencoder of the bank.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop scoring; the layer stays as it is.")
        self.score_new = QCheckBox("Score new Tracks layers at once")
        self.score_new.setToolTip("Score every Tracks layer as soon as it is added to the viewer.")
        self.progress = QProgressBar()
        self.progress.setToolTip("Tracks that are scored.")
        self._arrange()
        self._connect()
        self.set_progress(None)

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.score, stretch=1)
        buttons.addWidget(self.cancel)
        form = self._form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Tracks", self.layers)
        form.addRow("Bank", self.banks)
        form.addRow("Device", self.devices)
        form.addRow("Exposure", self.exposure)
        form.addRow("Level", self.level)
        form.addRow("Localisation error", self.localisation_way)
        form.addRow(" ", self.localisation_error)
        form.addRow(buttons)
        form.addRow(self.progress)
        form.addRow(self.score_new)

    def _connect(self) -> None:
        self.layers.activated.connect(self.layer_chosen)
        self.banks.activated.connect(self._on_bank)
        self.devices.textActivated.connect(self.device_chosen)
        self.level.valueChanged.connect(self.level_chosen)
        self.localisation_error.valueChanged.connect(self._on_localisation_error)
        self.localisation_way.activated.connect(self._on_localisation_error)
        self.exposure.valueChanged.connect(self.exposure_chosen)
        self.score_new.toggled.connect(self.score_new_chosen)
        self.score.clicked.connect(lambda: self.score_clicked.emit())
        self.cancel.clicked.connect(lambda: self.cancel_clicked.emit())

    def _on_bank(self, index: int) -> None:
        if self.banks.itemText(index) == OTHER_BANK:
            self.other_bank_wanted.emit()
        else:
            self.bank_chosen.emit(self.banks.itemData(index))

    def _on_localisation_error(self) -> None:
        way = self.localisation_way.currentData()
        for widget in (self.localisation_error, self._form.labelForField(self.localisation_error)):
            widget.setVisible(way is None)
        self.localisation_error_chosen.emit(self.localisation_error.value() if way is None else way)

    def set_layers(self, names: Sequence[str], chosen: int) -> None:
        """Show the names of the Tracks layers; `chosen` is -1 where there is none."""
        with QSignalBlocker(self.layers):
            self.layers.clear()
            self.layers.addItems(names)
            self.layers.setCurrentIndex(chosen)
            self.layers.setPlaceholderText("Add a Tracks layer")

    def set_banks(self, banks: Sequence[str], chosen: str) -> None:
        """Show the installed banks; a chosen one from elsewhere is put before them."""
        with QSignalBlocker(self.banks):
            self.banks.clear()
            for bank in [*([] if chosen in banks else [chosen]), *banks]:
                self.banks.addItem(bank.replace("\\", "/").rstrip("/").rpartition("/")[2], bank)
            self.banks.addItem(OTHER_BANK)
            self.banks.setCurrentIndex(self.banks.findData(chosen))

    def set_device(self, device: str) -> None:
        """Show where the networks will run."""
        with QSignalBlocker(self.devices):
            self.devices.setCurrentText(device)

    def set_level(self, level: float) -> None:
        """Show the level of the verdicts."""
        with QSignalBlocker(self.level):
            self.level.setValue(level)

    def set_exposure(self, exposure: float) -> None:
        """Show the exposure of the chosen layer."""
        with QSignalBlocker(self.exposure):
            self.exposure.setValue(exposure)

    def set_ready(self, ready: bool) -> None:
        """Let the user score, or not."""
        self.score.setEnabled(ready)

    def set_progress(self, progress: tuple[int, int] | None) -> None:
        """Show how many tracks are done; None while nothing is being scored."""
        busy = progress is not None
        self.cancel.setVisible(busy)
        self.progress.setVisible(busy)
        done, total = progress or (0, 0)
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.progress.setFormat("%v of %m tracks" if total else "loading the bank")
