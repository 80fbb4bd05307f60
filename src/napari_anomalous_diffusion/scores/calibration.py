"""How sure a verdict is: p-values, candidates and confidence, learnt from simulated tracks.

What a bank's own tracks look like under it was simulated, whole track by whole track, at many
lengths, dimensions and localisation errors (`lab.calibrating`); no distribution is assumed. The
paper names the use of it in Section I B: an error that none of the known kinds gives is an anomaly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.scores.profiles import Circumstances, Profiles

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank

PROBABILITIES = 1 / (1 + np.exp(-np.linspace(-7.0, 7.0, 141)))
"""Where quantiles are kept: from 0.001 to 0.999, densest in the tails."""

TRACKS_AT_ONCE = 2_000

FURTHEST_INPUT = 6.0
"""Standard deviations beyond which the confidence network sees no difference any more."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is known of a bank's own tracks.

    Attributes
    ----------
    sizes, levels : ndarray of float64, shapes (n_sizes,), (n_levels,)
        The circumstances that were simulated, in rising order; see `Circumstances`.
    errors : ndarray of float32, shape (n_dimensions, n_sizes, n_levels, n_labels, n_probabilities)
        Quantiles, at `PROBABILITIES`, of what `judged_errors` gives for the own label of tracks in
        one dimension, in two, ...; tracks in more than these are taken for such in the last.
    largest : ndarray of float32, shape (n_dimensions, n_sizes, n_levels, n_probabilities)
        Quantiles of a track's largest p-value over the labels, all labels in equal shares.
    shares : ndarray of float32, shape (n_dimensions, n_sizes, n_levels, n_labels, n_probabilities)
        Quantiles of the logarithm of the probability that a track's own label gets.
    network : dict of str to ndarray of float32
        Weights of the network that turns a profile into probabilities of the labels: ``centre`` and
        ``spread`` of its inputs, ``weight_1``, ``bias_1``, ... of its layers.
    right : ndarray of float32, shape (n_dimensions, n_sizes, n_levels), or None
        How often the label with the lowest error is right: the mean of the labels' recalls. None
        where it was not kept.
    """

    sizes: NDArray[np.float64]
    levels: NDArray[np.float64]
    errors: NDArray[np.float32]
    largest: NDArray[np.float32]
    shares: NDArray[np.float32]
    network: dict[str, NDArray[np.float32]]
    right: NDArray[np.float32] | None = None

    def own_quantiles(self, profiles: Profiles) -> NDArray[np.float64]:
        """Read off what `judged_errors` gives for the labels' own tracks, in each one's place.

        Returns
        -------
        ndarray of float64, shape (n_tracks, n_labels, n_probabilities)
        """
        # In nats of the whole track, they grow with its steps; as means, they settle.
        relative = profiles.other_errors.shape[1] > 0
        return self.interpolated(
            self.errors, profiles.circumstances, np.asarray if relative else np.log
        )

    def interpolated(
        self,
        table: NDArray[np.float32],
        where: Circumstances,
        scale: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.log,
    ) -> NDArray[np.float64]:
        """Read numbers off one of the tables, between the circumstances that were simulated.

        Quantiles, not probabilities, are interpolated: between a narrow and a shifted distribution
        lies a shifted one, not one with two peaks.

        Parameters
        ----------
        table : ndarray, shape (n_dimensions, n_sizes, n_levels, ...)
        where : Circumstances
            Beyond the largest size and level that were simulated these are taken.
        scale : callable
            On what scale of sizes the numbers are about linear.

        Returns
        -------
        ndarray of float64, shape (n_tracks, ...)
        """
        dimension = np.clip(where.dimensions, 1, len(table)) - 1
        size, next_size, far = _between(scale(self.sizes), scale(np.maximum(where.size, 1)))
        level, next_level, loud = _between(self.levels, where.level)
        shape = (-1, *[1] * (table.ndim - 3))
        far, loud = far.reshape(shape), loud.reshape(shape)
        quiet = (1 - far) * table[dimension, size, level] + far * table[dimension, next_size, level]
        noisy = (1 - far) * table[dimension, size, next_level] + (
            far * table[dimension, next_size, next_level]
        )
        return np.asarray((1 - loud) * quiet + loud * noisy)


@dataclass(frozen=True, eq=False)
class Judgement:
    """How sure the verdicts on tracks are.

    Attributes
    ----------
    p_value : ndarray of float64, shape (n_tracks,)
        Share of the bank's own tracks, in the same circumstances, that are at least as unusual.
    probabilities : ndarray of float64, shape (n_tracks, n_labels)
        How probable each label is, where all are equally frequent and there is no other.
    candidates : ndarray of bool, shape (n_tracks, n_labels)
        Labels whose own tracks look like this often enough.
    """

    p_value: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    candidates: NDArray[np.bool_]


def calibration_of(bank: Bank) -> Calibration | None:
    """Read what is known of a bank's own tracks; None for a bank that was not calibrated.

    Raises
    ------
    InputError
        If the file is missing or not as it was made.
    """
    data = bank.calibration_data
    return None if data is None else _read(data)


@lru_cache(maxsize=8)
def _read(data: bytes) -> Calibration:
    from safetensors.numpy import load

    arrays = load(data)
    network = {
        name.removeprefix("network."): arrays.pop(name)
        for name in list(arrays)
        if name.startswith("network.")
    }
    return Calibration(network=network, **arrays)


def judge(profiles: Profiles, bank: Bank, calibration: Calibration, level: float) -> Judgement:
    """Judge the error profiles of tracks.

    Parameters
    ----------
    profiles : Profiles
        Of tracks that were scored, all of them.
    bank : Bank
    calibration : Calibration
    level : float
        Share of each label's own tracks that may be denied their label.

    Returns
    -------
    Judgement
    """
    p_value, candidates, probabilities = [], [], []
    for start in range(0, max(len(profiles.n_windows), 1), TRACKS_AT_ONCE):
        part = profiles.select(np.arange(start, min(start + TRACKS_AT_ONCE, len(profiles.fits))))
        where = part.circumstances
        largest = label_p_values(calibration, part).max(axis=1)
        p_value.append(_rank(largest, calibration.interpolated(calibration.largest, where)))
        shares = log_probabilities(calibration, part, bank.kind)
        lowest = _at(level, calibration.interpolated(calibration.shares, where))
        candidates.append(shares >= lowest)
        probabilities.append(np.exp(shares))
    return Judgement(
        np.concatenate(p_value), np.concatenate(probabilities), np.concatenate(candidates)
    )


def judged_errors(profiles: Profiles) -> NDArray[np.float64]:
    """Give the errors that tell a label's own tracks from strange ones.

    The likelihood itself does not: regular motion, such as a straight flight, is probable under
    every label. What tells is how much more probable the track is to the bank's networks for motion
    of other kinds, where it has some: each of them is as likely as the other.

    Parameters
    ----------
    profiles : Profiles

    Returns
    -------
    ndarray of float64, shape (n_tracks, n_labels)
        The error; in a bank with other networks, the logarithm of how much more probable the whole
        track is to these, in nats: unlike its mean over the steps, it changes little with length.
    """
    others = profiles.other_errors
    if not others.shape[1]:
        return profiles.errors
    size = profiles.circumstances.size[:, None]
    lowest = others.min(axis=1, keepdims=True)
    shares = np.exp(-size * (others - lowest)).mean(axis=1, keepdims=True)
    return np.asarray(size * (profiles.errors - lowest) + np.log(shares))


def label_p_values(calibration: Calibration, profiles: Profiles) -> NDArray[np.float64]:
    """Tell how unusual tracks are among each label's own tracks.

    Errors are judged from both sides: one that is too low is as strange as one that is too high.
    Of errors relative to those of other motion only high ones are strange.

    Parameters
    ----------
    calibration : Calibration
    profiles : Profiles
        Of tracks that were scored, all of them.

    Returns
    -------
    ndarray of float64, shape (n_tracks, n_labels)
    """
    below = _rank(judged_errors(profiles), calibration.own_quantiles(profiles))
    if profiles.other_errors.shape[1]:
        return 1 - below
    return np.asarray(2 * np.minimum(below, 1 - below))


def own_ranges(calibration: Calibration, profiles: Profiles, level: float) -> NDArray[np.float64]:
    """Tell between which errors each label's own tracks lie, in the circumstances of each track.

    Parameters
    ----------
    calibration : Calibration
    profiles : Profiles
        Of tracks that were scored, all of them.
    level : float
        Share of a label's own tracks outside of its range.

    Returns
    -------
    ndarray of float64, shape (n_tracks, n_labels, 2)
        Where errors are judged relative to those of other motion, the range hangs on these, and
        nothing is too low.
    """
    quantiles = calibration.own_quantiles(profiles)
    if not profiles.other_errors.shape[1]:
        return np.stack([_at(level / 2, quantiles), _at(1 - level / 2, quantiles)], axis=-1)
    ends = np.stack([_at(level, quantiles), _at(1 - level, quantiles)], axis=-1)
    beyond = (ends - judged_errors(profiles)[..., None]) / profiles.circumstances.size[
        :, None, None
    ]
    return np.asarray(profiles.errors[..., None] + beyond)


def network_inputs(profiles: Profiles, kind: str, largest_size: float) -> NDArray[np.float64]:
    """Sum up a profile for the network that tells how probable each label is.

    Parameters
    ----------
    profiles : Profiles
        Of tracks that were scored, all of them.
    kind : {"mse", "probability"}
        Errors of a bank of probabilities are logarithms already.
    largest_size : float
        Beyond it a track says no more.

    Returns
    -------
    ndarray of float64, shape (n_tracks, 3 * n_labels + 6)
    """
    members = profiles.member_errors
    members = members if kind == "probability" else np.log(members)
    errors = np.log(profiles.errors) if kind == "mse" else profiles.errors
    lowest = errors.min(axis=1, keepdims=True)
    where = profiles.circumstances
    size = np.minimum(where.size, largest_size)[:, None]
    return np.hstack([
        errors - lowest,
        np.arcsinh(size * (errors - lowest)),
        np.nanstd(members, axis=2),
        lowest,
        np.log(size),
        where.level[:, None],
        where.dimensions[:, None] == np.array([1, 2, 3]),
    ])  # fmt: skip


def log_probabilities(
    calibration: Calibration, profiles: Profiles, kind: str
) -> NDArray[np.float64]:
    """Tell how probable each label is, given the whole profile and the members' spread.

    Returns
    -------
    ndarray of float64, shape (n_tracks, n_labels)
        Natural logarithms.
    """
    network = calibration.network
    values = network_inputs(profiles, kind, calibration.sizes[-1])
    values = (values - network["centre"]) / network["spread"]
    values = np.clip(values, -FURTHEST_INPUT, FURTHEST_INPUT)
    layers = sum(name.startswith("weight") for name in network)
    for layer in range(1, layers + 1):
        values = values @ network[f"weight_{layer}"] + network[f"bias_{layer}"]
        if layer < layers:
            values = np.maximum(values, 0)
    values -= values.max(axis=1, keepdims=True)
    return np.asarray(values - np.log(np.exp(values).sum(axis=1, keepdims=True)))


def _between(
    knots: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Find the knots around each value, and how far it is from the first to the second."""
    before = np.clip(np.searchsorted(knots, values, side="right") - 1, 0, len(knots) - 1)
    after = np.minimum(before + 1, len(knots) - 1)
    gap = np.where(after > before, knots[after] - knots[before], 1)
    return before, after, np.clip((values - knots[before]) / gap, 0, 1)


def _rank(values: NDArray[np.float64], quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tell which share of a distribution lies below each value, given its quantiles."""
    after = (quantiles <= values[..., None]).sum(axis=-1)
    before = np.clip(after - 1, 0, len(PROBABILITIES) - 2)
    low = np.take_along_axis(quantiles, before[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(quantiles, before[..., None] + 1, axis=-1)[..., 0]
    share = np.clip((values - low) / np.where(high > low, high - low, 1), 0, 1)
    return np.asarray(
        PROBABILITIES[before] + share * (PROBABILITIES[before + 1] - PROBABILITIES[before])
    )


def _at(probability: float, quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read off the quantile of one probability."""
    before, after, share = _between(PROBABILITIES, np.array([probability]))
    return np.asarray((1 - share) * quantiles[..., before[0]] + share * quantiles[..., after[0]])
