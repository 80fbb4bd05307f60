"""Motion of every kind: that each kind is what it is called."""

from __future__ import annotations

import numpy as np
import pytest

from napari_anomalous_diffusion.lab import everything

RANDOM = 7


def draw(kind, n_tracks=400, n_steps=200, dimensions=2, **options):
    return kind(n_tracks, n_steps, dimensions, np.random.default_rng(RANDOM), **options)


def spread(steps):
    """Squared distance from the start after all steps, over the mean squared step."""
    return (steps.sum(axis=1) ** 2).mean() / (steps**2).mean()


@pytest.mark.parametrize("simulated", [everything.everything, everything.trapped])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_tracks_have_the_shape_that_was_asked_for_and_follow_the_seed(simulated, dimensions):
    first, again, other = (simulated(50, 30, dimensions, seed) for seed in (1, 1, 2))
    assert first.shape == (50, 30, dimensions)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", [everything.bound, everything.confined])
def test_what_is_trapped_stays(kind):
    assert spread(draw(kind)) < 0.5 * 200


def test_a_well_has_the_correlations_of_its_relaxation_time():
    steps = draw(everything.bound, relaxation=1.0)
    correlation = (steps[:, 1:] * steps[:, :-1]).mean() / (steps**2).mean()
    assert correlation == pytest.approx(-(1 - np.exp(-1)) / 2, abs=0.01)


def test_what_drifts_leaves():
    assert spread(draw(everything.drifting)) > 10 * 200


def test_diffusivities_wander_while_directions_are_forgotten():
    steps = draw(everything.wandering)
    sizes = np.abs(steps)
    assert np.corrcoef(sizes[:, 1:].ravel(), sizes[:, :-1].ravel())[0, 1] > 0.2
    assert abs(np.corrcoef(steps[:, 1:].ravel(), steps[:, :-1].ravel())[0, 1]) < 0.05


def test_some_of_everything_rests_and_some_never_turns():
    steps = np.diff(everything.everything(600, 60, 1, 3), axis=1)[..., 0]
    assert (steps == 0).all(axis=1).any() or ((steps == 0).mean(axis=1) > 0.3).any()
    assert (np.abs(steps.sum(axis=1)) > 0.95 * np.abs(steps).sum(axis=1)).any()
