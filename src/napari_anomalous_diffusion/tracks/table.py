"""The one table of tracks that everything else works on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks import checks, columns
from napari_anomalous_diffusion.tracks.calibration import UNCALIBRATED, Calibration

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Tracks, one after the other, the points of each in the order of its frames.

    Made by `from_points`, `from_napari` or `from_frame`, which check what they are given; nothing
    is checked again afterwards.

    Attributes
    ----------
    track_ids : ndarray of int64 or str objects, shape (n_tracks,)
        The user's own ids, in the order in which they first appear.
    starts : ndarray of int64, shape (n_tracks + 1,)
        Points ``starts[i]:starts[i + 1]`` belong to track ``i``.
    frames : ndarray of int64, shape (n_points,)
        Strictly increasing within a track; a track may skip frames.
    positions : ndarray of float64, shape (n_points, D)
        Finite coordinates in the user's own unit, a column for each of `axes`; `calibration` says
        what that unit is worth.
    axes : tuple of str
        ``("x",)``, ``("y", "x")`` or ``("z", "y", "x")``.
    rows : ndarray of int64, shape (n_points,)
        Where each point stood in the input, counted from 0.
    source : str
        What to call these tracks in messages: the file, the layer.
    calibration : Calibration
        What one unit of the positions and one frame are worth; pixels and frames by default.
    localisation_errors : ndarray of float64, shape (n_points,), or None
        Standard deviation of a coordinate's error at each point, in the unit of the positions,
        where whoever found the points tells it, as trackpy does; NaN where it is not known.
    """

    track_ids: NDArray[Any]
    starts: NDArray[np.int64]
    frames: NDArray[np.int64]
    positions: NDArray[np.float64]
    axes: tuple[str, ...]
    rows: NDArray[np.int64]
    source: str = "tracks"
    calibration: Calibration = UNCALIBRATED
    localisation_errors: NDArray[np.float64] | None = None

    @property
    def n_tracks(self) -> int:
        """Number of tracks."""
        return len(self.track_ids)

    @property
    def n_points(self) -> int:
        """Number of points in all tracks together."""
        return len(self.frames)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of points of each track, shape (n_tracks,)."""
        return np.diff(self.starts)

    @property
    def dimensions(self) -> int:
        """Number of coordinates of a point: 1, 2 or 3."""
        return len(self.axes)

    def __len__(self) -> int:
        return self.n_tracks

    def __repr__(self) -> str:
        return (
            f"<Trajectories {self.source!r}: {self.n_tracks} tracks, {self.n_points} points, "
            f"{self.dimensions}D>"
        )

    @classmethod
    def from_points(
        cls,
        track_ids: ArrayLike,
        frames: ArrayLike,
        positions: ArrayLike,
        *,
        axes: Sequence[str] | None = None,
        source: str = "tracks",
        calibration: Calibration | None = None,
        localisation_errors: ArrayLike | None = None,
    ) -> Trajectories:
        """Build the table from points in any order: every track passes through this door.

        Parameters
        ----------
        track_ids : array_like, shape (n_points,)
            Whole numbers (``3.0`` is the track ``3``) or text. Where both occur, all become text.
        frames : array_like, shape (n_points,)
            Whole numbers; a rounding error below 1e-6 is forgiven.
        positions : array_like, shape (n_points, D)
            Real coordinates, ``D`` from 1 to 3, all axes in the same unit of length.
        axes : sequence of str, optional
            The axis of each column of `positions`: "x"; "y" and "x"; or "z", "y" and "x", in any
            order. In this order by default.
        source : str
            What to call these tracks in messages.
        calibration : Calibration, optional
            What one unit of the positions and one frame are worth. The positions stay as they are.
        localisation_errors : array_like, shape (n_points,), optional
            Standard deviation of a coordinate's error at each point, in the unit of the positions;
            what is no positive number is taken as not known.

        Returns
        -------
        Trajectories

        Raises
        ------
        InputError
            If there are no points; an id, frame or coordinate is missing or not what is said
            above; a track has two points at one frame; or the calibration is one of another number
            of axes.
        """
        values, axes = checks.positions(positions, axes, source)
        ids = checks.track_ids(track_ids, source)
        if not len(ids) == np.size(frames) == len(values):
            raise InputError(
                f"{source}: {len(ids)} track ids, {np.size(frames)} frames and {len(values)} "
                "positions do not belong together; give one of each for every point."
            )
        times = checks.frames(frames, ids, source)
        checks.all_finite(values, ids, times, axes, source)

        names, track = _in_order_of_appearance(ids)
        order = np.lexsort((times, track))
        checks.one_point_a_frame(ids[order], track[order], times[order], source)
        errors = checks.localisation_errors(localisation_errors, len(ids), source)
        trajectories = cls(
            track_ids=names,
            starts=_starts(np.bincount(track)),
            frames=times[order],
            positions=values[order],
            axes=axes,
            rows=order.astype(np.int64),
            source=source,
            localisation_errors=errors if errors is None else errors[order],
        )
        return trajectories if calibration is None else trajectories.calibrated(calibration)

    @classmethod
    def from_napari(
        cls,
        data: ArrayLike,
        *,
        source: str = "tracks",
        calibration: Calibration | None = None,
        localisation_errors: ArrayLike | None = None,
    ) -> Trajectories:
        """Build the table from the data of a napari Tracks layer.

        Parameters
        ----------
        data : array_like, shape (n_points, D + 2)
            A row for each point: id, t, (z), y, x. An array with one coordinate (id, t, x), which
            napari itself does not draw, is taken too.
        source : str
            What to call these tracks in messages: the name of the layer.
        calibration : Calibration, optional
            What one unit of the positions and one frame are worth.
        localisation_errors : array_like, shape (n_points,), optional
            As in `from_points`.

        Returns
        -------
        Trajectories

        Raises
        ------
        InputError
            If the array has another shape, or for any reason that `from_points` has.
        """
        array = np.asarray(data)
        if array.ndim != 2 or not 3 <= array.shape[1] <= 5:
            raise InputError(
                f"{source}: an array of tracks has the columns id, t, (z), y, x, but this one has "
                f"the shape {array.shape}; stack these columns in this order."
            )
        return cls.from_points(
            array[:, 0], array[:, 1], array[:, 2:], source=source, calibration=calibration,
            localisation_errors=localisation_errors,
        )  # fmt: skip

    @classmethod
    def from_frame(
        cls,
        table: pd.DataFrame,
        *,
        track: str | None = None,
        frame: str | None = None,
        axes: Sequence[str] | None = None,
        source: str = "table",
        calibration: Calibration | None = None,
    ) -> Trajectories:
        """Build the table from a DataFrame with a row for each point.

        The columns are known by the names that trackpy, ultrack, tracksdata, napari-tracks-reader,
        saSPT and this package give them, without regard to case (see
        `napari_anomalous_diffusion.tracks.columns`). trackpy's column ``ep`` becomes the points'
        localisation errors. Other columns are ignored, and so is a column z that is entirely empty.

        Parameters
        ----------
        table : DataFrame
            The points, in any order. A named index counts as a column where no column has its
            name.
        track, frame : str, optional
            The columns of the track ids and of the frames, where they go by other names.
        axes : sequence of str, optional
            The columns of the coordinates in the order (z), (y), x, where they go by other names.
        source : str
            What to call these tracks in messages: the file.
        calibration : Calibration, optional
            What one unit of the positions and one frame are worth.

        Returns
        -------
        Trajectories

        Raises
        ------
        InputError
            If a column is missing, ambiguous or not numeric, or for any reason that `from_points`
            has.
        """
        ids, frames, positions = columns.take_points(
            table, track=track, frame=frame, axes=axes, source=source
        )
        return cls.from_points(
            ids,
            frames,
            positions,
            source=source,
            calibration=calibration,
            localisation_errors=columns.localisation_errors(table),
        )

    def to_napari(self) -> NDArray[np.float64]:
        """Return the data of a napari Tracks layer.

        Returns
        -------
        ndarray of float64, shape (n_points, D + 2)
            A row for each point: track, t, (z), y, x. Tracks are numbered 0 to n_tracks - 1 in the
            order of `track_ids`, since napari takes no names.

        Raises
        ------
        InputError
            If a frame is negative, which napari does not take.
        """
        if np.any(self.frames < 0):
            raise InputError(
                f"{self.source}: napari cannot show the negative frame {self.frames.min()}; "
                "number the frames from 0."
            )
        track = np.repeat(np.arange(self.n_tracks), self.lengths)
        return np.column_stack([track, self.frames, self.positions]).astype(np.float64)

    def to_frame(self) -> pd.DataFrame:
        """Return the points as a DataFrame with the columns track_id, frame, (z), (y), x."""
        import pandas as pd

        table = pd.DataFrame(self.positions, columns=list(self.axes))
        table.insert(0, "track_id", np.repeat(self.track_ids, self.lengths))
        table.insert(1, "frame", self.frames)
        return table

    def calibrated(self, calibration: Calibration) -> Trajectories:
        """Return the same tracks, their positions as they are, with another calibration.

        Parameters
        ----------
        calibration : Calibration

        Returns
        -------
        Trajectories

        Raises
        ------
        InputError
            If there are pixel sizes for another number of axes.
        """
        if not calibration.fits(self.dimensions):
            raise InputError(
                f"{self.source}: the calibration has the pixel sizes {calibration.pixel_size}, but "
                f"the tracks have the axes {', '.join(self.axes)}; give one size, or one an axis."
            )
        return replace(self, calibration=calibration)

    def select(self, indices: ArrayLike) -> Trajectories:
        """Return some of the tracks.

        Parameters
        ----------
        indices : array_like of int, or of bool with shape (n_tracks,)
            Which tracks, by their place in `track_ids`, in the order wanted.

        Returns
        -------
        Trajectories
            Its `rows` still point into the original input.
        """
        chosen = np.arange(self.n_tracks)[np.asarray(indices, dtype=_index_type(indices))]
        lengths = self.lengths[chosen]
        starts = _starts(lengths)
        points = np.arange(starts[-1]) + np.repeat(self.starts[chosen] - starts[:-1], lengths)
        errors = self.localisation_errors
        return Trajectories(
            track_ids=self.track_ids[chosen],
            starts=starts,
            frames=self.frames[points],
            positions=self.positions[points],
            axes=self.axes,
            rows=self.rows[points],
            source=self.source,
            calibration=self.calibration,
            localisation_errors=errors if errors is None else errors[points],
        )


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where tracks of these lengths start, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _index_type(indices: ArrayLike) -> type:
    # An empty list would become an array of floats, which is no index.
    return np.bool_ if np.asarray(indices).dtype == np.bool_ else np.int64


def _in_order_of_appearance(ids: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the distinct ids, and for each point the place of its id among them."""
    values = ids.tolist()
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    track = np.fromiter(map(places.__getitem__, values), dtype=np.int64, count=len(values))
    return np.array(list(places), dtype=ids.dtype), track
