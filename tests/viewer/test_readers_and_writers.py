"""Layers to files, and back with all that is known of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.layers import Tracks
from tifffile import imread, imwrite

from napari_anomalous_diffusion import Trajectories, read_tracks, score
from napari_anomalous_diffusion.autoencoders import bank as banks
from napari_anomalous_diffusion.batch import BatchParameters, run_batch
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.files import read_table
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer import readers, writers
from napari_anomalous_diffusion.viewer.model import ScoredTracks
from napari_anomalous_diffusion.viewer.restoring import restore
from napari_anomalous_diffusion.viewer.results import results
from napari_anomalous_diffusion.viewer.track_layers import trajectories_of

PARTICLES_XML = (
    '<Tracks spaceUnits="µm" frameInterval="0.05" timeUnits="sec"><particle nSpots="2">'
    '<detection t="0" x="1" y="2" z="0"/><detection t="1" x="2" y="3" z="0"/></particle></Tracks>'
)


@pytest.fixture
def installed(tiny_bank, monkeypatch):
    """Let the tiny bank be found by its name."""
    load = banks.load_bank
    monkeypatch.setattr(
        banks, "load_bank", lambda name=None: tiny_bank if name == "tiny-20" else load(name)
    )
    return tiny_bank


@pytest.fixture
def layer(make_tracks, tiny_bank):
    made = Tracks(make_tracks(), name="beads")
    trajectories = Trajectories.from_napari(made.data, source="beads")
    results.keep(made, ScoredTracks(score(trajectories, tiny_bank), trajectories, "cpu"))
    return made


def save(write, layer, path):
    data, attributes, kind = layer.as_layer_data_tuple()
    assert kind == "tracks"
    assert write(str(path), data, attributes) == [str(path)]
    return path


def open_layer(path):
    ((data, arguments, kind),) = readers.get_reader(str(path))(str(path))
    assert kind == "tracks"
    return Tracks(data, **arguments)


def test_pixels_and_frames_keep_their_worth(tmp_path):
    path = tmp_path / "tracks.xml"
    path.write_text(PARTICLES_XML, encoding="utf-8")
    layer = open_layer(path)
    assert layer.scale.tolist() == [0.05, 1, 1]
    assert trajectories_of(layer)().calibration == read_tracks(path).calibration


def test_what_trackpy_measured_stays_with_the_points(tmp_path):
    table = pd.DataFrame({"particle": 0, "frame": range(4), "x": 1.5, "y": range(4), "ep": 0.25})
    table.to_csv(tmp_path / "tracks.csv", index=False)
    [(_, arguments, _)] = readers.read(str(tmp_path / "tracks.csv"))
    assert arguments["features"]["ep"].tolist() == [0.25] * 4


def test_what_was_left_out_is_said(tmp_path, messages):
    path = tmp_path / "spots.csv"
    path.write_text(
        "TRACK_ID,FRAME,POSITION_Z,POSITION_Y,POSITION_X\n1,0,0,1,2\n,0,0,3,4\n1,1,0,1,2\n"
    )
    assert open_layer(path).data.tolist() == [[1, 0, 1, 2], [1, 1, 1, 2]]
    assert messages == [f"{path}: 1 spot is in no track, and left out."]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_saved_points_look_as_they_did_when_they_are_opened_again(
    tmp_path, layer, installed, ending
):
    path = save(writers.write_points, layer, tmp_path / f"beads{ending}")
    table = pd.read_csv(path) if ending == ".csv" else pd.read_parquet(path)
    assert list(table.columns[:6]) == ["track_id", "frame", "y", "x", "n_points", "n_windows"]
    again = open_layer(path)
    np.testing.assert_allclose(again.data, layer.data)
    assert again.color_by == "best"
    for column in ("best", "margin", *installed.error_columns):
        np.testing.assert_allclose(again.features[column], layer.features[column])
    np.testing.assert_allclose(again.track_colors, layer.track_colors)
    about = layer.metadata["anomalous diffusion"]
    assert about.items() <= again.metadata["anomalous diffusion"].items()

    restored, shown = restore(again), results.get(layer)
    assert restored.class_colours == shown.class_colours
    of_tracks = [result.scores.table.dropna(axis=1, how="all") for result in (restored, shown)]
    pd.testing.assert_frame_equal(*of_tracks, check_dtype=False, check_like=True)
    # And once more from the copy, which no dock has scored.
    assert save(writers.write_points, again, tmp_path / f"again{ending}").exists()
    assert restore(open_layer(tmp_path / f"again{ending}")) is not None


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tracks_of_a_batch_open_with_the_scores_beside_them(tmp_path, installed, ending):
    movie = imread(sample_path("beads").with_name("beads.tif"))[:24, :160, :160]
    imwrite(tmp_path / "dish.tif", movie)
    linking = LinkingParameters(minimum_mass=200, dark_on_light=True)
    parameters = BatchParameters(bank=str(installed.folder), linking=linking, format=ending)
    run_batch([tmp_path / "dish.tif"], tmp_path / "out", parameters)
    layer = open_layer(tmp_path / "out" / f"dish-tracks.{ending}")
    assert layer.color_by == "best"
    shown = restore(layer).scores.table
    scores = read_table(tmp_path / "out" / f"dish-scores.{ending}")
    assert len(scores) > 3
    pd.testing.assert_frame_equal(shown, scores)
    scores.iloc[1:].to_csv(tmp_path / "out" / "dish-scores.csv", index=False)
    scores.iloc[1:].to_parquet(tmp_path / "out" / "dish-scores.parquet", index=False)
    assert "best" not in open_layer(tmp_path / "out" / f"dish-tracks.{ending}").features


def test_scores_of_a_bank_that_is_not_here(tmp_path, layer, messages):
    path = save(writers.write_points, layer, tmp_path / "beads.csv")
    again = open_layer(path)
    assert restore(again) is None
    assert messages == [
        f"{path}: the bank tiny-20 is not installed here, so that its scores are not shown."
    ]


def test_a_row_a_track(tmp_path, layer, make_tracks):
    path = save(writers.write_scores, layer, tmp_path / "scores.csv")
    assert pd.read_csv(path)["track_id"].tolist() == [4, 7, 8, 11, 12, 20]
    assert readers.get_reader(str(path)) is None
    with pytest.raises(InputError, match="others: has no scores yet; score it in the dock first"):
        save(writers.write_scores, Tracks(make_tracks(), name="others"), tmp_path / "others.csv")
    assert not (tmp_path / "others.csv").exists()


def test_points_without_scores_can_be_saved_too(tmp_path, make_tracks):
    layer = Tracks(make_tracks(dimensions=3), name="others")
    path = save(writers.write_points, layer, tmp_path / "others.csv")
    assert pd.read_csv(path).columns.tolist() == ["track_id", "frame", "z", "y", "x"]
    np.testing.assert_allclose(open_layer(path).data, layer.data)


def test_for_trackmate(tmp_path, layer):
    path = save(writers.write_trackmate, layer, tmp_path / "spots.csv")
    table = pd.read_csv(path)
    assert table.columns.tolist() == [
        "LABEL", "TRACK_ID", "FRAME", "POSITION_X", "POSITION_Y", "POSITION_Z",
    ]  # fmt: skip
    assert table["LABEL"].iloc[-1] == "20 too short"
    assert set(table["POSITION_Z"]) == {0.0}
    np.testing.assert_allclose(open_layer(path).data, layer.data)


def test_a_graph(tmp_path, layer):
    pytest.importorskip("geff")
    path = save(writers.write_graph, layer, tmp_path / "beads.geff")
    np.testing.assert_allclose(open_layer(path).data, layer.data)


def test_a_dock_shows_the_scores_that_a_layer_was_saved_with(tmp_path, layer, installed, stage):
    path = save(writers.write_points, layer, tmp_path / "beads.csv")
    scene = stage()
    added = scene.viewer.add_layer(open_layer(path))
    scene.viewer.layers.selection.active = added
    saved = results.get(layer).scores.table
    assert scene.table["best"].dropna().tolist() == saved["best"].dropna().tolist()
    assert scene.model.colour_by == "best"
