from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion.samples import sample_path

BANK = "paper-superdiffusive-20"


def walks(path: Path, number: int, seed: int = 0, **columns: object) -> Path:
    steps = np.random.default_rng(seed).normal(size=(number * 25, 2))
    track, frame = np.divmod(np.arange(len(steps)), 25)
    y, x = steps.cumsum(axis=0).T
    table = pd.DataFrame({"track_id": track, "frame": frame, "y": y, "x": x})
    table.assign(**columns).to_csv(path, index=False)
    return path


def test_real_nuclei_and_beads_are_named_as_populations(run, tmp_path: Path, capsys) -> None:
    assert run("population", sample_path("nuclei"), sample_path("beads"), "-o", "is.csv") == 0
    table = pd.read_csv(tmp_path / "is.csv").set_index("population")
    assert table.loc["nuclei", "candidates"] == "fbm"
    # Beads in water are Brownian, which is all three of these; their order is that of chance.
    beads = table.loc["beads", "candidates"].split(";")
    assert sorted(beads) == ["attm", "ctrw", "sbm"]
    assert table.loc["nuclei", "mse_fbm"] < 0.5 * table.loc["nuclei", "mse_sbm"]
    assert (tmp_path / "is.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr()
    first, *others = map(str.upper, beads)
    assert f"{first}  {' or '.join(others)}" in printed.err
    assert "The answers are in is.csv, their picture in is.png." in printed.out


def test_a_column_names_populations_across_files(run, tmp_path: Path) -> None:
    files = [
        walks(tmp_path / f"{seed}.csv", 20, seed, condition="a" if seed < 2 else "b")
        for seed in range(4)
    ]
    options = ["--by", "condition", "--bank", BANK, "-o", "is.parquet", "--picture", "is.svg"]
    assert run("population", *files, *options) == 0
    table = pd.read_parquet(tmp_path / "is.parquet")
    assert table["population"].tolist() == ["a", "b"]
    assert table["n_tracks"].tolist() == [40, 40]
    assert (tmp_path / "is.svg").exists()


def test_populations_that_are_too_small_are_named_and_left_out(run, tmp_path: Path, capsys) -> None:
    large, small = walks(tmp_path / "large.csv", 40), walks(tmp_path / "small.csv", 10)
    assert run("population", large, small, "--bank", BANK) == 0
    assert pd.read_csv(tmp_path / "populations.csv")["population"].tolist() == ["large"]
    assert "Left out: " in (said := capsys.readouterr().err)
    assert "small.csv: 20 windows of 20 points" in said.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["small.csv", "--bank", BANK], "small.csv: 20 windows of 20 points"),
        (["small.csv", "--bank", "models-20"], "scores track by track"),
        (["small.csv", "--by", "cell", "--bank", BANK], "has no column cell that names"),
        (["small.csv", "-o", "small.csv"], "the answers would replace the tracks"),
    ],
)
def test_mistakes_are_one_sentence(run, tmp_path: Path, capsys, arguments, sentence: str) -> None:
    walks(tmp_path / "small.csv", 10)
    assert run("population", *arguments) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "populations.csv").exists()


def test_checkpoints_are_imported_by_the_command(run, tmp_path: Path, capsys) -> None:
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    assert run("import-checkpoint", "bad.pt", "--labels", "fbm", "-o", "bank") == 2
    assert "bad.pt" in capsys.readouterr().err
    assert not (tmp_path / "bank").exists()
