"""What a user sees after a click on Score, read from the layer, the legend and the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from napari_anomalous_diffusion.scores.palette import verdict_colours

LABELS = ("attm", "fbm", "sbm")
COLUMNS = ["best", "margin", "mse_attm", "mse_fbm", "mse_sbm"]


def expected_colours(stage) -> np.ndarray:
    palette = verdict_colours(LABELS)
    verdicts = stage.table.set_index("track_id")["verdict"]
    ids = stage.layer.data[:, 0].astype(int)
    return np.array([to_rgba(palette[verdicts[track]]) for track in ids])


@pytest.mark.parametrize("dimensions", [2, 3])
def test_vertices_have_the_colour_of_their_verdict(stage, make_tracks, dimensions):
    on = stage(make_tracks(dimensions), scale=(1,) + (0.1,) * dimensions, translate=[0, 5, -3][:1])
    on.score()
    np.testing.assert_allclose(on.layer.track_colors, expected_colours(on), atol=1e-6)
    assert on.table.set_index("track_id")["verdict"][[12, 20]].tolist() == ["immobile", "too short"]


def test_scores_join_the_features_of_the_same_layer(stage):
    on = stage(features={"user": np.arange(308) * 2.0})
    before = on.layer.features.copy()
    on.score()
    assert on.viewer.layers[0] is on.layer
    pd.testing.assert_frame_equal(on.layer.features[list(before)], before)
    assert on.layer.features.columns.tolist() == [*before, *COLUMNS]
    margins = on.table.set_index("track_id")["margin"]
    ids = on.layer.data[:, 0].astype(int)
    np.testing.assert_array_equal(on.layer.features["margin"], margins[ids])
    assert on.layer.metadata["anomalous diffusion"]["bank"] == "tiny-20"


def test_legend_names_counts_and_shares(stage):
    on = stage()
    on.score()
    counts = on.table["verdict"].value_counts()
    legend = on.dock.legend
    assert list(legend.boxes) == [*LABELS, "immobile", "too short"]
    assert [box.text() for box in legend.boxes.values()][:4] == ["ATTM", "FBM", "SBM", "immobile"]
    for name, (count, share) in legend.texts.items():
        assert count.text() == str(counts.get(name, 0))
        assert share.text() == f"{counts.get(name, 0) / 6:.1%}"
    image = legend.swatches["immobile"].pixmap().toImage()
    assert image.pixelColor(6, 6).name() == "#767676"


def test_a_class_can_be_hidden_and_shown_again(stage):
    on = stage()
    on.score()
    on.dock.legend.boxes["immobile"].click()
    assert on.opacity(12) == 0
    assert on.opacity(20) == on.opacity(4) == 1
    on.dock.legend.boxes["immobile"].click()
    assert on.opacity(12) == 1


@pytest.mark.parametrize("column", ["margin", "mse_fbm"])
def test_colours_by_a_number_have_a_colour_bar_and_no_gaps(stage, column):
    on = stage()
    on.score()
    box = on.dock.colour_by
    box.setCurrentIndex(box.findData(column))
    box.activated.emit(box.currentIndex())
    assert on.layer.color_by == column
    assert np.all(on.layer.track_colors[:, 3] == 1)
    np.testing.assert_allclose(on.colours(12)[0], to_rgba("#B4B4B4"), atol=1e-6)
    values = on.table.set_index("track_id")[column][[4, 7, 8, 11]]
    reds = [on.colours(track)[0, 0] for track in values.sort_values().index]
    assert reds == sorted(reds)  # from violet to orange
    axes = on.dock.legend.key.figure.axes[0]
    assert axes.get_title() == {"margin": "Margin", "mse_fbm": "Error of FBM"}[column]
    low, high = axes.get_xlim()
    assert values.min() <= low < high <= values.max()


def test_colours_chosen_in_napari_are_followed(stage):
    on = stage()
    on.score()
    on.layer.color_by = "margin"
    assert on.dock.colour_by.currentText() == "Margin"
    on.layer.color_by = "track_id"
    assert on.dock.colour_by.currentIndex() == -1
    on.dock.legend.boxes["immobile"].click()
    assert on.opacity(12) == 0
    assert on.opacity(4) == 1


def test_colours_survive_a_round_trip_as_layer_data(stage):
    on = stage()
    on.score()
    data, attributes, kind = on.layer.as_layer_data_tuple()
    again = on.viewer._add_layer_from_data(data, attributes, kind)[0]
    np.testing.assert_array_equal(again.track_colors, on.layer.track_colors)


def test_scoring_again_replaces_all_that_was_said(stage, tmp_path, tiny_bank):
    on = stage()
    on.score()
    on.model.selected, on.model.hidden = on.place(4), frozenset({"fbm"})
    on.layer.color_by = "mse_sbm"
    contents = tiny_bank.contents.model_copy(update={"labels": tiny_bank.contents.labels[:2]})
    for file in tiny_bank.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "bank.json").write_text(contents.model_dump_json(), encoding="utf-8")
    on.dock.controller._choose_bank(str(tmp_path))
    on.score()
    assert "mse_sbm" not in on.layer.features
    assert "mse_sbm" not in on.layer.colormaps_dict
    assert on.layer.color_by == "best"
    assert list(on.dock.legend.boxes) == ["attm", "fbm", "immobile", "too short"]
    assert on.model.selected is None
    assert on.opacity(4) == 1


def test_new_layers_are_scored_at_once_one_after_the_other(stage, make_tracks):
    on = stage()
    on.dock.form.score_new.click()
    others = [on.viewer.add_tracks(make_tracks(seed=seed)) for seed in (1, 2)]
    on.viewer.add_points([[0, 0, 0]])
    on.wait()
    for layer in others:
        assert layer.color_by == "best"
    assert "best" not in on.layer.features


def test_each_layer_keeps_its_own_scores(stage, make_tracks):
    on = stage()
    on.score()
    first = on.model.result
    on.viewer.add_tracks(make_tracks(seed=1), name="second")
    assert on.dock.form.layers.currentText() == "second"
    assert on.model.result is None
    assert on.dock.summary.text() == "Not scored yet."
    on.dock.form.layers.setCurrentIndex(0)
    on.dock.form.layers.activated.emit(0)
    assert on.model.result is first


def test_own_ids_of_a_file_are_those_in_the_table(stage, make_tracks):
    data = make_tracks()
    names = {4: 0, 7: 1, 8: 2, 11: 3, 12: 4, 20: 5}
    data[:, 0] = [names[track] for track in data[:, 0]]
    on = stage(data, metadata={"track_ids": ["a", "b", "c", "d", "e", "f"]})
    on.score()
    assert on.table["track_id"].tolist() == ["a", "b", "c", "d", "e", "f"]


def test_a_result_is_painted_at_once_and_drawn_in_a_later_turn(stage):
    on = stage()
    on.score()
    result = on.model.result
    on.dock.controller._results.forget(on.layer)
    on.wait()
    assert on.dock.plots.canvas.figure.texts  # which say what to do
    on.dock.controller._results.keep(on.layer, result)
    assert on.dock.summary.text().startswith("6 tracks")
    assert on.dock.table.model.rowCount() == 6
    assert len(set(map(tuple, on.layer.track_colors))) > 1
    assert on.dock.plots.canvas.figure.texts
    on.wait()
    assert not on.dock.plots.canvas.figure.texts
    assert len(on.dock.plots.canvas.figure.axes) == 2


def test_the_exposure_belongs_to_the_layer_and_corrects_its_numbers(stage, make_tracks):
    on = stage()
    on.score()
    before = on.table["alpha"].dropna()
    on.dock.form.exposure.setValue(1)
    assert on.layer.metadata["exposure"] == 1
    on.score()
    after = on.table["alpha"].dropna()
    assert len(before) == 5
    assert after.mean() < before.mean()
    on.viewer.add_tracks(make_tracks(seed=1), metadata={"exposure": 0.5})
    assert on.dock.form.exposure.value() == 0.5
    on.dock.controller._choose_layer(on.layer)
    assert on.dock.form.exposure.value() == 1


def test_the_localisation_error_is_given_measured_or_estimated(stage, messages):
    on = stage()
    form = on.dock.form

    def choose(place: int) -> None:
        form.localisation_way.setCurrentIndex(place)
        form.localisation_way.activated.emit(place)

    form.localisation_error.setValue(0.3)
    assert on.model.localisation_error == 0.3
    choose(1)
    assert form.localisation_error.isHidden()
    on.score()
    assert "no localisation error was measured" in messages[-1]
    assert on.model.result is None
    on.layer.features = {"ep": np.full(len(on.layer.data), 0.2)}
    on.score()
    assert on.model.result.localisation_error == "measured"
    assert on.model.result.trajectories.localisation_errors == pytest.approx(0.2)
    choose(2)
    on.score()
    assert on.model.result.localisation_error == "estimate"
    assert "the localisation error was estimated from the tracks" in messages[-1]
    choose(0)
    assert on.model.localisation_error == 0.3
    assert not form.localisation_error.isHidden()
