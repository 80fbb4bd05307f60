"""The parameters of linking: a form, options of the command and a file are made from them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.writing import whole_file


def _odd(value: int) -> int:
    # Even ones have no pixel in their middle; 0 stands for no value of its own.
    if value and not (value >= 3 and value % 2):
        raise ValueError("must be an odd number from 3 on")
    return value


class LinkingParameters(BaseModel):
    """How spots are found in a movie and linked into tracks; lengths are in pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    channel: int = Field(
        default=-1,
        ge=-1,
        title="Channel",
        description="Channel with the particles, counted from 0, of movies that have several; -1: "
        "not said.",
    )
    diameter: Annotated[int, AfterValidator(_odd)] = Field(
        default=11,
        ge=3,
        le=999,
        title="Diameter",
        description="Diameter of a spot in pixels, an odd number; rather too large than too small.",
    )
    diameter_z: Annotated[int, AfterValidator(_odd)] = Field(
        default=0,
        ge=0,
        le=999,
        title="Diameter in z",
        description="Height of a spot in planes, for movies of volumes; 0: the same as the "
        "diameter.",
    )
    minimum_mass: float = Field(
        default=0.0,
        ge=0,
        title="Minimum mass",
        description="Total brightness above the background that a spot must exceed.",
    )
    dark_on_light: bool = Field(
        default=False,
        title="Dark on light",
        description="Spots are darker than the background.",
    )
    percentile: float = Field(
        default=64.0,
        ge=0,
        le=100,
        title="Percentile",
        description="The peak of a spot must be brighter than this percentage of the pixels that "
        "are not background.",
    )
    search_range: float = Field(
        default=5.0,
        gt=0,
        title="Search range",
        description="Farthest that a particle moves from one frame to the next, in pixels.",
    )
    search_range_z: float = Field(
        default=0.0,
        ge=0,
        title="Search range in z",
        description="The same along z, in planes, for movies of volumes; 0: the same as the "
        "search range.",
    )
    memory: int = Field(
        default=3,
        ge=0,
        title="Memory",
        description="Number of frames in a row in which a particle may be lost and yet be known "
        "again.",
    )
    minimum_length: int = Field(
        default=20,
        ge=1,
        title="Minimum length",
        description="Points that a track must have to be kept.",
    )
    subtract_drift: bool = Field(
        default=False,
        title="Subtract drift",
        description="Take out of every track the motion that all of them have in common; only "
        "where there are many tracks at a time.",
    )
    exposure: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Exposure",
        description="Share of the frame interval during which the shutter is open, from 0 to 1: "
        "alpha and D are corrected for the blur of what moves meanwhile.",
    )

    @classmethod
    def from_entries(cls, entries: Mapping[str, Any], source: str = "linking") -> Self:
        """Check parameters that a user has written.

        Parameters
        ----------
        entries : mapping of str to value
            Parameters by their names; what is left out has its default.
        source : str
            What to call them in messages: the file.

        Returns
        -------
        LinkingParameters

        Raises
        ------
        InputError
            If a name is unknown or a value is not possible.
        """
        try:
            return cls(**entries)
        except ValidationError as error:
            raise InputError(_first_fault(error, source, list(cls.model_fields))) from error

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read parameters from a TOML file.

        Parameters
        ----------
        path : path
            Has a line ``name = value`` for each parameter; what is left out has its default.

        Returns
        -------
        LinkingParameters

        Raises
        ------
        InputError
            If the file cannot be read, a name is unknown or a value is not possible.
        """
        try:
            entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror or error}); give a file of parameters."
            ) from error
        except ValueError as error:  # no UTF-8, or no TOML
            raise InputError(f"{path}: is no TOML file ({error}); correct it there.") from error
        return cls.from_entries(entries, str(path))

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters into a TOML file, with a word on each.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        with whole_file(path) as partial:
            partial.write_text(self.to_toml(), encoding="utf-8")

    def to_toml(self) -> str:
        """Return the parameters as TOML, with a word on each."""
        lines = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            text = str(value).lower() if isinstance(value, bool) else repr(value)
            lines.append(f"# {field.description}\n{name} = {text}\n")
        return "\n".join(lines)


def _first_fault(error: ValidationError, source: str, known: list[str]) -> str:
    fault = error.errors()[0]
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{source}: there is no parameter {name}; choose from {', '.join(known)}."
    reason = fault["msg"].removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    return f"{source}: {name} = {fault['input']!r} is not possible ({reason}); choose another."
