"""A form made from the fields of a pydantic model: its titles, descriptions, bounds and units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from qtpy.QtCore import QEvent, QLocale, QObject, QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from napari_anomalous_diffusion.errors import InputError

Model = TypeVar("Model", bound=BaseModel)

LARGEST = 1_000_000_000
"""What a number without an upper bound may reach."""

SIGNIFICANT_DIGITS = 10


@dataclass(frozen=True)
class Editor:
    """A widget for one field, and how its value is read, shown and heard of."""

    widget: QWidget
    read: Callable[[], Any]
    show: Callable[[Any], None]
    changed: Any


class ModelForm(QWidget, Generic[Model]):
    """Edits the fields of a pydantic model, each in a row of its own.

    Whole and decimal numbers, switches, texts and choices (``Literal``) are understood. A field's
    ``json_schema_extra`` may hold its ``unit``.

    Parameters
    ----------
    kind : type of BaseModel
        Every field must have a default.
    steps : mapping of str to number, optional
        How far the arrows of a field go.
    """

    changed = Signal()
    """Emitted when the user has changed a value."""

    def __init__(self, kind: type[Model], steps: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.kind = kind
        self.editors: dict[str, Editor] = {}
        self._guard = WheelGuard(self)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, field in kind.model_fields.items():
            self._add_row(name, field)
        for name, step in (steps or {}).items():
            self.editors[name].widget.setSingleStep(step)
        self.show_values(kind())

    def _add_row(self, name: str, field: FieldInfo) -> None:
        editor = make_editor(name, field)
        tooltip = field.description or ""
        editor.widget.setToolTip(tooltip)
        editor.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        editor.widget.installEventFilter(self._guard)
        editor.changed.connect(lambda *_: self.changed.emit())
        title = field.title or name.replace("_", " ").capitalize()
        if isinstance(editor.widget, QCheckBox):
            editor.widget.setText(title)
            self._form.addRow(editor.widget)
        else:
            self._form.addRow(title, editor.widget)
            self._form.labelForField(editor.widget).setToolTip(tooltip)
        self.editors[name] = editor

    def set_shown(self, name: str, shown: bool) -> None:
        """Show the row of a field, or hide it; it keeps its value."""
        self._form.setRowVisible(self.editors[name].widget, shown)

    def values(self) -> Model:
        """Read the form.

        Raises
        ------
        InputError
            If the model does not take a value; the sentence begins with the title of its field.
        """
        try:
            return self.kind(**{name: editor.read() for name, editor in self.editors.items()})
        except ValidationError as error:
            raise InputError(self._sentence(error)) from None

    def show_values(self, values: Model) -> None:
        """Show the values of a model; that is no change by the user."""
        for name, editor in self.editors.items():
            with QSignalBlocker(editor.widget):
                editor.show(getattr(values, name))

    def _sentence(self, error: ValidationError) -> str:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        place = first["loc"][0] if first["loc"] else None
        if place not in self.editors:
            return reason
        title = self.kind.model_fields[str(place)].title or str(place)
        return f"{title}: {reason[0].lower()}{reason[1:]}"


class WheelGuard(QObject):
    """Leaves the wheel to the panel while it turns over an editor that nobody has clicked."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stop wheel events on their way to widgets without the focus."""
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False


class NumberBox(QDoubleSpinBox):
    """A decimal number, written with as many digits as it has and no more."""

    def __init__(self) -> None:
        super().__init__()
        locale = QLocale(self.locale())
        locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
        self.setLocale(locale)
        self.setDecimals(6)

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """Write a number without the zeros at its end."""
        return str(self.locale().toString(float(value), "g", SIGNIFICANT_DIGITS))


def make_editor(name: str, field: FieldInfo) -> Editor:
    """Make the editor of a field.

    Raises
    ------
    TypeError
        If nothing is known for a field's type.
    """
    kind: Any = field.annotation
    if kind is bool:
        box = QCheckBox()
        return Editor(box, box.isChecked, box.setChecked, box.toggled)
    if kind is int or kind is float:
        number = _number_box(kind, field)
        return Editor(number, number.value, number.setValue, number.valueChanged)
    if get_origin(kind) is Literal:
        return _choice(get_args(kind))
    if kind is str:
        text = QLineEdit()
        return Editor(text, text.text, text.setText, text.editingFinished)
    raise TypeError(f"there is no editor for {name}, which is of the type {kind}")


def _choice(values: tuple[Any, ...]) -> Editor:
    box = QComboBox()
    for value in values:
        box.addItem(str(value), value)
    return Editor(
        box, box.currentData, lambda value: box.setCurrentIndex(values.index(value)), box.activated
    )


def _number_box(kind: type, field: FieldInfo) -> Any:
    box = QSpinBox() if kind is int else NumberBox()
    least = 1 if kind is int else 10.0 ** -box.decimals()
    low: Any = -LARGEST
    high: Any = LARGEST
    bounds: list[Any] = field.metadata  # pydantic promises no more than that they compare
    for bound in bounds:
        low = getattr(bound, "ge", low)
        high = getattr(bound, "le", high)
        low = bound.gt + least if hasattr(bound, "gt") else low
        high = bound.lt - least if hasattr(bound, "lt") else high
    box.setRange(low, high)
    box.setKeyboardTracking(False)  # 11 is not 1 first
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    if kind is float:
        box.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
    if "unit" in extra:
        box.setSuffix(f" {extra['unit']}")
    return box
