"""What users do while the dock works, and what goes wrong around it."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
import qtpy.compat
from qtpy.QtWidgets import QFileDialog

from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock


def is_gone(widget) -> bool:
    return not qtpy.compat.isalive(widget)


def test_a_bank_that_fails_to_load_says_so_once(stage, tmp_path, messages):
    on = stage()
    on.dock.controller._choose_bank(str(tmp_path / "nowhere"))
    on.score()
    assert len(messages) == 1
    assert "There is no bank" in messages[0]
    assert on.model.result is None
    assert on.dock.form.score.isEnabled()


def test_tracks_that_cannot_be_scored_say_so_once(stage, make_tracks, messages):
    data = make_tracks()
    data[:, 1] += 0.5
    on = stage(data)
    on.score()
    assert len(messages) == 1
    assert "frames must be whole numbers" in messages[0]
    assert on.layer.color_by == "track_id"


def test_deleting_the_layer_while_it_is_scored(stage, messages):
    on = stage()
    on.dock.form.score.click()
    on.viewer.layers.remove(on.layer)
    assert on.model.progress is None
    on.qtbot.wait(500)
    assert messages == []
    assert on.dock.form.layers.count() == 0
    assert not on.dock.form.score.isEnabled()


def test_deleting_the_layer_afterwards_clears_the_dock(stage):
    on = stage()
    on.score()
    on.model.selected = on.place(4)
    layer = weakref.ref(on.layer)
    on.viewer.layers.remove(on.layer)
    assert on.model.result is None
    assert on.model.selected is None
    assert on.dock.legend.boxes == {}
    assert on.dock.table.model.rowCount() == 0
    assert not on.dock.save.isEnabled()
    assert not on.viewer.keymap
    on.layer = None
    gc.collect()
    assert not [ref for ref in on.dock.controller._results if ref is layer()]


def test_editing_the_tracks_forgets_their_scores(stage, make_tracks):
    on = stage()
    on.score()
    with pytest.warns(UserWarning, match="Previous color_by key 'best'"):
        on.layer.data = make_tracks(seed=3)[:200]
    assert on.model.result is None
    assert on.dock.summary.text() == "Not scored yet."
    on.score()
    assert len(on.layer.track_colors) == 200


def test_editing_the_tracks_while_they_are_scored(stage, make_tracks, messages):
    on = stage()
    on.dock.form.score.click()
    on.layer.data = make_tracks(seed=3)
    assert on.model.progress is None
    on.qtbot.wait(300)
    assert "best" not in on.layer.features
    on.dock.form.score.click()
    on.layer.data[0, 2] += 1  # napari does not tell
    on.wait()
    assert messages == ["Tracks was changed while it was being scored: score it again."] or (
        "was changed" in messages[0]
    )
    assert on.model.result is None


def test_renaming_the_layer(stage):
    on = stage()
    on.score()
    on.layer.name = "nuclei"
    assert on.dock.form.layers.itemText(0) == "nuclei"
    assert on.model.result is not None


def test_cancelling_leaves_the_layer_as_it_is(stage):
    on = stage()
    before = on.layer.track_colors.copy()
    on.dock.form.score.click()
    assert on.dock.form.cancel.isVisibleTo(on.dock)
    assert not on.dock.form.score.isEnabled()
    on.dock.form.cancel.click()
    assert not on.dock.form.cancel.isVisibleTo(on.dock)
    on.qtbot.wait(500)
    assert on.model.result is None
    np.testing.assert_array_equal(on.layer.track_colors, before)
    on.score()
    assert on.model.result is not None


def test_a_bug_is_shown_and_the_dock_is_ready_again(stage, monkeypatch, messages):
    on = stage()

    def broken(*args, **options):
        raise RuntimeError("a bug")

    monkeypatch.setattr("napari_anomalous_diffusion.scores.scoring.score_in_steps", broken)
    monkeypatch.delenv("NAPARI_EXIT_ON_ERROR", raising=False)
    on.score()
    assert on.dock.form.score.isEnabled()
    assert messages == ["a bug"]


def test_closing_the_dock_leaves_only_colours_and_columns(stage):
    on = stage()
    before = {
        "clicks": len(on.viewer.mouse_drag_callbacks) - 1,
        "theme": len(on.viewer.events.theme.callbacks) - 1,
        "inserted": len(on.viewer.layers.events.inserted.callbacks) - 1,
        "data": len(on.layer.events.data.callbacks) - 1,
        "name": len(on.layer.events.name.callbacks) - 1,
    }
    on.score()
    on.model.selected, on.model.hidden = on.place(4), frozenset({"immobile"})
    on.viewer.window.remove_dock_widget(on.dock)
    assert before == {
        "clicks": len(on.viewer.mouse_drag_callbacks),
        "theme": len(on.viewer.events.theme.callbacks),
        "inserted": len(on.viewer.layers.events.inserted.callbacks),
        "data": len(on.layer.events.data.callbacks),
        "name": len(on.layer.events.name.callbacks),
    }
    assert not on.viewer.keymap
    assert np.all(on.layer.track_colors[:, 3] == 1)
    assert on.layer.color_by == "best"
    on.layer.name, on.viewer.theme = "other", "light"
    on.viewer.layers.clear()
    on.qtbot.waitUntil(lambda: is_gone(on.dock))


def test_closing_the_dock_while_it_scores(stage, messages):
    on = stage()
    on.dock.form.score.click()
    on.viewer.window.remove_dock_widget(on.dock)
    on.qtbot.wait(500)
    assert "best" not in on.layer.features
    assert messages == []


def test_closing_the_viewer_while_it_scores(stage, messages):
    on = stage()
    on.dock.form.score.click()
    on.viewer.close()
    on.qtbot.wait(500)
    assert messages == []


def test_two_viewers_know_nothing_of_each_other(stage):
    one, other = stage(), stage()
    one.score()
    assert other.model.result is None
    assert other.layer.color_by == "track_id"
    other.score()
    other.model.selected = 0
    assert one.model.selected is None


def test_two_docks_in_one_viewer(stage, tiny_bank):
    on = stage()
    second = AnomalousDiffusionDock(on.viewer)
    on.viewer.window.add_dock_widget(second, name="Second")
    on.score()
    assert second.model.result is on.model.result
    on.viewer.window.remove_dock_widget(second)
    on.qtbot.waitUntil(lambda: is_gone(second))
    on.model.selected = on.place(4)
    assert on.opacity(4) == 1


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_scores_can_be_saved(stage, tmp_path, monkeypatch, ending):
    import pandas as pd

    on = stage()
    on.score()
    path = tmp_path / f"scores.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))
    on.dock.save.click()
    written = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    assert written["verdict"].tolist() == on.table["verdict"].tolist()
    assert list(written) == list(on.table)


def test_pictures_can_be_saved_or_say_why_not(stage, tmp_path, monkeypatch, messages):
    on = stage()
    on.score()
    path = tmp_path / "plots.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))
    on.dock.plots.save.click()
    assert path.read_bytes().startswith(b"\x89PNG")
    path = Path(f"{tmp_path}/plots.docx")
    on.dock.plots.save.click()
    assert len(messages) == 1
    assert ".png" in messages[0]


def test_plots_follow_the_theme_at_once(stage):
    on = stage()
    on.score()
    on.viewer.theme = "light"
    on.wait()
    figure = on.dock.plots.canvas.figure
    light = figure.get_facecolor(), figure.axes[0].xaxis.label.get_color()
    on.viewer.theme = "dark"
    on.wait()
    dark = figure.get_facecolor(), figure.axes[0].xaxis.label.get_color()
    assert sum(light[0][:3]) > 2 > 1 > sum(dark[0][:3])
    assert light[1] != dark[1]


def test_another_bank_is_chosen_by_its_folder(stage, tiny_bank, monkeypatch):
    on = stage()
    banks = on.dock.form.banks
    folder = str(tiny_bank.folder)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: folder)
    on.dock.controller._choose_bank("models-20")
    banks.activated.emit(banks.count() - 1)
    assert on.model.bank == folder
    assert banks.currentText() == "tiny-20"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: "")
    banks.activated.emit(banks.count() - 1)
    assert on.model.bank == folder
