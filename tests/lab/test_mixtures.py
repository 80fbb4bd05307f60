import numpy as np
import pytest

from napari_anomalous_diffusion.lab.mixtures import mix, simulate_source
from napari_anomalous_diffusion.lab.simulation import simulate
from napari_anomalous_diffusion.lab.sources import Mixture, Source

CTRW_ATTM_FBM = ["ctrw", "attm", "fbm"]


def spreads(positions: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(np.diff(positions, axis=1) ** 2, axis=(1, 2)))


@pytest.mark.parametrize("corner", range(3))
def test_a_corner_is_a_pure_model_of_unit_spread(corner: int) -> None:
    weights = np.eye(3)[corner]
    tracks = mix(CTRW_ATTM_FBM, 0.8, weights, 50, 20, dimensions=2, seed=4)
    assert tracks.shape == (50, 20, 2)
    assert spreads(tracks) == pytest.approx(1)
    rests = (np.diff(tracks, axis=1) == 0).mean()
    assert (rests > 0.2) == (corner == 0)  # only a CTRW rests


def test_displacements_are_the_weighted_sum_of_equation_3() -> None:
    source = Mixture(models=CTRW_ATTM_FBM, exponents=[0.8], gamma=0.6, beta=0.5)
    mixed = simulate_source(source, 5, 20, seed=8)
    weights = (0.6 * 0.5, 1 - 0.6, 1 - 0.5)
    parts = [mix(CTRW_ATTM_FBM, 0.8, row, 5, 20, seed=8) for row in np.eye(3)]
    expected = sum(w * np.diff(part, axis=1) for w, part in zip(weights, parts, strict=True))
    assert np.diff(mixed, axis=1) == pytest.approx(expected)


def test_a_component_that_never_moves_is_drawn_again() -> None:
    still = simulate(
        "ctrw", [0.2], 40, 20, seed=int(np.random.SeedSequence(3).generate_state(3)[0])
    )
    assert (spreads(still) == 0).any()
    assert spreads(mix(["ctrw"] * 3, 0.2, (1, 0, 0), 40, 20, seed=3)) == pytest.approx(1)


def test_a_pure_source_is_what_simulate_gives() -> None:
    source = Source(model="fbm", exponents=[0.5, 1.0])
    assert np.array_equal(
        simulate_source(source, 3, 20, seed=1), simulate("fbm", [0.5, 1.0], 3, 20, seed=1)
    )


def test_localisation_error_is_added_to_the_mixture() -> None:
    source = Mixture(models=CTRW_ATTM_FBM, exponents=[0.8], gamma=1, beta=1)
    clean, noisy = (simulate_source(source, 40, 50, noise=noise, seed=2) for noise in (0, 1))
    deviation = np.diff(clean, axis=1).std(axis=(1, 2), keepdims=True)
    assert ((noisy - clean) / deviation).std() == pytest.approx(1, abs=0.05)
