from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from napari_anomalous_diffusion.autoencoders import likelihoods
from napari_anomalous_diffusion.autoencoders.bank import (
    Bank,
    BankFile,
    Label,
    Member,
    checksum,
    load_bank,
)
from napari_anomalous_diffusion.autoencoders.densities import Density
from napari_anomalous_diffusion.autoencoders.likelihoods import track_likelihoods
from napari_anomalous_diffusion.scores.scoring import score
from napari_anomalous_diffusion.tracks.table import Trajectories


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """Make a bank of two densities that were never trained."""
    labels = []
    for seed, name in enumerate(["bm", "fbm"]):
        torch.manual_seed(seed)
        network = Density()
        with torch.no_grad():
            network.answer.weight.mul_(5)
        path = tmp_path / f"{name}-1.safetensors"
        save_file(network.state_dict(), path)
        sha256 = checksum(path.read_bytes())
        member = Member(file=path.name, sha256=sha256, seed=seed, own_error=1.0, loss_curve=[1.0])
        labels.append(Label(name=name, windows=1, members=[member]))
    contents = BankFile(
        name="tiny-any", description="Two densities.", axis="model", kind="probability",
        network="density", length=10, normalisation="batch", average="arithmetic", labels=labels,
        versions={},
    )  # fmt: skip
    (tmp_path / "bank.json").write_text(contents.model_dump_json(), encoding="utf-8")
    return load_bank(tmp_path)


def walks(lengths: list[int], dimensions: int = 2, seed: int = 0) -> Trajectories:
    random = np.random.default_rng(seed)
    frames = np.concatenate([np.arange(length) for length in lengths])
    positions = random.standard_normal((len(frames), dimensions)).cumsum(axis=0)
    return Trajectories.from_points(np.repeat(np.arange(len(lengths)), lengths), frames, positions)


def test_a_track_is_scored_as_if_it_were_alone(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = walks([30, 12, 9, 200, 55, 12])
    together = track_likelihoods(bank, tracks)
    alone = np.concatenate([track_likelihoods(bank, tracks.select([place])) for place in range(6)])
    assert together == pytest.approx(alone, rel=1e-5, nan_ok=True)
    monkeypatch.setattr(likelihoods, "STEPS_AT_ONCE", 40)
    assert track_likelihoods(bank, tracks) == pytest.approx(together, rel=1e-5, nan_ok=True)
    assert np.flatnonzero(np.isnan(together).any(axis=1)).tolist() == [2]  # nine points


def test_each_column_is_one_network_s_whatever_the_number_of_threads(bank: Bank) -> None:
    tracks, before = walks([30, 12, 9, 200, 55, 12]), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = track_likelihoods(bank, tracks)
        torch.set_num_threads(3)
        assert track_likelihoods(bank, tracks) == pytest.approx(one, rel=0, abs=0, nan_ok=True)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert (one[0, 0] != one[0, 1]).all()


def test_scale_place_and_turn_change_nothing(bank: Bank) -> None:
    tracks = walks([40, 25])
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    moved = Trajectories.from_points(
        np.repeat([0, 1], [40, 25]), tracks.frames, tracks.positions @ turn * 7 + 1e4
    )
    assert track_likelihoods(bank, moved) == pytest.approx(
        track_likelihoods(bank, tracks), rel=1e-4
    )


def test_a_coordinate_that_is_constant_tells_nothing(bank: Bank) -> None:
    line = walks([30], dimensions=1)
    flat = Trajectories.from_points(
        np.zeros(30), line.frames, np.column_stack([np.full(30, 5.0), line.positions])
    )
    assert track_likelihoods(bank, flat) == pytest.approx(track_likelihoods(bank, line))


def test_missing_frames_and_localisation_error_count(bank: Bank) -> None:
    tracks = walks([30])
    late = Trajectories.from_points(
        np.zeros(30),
        np.where(tracks.frames > 15, tracks.frames + 3, tracks.frames),
        tracks.positions,
    )
    plain = track_likelihoods(bank, tracks)
    assert not np.allclose(track_likelihoods(bank, late), plain, rtol=1e-6)
    assert not np.allclose(track_likelihoods(bank, tracks, 0.5), plain, rtol=1e-6)


def test_scores_are_in_nats_with_a_window_a_track(bank: Bank) -> None:
    still = Trajectories.from_points(np.zeros(20), np.arange(20), np.ones((20, 2)))
    table = score(walks([30, 5]), bank).table
    assert table["n_windows"].tolist() == [1, 0]
    assert table["verdict"].tolist()[1] == "too short"
    gap = abs(table["nll_bm"][0] - table["nll_fbm"][0])
    assert table["margin"][0] == pytest.approx(gap)
    assert score(still, bank).table["verdict"].tolist() == ["immobile"]
