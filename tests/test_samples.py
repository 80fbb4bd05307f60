from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion import InputError, read_tracks
from napari_anomalous_diffusion.samples import SAMPLES, sample_path

MOST_BYTES = 1_500_000


def steps(table: pd.DataFrame) -> pd.DataFrame:
    """Displacements from frame to frame, under the frame at which they end."""
    moved = table.groupby("track_id")[["frame", "y", "x"]].diff()
    return moved.assign(frame=table["frame"])[moved["frame"] == 1]


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_tracks_in_the_plane(name: str) -> None:
    trajectories = read_tracks(sample_path(name))
    assert trajectories.axes == ("y", "x")
    assert trajectories.track_ids.tolist() == list(range(len(trajectories)))
    assert trajectories.lengths.min() >= 5
    assert trajectories.frames.min() >= 0


@pytest.mark.parametrize(("name", "long_ones"), [("beads", 240), ("field", 240), ("nuclei", 61)])
def test_samples_hold_tracks_to_score_and_tracks_too_short(name: str, long_ones: int) -> None:
    lengths = read_tracks(sample_path(name)).lengths
    assert np.sum(lengths < 20) >= 40
    assert np.sum(lengths >= 20) >= long_ones


@pytest.mark.parametrize("name", ["beads", "field"])
def test_frames_are_those_of_a_short_movie(name: str) -> None:
    assert read_tracks(sample_path(name)).frames.max() < 300


def test_beads_do_not_drift() -> None:
    table = pd.read_csv(sample_path("beads"))
    assert table["track_id"].nunique() == 719
    # The stage had moved by 0.018 and 0.063 pixels a frame, the beads by 0.42 in each direction.
    moved = steps(table)[["y", "x"]]
    assert (moved.mean().abs() < 0.002).all()
    np.testing.assert_allclose(moved.std(), 0.42, atol=0.01)


def test_the_field_says_what_each_of_its_tracks_is() -> None:
    table = pd.read_csv(sample_path("field"))
    assert (table.groupby("track_id")[["model", "alpha"]].nunique() == 1).all(axis=None)
    kinds = table.groupby("track_id")[["model", "alpha"]].first()
    assert kinds["model"].value_counts().to_dict() == dict.fromkeys(
        ["attm", "ctrw", "fbm", "lw", "sbm"], 60
    )
    assert 1.0 not in set(kinds["alpha"])
    # Track ids do not give the models away.
    assert kinds["model"].iloc[:60].nunique() == 5


def test_the_field_looks_like_one_under_a_microscope() -> None:
    table = pd.read_csv(sample_path("field"))
    assert table[["y", "x"]].to_numpy().min() >= 0
    assert table[["y", "x"]].to_numpy().max() <= 512
    lengths = np.hypot(*steps(table)[["y", "x"]].to_numpy().T)
    assert 1 < np.median(lengths[lengths > 0]) < 2
    extent = table.groupby("track_id")[["y", "x"]].agg(np.ptp).max(axis=1)
    assert 5 <= (extent == 0).sum() <= 30


def test_samples_are_small() -> None:
    assert sum(sample_path(name).stat().st_size for name in SAMPLES) < MOST_BYTES


def test_the_notice_lies_beside_the_beads() -> None:
    notice = (sample_path("beads").parent / "README.md").read_text(encoding="utf-8")
    assert "Copyright (c) 2013-2014 trackpy-examples contributors" in notice


def test_the_notice_lies_beside_the_nuclei() -> None:
    notice = (sample_path("nuclei").parent / "README.md").read_text(encoding="utf-8")
    assert "Copyright (c) 2021 Alec Heckert" in notice


def test_molecules_that_stay_in_nuclei_step_back_more_often_than_not() -> None:
    table = pd.read_csv(sample_path("nuclei"))
    regions = table.groupby("track_id")["region"]
    assert regions.first().value_counts().to_dict() == {7: 134, 8: 133}
    assert (regions.nunique() == 1).all()
    long_ones = table[regions.transform("size") >= 20].groupby("track_id")["x"]
    turns = [np.corrcoef(np.diff(x)[:-1], np.diff(x)[1:])[0, 1] for _, x in long_ones]
    assert np.median(turns) < -0.1


def test_an_unknown_sample_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match="no sample 'cells': choose from beads, field, nuclei"):
        sample_path("cells")


def test_every_file_of_the_folder_is_known() -> None:
    folder: Path = sample_path("beads").parent
    known = {*SAMPLES.values(), "beads.tif", "README.md"}
    assert {path.name for path in folder.iterdir()} == known
