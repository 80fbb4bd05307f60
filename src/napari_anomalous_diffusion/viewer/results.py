"""What the panels of all viewers share: the scores of layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari.experimental import unlink_layers
from psygnal import Signal

from napari_anomalous_diffusion.viewer import colours
from napari_anomalous_diffusion.viewer.model import BEST, ScoredTracks

if TYPE_CHECKING:
    from napari.layers import Tracks
    from napari.viewer import Viewer

    from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock

PLUGIN = "napari-anomalous-diffusion"
DOCK = "Anomalous diffusion"
"""The display name of the dock that scores."""

COLUMNS_KEY = "anomalous diffusion"
"""Where a layer's metadata says what its tracks were scored with."""


class SharedResults:
    """The scores of layers, as long as these live and keep their data.

    Every panel that scores puts its results here, and every panel that shows some hears of it.
    """

    changing = Signal(object)
    """Emitted with a layer before its features are written."""

    changed = Signal(object)
    """Emitted with a layer whose scores are new, or gone."""

    def __init__(self) -> None:
        self._results: WeakKeyDictionary[Tracks, ScoredTracks] = WeakKeyDictionary()

    def __iter__(self) -> Iterator[Tracks]:
        """Go through the layers that have scores."""
        return iter(list(self._results))

    def get(self, layer: Tracks) -> ScoredTracks | None:
        """Return the scores of a layer, None where there are none of its present data."""
        result = self._results.get(layer)
        # napari drops the features of a layer that is given other data.
        return result if result is not None and BEST in layer.features else None

    def keep(self, layer: Tracks, result: ScoredTracks) -> None:
        """Write scores into a layer's features and metadata, and remember them."""
        self.changing.emit(layer)
        # What colours a layer is a column of its own, which a layer linked to it does not have.
        unlink_layers([layer], ["color_by"])
        old = self._results.get(layer)
        colours.write_columns(layer, result, set() if old is None else set(old.columns))
        layer.metadata[COLUMNS_KEY] = {
            "bank": result.scores.bank.name,
            "classes": dict(enumerate(result.classes)),
        }
        self._results[layer] = result
        self.changed.emit(layer)
        if layer.color_by not in result.columns:
            layer.color_by = BEST

    def forget(self, layer: Tracks) -> None:
        """Forget what is no longer true of a layer."""
        if self._results.pop(layer, None) is not None:
            self.changed.emit(layer)


results = SharedResults()
"""Those of this process: viewers have layers of their own, and so do not meet here."""


def find_dock(viewer: Viewer) -> AnomalousDiffusionDock | None:
    """Return the dock that scores, where it is open in a viewer."""
    from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock

    window = getattr(viewer, "window", None)
    docks = () if window is None else window.dock_widgets.values()
    return next((dock for dock in docks if isinstance(dock, AnomalousDiffusionDock)), None)


def score_in_dock(viewer: Viewer, layer: Tracks) -> None:
    """Hand a new layer to the dock that scores, with the bank chosen there; open it if need be.

    Where the dock scores every new layer anyway, it has this one already.

    Parameters
    ----------
    viewer : Viewer
    layer : Tracks
    """
    dock = find_dock(viewer)
    if dock is None:
        docked, dock = viewer.window.add_plugin_dock_widget(PLUGIN, DOCK, tabify=True)
        docked.raise_()
    if not dock.model.score_new:
        dock.controller.score(layer)
