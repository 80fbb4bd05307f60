import json
import shutil
import sys
from pathlib import Path

import pytest

from napari_anomalous_diffusion.autoencoders.bank import (
    DEFAULT_BANK,
    Bank,
    installed_banks,
    load_bank,
)
from napari_anomalous_diffusion.autoencoders.places import (
    OWN_BANKS_VARIABLE,
    own_banks_folder,
    weights_folder,
)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(OWN_BANKS_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_bank_of_ones_own_stands_beside_the_shipped_ones(own: Path, tiny_bank: Bank) -> None:
    shipped = installed_banks()
    shutil.copytree(tiny_bank.folder, own / "tiny-20")
    assert installed_banks() == [DEFAULT_BANK, *sorted([*shipped[1:], "tiny-20"])]
    assert load_bank("tiny-20").folder == own / "tiny-20"


def test_a_shipped_bank_is_never_replaced_by_one_of_the_same_name(
    own: Path, tiny_bank: Bank
) -> None:
    before = installed_banks()
    shutil.copytree(tiny_bank.folder, own / DEFAULT_BANK)
    assert installed_banks() == before
    assert load_bank(DEFAULT_BANK).folder == weights_folder() / DEFAULT_BANK
    assert load_bank(own / DEFAULT_BANK).name == "tiny-20"


def test_banks_of_populations_are_listed_apart(own: Path, tiny_bank: Bank) -> None:
    shutil.copytree(tiny_bank.folder, own / "tiny-20")
    contents = json.loads((own / "tiny-20" / "bank.json").read_text())
    (own / "tiny-20" / "bank.json").write_text(json.dumps(contents | {"normalisation": "shared"}))
    assert "tiny-20" in installed_banks("population")
    assert "tiny-20" not in installed_banks()


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [("linux", "XDG_DATA_HOME", "data"), ("win32", "LOCALAPPDATA", "local"), ("darwin", "", "")],
)
def test_ones_own_banks_are_where_the_platform_keeps_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, folder: str
) -> None:
    monkeypatch.delenv(OWN_BANKS_VARIABLE)
    monkeypatch.setattr(sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / folder))
        expected = tmp_path / folder
    else:
        expected = Path.home() / "Library" / "Application Support"
    assert own_banks_folder() == expected / "napari-anomalous-diffusion" / "banks"
