from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.mixtures import (
    mixed_models,
    mixtures_of,
    plane_of_labels,
    recovery_of,
    trust,
)
from napari_anomalous_diffusion.scores.scoring import score


@pytest.fixture
def copy(tiny_mixtures: Bank, tmp_path: Path) -> Bank:
    return load_bank(shutil.copytree(tiny_mixtures.folder, tmp_path / "copy"))


def walks(number: int, length: int) -> pd.DataFrame:
    steps = np.random.default_rng(0).normal(size=(number, length, 2))
    y, x = np.moveaxis(steps.cumsum(axis=1), -1, 0).reshape(2, -1)
    track, frame = np.divmod(np.arange(number * length), length)
    return pd.DataFrame({"track_id": track, "frame": frame, "y": y, "x": x})


def test_places_are_read_from_labels() -> None:
    table = plane_of_labels(["gamma=0.2,beta=1", "gamma=1,beta=0.4"])
    assert table.to_numpy().tolist() == [[0.2, 1.0], [1.0, 0.4]]


def test_means_and_minima_are_those_of_scored_tracks(tiny_mixtures: Bank) -> None:
    tracks = pd.concat([walks(20, 30), walks(1, 5).assign(track_id=99)])
    scores = score(tracks, tiny_mixtures)
    found = mixtures_of(scores)
    scored = scores.table[scores.table["track_id"] != 99]
    assert found["mse"].tolist() == pytest.approx(
        scored[tiny_mixtures.error_columns].mean().tolist()
    )
    assert found["share"].sum() == pytest.approx(1)
    place = tiny_mixtures.labels.index(scored["best"].mode()[0])
    assert found["share"].argmax() == place
    assert found["share"][place] == (scored["best"] == tiny_mixtures.labels[place]).mean()


def test_the_recipe_names_the_models(copy: Bank) -> None:
    assert mixed_models(copy) == ("ctrw", "attm", "fbm")
    (copy.folder / "recipe.toml").write_text("[grid]\nmodels = 3")
    with pytest.raises(InputError, match="does not say which three models"):
        mixed_models(copy)


def test_recovery_is_read_where_it_was_measured(copy: Bank) -> None:
    table = recovery_of(copy)
    assert table is not None
    assert len(table) == 16
    path = copy.folder / "recovery.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(InputError, match="no table of recovered mixtures"):
        recovery_of(copy)
    path.unlink()
    assert recovery_of(copy) is None


def test_trust_is_complete_where_every_mixture_is_found(tiny_mixtures: Bank) -> None:
    found = trust(recovery_of(tiny_mixtures))
    assert (found.right, found.chance, found.apart, found.means_right) == (1, 0.25, 0, 4)
    assert found.chance_apart == pytest.approx((1 + 1 + np.sqrt(2)) / 4)


def test_the_sentence_on_the_shipped_bank_is_what_its_table_says() -> None:
    table = recovery_of(load_bank("mixtures-20"))
    right = table[(table.gamma == table.named_gamma) & (table.beta == table.named_beta)]["share"]
    sentence = trust(table).sentence
    assert f"{100 * right.mean():.1f} % of single tracks" in sentence
    assert "chance 2.8 %" in sentence
    assert "of 36: trust no single point" in sentence
    assert 0.03 < right.mean() < 0.2
