from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from napari_anomalous_diffusion import InputError, Trajectories, read_tracks
from napari_anomalous_diffusion.tracks.calibration import Calibration

FILM = Calibration(pixel_size=0.16, length_unit="µm", frame_interval=0.05, time_unit="s")
POINTS = pd.DataFrame({"particle": [1, 1, 2], "frame": [0, 2, 0], "y": [0.0, 1, 2], "x": [3.0] * 3})


def test_pixels_and_frames_where_nothing_is_known() -> None:
    assert read_tracks(POINTS).calibration == Calibration()
    assert (Calibration().pixel_size, Calibration().length_unit) == (1.0, "px")
    assert (Calibration().frame_interval, Calibration().time_unit) == (1.0, "frame")


def test_every_way_in_takes_a_calibration_and_leaves_the_positions_alone(tmp_path: Path) -> None:
    POINTS.to_csv(tmp_path / "tracks.csv", index=False)
    array = POINTS.to_numpy(dtype=float)
    ways = [
        Trajectories.from_points([1, 1, 2], [0, 2, 0], array[:, 2:], calibration=FILM),
        Trajectories.from_napari(array, calibration=FILM),
        Trajectories.from_frame(POINTS, calibration=FILM),
        read_tracks(POINTS, calibration=FILM),
        read_tracks(array, calibration=FILM),
        read_tracks(tmp_path / "tracks.csv", calibration=FILM),
        read_tracks(read_tracks(POINTS), calibration=FILM),
    ]
    for tracks in ways:
        assert tracks.calibration == FILM
        assert tracks.select([1]).calibration == FILM
        np.testing.assert_array_equal(tracks.positions, array[:, 2:])
        np.testing.assert_array_equal(tracks.to_frame()[["y", "x"]], array[:, 2:])


def test_trajectories_keep_their_calibration_where_none_is_given() -> None:
    assert read_tracks(read_tracks(POINTS, calibration=FILM)).calibration == FILM


def test_one_pixel_size_an_axis() -> None:
    calibration = Calibration(pixel_size=(0.5, 0.1))
    assert read_tracks(POINTS, calibration=calibration).calibration is calibration
    np.testing.assert_allclose(calibration.to_length(np.array([[2.0, 2.0]])), [[1.0, 0.2]])
    with pytest.raises(InputError, match=r"axes y, x; give one size, or one an axis\.$"):
        read_tracks(POINTS, calibration=Calibration(pixel_size=(1.0, 1.0, 1.0)))


def test_lengths_and_times() -> None:
    assert FILM.to_length(np.array([10.0])) == pytest.approx([1.6])
    assert FILM.to_time(np.array([0, 20])) == pytest.approx([0, 1.0])


@pytest.mark.parametrize(
    "wrong",
    [
        {"pixel_size": 0},
        {"pixel_size": (1.0, -1.0)},
        {"pixel_size": float("nan")},
        {"frame_interval": float("inf")},
        {"length_unit": " "},
        {"exposure": 1.5},
        {"pixelsize": 1.0},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Calibration(**wrong)


@pytest.mark.parametrize("calibration", [FILM, Calibration(pixel_size=(2.0, 0.1, 0.1))])
def test_a_calibration_survives_being_written(calibration: Calibration) -> None:
    assert Calibration.model_validate_json(calibration.model_dump_json()) == calibration
