"""From tracks and a bank to scores: a row a track."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.scores.calibration import calibration_of, own_ranges
from napari_anomalous_diffusion.scores.classical import classical_numbers
from napari_anomalous_diffusion.scores.localisation import localisation_error_of
from napari_anomalous_diffusion.scores.profiles import Profiles, profiles_in_steps
from napari_anomalous_diffusion.scores.verdicts import verdicts
from napari_anomalous_diffusion.scores.words import DEFAULT_LEVEL, FromTracks
from napari_anomalous_diffusion.steps import finish
from napari_anomalous_diffusion.tracks.files import read_tracks

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories


@dataclass(frozen=True, eq=False)
class Scores:
    """What a bank says of every track.

    Attributes
    ----------
    table : DataFrame
        A row a track, in the order of the tracks. ``track_id`` is the user's own; ``n_points`` its
        points; ``n_windows`` the windows that were scored; ``verdict`` the best label, or instead
        ``too short`` (no window fits), ``immobile`` (nothing moves in any window, or no more than
        the localisation error), ``novel`` (no label's own tracks look so) or ``undecided`` (more
        than one candidate); ``best`` and ``runner_up`` the labels of the two lowest errors;
        ``candidates``, separated by semicolons, the best and all labels of whose own tracks more
        than `level` fit less well; ``margin`` the gap between these errors as a share of
        the second, or in nats a step; one ``mse_<label>`` a label, in units of the squared root
        mean square displacement, or one ``nll_<label>``, in nats a step (such a bank scores a track
        as one window); ``p_value`` the share of the bank's own tracks that look at least as
        strange; ``confidence`` the probability that ``best`` is right if one of the labels is, all
        of them being equally frequent; then the columns of `classical_numbers` in the units of the
        tracks' calibration. A bank that was not calibrated gives no candidates, p-values and
        confidence, and one of exponents or mixtures no confidence. Missing is missing, never 0.
    member_errors : ndarray of float64, shape (n_tracks, n_labels, n_members)
        The error under each network; NaN where a track has no windows or a label fewer members.
    bank : Bank
        What the tracks were scored with.
    level : float
        Share of each label's own tracks that may be called novel, or be denied their label.
    profiles : Profiles, optional
        What the table was made of; None where the table was read from a file.
    """

    table: pd.DataFrame
    member_errors: NDArray[np.float64]
    bank: Bank
    level: float = DEFAULT_LEVEL
    profiles: Profiles | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The bank's labels."""
        return self.bank.labels

    @property
    def errors(self) -> NDArray[np.float64]:
        """Error of each track under each label, shape (n_tracks, n_labels)."""
        return self.table[self.bank.error_columns].to_numpy(dtype=np.float64)

    def errors_of(self, track: int) -> NDArray[np.float64]:
        """Return the error of one track under each label, shape (n_labels,).

        Parameters
        ----------
        track : int
            Which track, by its row.
        """
        row = self.table.iloc[track]
        return row[self.bank.error_columns].to_numpy(dtype=np.float64)

    def own_ranges(self, track: int) -> NDArray[np.float64] | None:
        """Tell between which errors the labels' own tracks lie, were they like this one.

        Parameters
        ----------
        track : int
            Which track, by its row.

        Returns
        -------
        ndarray of float64, shape (n_labels, 2), or None
            All but a share of `level`; None where it is not known, or the track has no errors.
        """
        calibration = calibration_of(self.bank)
        if calibration is None or self.profiles is None or not self.profiles.scored[track]:
            return None
        alone = self.profiles.select(np.array([track]))
        return own_ranges(calibration, alone, self.level)[0]

    def how_often_right(self, track: int | None = None) -> float | None:
        """Tell how often the lowest error is right for simulated tracks like these.

        Parameters
        ----------
        track : int, optional
            Which track, by its row; the mean over all that have errors where none is given.

        Returns
        -------
        float or None
            The mean of the labels' recalls, in the circumstances (length, dimension, localisation
            error) of each track; None where it is not known, or no track has errors.
        """
        calibration = calibration_of(self.bank)
        if calibration is None or calibration.right is None or self.profiles is None:
            return None
        chosen = np.flatnonzero(self.profiles.scored) if track is None else np.array([track])
        alike = self.profiles.circumstances.select(chosen[self.profiles.scored[chosen]])
        if not len(alike):
            return None
        return float(calibration.interpolated(calibration.right, alike).mean())

    @property
    def expected_novel(self) -> float:
        """How many tracks would be called novel if all were of the bank's own labels."""
        return self.level * int(self.table["p_value"].notna().sum())

    def __len__(self) -> int:
        """Count the tracks."""
        return len(self.table)


def score(
    tracks: Any,
    bank: Bank | str | None = None,
    *,
    localisation_error: float | FromTracks | NDArray[np.float64] = 0.0,
    level: float = DEFAULT_LEVEL,
    false_discoveries: bool = False,
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
    localisation_error : float, ndarray of float64, shape (n_tracks,), "measured" or "estimate"
        Standard deviation of a coordinate's localisation error, in the calibration's unit of
        length; ``"measured"`` where it came with the points (trackpy's ``ep``), ``"estimate"`` to
        estimate it from the tracks. Banks of probabilities take it into account; autoencoders know
        nothing of it, but what is no more than it is immobile.
    level : float
        Share of each label's own tracks that may be called novel, or be denied their label.
    false_discoveries : bool
        Whether `level` is instead the expected share of false ones among all that are called
        novel; the verdict on a track then hangs on the tracks beside it.
    device : {"auto", "cpu", "cuda", "mps"}
    progress : callable, optional
        Called with the number of tracks done and of all tracks, after each step.

    Returns
    -------
    Scores

    Raises
    ------
    InputError
        If the tracks cannot be read, no localisation error was measured that is asked for, or there
        is no such bank or device.
    """
    opened = load_bank(bank)
    trajectories = read_tracks(tracks)
    steps = score_in_steps(
        trajectories,
        opened,
        localisation_error=localisation_error_of(trajectories, localisation_error),
        level=level,
        false_discoveries=false_discoveries,
        device=device,
    )
    if progress is None:
        return finish(steps)
    return finish(steps, lambda done: progress(done, len(trajectories)))


def score_in_steps(
    trajectories: Trajectories,
    bank: Bank,
    *,
    localisation_error: float | NDArray[np.float64] = 0.0,
    level: float = DEFAULT_LEVEL,
    false_discoveries: bool = False,
    device: str = "auto",
) -> Generator[int, None, Scores]:
    """Score tracks step by step, for callers that show progress or may stop.

    Parameters
    ----------
    trajectories : Trajectories
    bank : Bank
    localisation_error, level, false_discoveries, device
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
    profiles = yield from profiles_in_steps(
        trajectories, bank, localisation_error=localisation_error, device=device
    )
    table = _table(trajectories, bank, profiles, level, false_discoveries)
    return Scores(table, profiles.member_errors, bank, level, profiles)


def _table(
    trajectories: Trajectories,
    bank: Bank,
    profiles: Profiles,
    level: float,
    false_discoveries: bool,
) -> pd.DataFrame:
    # A column more stands for "no label", so that a bank of one label has a runner-up too.
    labels = np.array([*bank.labels, None], dtype=object)
    padded = np.column_stack([profiles.errors, np.full(len(trajectories), np.nan)])
    order = np.argsort(padded, axis=1, kind="stable")
    order[~profiles.scored] = len(bank.labels)
    lowest, second = np.take_along_axis(padded, order[:, :2], axis=1).T
    decided = verdicts(profiles, bank, order[:, 0], level, false_discoveries)
    columns: dict[str, Any] = {
        "track_id": trajectories.track_ids,
        "n_points": trajectories.lengths,
        "n_windows": profiles.n_windows,
        "verdict": decided["verdict"],
        "best": labels[order[:, 0]],
        "candidates": decided["candidates"],
        "runner_up": labels[order[:, 1]],
        "margin": second - lowest if bank.kind == "probability" else 1 - lowest / second,
        "p_value": decided["p_value"],
        "confidence": decided["confidence"],
    }
    columns |= dict(zip(bank.error_columns, profiles.errors.T, strict=True))
    return pd.concat([pd.DataFrame(columns), classical_numbers(trajectories)], axis=1)
