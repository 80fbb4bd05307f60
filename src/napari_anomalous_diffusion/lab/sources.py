"""Sources: what the tracks of a label are simulated from, as recipes write it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    model_validator,
)

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.own_models import source_code
from napari_anomalous_diffusion.lab.simulation import can_have


def exponent_range(text: str) -> list[float]:
    """Read ``start:stop:step``, both ends included, or a comma-separated list of exponents.

    Parameters
    ----------
    text : str
        ``0.1:1.0:0.1`` or ``0.3,0.6``.

    Returns
    -------
    list of float

    Raises
    ------
    InputError
        If the text is neither.
    """
    try:
        numbers = [float(part) for part in text.replace(":", ",").split(",")]
        if ":" not in text:
            return numbers
        start, stop, step = numbers
        count = int((stop - start) / step + 1e-9) + 1
        return [round(start + index * step, 10) for index in range(max(count, 1))]
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"{text!r} is no range of exponents: write start:stop:step, such as 0.1:1.0:0.1, or a "
            "list, such as 0.3,0.6."
        ) from error


def _exponents(value: object) -> object:
    return exponent_range(value) if isinstance(value, str) else value


class _OfExponents(BaseModel):
    """What has anomalous exponents alpha, in equal shares; in the file also ``"0.1:1.0:0.1"``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    exponents: Annotated[list[float], BeforeValidator(_exponents)]

    @property
    def shares(self) -> int:
        """How many kinds of tracks there are in equal numbers."""
        return len(self.exponents)


class Source(_OfExponents):
    """A diffusion process that tracks are simulated from.

    Attributes
    ----------
    model : str
        One of `simulation.EXPONENT_RANGES`.
    exponents : list of float
        Anomalous exponents alpha.
    """

    model: str

    @model_validator(mode="after")
    def _possible(self) -> Source:
        for exponent in self.exponents:
            if not can_have(self.model, exponent):
                raise ValueError(f"{self.model} cannot have the exponent {exponent:g}")
        return self


class Mixture(_OfExponents):
    """A weighted sum of three models: Eq. (3) of the paper.

    Attributes
    ----------
    models : list of str
        The models 1, 2 and 3.
    exponents : list of float
        The exponent alpha of all three.
    gamma, beta : float
        Model 1 weighs gamma * beta, model 2 weighs 1 - gamma, model 3 weighs 1 - beta.
    """

    models: list[str] = Field(min_length=3, max_length=3)
    gamma: float = Field(ge=0, le=1)
    beta: float = Field(ge=0, le=1)

    @property
    def weights(self) -> tuple[float, float, float]:
        """The weights of the three models."""
        return self.gamma * self.beta, 1 - self.gamma, 1 - self.beta


class OwnModel(BaseModel):
    """A model of the user's own: a Python function that returns tracks, see `own_models`.

    Attributes
    ----------
    function : str
        ``my_model.py:confined``, a file beside the recipe and a function in it; or
        ``my_package.models:confined``.
    code : str
        The whole file, read with the recipe: another code is another model, and is trained anew.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    function: str
    code: str

    @property
    def shares(self) -> int:
        """How many kinds of tracks it has in equal numbers."""
        return 1

    @model_validator(mode="before")
    @classmethod
    def _read_code(cls, value: Any, info: ValidationInfo) -> Any:
        """Read the code where a recipe names a function, which it must not bring itself."""
        if info.context is None:
            return value
        if "code" in value:
            raise ValueError("a recipe names a function, and brings no code itself")
        return value | {"code": source_code(str(value["function"]), info.context)}


def _kind_of_source(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_fields_set
    elif not isinstance(value, dict):
        return "model"
    return "mixture" if "models" in value else "function" if "function" in value else "model"


AnySource = Annotated[
    Annotated[Source, Tag("model")]
    | Annotated[Mixture, Tag("mixture")]
    | Annotated[OwnModel, Tag("function")],
    Discriminator(_kind_of_source),
]


class Grid(BaseModel):
    """Many labels at once: a model at each exponent, or a mixture at each gamma and beta.

    Attributes
    ----------
    model : str
        The model, where the labels are its exponents.
    models : list of str
        The models 1, 2 and 3, where the labels are their mixtures.
    exponents : list of float
        A label each; for mixtures, the exponent of all.
    gamma, beta : list of float
        Weights of the mixtures; every pair of them is a label.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: str = ""
    models: list[str] = []
    exponents: Annotated[list[float], BeforeValidator(_exponents)]
    gamma: Annotated[list[float], BeforeValidator(_exponents)] = []
    beta: Annotated[list[float], BeforeValidator(_exponents)] = []

    def labels(self) -> dict[str, AnySource]:
        """Name every label and its source."""
        if self.model:
            return {
                f"alpha={alpha:g}": Source(model=self.model, exponents=[alpha])
                for alpha in self.exponents
            }
        return {
            f"gamma={gamma:g},beta={beta:g}": Mixture(
                models=self.models, exponents=self.exponents, gamma=gamma, beta=beta
            )
            for gamma in self.gamma
            for beta in self.beta
        }
