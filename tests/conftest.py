"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

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


@pytest.fixture(scope="session")
def tiny_bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Make a bank of three labels and two members each, as it is before any training."""
    folder = tmp_path_factory.mktemp("banks") / "tiny-20"
    folder.mkdir()
    labels = [
        Label(
            name=name, windows=100, members=[_untrained(folder, name, 10 * n + k) for k in (1, 2)]
        )
        for n, name in enumerate(["attm", "fbm", "sbm"])
    ]
    contents = BankFile(
        name="tiny-20",
        description="Three labels whose networks have learnt nothing.",
        axis="model",
        kind="mse",
        length=20,
        normalisation="batch",
        average="geometric",
        labels=labels,
        versions={"torch": "any"},
    )
    (folder / "bank.json").write_text(contents.model_dump_json(), encoding="utf-8")
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
