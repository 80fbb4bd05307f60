from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.scores.plots.exponents import (
    errors_by_label_exponent,
    track_by_label_exponent,
)
from napari_anomalous_diffusion.scores.plots.scored import NOTHING_SCORED
from napari_anomalous_diffusion.scores.scoring import Scores, score


def tracks(number: int, length: int) -> np.ndarray:
    steps = np.random.default_rng(0).normal(size=(number * length, 2))
    track, frame = np.divmod(np.arange(number * length), length)
    return np.column_stack([track, frame, steps.cumsum(axis=0)])


def short_track() -> np.ndarray:
    track = tracks(1, 5)
    track[:, 0] = 9
    return track


@pytest.fixture(scope="module")
def scores(tiny_exponents: Bank) -> Scores:
    return score(np.concatenate([tracks(6, 40), short_track()]), tiny_exponents)


def test_all_tracks_are_drawn_over_alpha_with_the_lowest_median_in_a_ring(scores: Scores) -> None:
    axes = Figure().subplots()
    errors_by_label_exponent(axes, scores)
    medians = np.median(scores.errors[:6], axis=0)
    median, ring = axes.lines
    assert median.get_xdata().tolist() == [0.5, 1, 1.5]
    assert median.get_ydata() == pytest.approx(medians)
    assert ring.get_ydata() == pytest.approx([medians.min()])
    assert axes.get_title().startswith("6 tracks: lowest at α = ")


def test_a_track_has_its_line_its_members_and_its_minimum(scores: Scores) -> None:
    axes = Figure().subplots()
    errors_by_label_exponent(axes, scores)
    track_by_label_exponent(axes, scores, 2)
    line, ring = axes.lines[2:]
    assert line.get_ydata() == pytest.approx(scores.errors[2])
    lowest = [0.5, 1, 1.5][scores.errors[2].argmin()]
    assert ring.get_xdata().tolist() == [lowest]
    assert axes.get_title() == f"track 2: lowest at α = {lowest:g}"
    dots = axes.collections[-1].get_offsets()
    assert dots[:, 0].tolist() == [0.5, 0.5, 1, 1, 1.5, 1.5]
    assert dots[:, 1].tolist() == pytest.approx(scores.member_errors[2].ravel().tolist())


def test_a_track_without_errors_says_so(scores: Scores) -> None:
    axes = Figure().subplots()
    errors_by_label_exponent(axes, scores)
    track_by_label_exponent(axes, scores, 6)
    assert axes.get_title().startswith("track 9 has no errors")
    assert len(axes.lines) == 2


def test_nothing_scored_is_said(tiny_exponents: Bank) -> None:
    axes = Figure().subplots()
    nothing = score(tracks(2, 5), tiny_exponents)
    errors_by_label_exponent(axes, nothing)
    track_by_label_exponent(axes, nothing, 0)
    assert [text.get_text() for text in axes.texts] == [NOTHING_SCORED]
