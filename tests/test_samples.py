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
    assert 0 <= trajectories.frames.min() <= trajectories.frames.max() < 300


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_hold_tracks_to_score_and_tracks_too_short(name: str) -> None:
    lengths = read_tracks(sample_path(name)).lengths
    assert np.sum(lengths < 20) >= 40
    assert np.sum(lengths >= 20) >= 240


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


def test_an_unknown_sample_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match="no sample 'cells': choose from beads, field"):
        sample_path("cells")


def test_every_file_of_the_folder_is_known() -> None:
    folder: Path = sample_path("beads").parent
    known = {*SAMPLES.values(), "beads.tif", "README.md"}
    assert {path.name for path in folder.iterdir()} == known
