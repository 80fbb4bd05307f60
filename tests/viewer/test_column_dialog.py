"""Tables whose columns could mean several things, or go by names that nobody knows."""

from __future__ import annotations

import pandas as pd
import pytest
from qtpy.QtWidgets import QDialogButtonBox, QFileDialog

from napari_anomalous_diffusion.viewer import column_dialog, readers
from napari_anomalous_diffusion.viewer.column_dialog import ABSENT, ColumnDialog

TWO_TRACKS = "particle,track_id,frame,y,x\n7,1,0,1.5,2.5\n7,1,1,1,2\n8,1,0,7,8\n8,1,1,7,9\n"
UNKNOWN = "cell;image;north;east\n3;0;1,5;2,5\n3;1;1,25;2,5\n"


@pytest.fixture
def answer(monkeypatch, qtbot):
    """Answer the dialog as told, and keep what it showed."""
    asked = []

    def reply(choices):
        def exec_(dialog):
            for meaning, name in (choices or {}).items():
                dialog.boxes[meaning].setCurrentText(name)
            dialog.shown_problem = dialog.problem.text()
            qtbot.addWidget(dialog)
            asked.append(dialog)
            return choices is not None

        monkeypatch.setattr(ColumnDialog, "exec", exec_)
        return asked

    return reply


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_user_is_asked_which_of_two_columns_is_meant(
    tmp_path, make_napari_viewer, answer, ending
):
    path = tmp_path / f"tracks.{ending}"
    path.write_text(TWO_TRACKS)
    if ending == "parquet":
        pd.read_csv(path).to_parquet(path)
    asked = answer({"track": "particle"})
    viewer = make_napari_viewer()
    (layer,) = viewer.open(str(path), plugin="napari-anomalous-diffusion")
    assert layer.data[:, 0].tolist() == [7, 7, 8, 8]
    (dialog,) = asked
    shown = [dialog.table.item(0, column).text() for column in range(5)]
    assert shown[:3] == ["7", "1", "0"]
    heads = [dialog.table.horizontalHeaderItem(column).text() for column in range(5)]
    assert heads == ["particle\nTrack ids", "track_id\n", "frame\nFrames", "y\ny", "x\nx"]


def test_who_cancels_is_told_what_was_unclear(tmp_path, make_napari_viewer, answer, messages):
    path = tmp_path / "tracks.csv"
    path.write_text(TWO_TRACKS)
    answer(None)
    viewer = make_napari_viewer()
    viewer.open(str(path), plugin="napari-anomalous-diffusion")
    assert len(viewer.layers) == 0
    (message,) = messages
    assert "the columns 'particle' and 'track_id' could each hold the track ids" in message
    assert "--track" in message


def test_a_table_with_names_of_its_own_is_opened_from_the_menu(
    tmp_path, make_napari_viewer, answer, monkeypatch
):
    path = tmp_path / "cells.csv"
    path.write_text(UNKNOWN)
    assert readers.get_reader(str(path)) is None
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(path), ""))
    asked = answer({"track": "cell", "frame": "image", "y": "north", "x": "east"})
    viewer = make_napari_viewer()
    readers.open_table(viewer)
    assert viewer.layers["cells"].data.tolist() == [[3, 0, 1.5, 2.5], [3, 1, 1.25, 2.5]]
    assert asked[0].shown_problem == ""
    answer(None)
    readers.open_table(viewer)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("", ""))
    readers.open_table(viewer)
    assert len(viewer.layers) == 1


def test_the_menu_hands_over_its_viewer(make_napari_viewer, monkeypatch):
    from napari._app_model import get_app_model

    seen = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: seen.append(1) or ("", ""))
    make_napari_viewer()
    command = "napari-anomalous-diffusion.open_table"
    if command not in get_app_model().commands:
        pytest.skip("napari's tests know no plugins' commands")
    get_app_model().commands.execute_command(command).result()
    assert seen == [1]


def test_what_makes_no_tracks_cannot_be_accepted(qtbot):
    dialog = ColumnDialog("cells.csv", ["cell", "image", "north", "east"], [["3", "0", "1", "2"]])
    qtbot.addWidget(dialog)
    accept = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)

    def choose(**choices):
        for meaning, name in choices.items():
            dialog.boxes[meaning].setCurrentText(name)
        return dialog.problem.text(), accept.isEnabled()

    assert choose() == ("Choose a column for: Track ids, Frames, x.", False)
    assert choose(track="cell", frame="image") == ("Choose a column for: x.", False)
    assert choose(x="image") == ("A column can mean one thing only.", False)
    assert choose(x="east") == ("", True)
    assert choose(z="north")[0] == "Choose a column for y too, or none for z."
    assert choose(z=ABSENT, y="north") == ("", True)
    assert dialog.chosen() == {"track": "cell", "frame": "image", "axes": ["north", "east"]}


def test_what_is_no_table_is_not_asked_about(tmp_path, qtbot):
    path = tmp_path / "tracks.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    assert column_dialog.ask_columns(path) is None
