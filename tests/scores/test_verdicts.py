"""Verdicts of real tracks under a shipped, calibrated bank: what users read in their tables."""

from __future__ import annotations

import numpy as np
import pytest

from napari_anomalous_diffusion import load_bank, score
from napari_anomalous_diffusion.scores.localisation import estimate_localisation_error
from napari_anomalous_diffusion.tracks.notices import Notice
from napari_anomalous_diffusion.tracks.table import Trajectories

LENGTH = 100


def trajectories(steps: np.ndarray) -> Trajectories:
    positions = np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0), (0, 0)))
    many, length, dimensions = positions.shape
    return Trajectories.from_points(
        np.repeat(np.arange(many), length),
        np.tile(np.arange(length), many),
        positions.reshape(-1, dimensions),
    )


def brownian(many: int, seed: int = 0, length: int = LENGTH) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((many, length - 1, 2))


@pytest.fixture(scope="module")
def bank():
    return load_bank("subdiffusive-any")


def test_straight_flights_are_novel_where_no_label_flies(bank):
    course = brownian(20)[:, :1] + np.zeros((20, LENGTH - 1, 2))
    table = score(trajectories(course + 0.2 * brownian(20, 1)), bank).table
    assert (table["verdict"] == "novel").all()
    assert (table["p_value"] < 0.05).all()


def test_brownian_motion_is_not_novel_and_is_one_of_the_models_that_it_can_be(bank):
    scores = score(trajectories(brownian(60)), bank)
    table = scores.table
    assert (table["p_value"] < 0.05).mean() < 0.2
    assert scores.expected_novel == pytest.approx(3)
    # FBM and SBM of exponent 1 are both Brownian motion: most tracks cannot tell.
    candidates = table["candidates"].str.split(";")
    assert candidates.map(lambda names: "fbm" in names or "sbm" in names).mean() > 0.9
    assert (table["verdict"] == "undecided").mean() > 0.5
    assert table["confidence"].between(0, 1).all()


def test_the_best_label_is_always_a_candidate(bank):
    table = score(trajectories(brownian(40, length=15)), bank).table
    assert all(
        best in names.split(";")
        for best, names in zip(table["best"], table["candidates"], strict=True)
    )


def test_a_lower_level_calls_fewer_novel_and_keeps_more_candidates(bank):
    tracks = trajectories(brownian(40) + 0.5)
    strict, usual = (score(tracks, bank, level=level).table for level in (0.001, 0.2))
    assert (strict["verdict"] == "novel").sum() <= (usual["verdict"] == "novel").sum()
    counts = [table["candidates"].str.count(";").sum() for table in (strict, usual)]
    assert counts[0] > counts[1]
    np.testing.assert_array_equal(strict["p_value"], usual["p_value"])


def test_false_discoveries_are_a_share_of_what_is_called_novel(bank):
    flights = np.ones((5, LENGTH - 1, 2)) + 0.2 * brownian(5, 1)
    tracks = trajectories(np.concatenate([brownian(60), flights]))
    plain = score(tracks, bank, level=0.2).table["verdict"] == "novel"
    controlled = score(tracks, bank, level=0.2, false_discoveries=True).table["verdict"] == "novel"
    assert controlled[-5:].all()
    assert controlled.sum() < plain.sum()


def test_what_stays_within_its_localisation_error_is_immobile(bank):
    noise = np.random.default_rng(0).standard_normal((30, LENGTH, 2))
    tracks = trajectories(np.diff(noise, axis=1))
    known = score(tracks, bank, localisation_error=1.0).table["verdict"] == "immobile"
    assert known.mean() > 0.8
    assert not (score(tracks, bank).table["verdict"] == "immobile").any()


def test_banks_of_exponents_tell_candidates_and_no_confidence():
    table = score(trajectories(brownian(20)), "exponents-fbm-20").table
    assert table["p_value"].between(0, 1).all()
    assert table["confidence"].isna().all()
    among = table["candidates"].str.split(";")
    assert among.map(lambda labels: "alpha=1" in labels).mean() > 0.8
    assert not among.map(lambda labels: "alpha=0.1" in labels or "alpha=1.9" in labels).any()


def test_a_bank_that_was_not_calibrated_has_no_p_values(tiny_bank):
    table = score(trajectories(brownian(3)), tiny_bank).table
    assert table[["p_value", "confidence", "candidates"]].isna().all(axis=None)
    assert (table["verdict"] == table["best"]).all()


def test_the_localisation_error_of_brownian_tracks_is_estimated():
    noise = np.random.default_rng(1).standard_normal((200, LENGTH, 2))
    steps = brownian(200) + 0.7 * np.diff(noise, axis=1)
    with pytest.warns(Notice, match="cannot well be told"):
        assert estimate_localisation_error(trajectories(steps)) == pytest.approx(0.7, abs=0.05)
    with pytest.warns(Notice, match="estimated"):
        assert estimate_localisation_error(trajectories(brownian(200))) < 0.25
