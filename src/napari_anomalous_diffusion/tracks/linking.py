"""From a movie to tracks: trackpy finds the spots of each frame and links them, frame by frame.

trackpy (https://doi.org/10.5281/zenodo.1213240) implements the algorithm of J. C. Crocker and
D. G. Grier, J. Colloid Interface Sci. 179, 298 (1996), https://doi.org/10.1006/jcis.1996.0217.
It takes long to import, so that it is imported when something is linked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.steps import finish
from napari_anomalous_diffusion.tracks.columns import localisation_errors
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.tracks.spots import candidates, locate
from napari_anomalous_diffusion.tracks.table import Trajectories

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.movies import Movie

__all__ = ["Linked", "LinkingParameters", "LinkingStep", "link", "link_in_steps", "locate"]

FAINT = 0.05
"""Fractions that differ by less than this may all be background to trackpy, whose unit is 1."""


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
    return finish(link_in_steps(movie, parameters), progress)


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
        spots.assign(linker.add(spots.find(number), number))
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
        self._movie = movie
        self._parameters = parameters
        self._columns: list[str] = []
        self._values: list[NDArray[np.float64]] = []
        self._tracks: list[NDArray[np.int64]] = []
        self._candidates = 0
        self._heaviest = 0.0
        self._contrast = 0.0

    def find(self, number: int) -> NDArray[np.float64]:
        """Find the spots of a frame, keep what trackpy says of them, and return their positions."""
        frame = self._movie.frame(number)
        found = candidates(frame, self._parameters, self._movie.source, number)
        self._columns = list(found.columns)
        values = found.to_numpy(dtype=np.float64)
        mass = values[:, self._columns.index("mass")]
        if len(mass):
            self._candidates += len(mass)
            self._heaviest = max(self._heaviest, mass.max())
        elif not self._candidates:
            self._contrast = max(self._contrast, _contrast(frame))
        values = values[mass > self._parameters.minimum_mass]
        self._values.append(values)
        self.number += len(values)
        return values[:, [self._columns.index(axis) for axis in self._movie.axes]]

    def assign(self, tracks: NDArray[np.int64]) -> None:
        """Take the track of each of the spots that were found last."""
        self._tracks.append(tracks)

    def to_tracks(self) -> Linked:
        """Make tracks of the spots that were numbered by track."""
        import pandas as pd

        if self.number == 0:
            raise InputError(self._none_found())
        track = np.concatenate(self._tracks)
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
            calibration=self._movie.calibration.exposed(self._parameters.exposure),
            localisation_errors=localisation_errors(table),
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
        if self._contrast < FAINT:
            return (
                f"{self._movie.source}: no spot was found, as its numbers differ by no more than "
                f"{self._contrast:.2g} and less than 1/255 counts as background; multiply them."
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


def _contrast(frame: NDArray[Any]) -> float:
    """Return by how much the numbers of a frame differ where they are fractions, else infinity."""
    usable = frame[np.isfinite(frame)] if frame.dtype.kind == "f" else frame[:0]
    return float(np.ptp(usable.astype(np.float64))) if usable.size else np.inf


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
    return replace(trajectories, positions=positions)


def _along_axes(movie: Movie, value: float, along_z: float) -> float | tuple[float, ...]:
    """Return the value for each axis, or the one value of all of them."""
    if len(movie.axes) == 3 and along_z and along_z != value:
        return along_z, value, value
    return value
