"""The published networks, written as they were, and their checkpoints imported."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_anomalous_diffusion import cli, read_tracks
from napari_anomalous_diffusion.autoencoders.bank import installed_banks
from napari_anomalous_diffusion.autoencoders.checkpoints import import_checkpoints
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores.populations import (
    batch_statistics,
    population_errors,
    population_windows,
)


class Small(nn.Module):
    """The published network for 20 points: shared norms, transposed convolutions."""

    def __init__(self, length: int = 20, latent: int = 4) -> None:
        super().__init__()
        self.length = length
        for number, (a, b, k) in enumerate(
            [(1, 16, 5), (16, 16, 3), (16, 32, 5), (32, 32, 3), (32, 64, 3), (64, 64, 3)], 1
        ):
            self.add_module(f"conv{number}", nn.Conv1d(a, b, k, padding=k // 2))
        for number, (a, b, k) in enumerate(
            [(64, 64, 3), (64, 32, 3), (32, 32, 3), (32, 16, 5), (16, 16, 3), (16, 1, 5)], 1
        ):
            self.add_module(f"deconv{number}", nn.ConvTranspose1d(a, b, k, padding=k // 2))
        self.bn1, self.bn2, self.bn3 = (nn.BatchNorm1d(width) for width in (16, 32, 64))
        self.fc1, self.fc2 = nn.Linear(64, 32), nn.Linear(32, latent)
        self.fc3, self.fc4 = nn.Linear(latent, 32), nn.Linear(32, 64 * (length // 4))

    def forward(self, windows: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(windows[:, None]))))
        x, first = F.max_pool1d(self.bn1(x), 2, return_indices=True)
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x, second = F.max_pool1d(self.bn2(x), 2, return_indices=True)
        x = self.bn3(F.relu(self.conv6(F.relu(self.conv5(x)))))
        x = F.adaptive_avg_pool1d(x, 1).flatten(1)
        x = self.fc4(self.fc3(F.relu(self.fc2(F.relu(self.fc1(x))))))
        x = self.bn3(x.view(-1, 64, self.length // 4))
        x = self.bn2(F.max_unpool1d(self.deconv2(self.deconv1(x)), second, 2))
        x = self.bn1(F.max_unpool1d(self.deconv4(self.deconv3(x)), first, 2))
        return self.deconv6(self.deconv5(x))[:, 0]


class Long(nn.Module):
    """The published network for 200 points: residual additions in the encoder."""

    def __init__(self, length: int = 200, latent: int = 20) -> None:
        super().__init__()
        self.length = length
        down = [(1, 16), (16, 16), (16, 16), (16, 32), (32, 32), (32, 32), (32, 64)]
        up = [(64, 64), (64, 64), (64, 32), (32, 32), (32, 32), (32, 16), (16, 16), (16, 16)]
        for number, (a, b) in enumerate([*down, (64, 64), (64, 64)]):
            k = 3 if number % 3 else 5
            self.add_module(f"conv{number}", nn.Conv1d(a, b, k, padding=k // 2))
        for number, (a, b) in enumerate([*up, (16, 1)]):
            k = 5 if number % 3 == 2 else 3
            self.add_module(f"convtranspose{number}", nn.ConvTranspose1d(a, b, k, padding=k // 2))
        self.bn1, self.bn2, self.bn3 = (nn.BatchNorm1d(width) for width in (16, 32, 64))
        self.fc1, self.fc2 = nn.Linear(256, 96), nn.Linear(96, latent)
        self.fc3, self.fc4 = nn.Linear(latent, 96), nn.Linear(96, 64 * (length // 8))

    def forward(self, windows: Tensor) -> Tensor:
        x, places = windows[:, None], []
        layers = dict(self.named_children())
        for block, norm in enumerate((self.bn1, self.bn2, self.bn3)):
            one, two, three = (layers[f"conv{3 * block + layer}"] for layer in range(3))
            skip = F.relu(one(x))
            x, place = F.max_pool1d(
                norm(F.relu(three(F.relu(two(skip))) + skip)), 2, return_indices=True
            )
            places.append(place)
        x = F.adaptive_avg_pool1d(x, 4).flatten(1)
        x = self.fc4(self.fc3(F.relu(self.fc2(F.relu(self.fc1(x))))))
        x = x.view(-1, 64, self.length // 8)
        for block, norm in enumerate((self.bn3, self.bn2, self.bn1)):
            x = F.max_unpool1d(norm(x), places[2 - block], 2)
            for layer in range(3):
                x = layers[f"convtranspose{3 * block + layer}"](x)
        return x[:, 0]


def published(kind: type[Small | Long], seed: int = 0, **options: int) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = kind(**options)
        for norm in (network.bn1, network.bn2, network.bn3):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)
        nn.init.constant_(network.fc2.bias, 1.0)
    return network


def contents(network: Small | Long) -> dict[str, Any]:
    """What the authors' `save_model` stores, with what their notebook keeps beside it."""
    small = isinstance(network, Small)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-5)
    return {
        "model": network.state_dict(),
        "autoencoder class": "Small" if small else "Final_Skip_Connections",
        "length trajectories": network.length,
        "latent space": 4 if small else 20,
        "average pooling size": 1 if small else 4,
        "epochs": 30,
        "batch size": 256,
        "optimizer": "Adam",
        "optimizer state dict": optimiser.state_dict(),
        "exponents": [0.7, 0.8, 0.9, 1],
        "diffusion models": [(0, "attm"), (1, "ctrw")],
        "training loss": np.append(np.array([]), [1.47, 0.99]),
        "validation loss": np.array([]),
        "lowest loss": np.float64(0.99),
    }


def checkpoint(path: Path, network: Small | Long, **changes: Any) -> Path:
    torch.save(
        {name: v for name, v in (contents(network) | changes).items() if v is not None}, path
    )
    return path


def walks(number: int, length: int) -> np.ndarray:
    steps = np.random.default_rng(0).normal(size=(number, length - 1))
    return np.pad(steps, ((0, 0), (1, 0))).cumsum(axis=1).astype(np.float32)


@pytest.mark.parametrize("kind", [Small, Long])
def test_an_imported_network_gives_the_published_outputs(kind, tmp_path: Path) -> None:
    network = published(kind)
    windows = walks(24, network.length)
    with torch.no_grad():  # in training mode, as the authors evaluate
        expected = network.train()(torch.from_numpy(windows))
    file = checkpoint(tmp_path / "attm.pt", published(kind))
    bank = import_checkpoints([file], ["attm"], tmp_path / "bank")
    with batch_statistics(bank.networks[0][0]), torch.no_grad():
        found = bank.networks[0][0](torch.from_numpy(windows))
    assert expected.std() > 0.05
    assert (found - expected).abs().max() < 1e-5 * max(1, float(expected.abs().max()))
    errors = (expected - torch.from_numpy(windows)).square().mean(-1)
    assert population_errors(bank, windows)[:, 0] == pytest.approx(errors.numpy(), rel=1e-4)


def test_the_networks_here_are_as_large_as_the_published_ones() -> None:
    sizes = [sum(value.numel() for value in published(kind).parameters()) for kind in (Small, Long)]
    assert sizes[0] == 63_365  # as their notebook prints it
    assert sizes[1] == pytest.approx(275_000, rel=0.01)


@pytest.mark.parametrize("core", ["core", "_core"])
def test_losses_of_either_numpy_are_passed_over(tmp_path: Path, core: str) -> None:
    written = checkpoint(tmp_path / "attm.pt", published(Small))
    other = tmp_path / "other.pt"
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(other, "w") as target:
        for entry in source.namelist():
            data = source.read(entry)
            if entry.endswith("data.pkl"):
                data = re.sub(rb"numpy\._?core\.", f"numpy.{core}.".encode(), data)
                assert f"numpy.{core}.multiarray".encode() in data
            target.writestr(entry, data)
    before = set(torch.serialization.get_safe_globals())
    bank = import_checkpoints([other], ["attm"], tmp_path / "bank")
    assert bank.networks[0][0].to_latent[0].weight.equal(published(Small).fc1.weight)
    # Nothing of numpy is let into what others read afterwards.
    assert set(torch.serialization.get_safe_globals()) == before


def test_several_checkpoints_become_labels_and_members(tmp_path: Path) -> None:
    files = [checkpoint(tmp_path / f"{seed}.pt", published(Small, seed)) for seed in range(3)]
    bank = import_checkpoints(files, ["fbm", "sbm", "fbm"], tmp_path / "mine-20")
    assert (bank.name, bank.axis, bank.protocol, bank.length) == (
        "mine-20",
        "model",
        "population",
        20,
    )
    assert [(label.name, len(label.members)) for label in bank.contents.labels] == [
        ("fbm", 2),
        ("sbm", 1),
    ]
    assert bank.networks[0][1].to_latent[0].weight.equal(published(Small, 2).fc1.weight)
    with pytest.raises(InputError, match=r"There is a bank in .* already"):
        import_checkpoints(files, ["fbm", "sbm", "fbm"], tmp_path / "mine-20")
    exponents = import_checkpoints(files[:2], ["alpha=0.3", "alpha=0.6"], tmp_path / "alphas")
    assert exponents.axis == "exponent"
    assert "mine-20" not in installed_banks(None)


def test_the_command_makes_a_bank_that_names_populations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["anomalous-diffusion", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    for seed in range(2):
        checkpoint(tmp_path / f"{seed}.pt", published(Small, seed))
    assert run("import-checkpoint", "0.pt", "1.pt", "--labels", "fbm,sbm", "-o", "mine") == 0
    assert "mine" in capsys.readouterr().out
    tracks = sample_path("nuclei")
    assert run("population", str(tracks), "--bank", "mine", "-o", "is.csv") == 0
    (row,) = pd.read_csv("is.csv").to_dict("records")
    windows, _ = population_windows(read_tracks(tracks), 20)
    with torch.no_grad():
        for seed, label in enumerate(("fbm", "sbm")):
            output = published(Small, seed).train()(torch.from_numpy(windows)).numpy()
            expected = np.mean((output - windows) ** 2)
            assert row[f"mse_{label}"] == pytest.approx(expected, rel=1e-4)


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.path, "it was run"))


def test_a_file_that_would_run_code_is_refused_and_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    file = tmp_path / "bad.pt"
    torch.save(contents(published(Small)) | {"extra": Malicious(trap)}, file)
    with pytest.raises(InputError, match=r"bad\.pt is no torch file of plain numbers"):
        import_checkpoints([file], ["attm"], tmp_path / "bank")
    assert not trap.exists()
    assert not (tmp_path / "bank").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": None}, "lacks 'model'"),
        ({"latent space": None}, "lacks 'latent space'"),
        ({"autoencoder class": "Large"}, "class 'Large': only Small and Final_Skip_Connections"),
        ({"latent space": 8}, "a latent space of 8 and an average pooling size of 1: only 4 and 1"),
        ({"length trajectories": "20"}, "'length trajectories' is '20', and no whole number"),
        ({"length trajectories": 40}, "holds no network of its class for 40 points"),
        ({"length trajectories": 21}, "holds no network of its class for 21 points"),
        ({"model": {"conv1.weight": torch.ones(2)}}, "holds no network of its class"),
        ({"model": {"surprise.weight": torch.ones(2)}}, "layer 'surprise.weight' is none of"),
        ({"model": {"conv1.weight": 3}}, "'model' is no state of a network"),
        ({"model": [1, 2]}, "'model' is no state of a network"),
    ],
)
def test_what_is_no_published_checkpoint_is_refused(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    file = checkpoint(tmp_path / "odd.pt", published(Small), **changes)
    with pytest.raises(InputError, match=sentence) as refused:
        import_checkpoints([file], ["attm"], tmp_path / "bank")
    assert str(file) in str(refused.value)
    assert not (tmp_path / "bank").exists()


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    network = published(Small)
    network.fc1.weight.data[0, 0] = torch.nan
    file = checkpoint(tmp_path / "nan.pt", network)
    with pytest.raises(InputError, match="numbers that are not finite"):
        import_checkpoints([file], ["attm"], tmp_path / "bank")


@pytest.mark.parametrize("data", [b"", b"no torch file", b"PK\x03\x04 broken"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "other.pt"
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"other\.pt"):
        import_checkpoints([file], ["attm"], tmp_path / "bank")
    with pytest.raises(InputError, match=r"nowhere\.pt is not there"):
        import_checkpoints([tmp_path / "nowhere.pt"], ["attm"], tmp_path / "bank")


def test_labels_have_to_fit(tmp_path: Path) -> None:
    small = checkpoint(tmp_path / "small.pt", published(Small))
    long = checkpoint(tmp_path / "long.pt", published(Long))
    for files, labels, sentence in [
        ([small], ["fbm", "sbm"], "1 checkpoints and 2 labels"),
        ([small, small], ["fbm", "alpha=0.3"], "of different kinds"),
        ([small], ["../fbm"], r"'\.\./fbm' is no label"),
        ([small, long], ["fbm", "sbm"], r"long\.pt is a long network for 200 points"),
    ]:
        with pytest.raises(InputError, match=sentence):
            import_checkpoints(files, labels, tmp_path / "bank")
    assert not (tmp_path / "bank").exists()
