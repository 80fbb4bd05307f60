"""The worked example of docs/own-bank.md, trained as it stands but in a second."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion import cli, installed_banks
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import read_recipe

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def small_recipe(tmp_path: Path) -> Path:
    """Copy the example, with a budget of a second."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    path = tmp_path / "examples" / "confined.toml"
    text = path.read_text()
    for old, new in [
        ("number = 60_000", "number = 800"),
        ("shared_rounds = 8", "round = 320\nbatch = 32\nshared_rounds = 1"),
        ("own_rounds = 4", "own_rounds = 1"),
        ("members = 2", "members = 1"),
    ]:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_confined_tracks_stay_in_their_boxes() -> None:
    source = read_recipe(EXAMPLES / "confined.toml").labels["confined"]
    tracks = simulate_source(source, 300, 400, 2, seed=1)
    # Of a free particle the first step has the variance 1; walls take from it. In the end, the
    # mean squared displacement is side^2 / 6 a coordinate.
    assert 0.6 < np.square(tracks[:, 1] - tracks[:, 0]).mean() < 0.8
    sides = np.ptp(tracks, axis=1).max(axis=1)
    assert (sides.min() > 1.9, sides.max() < 6.01) == (True, True)
    late = np.square(tracks[:, 200:] - tracks[:, :200]).mean(axis=(1, 2))
    assert np.mean(late / (sides**2 / 6)) == pytest.approx(1, rel=0.05)


def test_the_example_is_trained_listed_and_scored_with(
    small_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: object) -> None:
        monkeypatch.setattr(sys, "argv", ["anomalous-diffusion", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code

    monkeypatch.setenv("ANOMALOUS_DIFFUSION_BANKS", str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path)
    run("train", small_recipe)
    assert "confined-20" in installed_banks()
    run("simulate", "tracks.csv", "--models", "ctrw", "--exponents", "0.5", "--tracks", "6")
    run("score", "tracks.csv", "--bank", "confined-20", "-o", "scores.csv")
    scored = pd.read_csv(tmp_path / "scores.csv")
    assert {"mse_bm", "mse_confined", "mse_ctrw", "mse_fbm"} <= {*scored.columns}
