"""What is drawn of scores, whatever verdicts they come to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_anomalous_diffusion import Trajectories, read_tracks, score
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.viewer import colours
from napari_anomalous_diffusion.viewer.model import DockModel, ScoredTracks
from napari_anomalous_diffusion.viewer.texts import colour_modes, summary


@pytest.fixture
def result(make_tracks, tiny_bank) -> ScoredTracks:
    trajectories = Trajectories.from_napari(make_tracks())
    return ScoredTracks(score(trajectories, tiny_bank, device="cpu"), trajectories, "cpu")


def test_vertices_are_in_the_order_of_the_data(result, make_tracks):
    ids = result.trajectories.track_ids[result.vertex_track]
    np.testing.assert_array_equal(ids, make_tracks()[:, 0])


def test_verdicts_that_are_no_label_have_a_column_beside_the_best(result):
    table = result.scores.table.copy()
    table["verdict"] = table["verdict"].astype(object)
    moving = table["best"].notna().to_numpy().nonzero()[0]
    table.loc[moving[0], "verdict"] = "novel"
    table.loc[moving[1], "verdict"] = "undecided"
    other = replace(result, scores=replace(result.scores, table=table))
    assert list(colour_modes(result).values())[:2] == ["Best label", "Margin"]
    assert list(colour_modes(other).values())[:3] == [
        "Best label",
        "Verdict (fading with doubt)",
        "Margin",
    ]
    np.testing.assert_array_equal(other.columns["best"], result.columns["best"])
    names = np.array(other.classes)[other.columns["verdict"]]
    assert names.tolist() == table["verdict"].tolist()
    assert ": novel" in summary(other, int(moving[0]))


def test_how_often_a_calibrated_bank_is_right_is_said_of_all_and_of_each():
    tracks = read_tracks(sample_path("field")).select(range(4))
    result = ScoredTracks(score(tracks, "models-any", device="cpu"), tracks, "cpu")
    right = [result.scores.how_often_right(track) for track in range(4)]
    assert all(0.5 < share < 1 for share in right)
    all_of_them = summary(result, None)
    assert f"Simulated tracks as long are labelled rightly in {np.mean(right):.0%}" in all_of_them
    assert f"right in {right[2]:.0%} of simulated tracks as long" in summary(result, 2)


def test_many_candidates_are_counted_and_few_are_named():
    tracks = read_tracks(sample_path("field")).select(range(4))
    scores = score(tracks, "mixtures-any", device="cpu")
    rows = scores.table["candidates"].dropna().str.split(";")
    many = next(place for place, labels in rows.items() if len(labels) > 6)
    text = summary(ScoredTracks(scores, tracks, "cpu"), many)
    assert f"{len(rows[many])} of 36 labels are candidates" in text
    scores.table.loc[many, "candidates"] = "gamma=0,beta=0;gamma=1,beta=1"
    text = summary(ScoredTracks(scores, tracks, "cpu"), many)
    assert "candidates γ = 0, β = 0, γ = 1, β = 1" in text


def test_codes_map_to_their_colours_and_nothing_else_is_seen():
    colormap = colours.code_colormap("best", ["#FF0000", "#00FF00", "#0000FF"])
    mapped = colormap.map(np.array([2, 0, 3, -1]))
    np.testing.assert_allclose(mapped, [[0, 0, 1, 1], [1, 0, 0, 1], [0] * 4, [0] * 4])
    assert colormap.map([np.nan])[0, 3] == 0


def test_a_range_survives_missing_equal_and_no_values():
    values = np.array([1.0, np.nan, 3.0])
    mapped = colours.range_colormap("margin", values).map(values)
    assert np.all(mapped[:, 3] == 1)
    assert np.all(colours.range_colormap("m", np.full(3, np.nan)).map(values)[:, 3] == 1)
    assert np.all(np.isfinite(colours.range_colormap("m", np.ones(3)).map(np.ones(3))))


def test_the_model_tells_what_changed():
    model = DockModel()
    heard: list[object] = []
    model.events.selected.connect(heard.append)
    model.selected = 3
    model.selected = 3
    model.selected = None
    assert heard == [3, None]
