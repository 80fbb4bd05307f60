"""Recipes: everything that decides what a bank becomes, in one TOML file."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.sources import AnySource, Grid, OwnModel


class WindowsRecipe(BaseModel):
    """Which windows a network is trained on.

    Half of them are whole tracks of the bank's length. Half are drawn as scoring draws them, at
    every stride and place in longer tracks, so that no network takes the middle of a track of its
    own kind for something else.

    Attributes
    ----------
    number : int
        Windows simulated for each label and member, before those that never move are left out.
    long_tracks : list of int
        Lengths of the longer tracks, in equal shares; none: only whole tracks.
    windows_per_track : int
        At most so many windows are drawn from each longer track.
    noise : float
        Each track has a localisation error drawn evenly between 0 and this, in units of the
        standard deviation of its displacements.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    number: int = Field(gt=0)
    long_tracks: list[int] = []
    windows_per_track: int = Field(default=8, gt=0)
    noise: float = Field(default=0.0, ge=0)

    def shapes(self, length: int) -> tuple[list[int], list[int]]:
        """Lengths and dimensions of the tracks that are simulated for windows of `length`."""
        return [length, *self.long_tracks], [1, 2]


class TracksRecipe(BaseModel):
    """Which whole tracks a network that gives their probability is trained on.

    Attributes
    ----------
    steps : int
        Displacements simulated for each label and member, in equal shares for every length and
        dimension, before tracks that never move are left out.
    lengths : list of int
        Points of the simulated tracks. Each batch is cut short at random, down to the next smaller
        length, or to `shortest` points.
    shortest : int
        Points of the shortest track.
    dimensions : list of int
        Some of 1, 2 and 3.
    clean : float
        Share of batches without localisation error.
    noise : float
        In the others, each track has a localisation error drawn evenly between 0 and this, in units
        of the standard deviation of its displacements.
    missing : float
        In half of the batches, the share of frames that are missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    steps: int = Field(gt=0)
    lengths: list[int] = [30, 100, 400]
    shortest: int = Field(default=10, ge=3)
    dimensions: list[int] = [1, 2, 3]
    clean: float = Field(default=0.5, ge=0, le=1)
    noise: float = Field(default=1.0, ge=0)
    missing: float = Field(default=0.1, ge=0, lt=1)

    def shapes(self, length: int) -> tuple[list[int], list[int]]:
        """Lengths and dimensions of the tracks that are simulated, whatever `length`."""
        return self.lengths, self.dimensions


class TrainingRecipe(BaseModel):
    """How networks are trained; Table I of the paper has its own numbers for it.

    Attributes
    ----------
    batch : int
        Windows of one step.
    round : int
        Windows between two checkpoints and two points of the loss curve.
    shared_rounds, own_rounds : int
        All labels of a member start from one network, trained for `shared_rounds` on windows of
        every source; each is then trained for `own_rounds` on its own. 0 shared rounds: from
        random weights, as in the paper.
    shared_rate, own_rate : float
        Highest learning rates of the one-cycle schedules.
    l2 : float
        L2 regularisation.
    loss : {"log", "mse"}
        Mean over the batch of the logarithm of each window's error, or of the error.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    batch: int = Field(default=256, gt=0)
    round: int = Field(default=80_000, gt=0)
    shared_rounds: int = Field(default=0, ge=0)
    shared_rate: float = Field(default=3e-3, gt=0)
    own_rounds: int = Field(gt=0)
    own_rate: float = Field(default=3e-3, gt=0)
    l2: float = Field(default=1e-5, ge=0)
    loss: Literal["log", "mse"] = "log"


class OthersRecipe(BaseModel):
    """Motion that is none of the labels, for a bank of probabilities.

    A track is novel where a network of one of these finds it much more probable than the label's.

    Attributes
    ----------
    steps : int
        Displacements simulated of each.
    rounds : int
        Each is trained for so many.
    rate : float, optional
        Highest learning rate of the one-cycle schedule; that of the labels where there is none.
    sources : dict of str to Source, Mixture or OwnModel
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    steps: int = Field(gt=0)
    rounds: int = Field(gt=0)
    rate: float | None = Field(default=None, gt=0)
    sources: dict[str, AnySource] = Field(min_length=1)


class CalibrationRecipe(BaseModel):
    """Which tracks a bank is calibrated with.

    Attributes
    ----------
    tracks : int
        Simulated for each label in each of the circumstances, before those that never move are left
        out.
    lengths : list of int
        Points of a track.
    dimensions : list of int
        Some of 1, 2 and 3; what is missing is taken as the nearest one.
    noise : list of float
        Localisation errors, in units of the standard deviation of a track's displacements.
    seed : int
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    tracks: int = Field(default=250, gt=0)
    lengths: list[int] = [10, 16, 25, 40, 63, 100, 160, 250, 400]
    dimensions: list[int] = [1, 2, 3]
    noise: list[float] = [0.0, 0.1, 0.3, 1.0]
    seed: int = 1905


class Recipe(BaseModel):
    """A bank to be trained.

    Attributes
    ----------
    name, description, axis, network, length, normalisation, average, precision
        As in `autoencoders.bank.BankFile`.
    members : int
        Networks a label.
    seed : int
        Decides every simulated track and every weight.
    windows : WindowsRecipe, optional
        For autoencoders.
    tracks : TracksRecipe, optional
        For networks that give the probability of a track (``network = "density"``).
    training : TrainingRecipe
    shared : dict of str to Source, Mixture or OwnModel
        What the shared start is trained on; the labels, where there is none.
    labels : dict of str to Source, Mixture or OwnModel
        In the file also as a `Grid`, under ``[grid]``.
    others : OthersRecipe, optional
    calibration : CalibrationRecipe
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    description: str
    axis: Literal["model", "exponent", "mixture"]
    network: Literal["short", "long", "density"] = "short"
    length: int = Field(default=20, ge=4)
    normalisation: Literal["batch", "track", "none", "shared"] = "batch"
    average: Literal["arithmetic", "geometric"] = "geometric"
    precision: Literal["full", "half"] = "full"
    members: int = Field(gt=0)
    seed: int
    windows: WindowsRecipe | None = None
    tracks: TracksRecipe | None = None
    training: TrainingRecipe
    shared: dict[str, AnySource] = {}
    labels: dict[str, AnySource] = Field(min_length=1)
    others: OthersRecipe | None = None
    calibration: CalibrationRecipe = CalibrationRecipe()

    @property
    def data(self) -> WindowsRecipe | TracksRecipe:
        """What the networks are trained on."""
        data = self.tracks if self.network == "density" else self.windows
        assert data is not None  # _has_data has checked it
        return data

    @property
    def own_models(self) -> list[OwnModel]:
        """The functions of the user's own that it names."""
        others = {} if self.others is None else self.others.sources
        sources = [*self.shared.values(), *self.labels.values(), *others.values()]
        return [source for source in sources if isinstance(source, OwnModel)]

    @model_validator(mode="after")
    def _has_data(self) -> Recipe:
        needed = "tracks" if self.network == "density" else "windows"
        if getattr(self, needed) is None:
            raise ValueError(f"a {self.network} network needs a section [{needed}]")
        if self.others is not None and self.tracks is None:
            raise ValueError("only a bank of probabilities can use a section [others]")
        if self.normalisation == "shared" and self.windows is not None and self.windows.noise:
            raise ValueError("networks of the published form are trained without noise")
        return self

    @model_validator(mode="before")
    @classmethod
    def _grid_to_labels(cls, recipe: Any) -> Any:
        if isinstance(recipe, dict) and "grid" in recipe:
            recipe = dict(recipe)
            recipe["labels"] = Grid.model_validate(recipe.pop("grid")).labels()
        return recipe


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe.

    Raises
    ------
    InputError
        If the file is not there, not TOML, or says something that no bank can be made from.
    """
    try:
        entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return Recipe.model_validate(entries, context=Path(path).parent)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: mend the entry {where}: {first['msg'].rstrip('.')}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read as a TOML file: {error}.") from error


def digest(*parts: object) -> str:
    """Condense settings to 16 hexadecimal digits: equal settings, equal digits.

    Parameters
    ----------
    *parts : BaseModel, or what JSON can hold, or dict of these
    """
    plain = TypeAdapter(list[Any]).dump_python(list(parts), mode="json")
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def seed_from(*parts: str | int) -> int:
    """Make a seed of names and numbers."""
    return int(digest(*parts)[:7], 16)
