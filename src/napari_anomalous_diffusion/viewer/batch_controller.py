"""Connects the batch panel, its queue and napari."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import pandas as pd
from napari.layers import Image, Tracks
from napari.utils.notifications import show_error

from napari_anomalous_diffusion.autoencoders.bank import installed_banks
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.comparison import summary_row
from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.batch_runner import BatchOrder, BatchRunner, State
from napari_anomalous_diffusion.viewer.file_dialogs import (
    TABLES,
    load_parameters,
    save_as,
    save_parameters,
)
from napari_anomalous_diffusion.viewer.linking_layers import finest, possible_axes
from napari_anomalous_diffusion.viewer.preferences import preferences
from napari_anomalous_diffusion.viewer.results import find_dock, results

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_anomalous_diffusion.viewer.batch import BatchPanel, LayerRow

SAYS_NOTHING = {"channel": -1, "diameter_z": 0, "search_range_z": 0, "exposure": 0}
"""Values of parameters that are as good as none."""


class BatchController:
    """The one place where the panel, the queue and napari meet.

    Parameters
    ----------
    viewer : Viewer
    panel : BatchPanel
    """

    def __init__(self, viewer: Viewer, panel: BatchPanel) -> None:
        self.viewer, self.panel = viewer, panel
        self.runner = BatchRunner(viewer, self._on_state, self._on_finished)
        self.summary = pd.DataFrame()
        self._layers: list[Layer] = []
        self._states: WeakKeyDictionary[Layer, State] = WeakKeyDictionary()
        self._left_out: WeakSet[Layer] = WeakSet()
        self._closed = False
        self._connect()
        self._begin_as_elsewhere()
        self._on_layers()

    def _begin_as_elsewhere(self) -> None:
        """Begin with the bank and the parameters of the other panels, where these are open."""
        from napari_anomalous_diffusion.viewer.linking import LinkingPanel

        dock = find_dock(self.viewer)
        bank = preferences().bank if dock is None else dock.model.bank
        banks = installed_banks()
        for name in [*([] if bank in banks else [bank]), *banks]:
            self.panel.bank.addItem(Path(name).name, name)
        self.panel.bank.setCurrentIndex(self.panel.bank.findData(bank))
        window = getattr(self.viewer, "window", None)
        others = () if window is None else window.dock_widgets.values()
        for other in others:
            if isinstance(other, LinkingPanel):
                self.panel.parameters.show_values(other.model.parameters)
        self._show_digest()

    # Connections

    def _connect(self) -> None:
        panel = self.panel
        panel.layers.toggled.connect(self._on_toggled)
        panel.layers.chosen.connect(lambda place: self._select(self._layers[place]))
        panel.parameters.changed.connect(self._show_digest)
        panel.files.load_clicked.connect(self._load_parameters)
        panel.files.save_clicked.connect(self._save_parameters)
        panel.run.run_clicked.connect(self.run)
        panel.run.cancel_clicked.connect(self.cancel)
        panel.summary.chosen.connect(lambda row: self._select(self._summed_up[row]))
        panel.save.clicked.connect(self._save_summary)
        layers = self.viewer.layers.events
        layers.inserted.connect(self._on_layers)
        layers.removed.connect(self._on_removed)
        layers.reordered.connect(self._on_layers)
        results.changed.connect(self._on_result)

    def close(self) -> None:
        """Stop, and leave nothing of the panel in the viewer but tracks and scores."""
        if self._closed:
            return
        self._closed = True
        self.runner.cancel()
        layers = self.viewer.layers.events
        layers.inserted.disconnect(self._on_layers)
        layers.removed.disconnect(self._on_removed)
        layers.reordered.disconnect(self._on_layers)
        results.changed.disconnect(self._on_result)
        for layer in self._layers:
            self._disconnect_layer(layer)
        self._layers = []

    def _disconnect_layer(self, layer: Layer) -> None:
        layer.events.name.disconnect(self._show)
        layer.events.data.disconnect(self._on_data)

    # Layers

    def _on_layers(self, event: Any = None) -> None:
        layers = [layer for layer in self.viewer.layers if size(layer)]
        for layer in self._layers:
            if layer not in layers:
                self._disconnect_layer(layer)
        for layer in layers:
            if layer not in self._layers:
                layer.events.name.connect(self._show)
                layer.events.data.connect(self._on_data)
        self._layers = layers
        self._show()

    def _on_removed(self, event: Any) -> None:
        self.runner.forget(event.value)
        self._on_layers()

    def _on_data(self, event: Any) -> None:
        layer = event.source
        self._states.pop(layer, None)
        self.runner.fail(layer, f"{layer.name} was changed meanwhile: start again.")
        self._on_layers()

    def _on_toggled(self, place: int, chosen: bool) -> None:
        if chosen:
            self._left_out.discard(self._layers[place])
        else:
            self._left_out.add(self._layers[place])
        self._set_ready()

    def _select(self, layer: Layer) -> None:
        if layer in self.viewer.layers:
            self.viewer.layers.selection.active = layer

    def _show(self, event: Any = None) -> None:
        if self._closed:
            return
        self.panel.layers.set_rows([self._row(layer) for layer in self._layers])
        self._set_ready()
        self._show_summary()

    def _row(self, layer: Layer) -> LayerRow:
        from napari_anomalous_diffusion.viewer.batch import LayerRow

        scored = isinstance(layer, Tracks) and results.get(layer) is not None
        state = self._states.get(layer, State("scored" if scored else ""))
        chosen = layer not in self._left_out
        return LayerRow(layer.name, size(layer), state.text, state.problem, chosen)

    # Parameters

    def _parameters(self) -> LinkingParameters:
        parameters: LinkingParameters = self.panel.parameters.values()
        return parameters

    def _show_digest(self) -> None:
        try:
            self.panel.digest.setText(digest(self._parameters()))
            self.panel.show_message("")
        except InputError as error:
            self.panel.show_message(str(error))

    def _load_parameters(self) -> None:
        load_parameters(self.panel, self._take_from)

    def _take_from(self, path: str) -> None:
        self.panel.parameters.show_values(LinkingParameters.from_file(path))
        self._show_digest()

    def _save_parameters(self) -> None:
        save_parameters(self.panel, lambda path: self._parameters().to_file(path))

    # Running

    def run(self) -> None:
        """Link and score all layers that are ticked."""
        try:
            order = BatchOrder(self._parameters(), self.panel.bank.currentData())
        except InputError as error:
            self.panel.show_message(str(error))
            show_error(str(error))
            return
        self.panel.show_message("")
        self._states.clear()
        self._going = [layer for layer in self._layers if layer not in self._left_out]
        # Movies come first: what is linked of them is scored with all the other tracks.
        self._going.sort(key=lambda layer: isinstance(layer, Tracks))
        self.runner.run(self._going, order)
        self._show_progress()

    def cancel(self) -> None:
        """Stop; what is done remains."""
        self.runner.cancel()
        self._show_progress()

    def _set_ready(self) -> None:
        chosen = any(layer not in self._left_out for layer in self._layers)
        self.panel.run.set_ready(chosen and not self.runner.busy)

    def _on_state(self, layer: Layer, state: State) -> None:
        if self._closed:
            return
        known = layer in self._states
        self._states[layer] = state
        if layer in self._layers:
            self.panel.layers.set_row(self._layers.index(layer), self._row(layer))
        if state.done or not known:
            self._show_progress()

    def _show_progress(self) -> None:
        states = list(self._states.values())
        done = sum(state.done for state in states)
        self.panel.run.set_progress((done, len(states)) if self.runner.busy else None)
        self._set_ready()

    def _on_finished(self) -> None:
        self._show_progress()
        problems = [state.problem for state in self._states.values() if state.problem]
        if problems:
            self.panel.show_message(
                f"{len(problems)} of {len(self._states)} layers failed. {problems[0]}"
            )
        else:
            self.panel.show_message(f"All {len(self._states)} layers are done.")

    # Summary

    def _on_result(self, layer: Tracks) -> None:
        if layer in self._layers:
            self._show()

    def _show_summary(self) -> None:
        scored = [
            (layer, result)
            for layer in self._layers
            if isinstance(layer, Tracks) and (result := results.get(layer)) is not None
        ]
        self._summed_up = [layer for layer, _ in scored]
        self.summary = pd.DataFrame(
            {
                "layer": layer.name,
                **summary_row(result.scores.table, result.scores.bank),
                "bank": result.scores.bank.name,
            }
            for layer, result in scored
        )
        self.panel.summary.show_frame(self.summary, titles(self.summary))
        self.panel.save.setEnabled(bool(scored))

    def _save_summary(self) -> None:
        from napari_anomalous_diffusion.tracks.files import write_table

        save_as(
            self.panel, "Save summary", "summary.csv", TABLES,
            lambda path: write_table(self.summary, path),
        )  # fmt: skip


def size(layer: Layer) -> str:
    """Say how large a movie or Tracks layer is; nothing of any other layer."""
    if isinstance(layer, Tracks):
        ids = layer.data[:, 0]
        number = int((ids[1:] != ids[:-1]).sum()) + 1 if len(ids) else 0
        return f"{number:,} tracks"
    if not isinstance(layer, Image):
        return ""
    try:
        possible_axes(layer)
    except InputError:
        return ""
    return "×".join(map(str, finest(layer).shape))


def digest(parameters: LinkingParameters) -> str:
    """Write parameters in one line, but for those that say nothing."""
    parts = []
    for name, field in type(parameters).model_fields.items():
        value, title = getattr(parameters, name), str(field.title)
        if isinstance(value, bool):
            parts += [title.lower()] if value else []
        elif value != SAYS_NOTHING.get(name):
            parts.append(f"{title.lower()} {value:g}")
    return ", ".join(parts)


def titles(summary: pd.DataFrame) -> dict[str, str]:
    """Write out the columns of a summary."""
    return {
        str(name): f"% {display_name(str(name).removeprefix('percent_'))}"
        if str(name).startswith("percent_")
        else str(name).replace("_", " ")
        for name in summary
    }
