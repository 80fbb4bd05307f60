"""A viewer with a dock, and tracks whose verdicts are known without a trained bank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QCoreApplication, QEvent

from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock

MOBILE = (4, 7, 8, 11)
IMMOBILE, TOO_SHORT = 12, 20


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def tracks_data(dimensions: int = 2, length: int = 60, seed: int = 0) -> np.ndarray:
    """Make tracks far from each other; one never moves, one has too few points."""
    generator = np.random.default_rng(seed)
    parts = []
    for place, track in enumerate((*MOBILE, IMMOBILE, TOO_SHORT)):
        points = 8 if track == TOO_SHORT else length
        steps = generator.normal(size=(points, dimensions)) * (0 if track == IMMOBILE else 1)
        positions = 100 * (place + 1) + np.cumsum(steps, axis=0)
        frames = np.arange(points)
        parts.append(np.column_stack([np.full(points, track), frames, positions]))
    return generator.permutation(np.concatenate(parts))


@pytest.fixture
def make_tracks() -> Callable[..., np.ndarray]:
    return tracks_data


@dataclass
class Stage:
    """What a test acts on."""

    viewer: Any
    layer: Any
    dock: AnomalousDiffusionDock
    qtbot: Any

    @property
    def model(self) -> Any:
        return self.dock.model

    @property
    def table(self) -> Any:
        return self.model.result.scores.table

    def wait(self) -> None:
        """Wait until nothing is being scored, and what there is to show is drawn."""
        timer, plots = self.dock.controller._plots_timer, self.dock.plots
        self.qtbot.waitUntil(
            lambda: not (self.model.progress or timer.isActive() or plots.canvas.busy),
            timeout=30_000,
        )

    def score(self) -> None:
        self.dock.form.score.click()
        self.wait()

    def click(self, world: Any, *, drag: float = 0, button: int = 1, zoom: float = 1) -> None:
        """Press and release a mouse button at a point of the world."""
        displayed = list(self.viewer.dims.displayed)
        sight = np.zeros(len(world))
        sight[displayed[0]] = 1
        event = SimpleNamespace(
            type="mouse_press",
            button=button,
            modifiers=[],
            pos=np.array([50.0, 50.0]),
            position=np.array(world, dtype=float),
            dims_displayed=displayed,
            view_direction=sight if len(displayed) == 3 else None,
            camera_zoom=zoom,
        )
        callback = self.dock.controller._click(self.viewer, event)
        if next(callback, "over") == "over":
            return
        if drag:
            event.type, event.pos = "mouse_move", event.pos + drag
            next(callback)
        event.type = "mouse_release"
        next(callback, None)

    def middle(self, track_id: int) -> np.ndarray:
        """Return where in the world, at the present time, a vertex of a track is."""
        vertices = self.layer.data[self.layer.data[:, 0] == track_id, 1:]
        return np.array(self.layer.data_to_world(vertices[len(vertices) // 2]))

    def place(self, track_id: int) -> int:
        """Return the row of a track in the table of scores."""
        return self.table["track_id"].tolist().index(track_id)

    def colours(self, track_id: int) -> np.ndarray:
        """Return the colours of a track's vertices."""
        return self.layer.track_colors[self.layer.data[:, 0] == track_id]

    def opacity(self, track_id: int) -> float:
        (opacity,) = set(self.colours(track_id)[:, 3].round(4).tolist())
        return opacity


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Let the widgets go that pytest-qt has closed, before napari looks for what was left behind.

    Otherwise they would go when an event loop runs again.
    """
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def stage(make_napari_viewer, qtbot, tiny_bank) -> Callable[..., Stage]:
    def build(data: np.ndarray | None = None, **options: Any) -> Stage:
        viewer = make_napari_viewer()
        layer = viewer.add_tracks(tracks_data() if data is None else data, **options)
        dock = AnomalousDiffusionDock(viewer)
        viewer.window.add_dock_widget(dock, name="Anomalous diffusion", area="right")
        dock.controller._choose_bank(str(tiny_bank.folder))
        return Stage(viewer, layer, dock, qtbot)

    return build


@pytest.fixture
def messages() -> list[str]:
    """Collect what napari shows to its user."""
    heard: list[str] = []

    def hear(notification: Any) -> None:
        heard.append(notification.message)

    notification_manager.notification_ready.connect(hear)
    yield heard
    notification_manager.notification_ready.disconnect(hear)
