"""Classical numbers of tracks, in the user's units: exponent, diffusion coefficient, lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from napari_anomalous_diffusion.scores.fractional import Posterior, Runs, posterior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.table import Trajectories

CLASSICAL_COLUMNS = [
    "duration", "net_displacement", "alpha", "alpha_low", "alpha_high", "diffusion",
    "diffusion_low", "diffusion_high", "localisation_error",
]  # fmt: skip

FEWEST_DISPLACEMENTS = 4
"""Tracks with fewer say nothing about three unknowns."""

MOST_LAGS = 1_000

NORMAL_95 = 1.959964


def classical_numbers(trajectories: Trajectories) -> pd.DataFrame:
    r"""Compute what is commonly told of every track.

    alpha, D and the localisation error sigma are those of fractional Brownian motion of which every
    coordinate is seen with an error of standard deviation sigma,

    .. math:: \mathrm{MSD}(\tau) = 2 d D \tau^\alpha + 2 d \sigma^2,

    with d coordinates that move. They are read from the likelihood of the displacements
    (`scores.fractional`), not fitted to the time-averaged MSD.

    Parameters
    ----------
    trajectories : Trajectories
        Their calibration decides the units: `length_unit` L and `time_unit` T.

    Returns
    -------
    DataFrame
        A row a track, in their order; no value depends on another track. ``duration`` (T) from the
        first to the last point; ``net_displacement`` (L) between them; ``alpha``, its median and
        95 % interval ``alpha_low`` to ``alpha_high`` between 0.05 and 1.95; ``diffusion``
        (L^2/T^alpha), its geometric mean and 95 % interval; ``localisation_error`` (L), its mean.
        NaN where a track has one point, and for the last seven where it never moves or has
        fewer than 4 displacements between neighbouring frames.

    Notes
    -----
    Only points one time step apart are used, the step being the track's most common number of
    frames between points: nothing is interpolated over a gap, and what is before it and after it is
    taken as independent. Every alpha is equally likely beforehand, and so is every share of the
    localisation error in the standard deviation of a displacement, up to 97 %. So a short track is
    drawn towards the middle: with 20, 50 and 200 points, Brownian motion without localisation error
    gets a mean alpha of 1.14, 1.10 and 1.05, since a little error and a little persistence would
    look the same, and where the localisation error is 0.7 of a step 0.94, 0.93 and 0.95.

    On simulated fractional Brownian motion of 20, 50 and 200 points, alpha from 0.3 to 1.8, with a
    localisation error of 0, 0.3 and 0.7 of the standard deviation of a step, the intervals of alpha
    hold the truth in 89 to 100 % of tracks and those of D in 90 to 100 %; the intervals of a line
    fitted through the logarithms of the time-averaged MSD hold it in 4 to 63 %
    (``benchmarks/classical.py``). Where alpha is low, D and the localisation error can hardly be
    told apart, and D comes out low: by half for 20 points at alpha = 0.3.

    The intervals are those of Gaussian motion: tracks that wait, switch or fly (CTRW, ATTM, LW) get
    the alpha of the fractional Brownian motion that is most like them.

    A particle that moves while it is exposed is blurred, which makes Brownian motion look
    persistent: exposed for the whole frame interval, it gets a median alpha of 1.3, and intervals
    that hold 1 in 71, 40 and 0 % of tracks of 20, 50 and 200 points. Where the calibration tells
    the exposure, these are 1.14, 1.07 and 1.04, and 93, 96 and 96 %.
    """
    first, last = trajectories.starts[:-1], trajectories.starts[1:] - 1
    calibration = trajectories.calibration
    positions = calibration.to_length(trajectories.positions)
    alone = first == last
    numbers = pd.DataFrame(np.nan, index=range(len(trajectories)), columns=CLASSICAL_COLUMNS)
    duration = calibration.to_time(trajectories.frames[last] - trajectories.frames[first])
    net = np.linalg.norm(positions[last] - positions[first], axis=1)
    numbers["duration"] = np.where(alone, np.nan, duration)
    numbers["net_displacement"] = np.where(alone, np.nan, net)

    # Sums that several threads share come out different in their last digits on every machine.
    with threadpool_limits(1, user_api="blas"):
        tracks, scale, known = _posterior(trajectories, positions)
    spread = np.exp(NORMAL_95 * known.log_spread)
    diffusion = scale**2 * np.exp(known.log_diffusion)
    numbers.loc[tracks, CLASSICAL_COLUMNS[2:]] = np.column_stack([
        known.alpha, known.alpha_low, known.alpha_high,
        diffusion, diffusion / spread, diffusion * spread, scale * known.noise,
    ])  # fmt: skip
    return numbers


def _posterior(
    trajectories: Trajectories, positions: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], Posterior]:
    """Return the tracks of which something can be said, their largest displacements, and what."""
    n_tracks = len(trajectories)
    track = np.repeat(np.arange(n_tracks), trajectories.lengths)
    within = track[1:] == track[:-1]
    gaps = np.diff(trajectories.frames)
    step = _common_step(track[1:][within], gaps[within], n_tracks)
    joined = within & (gaps == step[track[1:]])

    of_track = track[1:][joined]
    displacements = np.diff(positions, axis=0)[joined]
    counts = np.bincount(of_track, minlength=n_tracks)
    largest = np.zeros((n_tracks, positions.shape[1]))
    np.maximum.at(largest, of_track, np.abs(displacements))
    usable = (counts >= FEWEST_DISPLACEMENTS) & np.any(largest > 0, axis=1)
    tracks = np.flatnonzero(usable)
    scale = largest.max(axis=1)

    kept = usable[of_track]
    place = np.cumsum(usable) - 1
    # A run starts where the displacement before it does not end where this one starts.
    places = np.flatnonzero(joined)[kept]
    starts = np.flatnonzero(np.diff(places, prepend=-2) > 1)
    runs = Runs(starts, np.diff(starts, append=len(places)), place[of_track[kept]][starts])
    known = posterior(
        displacements[kept] / scale[of_track[kept], None],
        runs,
        counts[tracks],
        np.count_nonzero(largest[tracks], axis=1),
        trajectories.calibration.to_time(step[tracks]),
        trajectories.calibration.exposure / step[tracks],
    )
    return tracks, scale[tracks], known


def _common_step(
    track: NDArray[np.int64], gaps: NDArray[np.int64], n_tracks: int
) -> NDArray[np.int64]:
    """Most common number of frames from a point to the next in each track, the least of equals."""
    kinds, kind = np.unique(gaps, return_inverse=True)
    pairs, counts = np.unique(track * len(kinds) + kind, return_counts=True)
    # The last that is written stays: the most common, and of equals the least.
    order = np.lexsort((-pairs, counts))
    step = np.zeros(n_tracks, dtype=np.int64)
    step[pairs[order] // max(len(kinds), 1)] = kinds[pairs[order] % max(len(kinds), 1)]
    return step


def time_averaged_msd(
    trajectories: Trajectories, track: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Average the squared displacements of one track over time.

    Parameters
    ----------
    trajectories : Trajectories
    track : int
        Which track, by its place.

    Returns
    -------
    lags : ndarray of float64, shape (n_lags,)
        In the calibration's unit of time: every number of frames that some two points are apart, up
        to 1000 frames.
    msd : ndarray of float64, shape (n_lags,)
        Mean squared distance, in the squared unit of length, of all pairs of points exactly so far
        apart; nothing is interpolated.
    counts : ndarray of int64, shape (n_lags,)
        Number of these pairs, which overlap in time.
    """
    chosen = trajectories.select([track])
    apart = np.diff(chosen.frames)
    stride = int(np.gcd.reduce(apart)) or 1
    span = min(int(apart.sum()), MOST_LAGS) // stride
    # How long a gap is does not matter where no lag spans it.
    places = np.append(0, np.minimum(apart // stride, span + 1).cumsum())
    present = np.zeros(places[-1] + 1)
    present[places] = 1
    positions = np.zeros((chosen.dimensions, len(present)))
    positions[:, places] = chosen.calibration.to_length(chosen.positions).T
    sums, counts = np.zeros(span), np.zeros(span, dtype=np.int64)
    for lag in range(1, span + 1):
        pairs = present[lag:] * present[:-lag]
        steps = (positions[:, lag:] - positions[:, :-lag]) * pairs
        counts[lag - 1] = np.count_nonzero(pairs)
        sums[lag - 1] = np.vdot(steps, steps)
    lags = np.flatnonzero(counts)
    return (
        chosen.calibration.to_time(stride * (lags + 1)),
        sums[lags] / counts[lags],
        counts[lags],
    )
