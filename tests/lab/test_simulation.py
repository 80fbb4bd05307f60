import numpy as np
import pytest

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.simulation import simulate, simulate_table


def displacements(*arguments: object, **keywords: object) -> np.ndarray:
    return np.diff(simulate(*arguments, **keywords), axis=1)  # type: ignore[arg-type]


def lag_1_correlation(steps: np.ndarray) -> float:
    return float((steps[:, 1:] * steps[:, :-1]).mean() / (steps**2).mean())


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize(
    ("model", "alpha"), [("attm", 0.5), ("ctrw", 0.5), ("fbm", 0.5), ("lw", 1.5), ("sbm", 0.5)]
)
def test_tracks_start_at_the_origin_and_have_the_shape_asked_for(
    model: str, alpha: float, dimensions: int
) -> None:
    tracks = simulate(model, [alpha, alpha], 3, 25, dimensions)
    assert tracks.shape == (6, 25, dimensions)
    assert not tracks[:, 0].any()


@pytest.mark.parametrize("model", ["attm", "ctrw", "fbm", "sbm"])
def test_the_seed_decides_everything(model: str) -> None:
    first, again, other = (simulate(model, [0.6], 4, 30, 2, 0.1, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_random_source_of_numpy_is_left_as_it_was() -> None:
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    simulate("sbm", [0.5], 2, 20)
    assert np.random.random() == expected  # noqa: NPY002


@pytest.mark.parametrize("alpha", [0.4, 1.0, 1.6])
def test_fractional_brownian_motion_has_the_correlation_of_its_exponent(alpha: float) -> None:
    steps = displacements("fbm", [alpha], 800, 60)
    assert lag_1_correlation(steps) == pytest.approx(2 ** (alpha - 1) - 1, abs=0.02)


@pytest.mark.parametrize("alpha", [0.5, 1.5])
def test_scaled_brownian_motion_ages_by_its_exponent(alpha: float) -> None:
    steps = displacements("sbm", [alpha], 4000, 41)
    time = np.arange(1, 41)
    expected = (time + 1) ** alpha - time**alpha
    np.testing.assert_allclose((steps**2).mean(axis=(0, 2)), expected, rtol=0.15)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_attm_has_no_memory_in_its_directions(dimensions: int) -> None:
    steps = displacements("attm", [0.5], 800, 60, dimensions)
    assert lag_1_correlation(steps) == pytest.approx(0, abs=0.03)


def test_attm_in_space_changes_the_diffusivity_of_all_coordinates_together() -> None:
    size = np.abs(displacements("attm", [0.5], 800, 60, 3)).mean(axis=1)
    assert np.corrcoef(np.log(size.T)).min() > 0.9


@pytest.mark.parametrize("dimensions", [2, 3])
def test_ctrw_waits_in_all_coordinates_and_jumps_like_a_gaussian(dimensions: int) -> None:
    steps = displacements("ctrw", [0.8], 2000, 60, dimensions)
    rests = steps == 0
    assert rests.any()
    assert (rests.all(axis=2) == rests.any(axis=2)).all()
    jumps = displacements("ctrw", [0.3], 4000, 60, dimensions)
    jumps = jumps[(jumps != 0).all(axis=2)]
    # Jumps that fall between two frames add up, so that the largest kurtosis is a little above 3.
    assert (jumps**4).mean() / (jumps**2).mean() ** 2 == pytest.approx(3, abs=0.9)


def test_a_levy_walk_on_a_line_has_one_speed() -> None:
    speeds = np.abs(displacements("lw", [1.4], 20, 50)[:, :, 0])
    np.testing.assert_allclose(speeds, np.repeat(speeds[:, :1], 49, axis=1))


def test_noise_is_measured_in_displacements() -> None:
    quiet, noisy = (simulate("fbm", [1.0], 500, 100, 2, noise, 5) for noise in (0.0, 0.5))
    spread = np.diff(quiet, axis=1).std(axis=(1, 2))
    assert ((noisy - quiet).std(axis=(1, 2)) / spread).mean() == pytest.approx(0.5, rel=0.02)


def test_a_table_holds_what_it_was_asked_for() -> None:
    table, skipped = simulate_table(["attm", "lw"], [0.5, 1.0, 1.5], 4, 10, 3, seed=2)
    assert skipped == [("attm", 1.5), ("lw", 0.5), ("lw", 1.0)]
    assert list(table.columns) == ["track_id", "frame", "z", "y", "x", "model", "alpha"]
    assert table["track_id"].nunique() == 12
    assert (table.groupby("track_id")["frame"].agg(list).map(len) == 10).all()
    pairs = table.drop_duplicates(["model", "alpha"])[["model", "alpha"]]
    assert pairs.to_numpy().tolist() == [["attm", 0.5], ["attm", 1.0], ["lw", 1.5]]


@pytest.mark.parametrize(
    ("models", "exponents", "sentence"),
    [
        (["walk"], [0.5], "There is no model 'walk'"),
        (["lw", "ctrw"], [3.0], "None of the models can have any of these exponents"),
    ],
)
def test_what_cannot_be_simulated_is_said(
    models: list[str], exponents: list[float], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        simulate_table(models, exponents, 1, 10)


def test_an_exponent_that_the_model_cannot_have_is_refused() -> None:
    with pytest.raises(InputError, match=r"CTRW cannot have the exponent 1\.2"):
        simulate("ctrw", [1.2], 1, 10)


def test_four_dimensions_are_refused() -> None:
    with pytest.raises(InputError, match="1, 2 or 3 dimensions, not 4"):
        simulate("fbm", [0.5], 1, 10, 4)
