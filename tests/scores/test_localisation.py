"""How far localisations are off: given, measured or estimated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.localisation import (
    estimate_localisation_error,
    localisation_error_of,
    measured_localisation_error,
)
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.notices import Notice
from napari_anomalous_diffusion.tracks.table import Trajectories


def noisy_walks(error: float, n_tracks: int = 200, n_points: int = 50) -> pd.DataFrame:
    """Brownian motion of unit steps in 2D, each point off by an error."""
    random = np.random.default_rng(3)
    places = random.normal(size=(n_tracks, n_points, 2)).cumsum(axis=1)
    places += error * random.normal(size=places.shape)
    y, x = places.reshape(-1, 2).T
    track = np.repeat(np.arange(n_tracks), n_points)
    frame = np.tile(np.arange(n_points), n_tracks)
    return pd.DataFrame({"particle": track, "frame": frame, "y": y, "x": x})


@pytest.mark.parametrize("error", [0.3, 1.0])
def test_the_error_of_brownian_tracks_is_found(error):
    tracks = Trajectories.from_frame(
        noisy_walks(error), calibration=Calibration(pixel_size=0.1, length_unit="µm")
    )
    with pytest.warns(Notice, match=r"estimated from the tracks, .* µm; subdiffusive"):
        found = estimate_localisation_error(tracks)
    assert found == pytest.approx(0.1 * error, rel=0.1)


def test_persistent_tracks_have_no_error_to_be_found():
    straight = noisy_walks(0.0)
    straight[["y", "x"]] += 2.0 * straight[["frame"]].to_numpy()
    with pytest.warns(Notice, match="the tracks, 0 px;"):
        assert estimate_localisation_error(Trajectories.from_frame(straight)) == 0


def test_what_trackpy_measured_is_told_track_by_track_in_units_of_length():
    table = noisy_walks(0.0, n_tracks=4, n_points=3)
    table["ep"] = [0.1, 0.1, 0.1, 0.3, np.nan, 0.4, np.nan, -1.0, np.inf, 0.2, 0.2, 0.2]
    tracks = Trajectories.from_frame(
        table.sample(frac=1, random_state=0), calibration=Calibration(pixel_size=0.5)
    ).select([0, 1, 2, 3])
    by_id = dict(zip(tracks.track_ids, measured_localisation_error(tracks), strict=True))
    both = np.sqrt((0.3**2 + 0.4**2) / 2)
    # The third has none of its own: the median of the others.
    expected = [0.1, both, 0.2, 0.2]
    assert [by_id[track] for track in range(4)] == pytest.approx(0.5 * np.array(expected))


@pytest.mark.parametrize("column", [None, np.nan, "text"])
def test_what_was_not_measured_cannot_be_taken(column):
    table = noisy_walks(0.0, n_tracks=1)
    if column is not None:
        table["ep"] = column
    with pytest.raises(InputError, match=r"no localisation error was measured .* a column ep"):
        localisation_error_of(Trajectories.from_frame(table), "measured")


def test_a_number_is_taken_as_it_is():
    assert localisation_error_of(Trajectories.from_frame(noisy_walks(0.0, 1)), 0.25) == 0.25


def test_errors_that_are_not_one_a_point_are_refused():
    with pytest.raises(InputError, match="2 localisation errors and 3 points do not belong"):
        Trajectories.from_points(
            [0, 0, 0], [0, 1, 2], [[1.0], [2.0], [3.0]], localisation_errors=[0.1, 0.2]
        )


def test_another_word_is_refused_in_one_sentence():
    tracks = Trajectories.from_points([0, 0, 0], [0, 1, 2], np.arange(6.0).reshape(3, 2))
    with pytest.raises(InputError, match=r"'guess' is no length: give a number .* or 'estimate'"):
        localisation_error_of(tracks, "guess")
