"""Run by test_window.py under a virtual screen: a real window, used with the mouse and the keys."""

from __future__ import annotations

import json
import sys

import napari
import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QScrollArea, QWidget

LEFT = Qt.MouseButton.LeftButton


def too_wide(dock: QWidget) -> list[str]:
    """Name the tabs that a dock of its least width cuts off; its height is for scrolling."""
    area = dock.findChild(QScrollArea)
    cut = []
    for place in range(dock.tabs.count()):
        dock.tabs.setCurrentIndex(place)
        QTest.qWait(100)
        bar = area.verticalScrollBar().sizeHint().width()
        if area.widget().minimumSizeHint().width() > dock.minimumWidth() - bar:
            cut.append(dock.tabs.tabText(place))
    dock.tabs.setCurrentIndex(0)
    return cut


def main(bank: str, picture: str) -> None:
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1200, 800)
    (layer,) = viewer.open_sample("napari-anomalous-diffusion", "field")
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-anomalous-diffusion", "Anomalous diffusion"
    )
    dock.controller._choose_bank(bank)
    layer.tail_width, layer.tail_length = 3, 60
    viewer.dims.set_point(0, 120)
    QTest.qWait(500)
    QTest.mouseClick(dock.form.score, LEFT)
    while dock.model.progress is not None:
        QTest.qWait(20)
    QTest.qWait(200)
    facts = {"overview": viewer.screenshot(canvas_only=False, flash=False).shape}

    native = viewer.window._qt_window._qt_viewer.canvas.native
    result, camera = dock.model.result, viewer.scene.camera
    centre = np.array([native.width(), native.height()]) / 2
    now = np.flatnonzero(layer.data[:, 1] == 115)
    at = (layer.data[now][:, [3, 2]] - np.array(camera.center)[[2, 1]]) * camera.zoom + centre
    # Tracks that no other is near to, of those in the middle of the picture.
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + 1e9 * np.eye(len(at)) > 25
    inside = np.all(np.abs(at - centre) < 0.35 * 2 * centre, axis=1)
    facts["clicks"] = []
    for vertex in np.flatnonzero(apart.all(axis=1) & inside)[:5]:
        QTest.mouseClick(native, LEFT, pos=QPoint(*at[vertex].astype(int).tolist()))
        QTest.qWait(50)
        facts["clicks"].append([int(result.vertex_track[now[vertex]]), dock.model.selected])
    last = dock.model.selected
    QTest.qWait(200)
    viewer.screenshot(picture, canvas_only=False, flash=False)
    facts["too wide"] = too_wide(dock)
    QTest.keyClick(native, Qt.Key.Key_Down)
    facts["down"] = [last, dock.model.selected]
    QTest.keyClick(native, Qt.Key.Key_Escape)
    facts["escape"] = dock.model.selected
    dock.controller._go_to(last)
    before = list(camera.center)
    QTest.mousePress(native, LEFT, pos=QPoint(200, 200))
    for step in (20, 40, 60):
        QTest.mouseMove(native, QPoint(200 + step, 200))
        QTest.qWait(20)
    QTest.mouseRelease(native, LEFT, pos=QPoint(260, 200))
    facts["drag"] = {"selected": [last, dock.model.selected], "moved": camera.center != before}
    viewer.close()
    print(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
