"""Make the pictures of the dock and of the panels for README and documentation, in both themes.

    python docs/screenshots.py [--bank models-20] [-o docs/images]

Needs napari and a screen; ``xvfb-run -s "-screen 0 1600x1000x24"`` makes a virtual one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import napari
import numpy as np
import pandas as pd
from napari.qt import get_stylesheet
from qtpy.QtTest import QTest

from napari_anomalous_diffusion.autoencoders.bank import DEFAULT_BANK, installed_banks
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.canvas import Canvas
from napari_anomalous_diffusion.viewer.column_dialog import ColumnDialog

SIZE = (1360, 990)
SMALL_SIZE = (1200, 870)
MOMENT = 120
TABLE_TAB = 1
PLUGIN = "napari-anomalous-diffusion"
BEADS = LinkingParameters(minimum_mass=200, dark_on_light=True)
PATCH = 160
OWN_BANK = "confined-20"
"""Trained by examples/confined.toml; without it, its picture is not taken."""


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description="Make the pictures of the dock.")
    parser.add_argument("--bank", default=DEFAULT_BANK)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    take_dock(options.bank, options.output)
    take_verdicts(options.output)
    take_linking(options.output)
    take_batch(options.output)
    take_columns(options.output)
    if OWN_BANK in installed_banks():
        take_own_bank(options.output)


def open_viewer() -> Any:
    """Open a window of the size of all pictures."""
    viewer = napari.Viewer(show=True)
    viewer.window.resize(*SIZE)
    return viewer


def open_panel(viewer: Any, name: str) -> Any:
    """Open one of the plugin's panels before the others."""
    docked, panel = viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
    docked.raise_()
    return panel


def picture(viewer: Any, path: Path) -> None:
    """Take a picture of the whole window, when it has come to rest."""
    QTest.qWait(300)
    while any(canvas.busy for canvas in viewer.window._qt_window.findChildren(Canvas)):
        QTest.qWait(50)
    QTest.qWait(300)
    viewer.screenshot(str(path), canvas_only=False, flash=False)


def in_both_themes(viewer: Any, folder: Path, name: str) -> None:
    """Take a picture of the window as it is, dark and light."""
    for theme in ("dark", "light"):
        viewer.theme = theme
        picture(viewer, folder / f"{name}-{theme}.png")


def take_dock(bank: str, folder: Path) -> None:
    """Score the simulated tracks, and take a picture of each state of the dock."""
    viewer = open_viewer()
    (layer,) = viewer.open_sample("napari-anomalous-diffusion", "field")
    layer.tail_width, layer.tail_length = 3, 60
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-anomalous-diffusion", "Anomalous diffusion"
    )
    dock.controller._choose_bank(bank)
    dock.form.score.click()
    while dock.model.progress is not None:
        QTest.qWait(50)
    viewer.dims.set_point(0, MOMENT)
    viewer.reset_view()
    for theme in ("dark", "light"):
        viewer.theme = theme
        take(viewer, dock, folder, theme)
    viewer.close()


def take(viewer: Any, dock: Any, folder: Path, theme: str) -> None:
    """Take a picture of the overview, of a track, of the table and of the margins."""

    def take_picture(name: str) -> None:
        picture(viewer, folder / f"dock-{name}-{theme}.png")

    dock.model.selected = None
    take_picture("overview")
    dock.controller._go_to(striking_track(dock))
    take_picture("track")
    dock.tabs.setCurrentIndex(TABLE_TAB)
    dock.model.colour_by = "margin"
    take_picture("table")
    dock.tabs.setCurrentIndex(0)
    dock.model.colour_by = "best"


def take_verdicts(folder: Path) -> None:
    """Score the simulated tracks with a calibrated bank, colour them by verdict, and select one."""
    viewer = open_viewer()
    viewer.open_sample(PLUGIN, "field")
    dock = open_panel(viewer, "Anomalous diffusion")
    dock.controller._choose_bank("subdiffusive-any")
    dock.form.score.click()
    while dock.model.progress is not None:
        QTest.qWait(MOMENT)
    dock.model.colour_by = "verdict"
    table = dock.model.result.scores.table
    dock.controller._go_to(int(table["p_value"].argmin()))
    in_both_themes(viewer, folder, "verdicts")
    viewer.close()


def take_linking(folder: Path) -> None:
    """Link the beads, and take a picture of each step of the tutorial."""
    viewer = open_viewer()
    viewer.window.resize(*SMALL_SIZE)
    (movie,) = viewer.open_sample(PLUGIN, "movie")
    movie.name = "beads in water"
    in_both_themes(viewer, folder, "tutorial-movie")
    panel = open_panel(viewer, "Link particles")
    panel.controller._take(BEADS.model_copy(update={"subtract_drift": True}))
    panel.preview.click()
    while panel.controller.preview.points is None:
        QTest.qWait(50)
    in_both_themes(viewer, folder, "linking-preview")
    panel.preview.click()
    panel.run.link.click()
    while panel.model.progress is not None:
        QTest.qWait(50)
    dock = open_panel(viewer, "Anomalous diffusion")
    dock.controller.score(viewer.layers[-1])
    while dock.model.progress is not None:
        QTest.qWait(50)
    viewer.layers[-1].tail_width, viewer.layers[-1].tail_length = 3, 60
    viewer.dims.set_point(0, movie.data.shape[0] - 1)
    in_both_themes(viewer, folder, "linking-scored")
    dock.controller._go_to(int(dock.model.result.scores.table["net_displacement"].argmax()))
    in_both_themes(viewer, folder, "tutorial-track")
    viewer.close()


def take_batch(folder: Path) -> None:
    """Link and score four parts of the movie of beads, and compare them."""
    viewer = open_viewer()
    (movie,) = viewer.open_sample(PLUGIN, "movie")
    viewer.layers.clear()
    for place in range(4):
        top, left = PATCH * (place // 2), PATCH * (place % 2)
        part = movie.data[:, top : top + PATCH, left : left + PATCH]
        where = (0, 1.05 * top, 1.05 * left)
        viewer.add_image(part, name=f"dish {place + 1}", translate=where)
    viewer.reset_view()
    panel = open_panel(viewer, "Link and score all")
    panel.parameters.show_values(BEADS)
    panel.parameters.changed.emit()
    panel.run.run.click()
    while panel.controller.runner.busy:
        QTest.qWait(50)
    viewer.dims.set_point(0, movie.data.shape[0] - 1)
    in_both_themes(viewer, folder, "batch")
    compared = open_panel(viewer, "Compare")
    for place, condition in enumerate(("left", "right") * 2):
        compared.layers.item(place, 1).setText(condition)
    while not compared.canvas.figure.axes:
        QTest.qWait(50)
    in_both_themes(viewer, folder, "compare")
    viewer.close()


def take_columns(folder: Path) -> None:
    """Take a picture of the question which columns are meant."""
    names = ["cell", "particle", "track_id", "frame", "y_um", "x_um", "intensity"]
    rows = [
        [
            1,
            17,
            3,
            frame,
            round(12.4 + 0.3 * frame, 2),
            round(8.1 - 0.2 * frame, 2),
            412 - 7 * frame,
        ]
        for frame in range(8)
    ]
    viewer = open_viewer()
    for theme in ("dark", "light"):
        viewer.theme = theme
        dialog = ColumnDialog("nuclei.csv", names, [[*map(str, row)] for row in rows])
        dialog.setStyleSheet(get_stylesheet(theme))
        dialog.show()
        QTest.qWait(500)
        dialog.grab().save(str(folder / f"columns-{theme}.png"))
        dialog.close()
    viewer.close()


def take_own_bank(folder: Path) -> None:
    """Score confined tracks with the bank of docs/own-bank.md, and take a picture of one."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
    from confined import confined

    positions = confined(60, 200, 2, seed=5) + 9 * np.indices((6, 10)).reshape(2, 60).T[:, None]
    ids, frames = np.indices(positions.shape[:2])
    data = np.column_stack([ids.ravel(), frames.ravel(), positions.reshape(-1, 2)])
    viewer = open_viewer()
    viewer.window.resize(*SMALL_SIZE)
    layer = viewer.add_tracks(data, name="confined particles", tail_length=200, tail_width=2)
    dock = open_panel(viewer, "Anomalous diffusion")
    dock.controller._choose_bank(OWN_BANK)
    dock.controller.score(layer)
    while dock.model.progress is not None:
        QTest.qWait(50)
    viewer.dims.set_point(0, 199)
    viewer.reset_view()
    in_both_themes(viewer, folder, "own-bank")
    viewer.close()


def striking_track(dock: Any) -> int:
    """Return the widest of the tracks that are seen at this moment, with a clear verdict if any."""
    data = dock.model.layer.data
    seen = pd.DataFrame(data[data[:, 1] <= MOMENT][:, [0, 2, 3]], columns=["track_id", "y", "x"])
    spread = seen.groupby("track_id").std().sum(axis=1)
    table = dock.model.result.scores.table
    there = table["margin"].notna() & table["track_id"].isin(data[data[:, 1] == MOMENT][:, 0])
    clear = there & table["margin"].gt(0.15)
    width = table["track_id"].map(spread)
    return int(width.where(clear if clear.any() else there).argmax())


if __name__ == "__main__":
    main()
