"""What is measured about verdicts: on tracks whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_anomalous_diffusion.lab.experiments import certainty
from napari_anomalous_diffusion.lab.experiments.supervised import (
    labelled_steps,
    recalls,
    train_classifier,
)
from napari_anomalous_diffusion.lab.sources import Source

ROUGH_AND_SMOOTH = {
    "rough": Source(model="fbm", exponents=[0.2]),
    "smooth": Source(model="fbm", exponents=[1.6]),
}


def walks(n_tracks=400, length=41):
    return np.random.default_rng(2).normal(size=(n_tracks, length, 2)).cumsum(axis=1)


def test_a_classifier_that_is_shown_the_labels_learns_them():
    seen = labelled_steps(ROUGH_AND_SMOOTH, 300, 20, 2, seed=1)
    network = train_classifier(*seen, rounds=25)
    fresh = labelled_steps(ROUGH_AND_SMOOTH, 100, 20, 2, seed=100)
    assert recalls(network, *fresh).min() > 0.9


def test_labelled_steps_have_unit_size_and_none_rests_for_good():
    sources = {"ctrw": Source(model="ctrw", exponents=[0.3])}
    steps, labels = labelled_steps(sources, 500, 20, 1, seed=3)
    assert 200 < len(steps) == len(labels) < 450
    torch.testing.assert_close(steps.square().mean((1, 2)), torch.ones(len(steps)))
    # Localisation error fills the rests of those that move.
    noisy, _ = labelled_steps(sources, 500, 20, 1, noise=[0.5], seed=3)
    assert (steps == 0).float().mean() > 0.5
    assert not (noisy == 0).any()


def test_a_change_halfway_leaves_the_first_half_as_it_was():
    straight = np.cumsum(np.ones((50, 41, 2)), axis=1) + 0.1 * walks(50)
    changed = certainty.change_halfway(straight, np.random.default_rng(0))
    np.testing.assert_allclose(changed[:, :21], straight[:, :21])
    cosine = (np.diff(changed, axis=1)[:, 20:-1] * np.diff(changed, axis=1)[:, 21:]).sum(-1)
    assert abs(cosine.mean()) < 0.1 * np.abs(cosine).mean()


@pytest.mark.parametrize("spoil", [certainty.blur, certainty.begin_late])
def test_what_shortens_tracks_keeps_a_quarter(spoil):
    assert spoil(walks(), np.random.default_rng(0)).shape == (400, 10, 2)


def test_blur_makes_neighbouring_steps_alike():
    steps = np.diff(certainty.blur(walks(), np.random.default_rng(0)), axis=1)
    alike = (steps[:, 1:] * steps[:, :-1]).mean() / (steps**2).mean()
    # Brownian motion exposed over the whole frame interval: 1/4 (Berglund 2010, Eq. 6, R = 1/6),
    # and a little less where only four positions are averaged.
    assert 0.18 < alike < 0.26


def test_missing_frames_leave_the_first_point_and_the_labels():
    steps = []

    class Bank:
        pass

    def score(tracks, bank, localisation_error):
        steps.append(tracks)
        raise StopIteration

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certainty, "score", score)
        with pytest.raises(StopIteration):
            certainty.judged(Bank(), walks(20), 0.0, np.random.default_rng(0), missing=0.3)
    (tracks,) = steps
    assert tracks.n_tracks == 20
    assert np.all(tracks.frames[tracks.starts[:-1]] == 0)
    assert tracks.n_points == pytest.approx(20 * 41 * 0.7, rel=0.08)
