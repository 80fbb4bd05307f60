"""p-values, candidates and confidence, where the distributions of the errors are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import kstest, norm

from napari_anomalous_diffusion.scores.calibration import (
    PROBABILITIES,
    Calibration,
    judge,
    judged_errors,
    label_p_values,
    own_ranges,
)
from napari_anomalous_diffusion.scores.profiles import Circumstances, Profiles

SIZES = np.array([10.0, 100.0])
LEVELS = np.array([0.0, 0.5])
MEANS = np.array([1.0, 3.0])
BANK = SimpleNamespace(kind="probability")


def spread(size, level):
    """Standard deviation of an own error: less for long tracks, more for noisy ones."""
    return (1 + level) * (3 - np.log10(size))


@pytest.fixture
def calibration():
    """Two labels with Gaussian errors, and a network that hears the first label's error only."""
    normal = norm.ppf(PROBABILITIES)
    errors = np.zeros((3, 2, 2, 2, len(PROBABILITIES)), dtype=np.float32)
    for i, size in enumerate(SIZES):
        for j, level in enumerate(LEVELS):
            errors[:, i, j] = MEANS[:, None] + spread(size, level) * normal
    # The largest of a p-value that is evenly spread and another one that is nought.
    largest = np.broadcast_to(PROBABILITIES, (3, 2, 2, len(PROBABILITIES)))
    weight = np.zeros((12, 2))
    weight[0] = [-1, 1]
    network = {
        "centre": np.zeros(12), "spread": np.ones(12), "weight_1": weight, "bias_1": np.zeros(2),
    }  # fmt: skip
    shares = np.log(np.broadcast_to(PROBABILITIES, errors.shape))
    return Calibration(SIZES, LEVELS, errors, largest, shares, network)


def profiles(errors, size=100.0, level=0.0, others=None):
    errors = np.atleast_2d(errors)
    many = len(errors)
    ones = np.ones(many, dtype=np.int64)
    return Profiles(
        errors[:, :, None],
        np.empty((many, 0)) if others is None else np.atleast_2d(others),
        ones,
        ones > 0,
        ones == 0,
        Circumstances(np.full(many, size), 2 * ones, np.full(many, level)),
    )


@pytest.mark.parametrize("size", [10.0, 31.6, 100.0])
@pytest.mark.parametrize("level", [0.0, 0.2, 0.5])
def test_own_tracks_have_even_p_values_between_what_was_simulated(calibration, size, level):
    own = norm.rvs(MEANS[0], spread(size, level), size=3000, random_state=1)
    errors = np.column_stack([own, np.full(3000, 1e3)])
    found = label_p_values(calibration, profiles(errors, size, level))
    assert kstest(found[:, 0], "uniform").statistic < 0.03
    assert (found[:, 1] < 0.01).all()


def test_errors_that_are_too_low_are_as_strange_as_those_that_are_too_high(calibration):
    low, high = (
        label_p_values(calibration, profiles([MEANS[0] + side * 2.5 * spread(100, 0), 99]))[0, 0]
        for side in (-1, 1)
    )
    assert low == pytest.approx(high, rel=0.05)
    assert low == pytest.approx(2 * norm.sf(2.5), rel=0.1)


def test_what_other_motion_explains_better_is_strange(calibration):
    others = [[2.0, 5.0]]
    relative = judged_errors(profiles([1.0, 3.0], others=others))
    # Each of the two is as likely as the other, which costs log(2) nats in 100 steps.
    np.testing.assert_allclose(relative, [[-100 - np.log(2), 100 - np.log(2)]])
    explained, not_explained = (
        label_p_values(calibration, profiles([error, 99.0], others=others))[0, 0]
        for error in (1.9, 2.1)
    )
    assert explained > 0.99
    assert not_explained < 0.01


def test_nats_of_whole_tracks_grow_with_their_steps(calibration):
    """Between 10 and 100 steps, a walk of steps that others explain worse by half a nat each."""
    normal = norm.ppf(PROBABILITIES)
    for place, size in enumerate(SIZES):
        calibration.errors[:, place] = -0.5 * size + normal
    own = norm.rvs(-0.5 * 55, 1, size=3000, random_state=1) / 55
    where = profiles(np.column_stack([own, own]), 55.0, others=np.zeros((3000, 1)))
    assert kstest(label_p_values(calibration, where)[:, 0], "uniform").statistic < 0.03


def test_beyond_what_was_simulated_the_nearest_is_taken(calibration):
    nearest = label_p_values(calibration, profiles([1.5, 3.0], 100.0, 0.5))
    beyond = label_p_values(calibration, profiles([1.5, 3.0], 5000.0, 0.7))
    np.testing.assert_array_equal(nearest, beyond)


@pytest.mark.parametrize("others", [None, [[2.0, 2.0]]])
def test_the_ranges_are_those_the_p_values_are_read_from(calibration, others):
    level = 0.1
    low, high = own_ranges(calibration, profiles([1.0, 3.0], others=others), level)[0, 0]
    ends = [high] if others else [low, high]
    for end in ends:
        p_value = label_p_values(calibration, profiles([end, 3.0], others=others))[0, 0]
        assert p_value == pytest.approx(level, rel=0.03)


def test_candidates_are_the_labels_of_which_enough_tracks_fit_less_well(calibration):
    # The network's logits are -x and x, x being how much worse the first label is than the best.
    judgement = judge(profiles([[1.0, 1.0], [3.0, 1.0]]), BANK, calibration, 0.05)
    np.testing.assert_allclose(judgement.probabilities[0], [0.5, 0.5])
    assert judgement.probabilities[1, 1] == pytest.approx(1 / (1 + np.exp(-4)))
    assert judgement.candidates.tolist() == [[True, True], [False, True]]
    assert judge(profiles([3.0, 1.0]), BANK, calibration, 0.01).candidates.all()


def test_judging_does_not_depend_on_the_company(calibration):
    errors = np.random.default_rng(0).normal(2, 2, (5001, 2))
    together = judge(profiles(errors), BANK, calibration, 0.05)
    alone = judge(profiles(errors[4500]), BANK, calibration, 0.05)
    assert together.p_value[4500] == alone.p_value[0]
    np.testing.assert_array_equal(together.candidates[4500], alone.candidates[0])
    assert len(together.p_value) == 5001
