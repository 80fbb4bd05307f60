import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_anomalous_diffusion.autoencoders.windows import (
    cut,
    normalise,
    strides_up_to,
    to_unit_deviation,
)
from napari_anomalous_diffusion.tracks.table import Trajectories

LENGTH = 20


def walk(frames: np.ndarray, dimensions: int = 1, seed: int = 0) -> Trajectories:
    steps = np.random.default_rng(seed).normal(size=(len(frames), dimensions))
    return Trajectories.from_points(np.zeros(len(frames)), frames, steps.cumsum(axis=0))


def test_normalised_displacements_have_a_root_mean_square_of_one() -> None:
    positions = np.random.default_rng(0).normal(size=(10, LENGTH)).cumsum(axis=1) * 7 + 300
    values, scale = normalise(positions)
    assert np.sqrt((np.diff(values) ** 2).mean(axis=1)) == pytest.approx(1, rel=1e-6)
    assert values[:, 0].tolist() == [0] * 10
    np.testing.assert_allclose(values * scale[:, None] + positions[:, :1], positions, rtol=1e-6)


def test_a_levy_walk_that_does_not_turn_stays_finite() -> None:
    values, _ = normalise(0.3 * np.arange(LENGTH)[None])
    np.testing.assert_allclose(values[0], np.arange(LENGTH), rtol=1e-6)


def test_rest_is_rest_however_it_was_rounded() -> None:
    rest = np.full((1, LENGTH), 1234.5)
    rest[0, ::3] *= 1 + 1e-15
    values, scale = normalise(rest)
    assert scale.tolist() == [0]
    assert not values.any()


@pytest.mark.parametrize(
    ("span", "strides"),
    [
        (19, [1]),
        (20, [1]),
        (38, [1]),
        (39, [1, 2]),
        (77, [1, 2, 4]),
        (400, [1, 2, 4, 8, 16]),
    ],
)
def test_strides_double_until_a_window_is_longer_than_the_track(
    span: int, strides: list[int]
) -> None:
    assert strides_up_to(span, LENGTH) == strides


def test_a_track_of_the_length_of_a_window_is_one_window() -> None:
    windows = cut(walk(np.arange(LENGTH)), LENGTH)
    assert len(windows) == 1
    assert windows.stride.tolist() == [1]


def test_a_track_of_100_points_is_covered_at_three_strides() -> None:
    windows = cut(walk(np.arange(100), dimensions=2), LENGTH)
    strides, counts = np.unique(windows.stride, return_counts=True)
    assert dict(zip(strides.tolist(), counts.tolist(), strict=True)) == {1: 10, 2: 12, 4: 16}
    for stride in strides:
        covered = np.unique(windows.points[(windows.stride == stride) & (windows.coordinate == 1)])
        assert covered.tolist() == list(range(100))


def test_a_window_steps_over_missing_frames() -> None:
    every_second = cut(walk(np.arange(0, 100, 2)), LENGTH)
    assert set(every_second.stride.tolist()) == {2, 4}


def test_a_gap_at_stride_1_breaks_the_window() -> None:
    windows = cut(walk(np.delete(np.arange(45), 22)), LENGTH)
    assert windows.points[windows.stride == 1].tolist() == [
        list(range(20)),
        list(range(2, 22)),
        list(range(22, 42)),
        list(range(24, 44)),
    ]


def test_a_constant_coordinate_and_a_rest_are_not_scored_but_fit() -> None:
    moving = walk(np.arange(30))
    positions = np.column_stack([np.zeros(30), moving.positions[:, 0]])
    tracks = Trajectories.from_points(
        np.repeat([7, 8, 9], [30, 30, 5]),
        np.r_[0:30, 0:30, 0:5],
        np.concatenate([positions, np.full((30, 2), 3.0), positions[:5]]),
    )
    windows = cut(tracks, LENGTH)
    assert set(windows.coordinate.tolist()) == {1}
    assert set(windows.track.tolist()) == {0}
    assert (windows.possible > 0).tolist() == [True, True, False]


tracks_with_gaps = st.lists(
    st.lists(st.integers(1, 3), min_size=0, max_size=90), min_size=1, max_size=4
)


@given(tracks_with_gaps, st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_windows_are_equally_spaced_frames_of_one_track(
    gaps: list[list[int]], dimensions: int
) -> None:
    frames = [np.cumsum([0, *gap]) for gap in gaps]
    track = np.repeat(np.arange(len(frames)), [len(its) for its in frames])
    positions = np.random.default_rng(0).normal(size=(len(track), dimensions))
    trajectories = Trajectories.from_points(track, np.concatenate(frames), positions)
    windows = cut(trajectories, LENGTH)

    spacing = np.diff(trajectories.frames[windows.points])
    assert (spacing == windows.stride[:, None]).all()
    assert (track[windows.points] == windows.track[:, None]).all()
    chosen = trajectories.positions[windows.points, windows.coordinate[:, None]]
    np.testing.assert_allclose(
        windows.values * windows.scale[:, None] + windows.origin[:, None], chosen, atol=1e-4
    )
    long_enough = [
        number for number, gap in enumerate(gaps) if gap[:19] == [1] * 19 or gap[:19] == [2] * 19
    ]
    assert (windows.possible[long_enough] > 0).all()


def test_the_published_normalisation_divides_by_the_standard_deviation() -> None:
    windows = np.array([[0, 1, 3, 4, 6], [0, 2, 4, 6, 8]], dtype=np.float32)
    values, varies = to_unit_deviation(windows)
    assert varies.tolist() == [True, False]
    assert np.diff(values[0]).std() == pytest.approx(1)
    assert values[0] / 2 == pytest.approx(windows[0])
    assert not values[1].any()
