import pytest

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.lab.experiments import Recovery, recover
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.sources import Source

SEED = 31_000


def recover_shipped(name: str, n_tracks: int, length: int, dimensions: int) -> Recovery:
    bank = load_bank(name)
    sources = read_recipe(bank.folder / "recipe.toml").labels
    return recover(bank, sources, n_tracks, length, dimensions, seed=SEED)


def test_tracks_that_never_move_are_counted_apart(tiny_bank: Bank) -> None:
    sources = {
        "attm": Source(model="ctrw", exponents=[0.1]),
        "fbm": Source(model="fbm", exponents=[0.5]),
    }
    recovery = recover(tiny_bank, sources, 100, 20, seed=SEED)
    assert recovery.immobile["attm"] > 0.2
    assert recovery.immobile["fbm"] == 0
    assert recovery.confusion.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert recovery.accuracy == pytest.approx(recovery.recalls.mean())


def test_noise_hides_the_rests(tiny_bank: Bank) -> None:
    sources = {"attm": Source(model="ctrw", exponents=[1.0])}
    quiet, noisy = (recover(tiny_bank, sources, 60, 20, 2, noise, SEED) for noise in (0.0, 1.0))
    assert not quiet.errors.equals(noisy.errors)


def test_each_model_has_the_lowest_mean_error_under_its_own_label() -> None:
    errors = recover_shipped("subdiffusive-20", 60, 20, 1).errors
    assert errors.idxmin(axis=1).tolist() == errors.index.tolist()


def test_each_of_all_models_has_the_lowest_typical_error_under_its_own_label() -> None:
    errors = recover_shipped("models-20", 60, 20, 1).typical_errors
    assert errors.idxmin(axis=1).tolist() == errors.index.tolist()


def test_short_tracks_are_told_apart_twice_as_well_as_by_chance() -> None:
    assert recover_shipped("subdiffusive-20", 60, 20, 1).accuracy > 0.48


def test_long_tracks_are_told_apart_better_than_short_ones() -> None:
    recoveries = [
        recover_shipped("subdiffusive-20", n_tracks, length, 2)
        for n_tracks, length in ((20, 20), (10, 100))
    ]
    assert recoveries[1].accuracy > recoveries[0].accuracy + 0.03
