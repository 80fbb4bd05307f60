"""How long the viewer stands still: while 100,000 vertices are scored, recoloured, and clicked.

    python benchmarks/viewer.py [BANK] [--vertices 100000] [--hidden]

Needs napari and a screen; ``xvfb-run`` makes a virtual one. Prints the longest time between two
turns of the event loop while scoring (for the first time, and again), the time to change what the
tracks are coloured by, and the time from a click to its finished plots. napari paints all tracks
anew now and then, which takes long on a virtual screen: ``--hidden`` hides them while scoring. Now
and then, too, Python's garbage collector goes through everything there is, whoever fills its cup:
what that took is printed beside the pause or the click that it is part of.
"""

from __future__ import annotations

import argparse
import gc
from time import perf_counter
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QCoreApplication, QPoint, Qt, QTimer
from qtpy.QtTest import QTest

from napari_anomalous_diffusion.autoencoders.bank import DEFAULT_BANK
from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock

TRACK_LENGTH = 100
FIELD = 500.0


def brownian_tracks(vertices: int) -> np.ndarray:
    """Make tracks of 100 points each, 1 pixel a step, in a field of 500 x 500 pixels."""
    generator = np.random.default_rng(0)
    n_tracks = vertices // TRACK_LENGTH
    steps = generator.normal(size=(n_tracks, TRACK_LENGTH, 2))
    steps[:, 0] = generator.uniform(0, FIELD, size=(n_tracks, 2))
    track = np.repeat(np.arange(n_tracks), TRACK_LENGTH)
    frame = np.tile(np.arange(TRACK_LENGTH), n_tracks)
    return np.column_stack([track, frame, np.cumsum(steps, axis=1).reshape(-1, 2)])


class Collections:
    """Notes how long the longest collection of garbage takes."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._began = 0.0
        gc.callbacks.append(self._on_garbage)

    def _on_garbage(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = perf_counter()
        else:
            self.longest = max(self.longest, perf_counter() - self._began)

    def stop(self) -> float:
        """Stop, and return the longest in seconds."""
        gc.callbacks.remove(self._on_garbage)
        return self.longest


class Heartbeat:
    """Notes how long the event loop takes to come round."""

    def __init__(self) -> None:
        self._longest, self._last = 0.0, perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(0)

    def _beat(self) -> None:
        now = perf_counter()
        self._longest, self._last = max(self._longest, now - self._last), now

    def longest(self) -> float:
        """Stop, and return the longest pause in seconds."""
        self._timer.stop()
        self._beat()
        return self._longest


def score(dock: AnomalousDiffusionDock) -> tuple[float, float, float]:
    """Score the chosen layer; return the longest pause, collection, and all, in seconds."""
    collections, heartbeat, start = Collections(), Heartbeat(), perf_counter()
    dock.form.score.click()
    while dock.model.progress is not None:
        QCoreApplication.processEvents()
    taken = perf_counter() - start
    QTest.qWait(2000)  # what scoring has left to be drawn
    return heartbeat.longest(), collections.stop(), taken


def recolour(dock: AnomalousDiffusionDock) -> tuple[float, float]:
    """Return the longest time that a change of colours takes, without and with its painting."""
    set_, painted = [], []
    for column in [*dock.model.result.columns, "best"]:
        start = perf_counter()
        dock.model.colour_by = column
        set_.append(perf_counter() - start)
        QCoreApplication.processEvents()
        painted.append(perf_counter() - start)
    return max(set_), max(painted)


def click(dock: AnomalousDiffusionDock, viewer: Any, layer: Any, clicks: int = 20) -> list[float]:
    """Return the times from the press of the button to finished plots, in seconds."""
    drawn: list[float] = []
    dock.plots.track.drawn.connect(lambda: drawn.append(perf_counter()))
    native = viewer.window._qt_window._qt_viewer.canvas.native
    camera = viewer.scene.camera
    ends = layer.data[layer.data[:, 1] == TRACK_LENGTH - 1]
    times = []
    for y, x in ends[:: len(ends) // clicks, 2:]:
        offset = (np.array([x, y]) - np.array(camera.center)[[2, 1]]) * camera.zoom
        at = QPoint(native.width() // 2 + int(offset[0]), native.height() // 2 + int(offset[1]))
        before, start = dock.model.selected, perf_counter()
        drawn.clear()
        QTest.mouseClick(native, Qt.MouseButton.LeftButton, pos=at)
        while not drawn and perf_counter() - start < 2:
            QCoreApplication.processEvents()
        if drawn and dock.model.selected not in (before, None):
            times.append(drawn[-1] - start)
    return times


def main() -> None:
    """Run all of it once."""
    parser = argparse.ArgumentParser(description="How long the viewer stands still.")
    parser.add_argument("bank", nargs="?", default=DEFAULT_BANK)
    parser.add_argument("--vertices", type=int, default=100_000)
    parser.add_argument("--hidden", action="store_true")
    options = parser.parse_args()
    viewer = napari.Viewer()
    layer = viewer.add_tracks(brownian_tracks(options.vertices), name="benchmark")
    dock = AnomalousDiffusionDock(viewer)
    viewer.window.add_dock_widget(dock, name="Anomalous diffusion", area="right")
    dock.controller._choose_bank(options.bank)
    viewer.dims.set_point(0, TRACK_LENGTH - 1)
    layer.visible = not options.hidden
    QTest.qWait(6000)  # torch is being loaded, which holds up all threads for half a second
    for which in ("first", "second"):
        pause, collecting, taken = score(dock)
        print(
            f"{which} scoring: {taken:.1f} s, longest pause {1000 * pause:.0f} ms, "
            f"longest garbage collection {1000 * collecting:.0f} ms",
            flush=True,
        )
    layer.visible = True
    QTest.qWait(300)
    set_, painted = recolour(dock)
    print(f"recolouring: at most {1000 * set_:.0f} ms, painted after {1000 * painted:.0f} ms")
    collections = Collections()
    times = 1000 * np.array(click(dock, viewer, layer))
    print(f"{len(times)} clicks to finished plots: median {np.median(times):.0f} ms, ", end="")
    print(f"longest {np.sort(times)[-2:].round()[::-1]} ms, ", end="")
    print(f"longest garbage collection {1000 * collections.stop():.0f} ms")
    viewer.close()


if __name__ == "__main__":
    main()
