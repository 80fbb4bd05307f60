"""The error profile of every track, and the circumstances it has to be judged in."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.motion import Motion, motion_of
from napari_anomalous_diffusion.autoencoders.windows import cut
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.tracks.table import Trajectories

POINTS_AT_ONCE = 4_000
"""Points of the tracks that are cut and scored in one step: bars move, and a worker soon ends."""


@dataclass(frozen=True, eq=False)
class Circumstances:
    """What the errors of a track depend on besides the way it moves.

    Attributes
    ----------
    size : ndarray of float64, shape (n_tracks,)
        Windows a coordinate that its frames allow; for whole tracks, steps.
    dimensions : ndarray of int64, shape (n_tracks,)
        Coordinates that move.
    level : ndarray of float64, shape (n_tracks,)
        Localisation error in units of the root mean square displacement.
    """

    size: NDArray[np.float64]
    dimensions: NDArray[np.int64]
    level: NDArray[np.float64]

    def __len__(self) -> int:
        """Count the tracks."""
        return len(self.size)

    def select(self, tracks: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Circumstances:
        """Keep some of the tracks."""
        return Circumstances(self.size[tracks], self.dimensions[tracks], self.level[tracks])


@dataclass(frozen=True, eq=False)
class Profiles:
    """The errors of tracks under every network of a bank.

    Attributes
    ----------
    member_errors : ndarray of float64, shape (n_tracks, n_labels, n_members)
        NaN where a track has no windows or a label fewer members.
    other_errors : ndarray of float64, shape (n_tracks, n_others)
        Errors under networks for motion of other kinds, in a bank that has them.
    n_windows : ndarray of int64, shape (n_tracks,)
        Windows that were scored; a whole track counts as one.
    fits : ndarray of bool, shape (n_tracks,)
        Tracks that are long enough for the bank, whether they move or not.
    still : ndarray of bool, shape (n_tracks,)
        Tracks whose points are no further from their mean than the localisation error alone would
        put them, in 95 % of cases.
    circumstances : Circumstances
    """

    member_errors: NDArray[np.float64]
    other_errors: NDArray[np.float64]
    n_windows: NDArray[np.int64]
    fits: NDArray[np.bool_]
    still: NDArray[np.bool_]
    circumstances: Circumstances

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which tracks have errors, shape (n_tracks,)."""
        return self.n_windows > 0

    @property
    def errors(self) -> NDArray[np.float64]:
        """Mean over the members, shape (n_tracks, n_labels); NaN for tracks without."""
        errors = np.full(self.member_errors.shape[:2], np.nan)
        errors[self.scored] = np.nanmean(self.member_errors[self.scored], axis=2)
        return errors

    def select(self, tracks: NDArray[np.int64] | NDArray[np.bool_]) -> Profiles:
        """Keep some of the tracks."""
        return Profiles(
            self.member_errors[tracks],
            self.other_errors[tracks],
            self.n_windows[tracks],
            self.fits[tracks],
            self.still[tracks],
            self.circumstances.select(tracks),
        )


def profiles_in_steps(
    trajectories: Trajectories,
    bank: Bank,
    *,
    localisation_error: float | NDArray[np.float64] = 0.0,
    device: str = "auto",
) -> Generator[int, None, Profiles]:
    """Compute the errors of tracks step by step, for callers that show progress or may stop.

    Parameters
    ----------
    trajectories : Trajectories
    bank : Bank
    localisation_error : float or ndarray of float64, shape (n_tracks,)
        Standard deviation of a coordinate's localisation error, in the calibration's unit of
        length.
    device : {"auto", "cpu", "cuda", "mps"}

    Yields
    ------
    int
        How many tracks are done.

    Returns
    -------
    Profiles
        As the generator's value.

    Raises
    ------
    InputError
        If the bank is of the published form, which labels no single tracks.
    """
    check_labels_tracks(bank)
    localisation_errors = np.broadcast_to(localisation_error, len(trajectories))
    parts = []
    for start, stop in _steps(trajectories):
        part = trajectories.select(np.arange(start, stop))
        parts.append(_part(part, bank, localisation_errors[start:stop], device))
        yield stop
    return join_profiles(parts)


def check_labels_tracks(bank: Bank) -> None:
    """Refuse a bank that says what populations are, and nothing of their tracks.

    Raises
    ------
    InputError
        If the bank is of the published form.
    """
    if bank.protocol == "population":
        raise InputError(
            f"The bank {bank.name} labels no single tracks, since in the published form a track's "
            "error depends on the tracks beside it: choose another bank, such as models-20, or ask "
            "what the whole population is (the command population, or scores.populations)."
        )


def join_profiles(parts: list[Profiles]) -> Profiles:
    """Put the tracks of several profiles under the same bank into one."""
    circumstances = [part.circumstances for part in parts]
    return Profiles(
        np.concatenate([part.member_errors for part in parts]),
        np.concatenate([part.other_errors for part in parts]),
        np.concatenate([part.n_windows for part in parts]),
        np.concatenate([part.fits for part in parts]),
        np.concatenate([part.still for part in parts]),
        Circumstances(
            np.concatenate([part.size for part in circumstances]),
            np.concatenate([part.dimensions for part in circumstances]),
            np.concatenate([part.level for part in circumstances]),
        ),
    )


def _steps(trajectories: Trajectories) -> Iterator[tuple[int, int]]:
    """Yield ranges of tracks that hold about `POINTS_AT_ONCE` points each."""
    step = trajectories.starts[:-1] // POINTS_AT_ONCE
    yield from pairwise([0, *(np.flatnonzero(np.diff(step)) + 1).tolist(), len(trajectories)])


def _part(
    trajectories: Trajectories, bank: Bank, localisation_error: NDArray[np.float64], device: str
) -> Profiles:
    motion = motion_of(trajectories)
    if bank.kind == "probability":
        from napari_anomalous_diffusion.autoencoders.likelihoods import track_likelihoods

        errors = track_likelihoods(bank, trajectories, localisation_error, device)
        size = trajectories.lengths - 1
        n_windows = np.where(np.isnan(errors).any(axis=1), 0, 1)
        fits = trajectories.lengths >= bank.length
    else:
        errors, n_windows, size = _track_errors(trajectories, bank, device)
        fits = size > 0
    level = motion.noise_level(localisation_error)
    circumstances = Circumstances(size.astype(np.float64), motion.dimensions, level)
    errors, other_errors = np.split(errors, [errors.shape[1] - len(bank.contents.others)], axis=1)
    still = _still(motion, trajectories.lengths, localisation_error)
    return Profiles(bank.by_label(errors), other_errors, n_windows, fits, still, circumstances)


def _still(
    motion: Motion, lengths: NDArray[np.int64], localisation_error: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Test whether the points of tracks are spread no more than by their localisation error."""
    from scipy.special import chdtri

    freedom = np.maximum((lengths - 1) * motion.dimensions, 1)
    most = chdtri(freedom, 0.05) * localisation_error**2
    return np.asarray(motion.spread <= most)


def _track_errors(
    trajectories: Trajectories, bank: Bank, device: str
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Average the errors of each track's windows: errors (n_tracks, n_networks), counts, size."""
    from napari_anomalous_diffusion.autoencoders.engine import window_errors

    windows = cut(trajectories, bank.length)
    errors = window_errors(bank, windows.values, device).astype(np.float64)
    geometric = bank.contents.average == "geometric"
    if geometric:
        np.log(errors, out=errors)
    n_windows = np.bincount(windows.track, minlength=len(trajectories))
    sums = [np.bincount(windows.track, column, len(trajectories)) for column in errors.T]
    with np.errstate(invalid="ignore"):
        means = np.stack(sums, axis=1) / n_windows[:, None]
    return (np.exp(means) if geometric else means), n_windows, windows.possible
