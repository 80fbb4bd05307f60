import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion import cli
from napari_anomalous_diffusion.autoencoders.bank import Bank

NUCLEI = Path(__file__).parent / "data" / "nuclear_tracks.csv"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Run the command in an empty folder and return its exit code."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["anomalous-diffusion", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    return command


def test_score_writes_a_row_a_track(run, tiny_bank: Bank, tmp_path: Path, capsys) -> None:
    assert run("score", NUCLEI, "--bank", tiny_bank.folder, "--device", "cpu") == 0
    table = pd.read_csv(tmp_path / "nuclear_tracks-scores.csv")
    assert table["track_id"].tolist() == pd.read_csv(NUCLEI)["trajectory"].unique().tolist()
    printed = capsys.readouterr()
    assert f"Scores of {len(table)} tracks are in nuclear_tracks-scores.csv." in printed.out
    assert "too short" in printed.err


def test_score_writes_parquet_and_draws_a_picture(run, tiny_bank: Bank, tmp_path: Path) -> None:
    outputs = "-o", "scores.parquet", "--picture", "scores.png"
    assert run("score", NUCLEI, "--bank", tiny_bank.folder, *outputs) == 0
    assert "mse_fbm" in pd.read_parquet(tmp_path / "scores.parquet").columns
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.csv"], "nowhere.csv: cannot be read"),
        ([NUCLEI, "--bank", "nonesuch"], "There is no bank 'nonesuch'"),
        ([NUCLEI, "-o", "scores.xlsx"], "scores.xlsx: a table is written as .csv or .parquet"),
        ([NUCLEI, "--track", "cell"], "cell"),
        ([NUCLEI, "-o", NUCLEI], "the scores would replace the tracks"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    run, tiny_bank: Bank, tmp_path: Path, capsys, arguments: list[object], sentence: str
) -> None:
    bank = [] if "--bank" in arguments else ["--bank", tiny_bank.folder]
    assert run("score", *arguments, *bank) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1
    assert sentence in said[0]
    assert list(tmp_path.iterdir()) == []


def test_banks_are_listed_and_verified(run, capsys) -> None:
    assert run("banks", "--verify") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("models-20: ")
    assert "  verified: 25 networks are as they were made" in printed
    assert "subdiffusive-20: " in printed


def test_demo_leaves_tables_and_pictures(run, tmp_path: Path, capsys) -> None:
    assert run("demo", "-o", "demo") == 0
    assert {path.suffix for path in (tmp_path / "demo").iterdir()} == {".csv", ".png"}
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.lab
def test_simulate_writes_what_the_contract_says(run, tmp_path: Path, capsys) -> None:
    options = "--models", "attm,fbm", "--exponents", "0.5:1.5:0.5", "--tracks", 3, "--length", 12
    assert run("simulate", "tracks.csv", *options, "--dimensions", 3, "--seed", 4) == 0
    table = pd.read_csv(tmp_path / "tracks.csv")
    assert list(table.columns) == ["track_id", "frame", "z", "y", "x", "model", "alpha"]
    assert table["track_id"].nunique() == 15
    assert np.isfinite(table[["z", "y", "x"]]).all(axis=None)
    assert "Skipped: ATTM cannot have alpha 1.5." in capsys.readouterr().err
