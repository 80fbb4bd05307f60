"""Run by test_linking_window.py under a virtual screen: the panels in a real window."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QScrollArea, QWidget

from napari_anomalous_diffusion.tracks.linking import link, locate
from napari_anomalous_diffusion.tracks.movies import as_movie
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

PLUGIN = "napari-anomalous-diffusion"
PARAMETERS = LinkingParameters(minimum_mass=200, dark_on_light=True, minimum_length=20)
LEFT = Qt.MouseButton.LeftButton
LOWEST_WINDOW = 700


def wait(done: Any) -> None:
    """Wait until something is so, a minute at most."""
    end = monotonic() + 60
    while not done():
        if monotonic() > end:
            raise TimeoutError
        QTest.qWait(20)


def open_panel(viewer: Any, name: str) -> Any:
    docked, panel = viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
    docked.raise_()
    QTest.qWait(100)
    return panel


def fits(panel: QWidget) -> bool:
    """Say whether nothing of a panel of its least width is cut off on its right."""
    area = panel.findChild(QScrollArea)
    bar = area.verticalScrollBar().sizeHint().width()
    return bool(area.widget().minimumSizeHint().width() <= panel.minimumWidth() - bar)


def main(bank: str, folder: Path) -> None:
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1200, LOWEST_WINDOW)
    (sample,) = viewer.open_sample(PLUGIN, "movie")
    beads = sample.data[:30, 100:220, 100:240]
    viewer.layers.clear()
    units = ("s", "um", "um")
    movie = viewer.add_image(beads, name="beads", scale=(0.04, 0.35, 0.35), units=units)
    facts: dict[str, Any] = {"fits": {}}

    panel = open_panel(viewer, "Link particles")
    panel.controller._take(PARAMETERS)
    viewer.dims.set_point(0, 7 * 0.04)
    QTest.mouseClick(panel.preview, LEFT, pos=panel.preview.rect().center() * 0.1)
    wait(lambda: panel.controller.preview.points is not None)
    points = viewer.layers["beads spots"]
    expected = locate(beads[7], PARAMETERS)[["y", "x"]]
    facts["points"] = bool(np.allclose(points.data[:, 1:], expected)) and len(expected)
    QTest.qWait(300)
    viewer.screenshot(str(folder / "preview.png"), canvas_only=False, flash=False)
    facts["fits"]["linking"] = fits(panel)
    panel.preview.setChecked(False)
    facts["after the preview"] = [layer.name for layer in viewer.layers]

    panel.run.score.setChecked(True)
    dock = open_panel(viewer, "Anomalous diffusion")
    dock.controller._choose_bank(bank)
    panel.run.link.click()
    wait(lambda: panel.model.progress is None)
    wait(lambda: dock.model.result is not None)
    tracks = viewer.layers["beads tracks"]
    linked = link(as_movie(beads), PARAMETERS).trajectories
    facts["tracks"] = bool(np.array_equal(tracks.data, linked.to_napari()))
    facts["world"] = [tracks.units == movie.units, tracks.scale.tolist() == movie.scale.tolist()]
    calibration = dock.model.result.trajectories.calibration
    facts["calibration"] = calibration.model_dump()
    facts["colour"] = tracks.color_by

    batch = open_panel(viewer, "Link and score all")
    facts["taken over"] = batch.controller._parameters() == PARAMETERS
    facts["bank"] = batch.bank.currentData() == bank
    viewer.add_image(beads[:, :90], name="other", scale=(0.04, 0.35, 0.35), units=units)
    batch.run.run.click()
    wait(lambda: not batch.controller.runner.busy)
    model = batch.summary.model()
    facts["summary"] = [model.index(row, 0).data() for row in range(model.rowCount())]
    cell = batch.summary.visualRect(model.index(0, 0)).center()
    QTest.mouseClick(batch.summary.viewport(), LEFT, pos=cell)
    facts["selected"] = viewer.layers.selection.active.name
    facts["in the dock"] = dock.model.layer.name, dock.model.result is not None
    facts["fits"]["batch"] = fits(batch)
    QTest.qWait(300)
    viewer.screenshot(str(folder / "batch.png"), canvas_only=False, flash=False)

    compared = open_panel(viewer, "Compare")
    wait(lambda: compared.controller.comparison is not None)
    facts["compared"] = compared.controller.comparison.groups
    facts["fits"]["compare"] = fits(compared)
    QTest.qWait(300)
    viewer.screenshot(str(folder / "compare.png"), canvas_only=False, flash=False)

    panel.preview.setChecked(True)
    wait(lambda: panel.controller.preview.points is not None)
    viewer.window.remove_dock_widget(panel)
    facts["left behind"] = "beads spots" in viewer.layers
    viewer.close()
    print(json.dumps(facts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
