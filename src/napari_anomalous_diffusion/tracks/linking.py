"""From a movie to tracks: trackpy finds the spots of each frame and links them, frame by frame.

trackpy (https://doi.org/10.5281/zenodo.1213240) implements the algorithm of J. C. Crocker and
D. G. Grier, J. Colloid Interface Sci. 179, 298 (1996), https://doi.org/10.1006/jcis.1996.0217.
It takes long to import, so that it is imported when something is linked.
"""

from __future__ import annotations

import os
import tomllib
import warnings
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.table import Trajectories
from napari_anomalous_diffusion.writing import whole_file

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.movies import Movie

EXPECTED_WARNINGS = (
    "Image is completely black|Image contains no local maxima|All local maxima were in the margins|"
    "No maxima survived|I am interpreting the image as"
)
"""How trackpy's warnings of frames without spots and of volumes with few planes begin."""


def _odd(value: int) -> int:
    # Even ones have no pixel in their middle; 0 stands for no value of its own.
    if value and not (value >= 3 and value % 2):
        raise ValueError("must be an odd number from 3 on")
    return value


class LinkingParameters(BaseModel):
    """How spots are found in a movie and linked into tracks; lengths are in pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

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


@dataclass(frozen=True)
class LinkingStep:
    """How far a linking is.

    Attributes
    ----------
    done, total : int
        Frames that are done, and all frames.
    found : int
        Spots found so far.
    """

    done: int
    total: int
    found: int


@dataclass(frozen=True, eq=False)
class Linked:
    """The tracks of a movie.

    Attributes
    ----------
    trajectories : Trajectories
        Positions in pixels (planes along z), the first pixel's centre at 0; they carry the
        calibration of the movie. Tracks are numbered in the order in which they begin, and keep
        their numbers where shorter ones are left out.
    features : DataFrame
        What trackpy says of each point, a row a point in the order of the trajectories: ``mass``,
        ``size`` (radius of gyration in pixels), ``ecc`` (eccentricity), ``signal``, ``raw_mass``,
        ``ep`` (static localisation error in pixels); ``size`` and ``ep`` are one column an axis
        where the diameter differs along z.
    parameters : LinkingParameters
        What they were made with.
    source : str
        What the movie is called in messages.
    spots : int
        Spots that were found, in tracks or not.
    """

    trajectories: Trajectories
    features: pd.DataFrame
    parameters: LinkingParameters
    source: str
    spots: int

    def to_frame(self) -> pd.DataFrame:
        """Return all points with the columns track_id, frame, (z), y, x and the features."""
        import pandas as pd

        return pd.concat([self.trajectories.to_frame(), self.features], axis=1)


def locate(
    frame: NDArray[Any], parameters: LinkingParameters, source: str = "movie", number: int = 0
) -> pd.DataFrame:
    """Find the spots of one frame.

    Parameters
    ----------
    frame : array_like, shape (Y, X) or (Z, Y, X)
        Real numbers of any type. NaN and infinite ones count as background.
    parameters : LinkingParameters
        Those of linking are ignored.
    source : str
        What to call the movie in messages.
    number : int
        Number of the frame.

    Returns
    -------
    DataFrame
        A row a spot with trackpy's columns: (z), y, x in pixels, mass, size, ecc, signal, raw_mass
        and ep as in `Linked`, and frame. With a minimum mass of 0 it holds the masses to choose a
        minimum from.

    Raises
    ------
    InputError
        If the frame is smaller than a spot, or does not hold real numbers.
    """
    spots = _locate_all(frame, parameters, source, number)
    return spots[spots["mass"] > parameters.minimum_mass].reset_index(drop=True)


def link(
    movie: Movie,
    parameters: LinkingParameters,
    *,
    progress: Callable[[LinkingStep], object] | None = None,
) -> Linked:
    """Find the particles of a movie and link them into tracks.

    Parameters
    ----------
    movie : Movie
    parameters : LinkingParameters
    progress : callable, optional
        Called with a `LinkingStep` after each frame.

    Returns
    -------
    Linked

    Raises
    ------
    InputError
        If no track results, too many spots lie within the search range, or a frame cannot be read.
    """
    steps = link_in_steps(movie, parameters)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            linked: Linked = end.value
            return linked
        if progress is not None:
            progress(step)


def link_in_steps(
    movie: Movie, parameters: LinkingParameters
) -> Generator[LinkingStep, None, Linked]:
    """Link as `link` does, one frame a step, so that it can be shown and cancelled.

    Of the frames none is kept, of the spots what trackpy says of them.

    Parameters
    ----------
    movie : Movie
    parameters : LinkingParameters

    Yields
    ------
    LinkingStep
        After each frame.

    Returns
    -------
    Linked

    Raises
    ------
    InputError
        As in `link`.
    """
    spots = _Spots(movie, parameters)
    linker = _FrameLinker(movie, parameters)
    for number in range(len(movie)):
        located = spots.add(number)
        spots.tracks.append(linker.add(located[list(movie.axes)].to_numpy(), number))
        yield LinkingStep(number + 1, len(movie), spots.number)
    return spots.to_tracks()


class _FrameLinker:
    """Links the spots of one frame after the other, by trackpy's own linker.

    `trackpy.link_iter` would do, but for its numbers of tracks: all linkings in a process count on
    one counter, which each of them sets back, and the numbers depend on the order of a set.
    """

    def __init__(self, movie: Movie, parameters: LinkingParameters) -> None:
        from trackpy.linking import Linker

        search_range = _along_axes(movie, parameters.search_range, parameters.search_range_z)
        self._linker = Linker(search_range, memory=parameters.memory)
        self._numbers: dict[Any, int] = {}
        self._parameters = parameters
        self._source = movie.source

    def add(self, positions: NDArray[np.float64], number: int) -> NDArray[np.int64]:
        """Return the track of each position."""
        from trackpy.linking import SubnetOversizeException

        if self._linker.hash is None:
            if len(positions) == 0:
                return np.empty(0, dtype=np.int64)
            self._linker.init_level(positions, number)
        else:
            try:
                self._linker.next_level(positions, number)
            except SubnetOversizeException as error:
                raise InputError(
                    f"{self._source}: at frame {number}, too many of the {len(positions)} spots "
                    f"lie within the search range of {self._parameters.search_range:g} pixels of "
                    "each other to be told apart; choose a smaller search range or a larger "
                    "minimum mass."
                ) from error
        tracks = (point.track for point in self._linker.hash.points)
        return np.array(
            [self._numbers.setdefault(track, len(self._numbers)) for track in tracks],
            dtype=np.int64,
        )


class _Spots:
    """All spots of a movie, as they are found."""

    def __init__(self, movie: Movie, parameters: LinkingParameters) -> None:
        self.number = 0
        self.tracks: list[NDArray[np.int64]] = []
        self._movie = movie
        self._parameters = parameters
        self._values: list[NDArray[np.float64]] = []
        self._columns: list[str] = []
        self._candidates = 0
        self._heaviest = 0.0

    def add(self, number: int) -> pd.DataFrame:
        """Find the spots of a frame, keep what trackpy says of them, and return them."""
        movie = self._movie
        found = _locate_all(movie.frame(number), self._parameters, movie.source, number)
        self._candidates += len(found)
        self._heaviest = max(self._heaviest, found["mass"].max(), key=np.nan_to_num)
        kept = found[found["mass"] > self._parameters.minimum_mass]
        self._values.append(kept.to_numpy(dtype=np.float64))
        self._columns = list(kept.columns)
        self.number += len(kept)
        return kept

    def to_tracks(self) -> Linked:
        """Make tracks of the spots that were numbered by track."""
        import pandas as pd

        if self.number == 0:
            raise InputError(self._none_found())
        track = np.concatenate(self.tracks)
        lengths = np.bincount(track)
        long_enough = np.flatnonzero(lengths[track] >= self._parameters.minimum_length)
        if len(long_enough) == 0:
            raise InputError(self._none_long_enough(lengths))
        # Tracks are numbered as they begin, and spots come by frame.
        order = long_enough[np.argsort(track[long_enough], kind="stable")]
        table = pd.DataFrame(np.concatenate(self._values)[order], columns=self._columns)
        axes = self._movie.axes
        trajectories = Trajectories.from_points(
            track[order],
            table["frame"],
            table[list(axes)],
            axes=axes,
            source=self._movie.source,
            calibration=self._movie.calibration,
        )
        if self._parameters.subtract_drift:
            trajectories = _without_drift(trajectories)
        features = table.drop(columns=["frame", *axes])
        return Linked(trajectories, features, self._parameters, self._movie.source, self.number)

    def _none_found(self) -> str:
        parameters = self._parameters
        if self._candidates:
            return (
                f"{self._movie.source}: none of {self._candidates:,} spots has a mass above "
                f"{parameters.minimum_mass:g}, the largest is {self._heaviest:.4g}; choose a "
                "smaller minimum mass."
            )
        light = "do not ask for dark spots on light ground"
        dark = "ask for dark spots on light ground if they are"
        return (
            f"{self._movie.source}: no spot was found in {len(self._movie)} frames; choose another "
            f"diameter than {parameters.diameter} or a smaller percentile than "
            f"{parameters.percentile:g}, or {light if parameters.dark_on_light else dark}."
        )

    def _none_long_enough(self, lengths: NDArray[np.int64]) -> str:
        minimum = self._parameters.minimum_length
        start = (
            f"{self._movie.source}: none of the {len(lengths):,} tracks of {self.number:,} spots "
            f"has {minimum} points, the longest has {lengths.max()}"
        )
        if len(self._movie) < minimum:
            return f"{start} in {len(self._movie)} frames; choose a smaller minimum length."
        return (
            f"{start}; choose a smaller minimum length, or a larger search range than "
            f"{self._parameters.search_range:g} or a larger memory than {self._parameters.memory}."
        )


def _without_drift(trajectories: Trajectories) -> Trajectories:
    """Take out of all tracks their common motion, as trackpy's `compute_drift` tells it."""
    import trackpy

    if trajectories.n_tracks == 1:
        raise InputError(
            f"{trajectories.source}: a single track cannot be told from drift; do not subtract it, "
            "or choose parameters that give more tracks."
        )
    axes = list(trajectories.axes)
    points = trajectories.to_frame().rename(columns={"track_id": "particle"})
    drift = trackpy.compute_drift(points, pos_columns=axes)
    # Where no track goes on from one frame to the next nothing is known of the drift, so that it
    # stays what it was; trackpy's `subtract_drift` would let it start anew from 0.
    every_frame = np.arange(points["frame"].min(), points["frame"].max() + 1)
    drift = drift.reindex(every_frame).ffill().fillna(0.0)
    positions = trajectories.positions - drift.loc[trajectories.frames, axes].to_numpy()
    return Trajectories.from_points(
        points["particle"],
        trajectories.frames,
        positions,
        axes=trajectories.axes,
        source=trajectories.source,
        calibration=trajectories.calibration,
    )


def _locate_all(
    frame: NDArray[Any], parameters: LinkingParameters, source: str, number: int
) -> pd.DataFrame:
    """Find the spots of one frame, whatever their mass."""
    import pandas as pd
    import trackpy

    image = _as_trackpy_likes(np.asarray(frame), source)
    diameter = (parameters.diameter,) * image.ndim
    if image.ndim == 3 and parameters.diameter_z:
        diameter = (parameters.diameter_z, *diameter[1:])
    if any(size < extent for size, extent in zip(image.shape, diameter, strict=True)):
        raise InputError(
            f"{source}: a frame of {' x '.join(map(str, image.shape))} pixels cannot hold a spot "
            f"with a diameter of {' x '.join(map(str, diameter))}; choose a smaller diameter."
        )
    if parameters.dark_on_light:
        image = _inverted(image)
    trackpy.quiet()
    _ignore_expected_warnings()
    # The error of a spot on a ground without noise, or without any ground, is NaN.
    with np.errstate(divide="ignore", invalid="ignore"):
        spots: pd.DataFrame = trackpy.locate(image, diameter, percentile=parameters.percentile)
    if len(spots) == 0:
        errors = ["ep"] if len(set(diameter)) == 1 else ["ep_z", "ep_y", "ep_x"]
        spots = pd.DataFrame(columns=[*spots.columns, *errors], dtype=np.float64)
    return spots.assign(frame=number)


def _as_trackpy_likes(image: NDArray[Any], source: str) -> NDArray[Any]:
    """Make an image of a type that trackpy works with, without NaN and negative numbers.

    trackpy pads with zeros, next to which negative numbers would have dark edges.
    """
    if image.dtype.kind not in "buif":
        raise InputError(
            f"{source}: frames must hold real numbers, not {image.dtype}; convert them first."
        )
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * np.uint8(255)
    if image.dtype.kind == "f":
        image = image.astype(np.float32 if image.dtype.itemsize <= 4 else np.float64)
        usable = np.isfinite(image)
        if not usable.all():
            ground = np.median(image[usable]) if usable.any() else 0.0
            image = np.where(usable, image, ground).astype(image.dtype)
    elif image.dtype.itemsize == 8:
        fits = image.size == 0 or (image.max() < 2**31 and image.min() >= -(2**31))
        image = image.astype(np.int32 if fits else np.float64)
    else:
        # Compiled code takes the byte order of this machine only.
        image = image.astype(image.dtype.newbyteorder("="), copy=False)
    lowest = image.min()
    if lowest >= 0:
        return image
    if image.dtype.kind == "f":
        return image - lowest
    return (image.astype(np.int64) - int(lowest)).astype(f"u{image.dtype.itemsize}")


def _inverted(image: NDArray[Any]) -> NDArray[Any]:
    """Make dark spots bright, as trackpy does.

    trackpy takes fractions for parts of 1; larger ones would become negative.
    """
    if image.dtype.kind == "f":
        return np.maximum(image.max(), image.dtype.type(1)) - image
    return np.iinfo(image.dtype).max - image


def _ignore_expected_warnings() -> None:
    """Ignore what trackpy warns of and no user can mend.

    Filters belong to the whole process. Setting them for a while is not safe in a worker: it would
    put back what another thread had set for a while, and for good. So these few warnings of
    trackpy stay ignored, and nothing else is.
    """
    filters: tuple[tuple[str, type[Warning]], ...] = (
        (EXPECTED_WARNINGS, UserWarning),
        ("", DeprecationWarning),  # of how trackpy uses pandas
    )
    present = [(getattr(entry[1], "pattern", entry[1]), entry[2]) for entry in warnings.filters]
    if (EXPECTED_WARNINGS, UserWarning) not in present:
        for message, category in filters:
            warnings.filterwarnings("ignore", message, category, module=r"trackpy\.")


def _along_axes(movie: Movie, value: float, along_z: float) -> float | tuple[float, ...]:
    """Return the value for each axis, or the one value of all of them."""
    if len(movie.axes) == 3 and along_z and along_z != value:
        return along_z, value, value
    return value
