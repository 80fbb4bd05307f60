import numpy as np
import pytest

from napari_anomalous_diffusion.autoencoders.bank import Bank, installed_banks, load_bank
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.populations import (
    TooFewWindowsError,
    ask_population,
    population_errors,
    population_table,
    population_windows,
)
from napari_anomalous_diffusion.scores.scoring import score
from napari_anomalous_diffusion.tracks.table import Trajectories


@pytest.fixture(scope="module")
def bank() -> Bank:
    return load_bank("paper-superdiffusive-20")


def walks(number: int, length: int = 30, seed: int = 0, trend: float = 0.0) -> Trajectories:
    random = np.random.default_rng(seed)
    steps = trend + random.standard_normal((number, length, 2))
    return Trajectories.from_points(
        np.repeat(np.arange(number), length),
        np.tile(np.arange(length), number),
        steps.cumsum(axis=1).reshape(-1, 2),
        source="walks",
    )


def test_a_population_has_an_answer(bank: Bank) -> None:
    answer = ask_population(walks(40), bank)
    assert answer.table["label"].tolist() == ["fbm", "sbm"]
    assert (answer.n_tracks, answer.n_windows) == (40, 80)
    lowest = answer.table.set_index("label")["mse"].idxmin()
    assert answer.best == lowest
    assert (answer.table["members"] > 0).all()


def test_the_first_window_of_each_coordinate_is_taken() -> None:
    tracks = walks(3, length=50)
    windows, n_tracks = population_windows(tracks, 20)
    assert (windows.shape, n_tracks) == ((6, 20), 3)
    first = tracks.positions[:20] - tracks.positions[0]
    first = first / np.diff(first, axis=0).std(axis=0)
    assert windows[0] == pytest.approx(first[:, 0], abs=1e-4)


def test_a_population_may_lie_in_several_files(bank: Bank) -> None:
    parts = [walks(20, seed=1), walks(20, seed=2)]
    with pytest.raises(TooFewWindowsError, match="40 windows of 20 points"):
        ask_population(parts[0], bank)
    answer = ask_population(parts, bank)
    assert (answer.n_tracks, answer.n_windows) == (40, 80)


def test_answers_make_a_table(bank: Bank) -> None:
    answers = {"a": ask_population(walks(40), bank), "b": ask_population(walks(50, seed=1), bank)}
    table = population_table(answers)
    assert table["population"].tolist() == ["a", "b"]
    assert table["n_windows"].tolist() == [80, 100]
    lowest, second = np.sort(table.loc[0, ["mse_fbm", "mse_sbm"]].to_numpy(dtype=float))
    assert table.loc[0, "margin"] == pytest.approx(1 - lowest / second)
    assert table.loc[0, f"mse_{table.loc[0, 'best']}"] == lowest
    assert {table.loc[0, "best"], table.loc[0, "runner_up"]} == {"fbm", "sbm"}
    assert (table[["members_fbm", "members_sbm"]] > 0).all(axis=None)


def test_too_few_windows_are_refused(bank: Bank) -> None:
    with pytest.raises(InputError, match=r"walks: 62 windows of 20 points .* give at least 64"):
        ask_population(walks(31), bank)
    assert ask_population(walks(32), bank).n_windows == 64


def test_the_order_of_tracks_is_nothing_and_their_company_is_all(bank: Bank) -> None:
    windows, _ = population_windows(walks(64), 20)
    errors = population_errors(bank, windows)
    assert population_errors(bank, windows[::-1].copy())[::-1] == pytest.approx(errors, rel=1e-3)
    straight, _ = population_windows(walks(64, seed=1, trend=3.0), 20)
    mixed = population_errors(bank, np.concatenate([windows, straight]))[: len(windows)]
    assert abs(mixed.mean() / errors.mean() - 1) > 0.1


def test_scoring_leaves_the_networks_as_they_were(bank: Bank) -> None:
    network = bank.networks[0][0]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    population_errors(bank, population_windows(walks(40), 20)[0])
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())
    assert not network.training


def test_no_single_track_is_labelled(bank: Bank) -> None:
    with pytest.raises(InputError, match=r"labels no single tracks.* such as models-20"):
        score(walks(2), bank)


def test_a_bank_that_scores_track_by_track_is_no_judge_of_populations(tiny_bank: Bank) -> None:
    with pytest.raises(InputError, match="scores track by track"):
        ask_population(walks(40), tiny_bank)


def test_banks_of_both_protocols_are_listed_apart() -> None:
    published = installed_banks("population")
    assert "paper-subdiffusive-20" in published
    assert not set(published) & set(installed_banks())
