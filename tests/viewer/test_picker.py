from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_anomalous_diffusion.viewer import picker

TRACK = np.array([0, 0, 0, 1, 1])
TIMES = np.array([0.0, 1, 2, 10, 11])


@pytest.mark.parametrize(
    ("now", "tail", "head", "expected"),
    [
        (None, 0, 0, [0, 1, 3]),  # time is an axis of the picture
        (2, 30, 0, [0, 1]),
        (1, 30, 0, [0]),
        (1, 30, 1, [0, 1]),
        (0, 30, 0, []),
        (2, 1, 0, [1]),
        (11, 5, 0, [3]),
        (1.5, 30, 0, [0]),
        (100, 30, 0, []),
    ],
)
def test_visible_segments_are_those_in_tail_and_head(now, tail, head, expected):
    assert picker.visible_segments(TRACK, TIMES, now, tail, head).tolist() == expected


def test_distance_to_a_segment_is_that_to_its_nearest_point():
    starts, ends = np.zeros((3, 2)), np.array([[10.0, 0], [0, 0], [0, 10]])
    point = np.array([4.0, 3.0])
    np.testing.assert_allclose(picker.distances(point, starts, ends), [3, 5, 4])


@given(st.lists(st.floats(-100, 100), min_size=6, max_size=6))
def test_no_point_of_a_segment_is_nearer_than_its_distance(numbers):
    start, end, point = np.array(numbers).reshape(3, 2)
    along = start + np.linspace(0, 1, 50)[:, None] * (end - start)
    distance = picker.distances(point, start[None], end[None])[0]
    assert distance <= np.linalg.norm(along - point, axis=1).min() + 1e-9


def test_nothing_is_nearest_beyond_the_tolerance():
    vertices = np.array([[0.0, 0], [0, 10], [5, 0], [5, 10]])
    segments = np.array([0, 2])
    assert picker.nearest_segment(np.array([4.0, 5]), vertices, segments, 1.5) == 2
    assert picker.nearest_segment(np.array([2.5, 5]), vertices, segments, 1.5) is None
    assert picker.nearest_segment(np.array([4.0, 5]), vertices, segments[:0], 1.5) is None


def test_depth_does_not_count_along_the_line_of_sight():
    points = np.array([[0.0, 1, 2], [50, 1, 2]])
    flat = picker.along_sight(points, np.array([2.0, 0, 0]))
    np.testing.assert_allclose(flat, [[0, 1, 2], [0, 1, 2]])
    assert picker.along_sight(points, None) is points
