"""What displacements say of alpha, D and the localisation error: fractional Brownian motion.

The displacements of fractional Brownian motion seen with a localisation error are Gaussian, and
their covariance follows from the mean squared displacement of a coordinate, 2 D tau^alpha + 2
sigma^2. So their likelihood is known exactly (Krog et al., J. Stat. Mech. 093501, 2018; Vestergaard
et al., Phys. Rev. E 89, 022726, 2014, for alpha = 1), whereas the points of a time-averaged mean
squared displacement are so correlated that intervals from a fitted curve are far too narrow.

Every pair of alpha and noise share is one hypothesis, their grid the same for all tracks: a track's
displacements are whitened under each of them by one matrix product for all tracks of one length,
and what they say is the posterior on the grid, with the scale of the displacements integrated out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXPONENTS = (0.05, 1.95)
"""Range of alpha, all of it equally likely before a track is seen."""

NOISE = (0.0, 0.97)
"""Range of what localisation contributes to the standard deviation of a displacement, likewise."""

MEMORY = 128
"""Displacements that are seen together: longer runs are seen in pieces that overlap by half."""

N_EXPONENTS, N_NOISE = 20, 11
"""Hypotheses under which displacements are whitened."""

SHORT_EXPOSURE = 0.1
"""Share of a time step below which blur only takes a constant off the mean squared displacement."""

TRACKS_AT_ONCE = 5_000
"""Tracks that are weighed together, so that memory stays flat."""


class Runs(NamedTuple):
    """Displacements that follow each other without a gap, in the order of their tracks.

    Attributes
    ----------
    starts, lengths : ndarray of int64, shape (n_runs,)
        Where each run starts among all displacements, and how many it has.
    track : ndarray of int64, shape (n_runs,)
        The track it belongs to, not descending. Every track has a run.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    track: NDArray[np.int64]

    def of_tracks(self, tracks: NDArray[np.int64]) -> Runs:
        """Return the runs of some tracks."""
        here = np.isin(self.track, tracks)
        return Runs(self.starts[here], self.lengths[here], self.track[here])


@dataclass(frozen=True)
class Posterior:
    """What is known of each track, shapes (n_tracks,).

    Attributes
    ----------
    alpha, alpha_low, alpha_high : ndarray of float64
        Median of the anomalous exponent and its 95 % interval.
    log_diffusion, log_spread : ndarray of float64
        Mean and standard deviation of the logarithm of D, in squared displacement units over
        ``time_step ** alpha``.
    noise : ndarray of float64
        Mean of the localisation error (standard deviation of a coordinate).
    """

    alpha: NDArray[np.float64]
    alpha_low: NDArray[np.float64]
    alpha_high: NDArray[np.float64]
    log_diffusion: NDArray[np.float64]
    log_spread: NDArray[np.float64]
    noise: NDArray[np.float64]


def posterior(
    displacements: NDArray[np.float64],
    runs: Runs,
    counts: NDArray[np.int64],
    dimensions: NDArray[np.int64],
    time_steps: NDArray[np.float64],
    exposures: NDArray[np.float64],
) -> Posterior:
    """Weigh all hypotheses for every track.

    Parameters
    ----------
    displacements : ndarray of float64, shape (n_displacements, D)
        Of the order of one.
    runs : Runs
    counts, dimensions : ndarray of int64, shape (n_tracks,)
        Displacements of each track, at least two, and coordinates that move, at least one.
    time_steps : ndarray of float64, shape (n_tracks,)
        Time of one displacement.
    exposures : ndarray of float64, shape (n_tracks,)
        Share of that time during which the particle is seen, from 0 to 1.

    Returns
    -------
    Posterior
        A coordinate's covariance is taken as known up to the scale v = 2 D + 2 sigma^2 (in units of
        the time step), whose prior 1/v leaves ``|R|^(-d/2) q^(-n d/2)`` of the likelihood, R being
        the correlation and q the whitened sum of squares. Runs are taken as independent.
    """
    found = np.empty((len(fields(Posterior)), len(counts)))
    for exposure in np.unique(exposures):
        alike = np.flatnonzero(exposures == exposure)
        for start in range(0, len(alike), TRACKS_AT_ONCE):
            tracks = alike[start : start + TRACKS_AT_ONCE]
            whitened = _whitened(displacements, runs.of_tracks(tracks), exposure)
            found[:, tracks] = _weigh(
                *whitened, counts[tracks], dimensions[tracks], time_steps[tracks], exposure
            )
    return Posterior(*found)


def blurred_msd(
    lag: NDArray[np.float64], alpha: NDArray[np.float64], exposure: float
) -> NDArray[np.float64]:
    """Mean squared displacement of a coordinate over 2 D, of positions averaged while exposed.

    Parameters
    ----------
    lag : ndarray of float64, shape (n_lags,)
        In time steps; whole numbers.
    alpha : ndarray of float64, shape (n_alpha,)
    exposure : float
        Share of a time step during which the particle is seen.

    Returns
    -------
    ndarray of float64, shape (n_alpha, n_lags)
        ``lag^alpha`` for no exposure; otherwise its average over both exposures less that within
        one of them, which for alpha = 1 is ``lag - exposure / 3`` (Berglund, Phys. Rev. E 82,
        011917, 2010).
    """
    power = alpha[:, None]
    if exposure < SHORT_EXPOSURE:
        # The differences below would be lost in rounding.
        return np.where(lag > 0, lag**power - 2 * exposure**power / (power + 1) / (power + 2), 0)
    beyond = (lag + exposure) ** (power + 2) + np.abs(lag - exposure) ** (power + 2)
    between = (beyond - 2 * lag ** (power + 2)) / exposure**2 - 2 * exposure**power
    msd: NDArray[np.float64] = between / ((power + 1) * (power + 2))
    return msd


def correlation(
    alpha: NDArray[np.float64], noise: NDArray[np.float64], exposure: float = 0.0
) -> NDArray[np.float64]:
    """Correlate a displacement with those after it.

    Parameters
    ----------
    alpha, noise : ndarray of float64, shape (n_hypotheses,)
        Exponent, and share of the localisation error in a displacement's standard deviation.
    exposure : float
        Share of a time step during which the particle is seen.

    Returns
    -------
    ndarray of float64, shape (n_hypotheses, MEMORY)
        Fractional Gaussian noise (Mandelbrot and van Ness, 1968) and differences of white noise.
    """
    lag = np.arange(MEMORY, dtype=np.float64)
    msd = blurred_msd(np.abs(np.arange(-1.0, MEMORY + 1)), alpha, exposure)
    # A displacement with itself and with the next ones: half the second difference of the MSD.
    motion = 0.5 * np.diff(msd, 2, axis=1) / msd[:, 2:3]
    white = np.where(lag == 0, 1.0, np.where(lag == 1, -0.5, 0.0))
    share = noise[:, None] ** 2
    return (1 - share) * motion + share * white


@lru_cache(maxsize=4)
def _whiteners(exposure: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return matrices that whiten under each hypothesis, and the logarithms of their scales.

    Row t makes of a run's displacement t what those before it do not foretell, over its standard
    deviation: so the upper left corner whitens shorter runs.
    """
    alpha, noise = _nodes(EXPONENTS, N_EXPONENTS), _nodes(NOISE, N_NOISE)
    correlations = correlation(np.repeat(alpha, N_NOISE), np.tile(noise, N_EXPONENTS), exposure)
    lag = np.abs(np.subtract.outer(np.arange(MEMORY), np.arange(MEMORY)))
    lower = np.linalg.cholesky(correlations[:, lag])
    scales = 2 * np.log(np.diagonal(lower, axis1=1, axis2=2))
    # Transposed here, since every product needs it so.
    return np.linalg.inv(lower).transpose(0, 2, 1).astype(np.float32), scales


def _whitened(
    displacements: NDArray[np.float64], runs: Runs, exposure: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum whitened squares and log-determinants, both (n_tracks, n_hypotheses)."""
    whiteners, scales = _whiteners(exposure)
    starts, lengths, known, track = _pieces(runs)
    squares = np.empty((len(starts), len(whiteners)))
    determinants = np.empty_like(squares)
    for length, before in sorted({*zip(lengths.tolist(), known.tolist(), strict=True)}):
        pieces = np.flatnonzero((lengths == length) & (known == before))
        determinants[pieces] = scales[:, before:length].sum(axis=1)
        # (pieces, coordinates, displacements): a row a coordinate.
        values = displacements[starts[pieces, None] + np.arange(length)].transpose(0, 2, 1)
        rows = np.ascontiguousarray(values, dtype=np.float32).reshape(-1, length)
        for hypothesis, whitener in enumerate(whiteners):
            white = rows @ whitener[:length, before:length]
            sums = np.einsum("ij,ij->i", white, white).reshape(len(pieces), -1)
            squares[pieces, hypothesis] = sums.sum(axis=1)
    first = np.flatnonzero(np.diff(track, prepend=-1))
    return np.add.reduceat(squares, first), np.add.reduceat(determinants, first)


def _pieces(runs: Runs) -> tuple[NDArray[np.int64], ...]:
    """Cut long runs: starts, lengths, how many each only knows from the piece before, track."""
    half = MEMORY // 2
    pieces = 1 + np.maximum(0, -(-(runs.lengths - MEMORY) // half))
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    offset = half * number
    return (
        np.repeat(runs.starts, pieces) + offset,
        np.minimum(MEMORY, np.repeat(runs.lengths, pieces) - offset),
        np.where(number > 0, half, 0),
        np.repeat(runs.track, pieces),
    )


def _weigh(
    squares: NDArray[np.float64],
    determinants: NDArray[np.float64],
    counts: NDArray[np.int64],
    dimensions: NDArray[np.int64],
    time_steps: NDArray[np.float64],
    exposure: float,
) -> tuple[NDArray[np.float64], ...]:
    """Turn whitened squares of some tracks into what a `Posterior` holds."""
    alpha, noise = _fine(EXPONENTS, N_EXPONENTS), _fine(NOISE, N_NOISE)
    shape = counts * dimensions / 2
    log_squares = _refined(np.log(squares))
    log_weight = _refined(determinants * (-dimensions / 2)[:, None])
    log_weight -= shape[:, None, None] * log_squares
    weight = np.exp(log_weight - log_weight.max(axis=(1, 2), keepdims=True))
    weight /= weight.sum(axis=(1, 2), keepdims=True)

    of_alpha = weight.sum(axis=1)
    low, middle, high = (_quantile(of_alpha, alpha, level) for level in (0.025, 0.5, 0.975))
    # v given a hypothesis is inverse gamma: shape n d / 2, scale q / 2.
    mean_log, variance_log = _log_gamma_moments(shape)
    error = np.einsum("ijk,ijk,j->i", weight, np.exp(log_squares / 2), noise) / np.sqrt(4 * shape)
    log_squares += np.log((1 - noise**2) / 4)[:, None]
    log_squares -= np.log(blurred_msd(np.ones(1), alpha, exposure))[:, 0]
    log_squares -= alpha * np.log(time_steps)[:, None, None]
    mean = np.einsum("ijk,ijk->i", weight, log_squares)
    log_squares -= mean[:, None, None]
    variance = np.einsum("ijk,ijk,ijk->i", weight, log_squares, log_squares) + variance_log
    return middle, low, high, mean - mean_log, np.sqrt(variance), error


def _nodes(bounds: tuple[float, float], number: int) -> NDArray[np.float64]:
    """Place hypotheses where a polynomial through them is best: denser towards the bounds."""
    low, high = bounds
    return low + (high - low) * (chebyshev.chebpts2(number) + 1) / 2


def _fine(bounds: tuple[float, float], number: int) -> NDArray[np.float64]:
    """Place twice as many hypotheses evenly."""
    return np.linspace(*bounds, 2 * number - 1)


@lru_cache
def _refinement(number: int) -> NDArray[np.float64]:
    """Matrix from values at nodes to those on the fine grid, by the polynomial through them."""
    fine = chebyshev.chebvander(_fine((-1, 1), number), number - 1)
    refinement: NDArray[np.float64] = fine @ np.linalg.inv(
        chebyshev.chebvander(_nodes((-1, 1), number), number - 1)
    )
    return refinement.T


def _refined(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate from (n, hypotheses) to (n, fine noise, fine alpha)."""
    n = len(values)
    of_noise = values.reshape(-1, N_NOISE) @ _refinement(N_NOISE)
    turned = np.ascontiguousarray(of_noise.reshape(n, N_EXPONENTS, -1).transpose(0, 2, 1))
    fine: NDArray[np.float64] = turned @ _refinement(N_EXPONENTS)
    return fine


def _quantile(
    weights: NDArray[np.float64], values: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Quantile of evenly spaced values, each the middle of a cell with an even density."""
    below = np.cumsum(weights, axis=1)
    cell = np.minimum(np.sum(below < level, axis=1), len(values) - 1)
    here = weights[np.arange(len(weights)), cell]
    share = (level - below[np.arange(len(weights)), cell]) / here + 0.5
    return np.clip(values[cell] + share * (values[1] - values[0]), values[0], values[-1])


def _log_gamma_moments(
    shape: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of the logarithm of a gamma variable (DLMF 5.11.2, within 1e-3 from 1)."""
    mean = np.log(shape) - 1 / (2 * shape) - 1 / (12 * shape**2) + 1 / (120 * shape**4)
    return mean, 1 / shape + 1 / (2 * shape**2) + 1 / (6 * shape**3) - 1 / (30 * shape**5)
