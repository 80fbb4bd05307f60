from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from napari_anomalous_diffusion import Trajectories, read_tracks
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores.classical import (
    CLASSICAL_COLUMNS,
    classical_numbers,
    time_averaged_msd,
)
from napari_anomalous_diffusion.scores.fractional import MEMORY, blurred_msd
from napari_anomalous_diffusion.tracks.calibration import Calibration

FILM = Calibration(pixel_size=1 / 2.85, length_unit="µm", frame_interval=1 / 24, time_unit="s")
OF_MOTION = CLASSICAL_COLUMNS[2:]
LENGTHS = ["net_displacement", "localisation_error"]
DIFFUSIONS = ["diffusion", "diffusion_low", "diffusion_high"]
ALPHAS = ["alpha", "alpha_low", "alpha_high"]


def tracks(
    walks: list[np.ndarray], frames: list[np.ndarray] | None = None, **options: Calibration
) -> Trajectories:
    if frames is None:
        frames = [np.arange(len(walk)) for walk in walks]
    ids = np.repeat(np.arange(len(walks)), [len(walk) for walk in walks])
    return Trajectories.from_points(ids, np.concatenate(frames), np.concatenate(walks), **options)


def fractional_walks(
    number: int, points: int, alpha: float = 1.0, diffusion: float = 0.5, noise: float = 0.0,
    dimensions: int = 2, seed: int = 0,
) -> list[np.ndarray]:  # fmt: skip
    """Walks from the covariance of the positions, which the code under test never forms."""
    random = np.random.default_rng(seed)
    time = np.arange(1.0, points)
    power = np.abs(np.subtract.outer(time, time)) ** alpha
    covariance = diffusion * (time[:, None] ** alpha + time**alpha - power)
    walks = np.zeros((number, points, dimensions))
    walks[:, 1:] = np.linalg.cholesky(covariance) @ random.normal(
        size=(number, points - 1, dimensions)
    )
    return list(walks + noise * random.normal(size=walks.shape))


def test_duration_and_net_displacement_in_the_units_of_the_user() -> None:
    walk = np.array([[0.0, 0.0], [9.0, 9.0], [3.0, 4.0]])
    calibration = Calibration(pixel_size=0.1, frame_interval=0.5)
    [row] = classical_numbers(
        tracks([walk], [np.array([10, 12, 20])], calibration=calibration)
    ).itertuples()
    assert row.duration == pytest.approx(5.0)
    assert row.net_displacement == pytest.approx(0.5)


def test_what_cannot_be_known_is_missing() -> None:
    still = np.full((30, 2), 3.25)
    numbers = classical_numbers(
        tracks([np.ones((1, 2)), np.eye(2), np.eye(4)[:, :2], still, still[:4]])
    )
    assert list(numbers.columns) == CLASSICAL_COLUMNS
    assert numbers[OF_MOTION].isna().all(axis=None)
    assert numbers["duration"].isna().tolist() == [True, False, False, False, False]
    assert numbers["net_displacement"].isna().tolist() == [True, False, False, False, False]
    assert numbers["net_displacement"].iloc[3] == 0


def test_only_single_points_make_a_table_too() -> None:
    assert classical_numbers(tracks([np.ones((1, 3))] * 3)).isna().all(axis=None)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_brownian_motion_of_known_diffusion_and_localisation_error(
    dimensions: int, noise: float
) -> None:
    walks = fractional_walks(100, 200, diffusion=0.8, noise=noise, dimensions=dimensions)
    numbers = classical_numbers(tracks(walks))
    assert numbers["alpha"].median() == pytest.approx(1.0, abs=0.1)
    assert numbers["diffusion"].median() == pytest.approx(0.8, rel=0.15)
    if noise:
        assert numbers["localisation_error"].median() == pytest.approx(noise, rel=0.35)


@pytest.mark.parametrize(("alpha", "noise"), [(0.6, 0.0), (0.6, 0.5), (1.4, 0.0), (1.4, 0.5)])
@pytest.mark.parametrize("points", [20, 50])
def test_intervals_hold_the_truth_about_as_often_as_they_say(
    alpha: float, noise: float, points: int
) -> None:
    numbers = classical_numbers(tracks(fractional_walks(300, points, alpha, 0.5, noise)))
    assert np.mean(numbers["alpha_low"].le(alpha) & numbers["alpha_high"].ge(alpha)) > 0.88
    assert np.mean(numbers["diffusion_low"].le(0.5) & numbers["diffusion_high"].ge(0.5)) > 0.88
    assert (numbers["alpha_low"] < numbers["alpha"]).all()
    assert (numbers["alpha"] < numbers["alpha_high"]).all()


def test_a_line_at_constant_speed_has_alpha_two() -> None:
    line = np.outer(np.arange(40.0), [3.0, 1.0])
    [row] = classical_numbers(tracks([line])).itertuples()
    assert row.alpha > 1.9
    assert row.alpha_low > 1.9


def test_noise_on_the_spot_is_not_taken_for_certain_subdiffusion() -> None:
    noise = list(np.random.default_rng(3).normal(size=(50, 40, 2)))
    numbers = classical_numbers(tracks(noise))
    assert (numbers["alpha_high"] - numbers["alpha_low"]).median() > 0.5
    assert 0.5 < numbers["localisation_error"].median() < 1.1


def test_beads_of_one_micrometre_diffuse_as_stokes_and_einstein_say() -> None:
    beads = read_tracks(sample_path("beads"), calibration=FILM)
    numbers = classical_numbers(beads)[beads.lengths >= 20]
    assert numbers["diffusion"].median() == pytest.approx(0.44, rel=0.5)
    assert numbers["duration"].max() <= 300 / 24


def test_beads_are_brownian_where_their_blur_is_known() -> None:
    blurred = FILM.model_copy(update={"exposure": 1.0})
    tracks, exposed = (
        read_tracks(sample_path("beads"), calibration=film) for film in (FILM, blurred)
    )
    long = (tracks.lengths >= 20) & (tracks.lengths < 150)
    taken_for_persistent, brownian = (
        (classical_numbers(those)["alpha_low"][long] > 1).mean() for those in (tracks, exposed)
    )
    assert brownian < 0.1 < 0.3 < taken_for_persistent
    assert classical_numbers(exposed)["diffusion"][long].median() == pytest.approx(0.44, rel=0.15)


@pytest.mark.parametrize("exposure", [0.05, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5])
def test_blur_is_the_average_over_the_exposure(alpha: float, exposure: float) -> None:
    times = np.linspace(0, exposure, 401)
    apart = np.subtract.outer(times, times)
    lag = np.array([1.0, 2.0, 7.0])
    between = [np.mean(np.abs(one + apart) ** alpha) for one in lag]
    expected = np.array(between) - np.mean(np.abs(apart) ** alpha)
    [msd] = blurred_msd(lag, np.array([alpha]), exposure)
    np.testing.assert_allclose(msd, expected, atol=2e-3)


def test_every_second_frame_is_exposed_for_half_as_much_of_a_step() -> None:
    walks = fractional_walks(3, 50)
    whole = classical_numbers(tracks(walks, calibration=Calibration(exposure=0.5)))
    frames = [2 * np.arange(50)] * 3
    half = Calibration(exposure=1.0, frame_interval=0.5)
    pd.testing.assert_frame_equal(classical_numbers(tracks(walks, frames, calibration=half)), whole)


def test_frames_between_points_are_part_of_the_time() -> None:
    walks = fractional_walks(20, 40)
    every = classical_numbers(tracks(walks))
    third = classical_numbers(tracks(walks, [3 * np.arange(40)] * 20))
    pd.testing.assert_frame_equal(third[ALPHAS], every[ALPHAS])
    np.testing.assert_allclose(third["duration"], 3 * every["duration"])
    slower = Calibration(frame_interval=3.0)
    pd.testing.assert_frame_equal(classical_numbers(tracks(walks, calibration=slower)), third)


def test_nothing_is_interpolated_over_gaps() -> None:
    walks = fractional_walks(200, 100, diffusion=0.5)
    random = np.random.default_rng(1)
    kept = [np.sort(random.choice(100, 80, replace=False)) for _ in walks]
    gappy = tracks([walk[frames] for walk, frames in zip(walks, kept, strict=True)], kept)
    numbers = classical_numbers(gappy)
    assert numbers["diffusion"].median() == pytest.approx(0.5, rel=0.25)
    assert np.mean(numbers["alpha_low"].le(1) & numbers["alpha_high"].ge(1)) > 0.88


def test_a_jump_over_a_gap_says_nothing() -> None:
    walk, frames = fractional_walks(1, 60)[0], np.r_[0:30, 50:80]
    apart = walk + np.where(np.arange(60) < 30, 0, 1e4)[:, None]
    numbers = classical_numbers(tracks([walk, apart], [frames, frames]))
    np.testing.assert_allclose(numbers.loc[0, OF_MOTION], numbers.loc[1, OF_MOTION], rtol=1e-4)


def test_long_tracks_are_seen_in_pieces_that_hang_together() -> None:
    walks = fractional_walks(30, 3 * MEMORY + 17, alpha=0.6)
    numbers = classical_numbers(tracks(walks))
    assert numbers["alpha"].median() == pytest.approx(0.6, abs=0.1)
    halves = [walk[: len(walk) // 2] for walk in walks]
    shorter = classical_numbers(tracks(halves))
    widths = [(table["alpha_high"] - table["alpha_low"]).median() for table in (numbers, shorter)]
    assert widths[0] < 0.85 * widths[1]


def test_a_coordinate_that_never_changes_is_none() -> None:
    walks = fractional_walks(5, 50)
    flat = [np.column_stack([np.full(50, 7.0), walk]) for walk in walks]
    pd.testing.assert_frame_equal(classical_numbers(tracks(flat)), classical_numbers(tracks(walks)))


def test_a_number_does_not_depend_on_the_company() -> None:
    walks = [
        walk[:n] for n, walk in zip([20, 50, 50, 300, 7], fractional_walks(5, 300), strict=True)
    ]
    together = classical_numbers(tracks(walks))
    for number, walk in enumerate(walks):
        alone = classical_numbers(tracks([walk]))
        np.testing.assert_allclose(alone.iloc[0], together.iloc[number], rtol=1e-4)


@given(
    size=st.floats(1e-6, 1e6),
    points=st.integers(5, 60),
    alpha=st.floats(0.1, 1.9),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_pixel_twice_as_large_makes_four_times_the_diffusion(
    size: float, points: int, alpha: float, seed: int
) -> None:
    walks = fractional_walks(2, points, alpha, seed=seed)
    one, two = (
        classical_numbers(tracks(walks, calibration=Calibration(pixel_size=factor * size)))
        for factor in (1, 2)
    )
    np.testing.assert_allclose(two[DIFFUSIONS], 4 * one[DIFFUSIONS], rtol=1e-6)
    np.testing.assert_allclose(two[LENGTHS], 2 * one[LENGTHS], rtol=1e-6)
    np.testing.assert_allclose(two[["duration", *ALPHAS]], one[["duration", *ALPHAS]], rtol=1e-6)


def test_pixels_need_not_be_square() -> None:
    walks = fractional_walks(3, 40)
    stretched = [walk * [4.0, 1.0] for walk in walks]
    calibration = Calibration(pixel_size=(0.25, 1.0))
    pd.testing.assert_frame_equal(
        classical_numbers(tracks(stretched, calibration=calibration)),
        classical_numbers(tracks(walks)),
    )


def test_time_averaged_msd_of_a_line_with_a_gap() -> None:
    line = tracks([np.array([[0.0], [1.0], [4.0]])], [np.array([0, 1, 4])])
    lags, msd, counts = time_averaged_msd(line, 0)
    assert lags.tolist() == [1, 3, 4]
    assert msd.tolist() == [1, 9, 16]
    assert counts.tolist() == [1, 1, 1]


def test_a_single_point_has_no_msd() -> None:
    assert [len(part) for part in time_averaged_msd(tracks([np.ones((1, 2))]), 0)] == [0, 0, 0]


@given(st.lists(st.sampled_from([1, 2, 3, 7, 400, 1001, 10**9]), max_size=30), st.integers(1, 12))
def test_time_averaged_msd_is_that_of_all_pairs_whatever_is_missing(
    gaps: list[int], spacing: int
) -> None:
    frames = spacing * np.cumsum([5, *gaps])
    walk = np.random.default_rng(len(gaps)).normal(size=(len(frames), 2)).cumsum(axis=0)
    walk[1 : len(frames) // 3] = walk[0]  # a rest
    expected: dict[int, list[float]] = {}
    for first in range(len(frames)):
        for second in range(first + 1, len(frames)):
            lag = int(frames[second] - frames[first])
            if lag <= 1000:
                squares = ((walk[second] - walk[first]) ** 2).sum()
                expected.setdefault(lag, []).append(squares)
    lags, msd, counts = time_averaged_msd(tracks([walk], [frames]), 0)
    assert lags.tolist() == sorted(expected)
    assert counts.tolist() == [len(expected[lag]) for lag in lags]
    np.testing.assert_allclose(msd, [np.mean(expected[lag]) for lag in lags], rtol=1e-12)


# trackpy 0.7 sums in a way that pandas 4 will no longer take.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:trackpy", "ignore:.*pandas version 4")
def test_time_averaged_msd_is_that_of_trackpy() -> None:
    trackpy = pytest.importorskip("trackpy")
    random = np.random.default_rng(5)
    frames = [np.sort(random.choice(60, 45, replace=False)) for _ in range(2)]
    frames.append(np.arange(7, 52))  # one without a gap
    walks = [random.normal(size=(45, 2)).cumsum(axis=0) for _ in frames]
    mine = tracks(walks, frames, calibration=FILM)
    points = mine.to_frame().rename(columns={"track_id": "particle"})
    theirs = trackpy.imsd(points, mpp=FILM.pixel_size, fps=24, max_lagtime=100)
    for track in range(3):
        lags, msd, _ = time_averaged_msd(mine, track)
        expected = theirs[track].dropna()
        np.testing.assert_allclose(lags, expected.index)
        np.testing.assert_allclose(msd, expected)


def test_numbers_do_not_depend_on_how_many_threads_there_are() -> None:
    tracks = read_tracks(sample_path("beads"))
    with threadpool_limits(2, user_api="blas"):
        several = classical_numbers(tracks)
    with threadpool_limits(1, user_api="blas"):
        pd.testing.assert_frame_equal(classical_numbers(tracks), several, check_exact=True)
