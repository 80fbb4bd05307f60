"""From tracks and a bank to scores: a row a track."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.autoencoders.windows import cut
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.classical import classical_numbers
from napari_anomalous_diffusion.steps import finish
from napari_anomalous_diffusion.tracks.files import read_tracks

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories

IMMOBILE = "immobile"
TOO_SHORT = "too short"

POINTS_AT_ONCE = 4_000
"""Points of the tracks that are cut and scored in one step: bars move, and a worker soon ends."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What a bank says of every track.

    Attributes
    ----------
    table : DataFrame
        A row a track, in the order of the tracks. ``track_id`` is the user's own; ``n_points`` its
        points; ``n_windows`` the windows that were scored; ``verdict`` the best label, ``immobile``
        (nothing moves in any window) or ``too short`` (no window fits); ``best`` and ``runner_up``
        the labels of the two lowest errors; ``margin`` the gap between these errors as a share of
        the second, or in nats a step; one ``mse_<label>`` a label, in units of the squared root
        mean square displacement, or one ``nll_<label>``, in nats a step (such a bank scores a track
        as one window); then the columns of `classical_numbers` in the units of the tracks'
        calibration. ``candidates``, ``p_value`` and ``confidence`` are not computed yet, and
        empty. Missing is missing, never 0.
    member_errors : ndarray of float64, shape (n_tracks, n_labels, n_members)
        The error under each network; NaN where a track has no windows or a label fewer members.
    bank : Bank
        What the tracks were scored with.
    """

    table: pd.DataFrame
    member_errors: NDArray[np.float64]
    bank: Bank

    @property
    def labels(self) -> tuple[str, ...]:
        """The bank's labels."""
        return self.bank.labels

    @property
    def errors(self) -> NDArray[np.float64]:
        """Error of each track under each label, shape (n_tracks, n_labels)."""
        return self.table[self.bank.error_columns].to_numpy(dtype=np.float64)

    def __len__(self) -> int:
        """Count the tracks."""
        return len(self.table)


def score(
    tracks: Any,
    bank: Bank | str | None = None,
    *,
    localisation_error: float = 0.0,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Scores:
    """Score tracks with a bank, one by one: no track's score depends on another.

    The error of a track under a network is the mean over its windows and coordinates, under a label
    the mean over the label's members. The label with the lowest error is the best (Sections I B and
    II B of the paper, Fig. 7b).

    Parameters
    ----------
    tracks : Trajectories, napari array, DataFrame or path
        Whatever `read_tracks` takes. One to three dimensions, any unit, any length. No error
        depends on the calibration, but the classical numbers do.
    bank : Bank or str, optional
        A bank or its name; the default bank where none is given.
    localisation_error : float
        Standard deviation of a coordinate's localisation error, in the calibration's unit of
        length. Banks of probabilities take it into account; autoencoders know nothing of it.
    device : {"auto", "cpu", "cuda", "mps"}
    progress : callable, optional
        Called with the number of tracks done and of all tracks, after each step.

    Returns
    -------
    Scores

    Raises
    ------
    InputError
        If the tracks cannot be read, or there is no such bank or device.
    """
    opened = load_bank(bank)
    trajectories = read_tracks(tracks)
    steps = score_in_steps(
        trajectories, opened, localisation_error=localisation_error, device=device
    )
    if progress is None:
        return finish(steps)
    return finish(steps, lambda done: progress(done, len(trajectories)))


def score_in_steps(
    trajectories: Trajectories,
    bank: Bank,
    *,
    localisation_error: float = 0.0,
    device: str = "auto",
) -> Generator[int, None, Scores]:
    """Score tracks step by step, for callers that show progress or may stop.

    Parameters
    ----------
    trajectories : Trajectories
    bank : Bank
    localisation_error, device
        As in `score`.

    Yields
    ------
    int
        How many tracks are done.

    Returns
    -------
    Scores
        As the generator's value.

    Raises
    ------
    InputError
        If the bank is of the published form, which labels no single tracks.
    """
    if bank.protocol == "population":
        raise InputError(
            f"The bank {bank.name} labels no single tracks, since in the published form a track's "
            "error depends on the tracks beside it: choose another bank, such as models-20, or ask "
            "what the whole population is (scores.populations)."
        )
    parts = []
    for start, stop in _steps(trajectories):
        part = trajectories.select(np.arange(start, stop))
        if bank.kind == "probability":
            parts.append(_track_likelihoods(part, bank, localisation_error, device))
        else:
            parts.append(_track_errors(part, bank, device))
        yield stop
    errors, n_windows, fits = (np.concatenate(column) for column in zip(*parts, strict=True))
    member_errors = bank.by_label(errors)
    table = _table(trajectories, bank, member_errors, n_windows, fits)
    return Scores(table, member_errors, bank)


def _steps(trajectories: Trajectories) -> Iterator[tuple[int, int]]:
    """Yield ranges of tracks that hold about `POINTS_AT_ONCE` points each."""
    step = trajectories.starts[:-1] // POINTS_AT_ONCE
    yield from pairwise([0, *(np.flatnonzero(np.diff(step)) + 1).tolist(), len(trajectories)])


def _track_errors(
    trajectories: Trajectories, bank: Bank, device: str
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Average the errors of each track's windows: errors (n_tracks, n_networks), counts, fits."""
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
    return (np.exp(means) if geometric else means), n_windows, windows.possible > 0


def _track_likelihoods(
    trajectories: Trajectories, bank: Bank, localisation_error: float, device: str
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Score whole tracks, each as one window."""
    from napari_anomalous_diffusion.autoencoders.likelihoods import track_likelihoods

    errors = track_likelihoods(bank, trajectories, localisation_error, device)
    n_windows = np.where(np.isnan(errors).any(axis=1), 0, 1)
    return errors, n_windows, trajectories.lengths >= bank.length


def _table(
    trajectories: Trajectories,
    bank: Bank,
    member_errors: NDArray[np.float64],
    n_windows: NDArray[np.int64],
    fits: NDArray[np.bool_],
) -> pd.DataFrame:
    scored = n_windows > 0
    errors = np.full(member_errors.shape[:2], np.nan)
    errors[scored] = np.nanmean(member_errors[scored], axis=2)
    # A column more stands for "no label", so that a bank of one label has a runner-up too.
    labels = np.array([*bank.labels, None], dtype=object)
    padded = np.column_stack([errors, np.full(len(errors), np.nan)])
    order = np.argsort(padded, axis=1, kind="stable")
    order[~scored] = len(bank.labels)
    best, runner_up = labels[order[:, 0]], labels[order[:, 1]]
    lowest, second = np.take_along_axis(padded, order[:, :2], axis=1).T
    missing = np.full(len(errors), np.nan)
    columns: dict[str, Any] = {
        "track_id": trajectories.track_ids,
        "n_points": trajectories.lengths,
        "n_windows": n_windows,
        "verdict": np.where(scored, best, np.where(fits, IMMOBILE, TOO_SHORT)),
        "best": best,
        "candidates": None,
        "runner_up": runner_up,
        "margin": second - lowest if bank.kind == "probability" else 1 - lowest / second,
        "p_value": missing,
        "confidence": missing,
    }
    columns |= dict(zip(bank.error_columns, errors.T, strict=True))
    return pd.concat([pd.DataFrame(columns), classical_numbers(trajectories)], axis=1)
