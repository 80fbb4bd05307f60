from pathlib import Path
from shutil import copytree

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion.autoencoders.bank import load_bank
from napari_anomalous_diffusion.lab import experiments
from napari_anomalous_diffusion.lab.experiments.exponents import (
    ensemble_exponent,
    time_averaged_exponent,
)
from napari_anomalous_diffusion.lab.simulation import simulate

LAGS = np.array([1, 4, 16, 64])


def mean_squares(tracks: np.ndarray) -> np.ndarray:
    return np.array([np.mean((tracks[:, lag:] - tracks[:, :-lag]) ** 2) for lag in LAGS])


def test_a_gaussian_process_has_the_mean_squared_displacement_it_is_asked_for() -> None:
    tracks = experiments.crossing_over(lambda lag: 2 * lag**0.7, 3000, 80, seed=1)
    assert tracks.shape == (3000, 80, 1)
    assert np.all(tracks[:, 0] == 0)
    assert mean_squares(tracks) == pytest.approx(2 * LAGS**0.7, rel=0.08)


def test_the_stand_in_for_telomeres_crosses_over_from_a_half_to_one() -> None:
    sample = experiments.telomere_like(2000, 200, seed=2)
    positions = sample.tracks.positions.reshape(2000, 200)
    expected = np.sqrt(LAGS / 50) + LAGS / 50
    assert mean_squares(positions) == pytest.approx(expected, rel=0.1)
    local = np.diff(np.log(expected)) / np.diff(np.log(LAGS))
    assert local[0] < 0.65 < 0.7 < local[-1]
    assert not sample.real


def test_the_share_of_fbm_grows() -> None:
    samples = experiments.growing_share([0.0, 0.5, 1.0], 40, seed=3)
    assert [sample.name for sample in samples] == ["0 %", "50 %", "100 %"]
    none, half, full = (sample.tracks.positions.reshape(40, 20) for sample in samples)
    np.testing.assert_array_equal(half[:20], full[:20])
    np.testing.assert_array_equal(half[20:], none[20:])


def test_real_samples_are_called_real() -> None:
    assert [(sample.name, sample.real) for sample in experiments.real_samples()] == [
        ("beads", True),
        ("nuclei", True),
    ]


def test_exponents_are_fitted_to_what_they_are() -> None:
    tracks = simulate("fbm", [0.4], 300, 200, seed=5)[..., 0].astype(np.float32)
    assert time_averaged_exponent(tracks) == pytest.approx(0.4, abs=0.05)
    waits = simulate("ctrw", [0.7], 2000, 200, seed=5)[..., 0].astype(np.float32)
    assert ensemble_exponent(waits) == pytest.approx(0.7, abs=0.12)
    # The time average of a CTRW knows nothing of its exponent.
    assert time_averaged_exponent(waits) > 0.85


def test_samples_are_scored_in_the_protocol_of_the_bank() -> None:
    samples = experiments.growing_share([0.0, 1.0], 100, seed=4)
    table = experiments.errors_of_samples(load_bank("paper-subdiffusive-20"), samples)
    means = table.pivot_table("mse", "network", "sample")
    # What is all FBM is redrawn best by its own network, and badly by others.
    assert means["100 %"].idxmin() == "fbm"
    assert means.loc["sbm", "100 %"] > 5 * means.loc["fbm", "100 %"]


def test_shares_of_named_mixtures_add_up() -> None:
    bank = load_bank("mixtures-20")
    table = experiments.named_mixtures(bank, experiments.growing_share([0.0, 1.0], 40, seed=4))
    assert len(table) == 2 * len(bank.labels)
    assert table.groupby("sample")["share"].sum().to_numpy() == pytest.approx(1)
    pure = table[(table["gamma"] == 1) & (table["beta"] == 0)].set_index("sample")["share"]
    assert pure["100 %"] > pure["0 %"]


def test_mixtures_find_pure_ctrw_and_are_lost_elsewhere() -> None:
    table = experiments.recover_mixtures(load_bank("mixtures-20"), 30)
    assert table.groupby(["gamma", "beta"])["share"].sum().to_numpy() == pytest.approx(1)
    right = table[
        (table["gamma"] == table["named_gamma"]) & (table["beta"] == table["named_beta"])
    ].set_index(["gamma", "beta"])["share"]
    assert right.idxmax() == (1.0, 1.0)
    assert right.mean() < 0.2


def test_only_banks_of_mixtures_are_asked_what_they_recover() -> None:
    with pytest.raises(ValueError, match="subdiffusive-20 does not tell mixtures apart"):
        experiments.recover_mixtures(load_bank("subdiffusive-20"), 10)


def test_what_is_recovered_is_stored_beside_the_weights(tmp_path: Path) -> None:
    folder = tmp_path / "mixtures"
    copytree(load_bank("mixtures-20").folder, folder)
    path = experiments.write_recovery(folder, n_tracks=3)
    assert path == folder / "recovery.csv"
    table = pd.read_csv(path)
    assert list(table) == ["gamma", "beta", "named_gamma", "named_beta", "share", "mse"]
    assert len(table) == 36 * 36
    load_bank(folder)  # one file more does not harm the bank
