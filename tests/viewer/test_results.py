"""Panels share the scores of layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Tracks

from napari_anomalous_diffusion import Trajectories, score
from napari_anomalous_diffusion.viewer.model import ScoredTracks
from napari_anomalous_diffusion.viewer.results import find_dock, results, score_in_dock


@pytest.fixture
def result(make_tracks, tiny_bank) -> ScoredTracks:
    trajectories = Trajectories.from_napari(Tracks(make_tracks()).data)
    return ScoredTracks(score(trajectories, tiny_bank, device="cpu"), trajectories, "cpu")


def test_scores_from_elsewhere_are_seen_in_the_dock(stage, result):
    on = stage()
    assert on.model.result is None
    results.keep(on.layer, result)
    assert on.model.result is result
    assert on.layer.color_by == "best"
    assert on.layer.metadata["anomalous diffusion"]["bank"] == "tiny-20"
    on.model.selected = on.place(4)
    assert on.opacity(7) < 0.2
    results.keep(on.layer, replace(result))
    assert on.opacity(7) == 1
    results.forget(on.layer)
    assert on.model.result is None


def test_a_layer_that_no_dock_shows_is_coloured_too(result, make_tracks):
    layer = Tracks(make_tracks())
    results.keep(layer, result)
    assert results.get(layer) is result
    assert layer.color_by == "best"
    np.testing.assert_array_equal(
        layer.features["best"], result.columns["best"][result.vertex_track]
    )
    with pytest.warns(UserWarning, match="Previous color_by key"):
        layer.data = make_tracks(seed=3)
    assert results.get(layer) is None


def test_a_layer_is_handed_to_the_dock_that_is_open(stage, make_tracks):
    on = stage()
    other = on.viewer.add_tracks(make_tracks(seed=2), name="other")
    on.dock.controller._choose_layer(on.layer)
    assert find_dock(on.viewer) is on.dock
    score_in_dock(on.viewer, other)
    on.wait()
    assert on.model.layer is other
    assert results.get(other) is on.model.result
