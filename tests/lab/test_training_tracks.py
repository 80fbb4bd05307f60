import pytest
import torch

from napari_anomalous_diffusion.lab.recipes import TracksRecipe
from napari_anomalous_diffusion.lab.sources import Source
from napari_anomalous_diffusion.lab.training_tracks import TrackPool, to_steps

CTRW = Source(model="ctrw", exponents=[0.5])


def test_a_pool_holds_every_length_and_dimension_and_nothing_at_rest() -> None:
    pool = TrackPool(CTRW, TracksRecipe(steps=6000, lengths=[40, 20], dimensions=[1, 3]), seed=1)
    assert [group.shape[1:] for group in pool.groups] == [(20, 1), (20, 3), (40, 1), (40, 3)]
    for group in pool.groups:
        assert group.diff(dim=1).square().mean((1, 2)).sqrt() == pytest.approx(1, rel=1e-5)


def test_batches_are_cut_blurred_and_thinned() -> None:
    recipe = TracksRecipe(steps=9000, lengths=[20, 60], dimensions=[2], missing=0.3)
    pool = TrackPool(CTRW, recipe, seed=1)
    random = torch.Generator().manual_seed(3)
    batches = [pool.batch(600, random) for _ in range(40)]
    for steps in batches:
        assert steps.values.square().mean((1, 2)).sqrt() == pytest.approx(1, rel=1e-5)
        assert (steps.counts == steps.values.shape[1]).all()
    spans = [int(steps.frames[0].sum()) for steps in batches]
    assert min(spans) < 19 < max(spans) <= 59
    clean = [bool(steps.level.eq(0).all()) for steps in batches]
    thinned = [bool(steps.frames.gt(1).any()) for steps in batches]
    assert 0.2 < sum(clean) / 40 < 0.8
    assert 0.2 < sum(thinned) / 40 < 0.8
    for steps, is_clean in zip(batches, clean, strict=True):
        assert bool(steps.values.eq(0).all(-1).any()) == is_clean  # noise leaves no exact rest


def test_the_level_is_the_localisation_error_in_the_unit_of_the_steps() -> None:
    positions = torch.tensor([[[0.0], [2.0], [0.0], [2.0]]])
    steps = to_steps(positions, torch.tensor([0, 1, 3]), torch.tensor([1.0]))
    assert steps.frames.tolist() == [[1.0, 2.0]]
    assert steps.values.squeeze().tolist() == pytest.approx([2**0.5, 0.0])
    assert steps.level.item() == pytest.approx(2**-0.5)
