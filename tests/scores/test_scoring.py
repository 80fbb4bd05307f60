from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion import read_tracks, score
from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.scores import profiles
from napari_anomalous_diffusion.scores.classical import classical_numbers
from napari_anomalous_diffusion.tracks.calibration import Calibration

ERRORS = ["mse_attm", "mse_fbm", "mse_sbm"]
COLUMNS = [
    "track_id", "n_points", "n_windows", "verdict", "best", "candidates", "runner_up", "margin",
    "p_value", "confidence", *ERRORS, "duration", "net_displacement", "alpha", "alpha_low",
    "alpha_high", "diffusion", "diffusion_low", "diffusion_high", "localisation_error",
]  # fmt: skip


def walks(lengths: list[int], dimensions: int = 2, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    axes = ["z", "y", "x"][-dimensions:]
    parts = []
    for number, length in enumerate(lengths):
        part = pd.DataFrame(random.normal(size=(length, dimensions)).cumsum(axis=0), columns=axes)
        parts.append(part.assign(track_id=f"cell-{number}", frame=np.arange(length)))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_a_row_a_track_in_the_order_and_by_the_ids_of_the_user(
    tiny_bank: Bank, dimensions: int
) -> None:
    table = score(walks([20, 45, 100], dimensions), tiny_bank).table
    assert list(table.columns) == COLUMNS
    assert table["track_id"].tolist() == ["cell-0", "cell-1", "cell-2"]
    assert table["n_points"].tolist() == [20, 45, 100]
    assert table["n_windows"].tolist() == [dimensions, 7 * dimensions, 19 * dimensions]
    assert (table["verdict"] == table["best"]).all()


def test_best_runner_up_and_margin_follow_from_the_errors(tiny_bank: Bank) -> None:
    scores = score(walks([60] * 12), tiny_bank)
    for row, errors in zip(scores.table.itertuples(), scores.errors, strict=True):
        ranked = sorted(zip(errors, scores.labels, strict=True))
        assert (row.best, row.runner_up) == (ranked[0][1], ranked[1][1])
        assert row.margin == pytest.approx(1 - ranked[0][0] / ranked[1][0])
    np.testing.assert_allclose(scores.member_errors.mean(axis=2), scores.errors)


def test_what_is_not_computed_is_empty(tiny_bank: Bank) -> None:
    table = score(walks([30]), tiny_bank).table
    assert table[["candidates", "p_value", "confidence"]].isna().all(axis=None)


def test_too_short_and_immobile_tracks_have_no_errors(tiny_bank: Bank) -> None:
    tracks = walks([19, 25, 25])
    tracks.loc[tracks["track_id"] == "cell-1", ["y", "x"]] = 3.25
    table = score(tracks, tiny_bank).table
    assert table["verdict"].tolist()[:2] == ["too short", "immobile"]
    assert table["n_windows"].tolist()[:2] == [0, 0]
    unscored = table.loc[:1, ["best", "runner_up", "margin", *ERRORS]]
    assert unscored.isna().all(axis=None)
    assert table["best"].notna().tolist() == [False, False, True]


def test_only_unscored_tracks_make_a_table_too(tiny_bank: Bank) -> None:
    table = score(walks([5, 7]), tiny_bank).table
    assert table["verdict"].tolist() == ["too short", "too short"]


@pytest.mark.parametrize("points_at_once", [1, 150, 10**6])
def test_a_score_does_not_depend_on_the_company(
    tiny_bank: Bank, points_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = walks([20, 33, 60, 100, 20, 400], seed=4)
    monkeypatch.setattr(profiles, "POINTS_AT_ONCE", points_at_once)
    together = score(tracks, tiny_bank).table.set_index("track_id")
    shuffled = tracks.sample(frac=1, random_state=0)
    reordered = score(shuffled, tiny_bank).table.set_index("track_id").loc[together.index]
    alone = pd.concat(
        score(track, tiny_bank).table for _, track in tracks.groupby("track_id")
    ).set_index("track_id")
    for other in (reordered, alone):
        assert other["best"].tolist() == together["best"].tolist()
        np.testing.assert_allclose(
            other[ERRORS].to_numpy(float), together[ERRORS].to_numpy(float), rtol=1e-5
        )


def test_units_and_directions_do_not_matter(tiny_bank: Bank) -> None:
    tracks = walks([40, 80])
    expected = score(tracks, tiny_bank).errors
    elsewhere = tracks.assign(x=1e3 - 0.16 * tracks["x"], y=0.16 * tracks["y"] + 50)
    np.testing.assert_allclose(score(elsewhere, tiny_bank).errors, expected, rtol=1e-4)


def test_classical_numbers_are_in_the_units_of_the_calibration(tiny_bank: Bank) -> None:
    tracks = walks([40, 80])
    film = Calibration(pixel_size=0.16, length_unit="µm", frame_interval=0.05, time_unit="s")
    plain, calibrated = (
        score(read_tracks(tracks, calibration=calibration), tiny_bank)
        for calibration in (None, film)
    )
    np.testing.assert_array_equal(calibrated.errors, plain.errors)
    assert calibrated.table["duration"].tolist() == pytest.approx([39 * 0.05, 79 * 0.05])
    ratio = calibrated.table["net_displacement"] / plain.table["net_displacement"]
    assert ratio.tolist() == pytest.approx([0.16, 0.16])
    numbers = classical_numbers(read_tracks(tracks, calibration=film))
    pd.testing.assert_frame_equal(calibrated.table[numbers.columns], numbers)


def test_progress_counts_the_tracks(tiny_bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "POINTS_AT_ONCE", 50)
    seen: list[tuple[int, int]] = []
    score(walks([30] * 6), tiny_bank, progress=lambda *counts: seen.append(counts))
    assert seen[-1] == (6, 6)
    assert len(seen) > 2


def test_the_default_bank_scores_real_nuclear_tracks() -> None:
    path = Path(__file__).parents[1] / "data" / "nuclear_tracks.csv"
    scores = score(read_tracks(path))
    lengths = pd.read_csv(path).groupby("trajectory", sort=False).size()
    assert scores.table["n_points"].tolist() == lengths.tolist()
    long = scores.table["n_points"] >= 20
    assert long.any()
    assert scores.table.loc[long, "best"].isin(load_bank().labels).all()
    assert np.isfinite(scores.errors[long]).all()
