from pathlib import Path

import numpy as np
import pytest
import torch

from napari_anomalous_diffusion.autoencoders.bank import load_bank
from napari_anomalous_diffusion.autoencoders.densities import Density
from napari_anomalous_diffusion.autoencoders.networks import LongAutoencoder
from napari_anomalous_diffusion.lab.recipes import WindowsRecipe, read_recipe
from napari_anomalous_diffusion.lab.sources import Source
from napari_anomalous_diffusion.lab.training import _other_tasks, store_anew, train_bank
from napari_anomalous_diffusion.lab.training_windows import published_windows, simulate_windows


class StoppedError(Exception):
    """Somebody pressed Ctrl-C."""


def weights(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.safetensors"))}


def test_windows_that_never_move_are_left_out_of_training() -> None:
    recipe = WindowsRecipe(number=800)
    windows = simulate_windows(Source(model="ctrw", exponents=[0.3]), recipe, 20, seed=1)
    assert 200 < len(windows) < 700
    assert np.abs(windows).max(axis=1).min() > 0


def test_windows_are_drawn_from_longer_tracks_too() -> None:
    source = Source(model="sbm", exponents=[0.2])
    whole = simulate_windows(source, WindowsRecipe(number=800), 20, seed=1)
    drawn = simulate_windows(
        source, WindowsRecipe(number=800, long_tracks=[100], windows_per_track=8), 20, seed=1
    )
    # Subdiffusive scaled Brownian motion slows down, but hardly in the middle of a long track.
    slowing = [
        (np.diff(part)[:, :5] ** 2).mean() / (np.diff(part)[:, -5:] ** 2).mean()
        for part in (whole, drawn[400:])
    ]
    assert slowing[0] > 1.5 * slowing[1] > 1.5


def test_windows_may_have_localisation_errors_of_every_size() -> None:
    source = Source(model="fbm", exponents=[1.0])
    recipe = WindowsRecipe(number=4_000, noise=1.0)
    steps = np.diff(simulate_windows(source, recipe, 20, seed=1))
    adjacent = (steps[:, 1:] * steps[:, :-1]).mean(axis=1)
    # An error S makes neighbours correlated by -S^2 / (1 + 2 S^2): on average over S, by -0.16.
    levels = np.linspace(0, 1, 101)
    expected = np.mean(-(levels**2) / (1 + 2 * levels**2))
    assert adjacent.mean() == pytest.approx(expected, abs=0.02)
    assert np.all(simulate_windows(source, recipe, 20, seed=1)[:, 0] == 0)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_recipe_becomes_a_bank(recipe: Path, tmp_path: Path, workers: int) -> None:
    seen: list[tuple[int, int]] = []
    train_bank(
        recipe,
        tmp_path / "bank",
        cache=tmp_path / "cache",
        workers=workers,
        progress=lambda *counts: seen.append(counts),
    )
    bank = load_bank(tmp_path / "bank")
    assert bank.labels == ("ctrw", "fbm")
    assert (tmp_path / "bank" / "recipe.toml").read_text() == recipe.read_text()
    assert seen[-1] == (12, 12)
    for label in bank.contents.labels:
        assert [len(member.loss_curve) for member in label.members] == [2, 2]
        assert all(0 < member.own_error < 20 for member in label.members)
    assert bank.contents.labels[0].windows < bank.contents.labels[1].windows  # rests
    assert set(bank.contents.versions) == {"andi-datasets", "numpy", "python", "torch"}


def test_an_interrupted_training_ends_where_an_undisturbed_one_does(
    recipe: Path, tmp_path: Path
) -> None:
    train_bank(recipe, tmp_path / "undisturbed", cache=tmp_path / "cache-1")

    def stop_after(rounds: int) -> None:
        def progress(done: int, total: int) -> None:
            if done >= rounds:
                raise StoppedError

        train_bank(recipe, tmp_path / "stopped", cache=tmp_path / "cache-2", progress=progress)

    for rounds in (1, 5, 7):  # in the middle of a shared start, and of a label's own networks
        with pytest.raises(StoppedError):
            stop_after(rounds)
        assert not (tmp_path / "stopped" / "bank.json").exists()
    train_bank(recipe, tmp_path / "stopped", cache=tmp_path / "cache-2")
    assert weights(tmp_path / "stopped") == weights(tmp_path / "undisturbed")


def test_a_recipe_may_ask_for_half_precision(recipe: Path, tmp_path: Path) -> None:
    train_bank(recipe, tmp_path / "full", cache=tmp_path / "cache")
    made = {path.name for path in (tmp_path / "cache").iterdir()}
    text = recipe.read_text().replace("members = 2", 'members = 2\nprecision = "half"')
    recipe.write_text(text)
    train_bank(recipe, tmp_path / "half", cache=tmp_path / "cache")
    assert {path.name for path in (tmp_path / "cache").iterdir()} == made  # nothing trained again
    full, half = load_bank(tmp_path / "full"), load_bank(tmp_path / "half")
    assert (full.contents.precision, half.contents.precision) == ("full", "half")
    for one, other in zip(full.contents.labels, half.contents.labels, strict=True):
        assert [member.loss_curve for member in one.members] == [
            member.loss_curve for member in other.members
        ]
    windows = torch.randn(20, 20)
    before, after = (bank.networks[0][1](windows) for bank in (full, half))
    assert 0 < (before - after).abs().max() < 0.02 * before.abs().max()


def test_a_bank_is_stored_anew_with_its_recipe(recipe: Path, tmp_path: Path) -> None:
    train_bank(recipe, tmp_path / "full", cache=tmp_path / "cache")
    text = recipe.read_text().replace("members = 2", 'members = 2\nprecision = "half"')
    recipe.write_text(text)
    train_bank(recipe, tmp_path / "trained", cache=tmp_path / "cache")
    (tmp_path / "full" / "recovery.csv").write_text("kept")
    half = store_anew(load_bank(tmp_path / "full"), tmp_path / "half", "half")
    assert half.contents == load_bank(tmp_path / "trained").contents
    assert weights(half.folder) == weights(tmp_path / "trained")
    assert (half.folder / "recovery.csv").read_text() == "kept"
    assert (half.folder / "recipe.toml").read_text() == recipe.read_text()


def test_banks_that_agree_on_a_network_train_it_once(recipe: Path, tmp_path: Path) -> None:
    train_bank(recipe, tmp_path / "first", cache=tmp_path / "cache")
    made = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    recipe.write_text(recipe.read_text().replace("tiny-20", "same-20"))
    train_bank(recipe, tmp_path / "second", cache=tmp_path / "cache")
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()} == made
    assert weights(tmp_path / "first") == weights(tmp_path / "second")


def test_the_published_form_is_trained_on_windows_of_unit_standard_deviation(
    recipe: Path, tmp_path: Path
) -> None:
    windows = published_windows(Source(model="lw", exponents=[1.5]), 300, 20, seed=1)
    assert 200 < len(windows) < 300  # some walks do not turn
    assert np.diff(windows, axis=1).std(axis=1) == pytest.approx(1, rel=1e-4)
    text = recipe.read_text().replace("shared_rounds = 2", 'loss = "mse"')
    recipe.write_text(text.replace("members = 2", 'members = 1\nnormalisation = "shared"'))
    train_bank(recipe, tmp_path / "bank", cache=tmp_path / "cache")
    bank = load_bank(tmp_path / "bank")
    assert bank.protocol == "population"
    assert 0 < bank.contents.labels[0].members[0].own_error < 20


def test_a_long_network_is_trained(recipe: Path, tmp_path: Path) -> None:
    text = recipe.read_text().replace("members = 2", 'members = 1\nnetwork = "long"\nlength = 40')
    recipe.write_text(text)
    train_bank(recipe, tmp_path / "bank", cache=tmp_path / "cache")
    bank = load_bank(tmp_path / "bank")
    assert isinstance(bank.networks[0][0], LongAutoencoder)
    assert len(bank.contents.labels[0].members[0].loss_curve) == 2


def test_a_density_is_trained(recipe: Path, tmp_path: Path) -> None:
    text = recipe.read_text().replace(
        "members = 2", 'members = 1\nnetwork = "density"\nlength = 10'
    )
    text = text.replace("number = 800\nlong_tracks = [40]", "steps = 9000\nlengths = [20, 40]")
    recipe.write_text(text.replace("[windows]", "[tracks]").replace("shared_rounds = 2\n", ""))
    train_bank(recipe, tmp_path / "bank", cache=tmp_path / "cache")
    bank = load_bank(tmp_path / "bank")
    assert (bank.kind, bank.error_columns) == ("probability", ["nll_ctrw", "nll_fbm"])
    assert isinstance(bank.networks[0][0], Density)
    first, last = bank.contents.labels[1].members[0].loss_curve
    assert last < first


def test_banks_of_probabilities_share_what_is_none_of_their_labels() -> None:
    """Another learning rate for the labels does not change what the others are trained at."""
    digests = []
    for name in ("models-any", "subdiffusive-any", "mixtures-any"):
        recipe = read_recipe(load_bank(name).folder / "recipe.toml")
        digests.append({task.digest for task in _other_tasks(recipe).values()})
    assert digests[0] == digests[1] == digests[2]
    assert len(digests[0]) == 2
