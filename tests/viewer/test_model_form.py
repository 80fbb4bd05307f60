"""Forms made of pydantic models."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_anomalous_diffusion import InputError
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.model_form import ModelForm


def even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


class Settings(BaseModel):
    count: Annotated[int, AfterValidator(even)] = Field(4, ge=2, lt=10, title="Spots")
    size: float = Field(0.25, gt=0, description="How large.", json_schema_extra={"unit": "px"})
    dark: bool = Field(True, title="Dark spots")
    kind: Literal["one", "two"] = "two"
    name: str = "beads"


@pytest.fixture
def form(qtbot) -> ModelForm[Settings]:
    made = ModelForm(Settings, steps={"count": 2})
    qtbot.addWidget(made)
    return made


def widget(form, name):
    return form.editors[name].widget


def test_a_form_begins_with_the_defaults_and_gives_them_back(form):
    assert form.values() == Settings()
    other = Settings(count=6, size=12345678.5, dark=False, kind="one", name="nuclei")
    form.show_values(other)
    assert form.values() == other


def test_titles_tooltips_bounds_and_units_are_those_of_the_fields(form):
    assert form._form.labelForField(widget(form, "count")).text() == "Spots"
    assert widget(form, "dark").text() == "Dark spots"
    assert widget(form, "size").toolTip() == "How large."
    assert widget(form, "size").text() == "0.25 px"
    assert (widget(form, "count").minimum(), widget(form, "count").maximum()) == (2, 9)
    assert 0 < widget(form, "size").minimum() < 1e-5


def test_a_change_by_the_user_is_told_and_one_by_the_program_is_not(form, qtbot):
    heard = []
    form.changed.connect(lambda: heard.append(form.values()))
    form.show_values(Settings(count=8))
    assert heard == []
    widget(form, "count").stepDown()
    widget(form, "dark").click()
    assert [(values.count, values.dark) for values in heard] == [(6, True), (6, False)]


def test_what_the_model_does_not_take_is_told_by_the_title(form):
    widget(form, "count").setValue(3)
    with pytest.raises(InputError, match=r"^Spots: must be even$"):
        form.values()


def test_the_wheel_scrolls_the_panel_and_changes_no_number_by_accident(form, qtbot):
    form.show()
    widget(form, "name").setFocus()
    before = form.values()
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 120), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget(form, "count"), turn)
    assert form.values() == before


def test_every_parameter_of_linking_has_an_editor(qtbot):
    form = ModelForm(LinkingParameters)
    qtbot.addWidget(form)
    assert set(form.editors) == set(LinkingParameters.model_fields)
    parameters = LinkingParameters(minimum_mass=1234.5, search_range=0.125, dark_on_light=True)
    form.show_values(parameters)
    assert form.values() == parameters


def test_a_type_without_an_editor_is_named(qtbot):
    class Strange(BaseModel):
        places: list[int] = []

    with pytest.raises(TypeError, match="no editor for places"):
        ModelForm(Strange)
