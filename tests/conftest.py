"""What all tests share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import settings

from napari_anomalous_diffusion.autoencoders.bank import (
    Bank,
    BankFile,
    Label,
    Member,
    load_bank,
)
from napari_anomalous_diffusion.autoencoders.places import OWN_BANKS_VARIABLE
from napari_anomalous_diffusion.autoencoders.storage import checksum

# A machine under load is slow, and that is no fault of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

LAB = Path(__file__).parent / "lab"

# Whole folders that an environment cannot import; tox asks for the marker `lab` by name and fails
# where nothing bears it, so none of them is passed over in silence.
collect_ignore = [
    folder
    for folder, needed in {"lab": "andi_datasets", "viewer": "napari"}.items()
    if find_spec(needed) is None
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if LAB in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(autouse=True, scope="session")
def no_own_banks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test see the banks of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(OWN_BANKS_VARIABLE, str(tmp_path_factory.mktemp("own-banks")))
        yield


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Run the command in an empty folder and return its exit code."""
    from napari_anomalous_diffusion import cli

    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["anomalous-diffusion", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return command


@pytest.fixture(scope="session")
def tiny_bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Make a bank of three labels and two members each, as it is before any training."""
    return _tiny(tmp_path_factory.mktemp("banks") / "tiny-20", "model", ["attm", "fbm", "sbm"])


@pytest.fixture(scope="session")
def tiny_exponents(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Make a bank of three exponents that has learnt nothing."""
    labels = [f"alpha={alpha}" for alpha in (0.5, 1, 1.5)]
    return _tiny(tmp_path_factory.mktemp("banks") / "exponents-20", "exponent", labels)


@pytest.fixture(scope="session")
def tiny_mixtures(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Make a bank of four mixtures that has learnt nothing, and say that it finds every one."""
    folder = tmp_path_factory.mktemp("banks") / "mixtures-20"
    corners = [(gamma, beta) for gamma in (0, 1) for beta in (0, 1)]
    labels = [f"gamma={gamma},beta={beta}" for gamma, beta in corners]
    bank = _tiny(folder, "mixture", labels)
    (folder / "recipe.toml").write_text('[grid]\nmodels = ["ctrw", "attm", "fbm"]\n')
    rows = [
        (*one, *other, float(one == other), 0.2 - 0.1 * (one == other))
        for one in corners
        for other in corners
    ]
    lines = [",".join(map(str, row)) for row in rows]
    header = "gamma,beta,named_gamma,named_beta,share,mse"
    (folder / "recovery.csv").write_text("\n".join([header, *lines]) + "\n")
    return bank


def _tiny(folder: Path, axis: Literal["model", "exponent", "mixture"], names: list[str]) -> Bank:
    folder.mkdir()
    labels = [
        Label(
            name=name, windows=100, members=[_untrained(folder, name, 10 * n + k) for k in (1, 2)]
        )
        for n, name in enumerate(names)
    ]
    contents = BankFile(
        name=folder.name,
        description="Labels whose networks have learnt nothing.",
        axis=axis,
        kind="mse",
        length=20,
        normalisation="batch",
        average="geometric",
        labels=labels,
        versions={"torch": "any"},
    )
    contents.write(folder)
    return load_bank(folder)


def _untrained(folder: Path, label: str, seed: int) -> Member:
    import torch
    from safetensors.torch import save_file

    from napari_anomalous_diffusion.autoencoders.networks import ShortAutoencoder

    path = folder / f"{label}-{seed % 10}.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        save_file(ShortAutoencoder(20, "batch").state_dict(), path)
    return Member(
        file=path.name,
        sha256=checksum(path.read_bytes()),
        seed=seed,
        own_error=1.0,
        loss_curve=[1.0 + seed / 100, 0.5 + seed / 100, 0.25 + seed / 100],
    )
