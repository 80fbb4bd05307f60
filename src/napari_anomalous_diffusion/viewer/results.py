"""What the panels of all viewers share: the scores of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Tracks
    from napari.viewer import Viewer


PLUGIN = "napari-anomalous-diffusion"
DOCK = "Anomalous diffusion"


def score_in_dock(viewer: Viewer, layer: Tracks) -> None:
    """Hand a layer to the dock that scores, with the bank that is chosen there; open it if need be.

    Parameters
    ----------
    viewer : Viewer
    layer : Tracks
    """
    from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock

    for widget in viewer.window.dock_widgets.values():
        if isinstance(widget, AnomalousDiffusionDock):
            dock = widget
            break
    else:
        docked, dock = viewer.window.add_plugin_dock_widget(PLUGIN, DOCK, tabify=True)
        docked.raise_()
    dock.controller.score(layer)
