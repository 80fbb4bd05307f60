"""Connects the dock's state, its views and napari."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Tracks
from qtpy.QtWidgets import QFileDialog

from napari_anomalous_diffusion.autoencoders.bank import installed_banks
from napari_anomalous_diffusion.viewer import clicks, colours, texts, worker
from napari_anomalous_diffusion.viewer.file_dialogs import PICTURES, TABLES, save_as
from napari_anomalous_diffusion.viewer.model import BEST, DockModel, ScoredTracks
from napari_anomalous_diffusion.viewer.navigation import bring_into_view
from napari_anomalous_diffusion.viewer.painter import Painter
from napari_anomalous_diffusion.viewer.reconstructions import select_track
from napari_anomalous_diffusion.viewer.restoring import restore
from napari_anomalous_diffusion.viewer.results import results
from napari_anomalous_diffusion.viewer.scorer import Scorer
from napari_anomalous_diffusion.viewer.track_layers import EXPOSURE, exposure_of
from napari_anomalous_diffusion.viewer.turns import turn_for

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock


class DockController:
    """The one place where state, views and napari meet.

    Parameters
    ----------
    viewer : Viewer
    dock : AnomalousDiffusionDock
        The views: they show what they are given, and emit what the user wants.
    model : DockModel
    """

    def __init__(self, viewer: Viewer, dock: AnomalousDiffusionDock, model: DockModel) -> None:
        self.viewer, self.dock, self.model = viewer, dock, model
        self._results = results
        self._layers: list[Tracks] = []
        self._scorer = Scorer(model, results.keep)
        self._painter: Painter | None = None
        self._keys: list[str] = []
        self._click = clicks.click_callback(self._on_click)
        self._closed = False
        # To draw takes as long as all the rest, so it has a turn of the event loop to itself.
        self._plots_timer = turn_for(self._show_plots, dock)
        self._prepare_timer = turn_for(self._prepare_plots, dock)
        self._connect_model()
        self._connect_views()
        self._connect_viewer()
        dock.form.set_banks(installed_banks(), model.bank)
        dock.form.set_device(model.device)
        dock.form.set_level(model.level)
        self._on_theme()
        self._on_layers()
        self._on_result()
        worker.warm_up()

    # Connections

    def _connect_model(self) -> None:
        events = self.model.events
        events.layer.connect(self._on_layer)
        events.result.connect(self._on_result)
        events.colour_by.connect(self._on_colour_by)
        events.hidden.connect(self._on_hidden)
        events.selected.connect(self._on_selected)
        events.compared.connect(self._show_plots)
        events.page.connect(self._show_plots)
        events.progress.connect(self._on_progress)

    def _connect_views(self) -> None:
        dock, form = self.dock, self.dock.form
        form.layer_chosen.connect(lambda place: self._choose_layer(self._layers[place]))
        form.bank_chosen.connect(self._choose_bank)
        form.other_bank_wanted.connect(self._find_bank)
        form.device_chosen.connect(lambda device: setattr(self.model, "device", device))
        form.level_chosen.connect(lambda level: setattr(self.model, "level", level))
        form.localisation_error_chosen.connect(
            lambda error: setattr(self.model, "localisation_error", error)
        )
        form.exposure_chosen.connect(self._set_exposure)
        form.score_new_chosen.connect(lambda on: setattr(self.model, "score_new", on))
        form.score_clicked.connect(self._score_chosen)
        form.cancel_clicked.connect(self._scorer.cancel)
        dock.colour_by.activated.connect(
            lambda place: setattr(self.model, "colour_by", dock.colour_by.itemData(place))
        )
        dock.legend.toggled.connect(self._show_class)
        dock.table.chosen.connect(self._go_to)
        dock.table.filtered.connect(lambda: dock.table.select(self.model.selected))
        dock.plots.label_chosen.connect(lambda label: setattr(self.model, "compared", label))
        dock.plots.page_chosen.connect(lambda page: setattr(self.model, "page", page))
        dock.plots.save_clicked.connect(self._save_picture)
        dock.plots.overview.drawn.connect(self._prepare_timer.start)
        dock.save.clicked.connect(self._save_scores)
        dock.cleared.connect(self._clear)
        dock.stepped.connect(self._step)

    def _connect_viewer(self) -> None:
        layers = self.viewer.layers.events
        layers.inserted.connect(self._on_inserted)
        layers.removed.connect(self._on_layers)
        layers.reordered.connect(self._on_layers)
        self.viewer.layers.selection.events.active.connect(self._on_active)
        self.viewer.events.theme.connect(self._on_theme)
        self.viewer.mouse_drag_callbacks.append(self._click)
        self._results.changing.connect(self._on_scoring)
        self._results.changed.connect(self._on_scored)

    def close(self) -> None:
        """Stop scoring, and leave nothing of the dock in the viewer but colours and columns."""
        if self._closed:
            return
        self._closed = True
        self._plots_timer.stop()
        self._prepare_timer.stop()
        self._scorer.close()
        self._bind_keys(False)
        self._drop_painter()
        layers = self.viewer.layers.events
        layers.inserted.disconnect(self._on_inserted)
        layers.removed.disconnect(self._on_layers)
        layers.reordered.disconnect(self._on_layers)
        self.viewer.layers.selection.events.active.disconnect(self._on_active)
        self.viewer.events.theme.disconnect(self._on_theme)
        if self._click in self.viewer.mouse_drag_callbacks:
            self.viewer.mouse_drag_callbacks.remove(self._click)
        self._results.changing.disconnect(self._on_scoring)
        self._results.changed.disconnect(self._on_scored)
        for layer in self._layers:
            self._disconnect_layer(layer)
        self._layers = []
        self.model.events.disconnect()

    # Layers

    def _on_inserted(self, event: Any) -> None:
        self._on_layers()
        if self.model.score_new and isinstance(event.value, Tracks):
            self._scorer.score(event.value)

    def _on_layers(self, event: Any = None) -> None:
        layers = [layer for layer in self.viewer.layers if isinstance(layer, Tracks)]
        for layer in self._layers:
            if layer not in layers:
                self._forget(layer)
                self._disconnect_layer(layer)
        new = [layer for layer in layers if layer not in self._layers]
        for layer in new:
            layer.events.name.connect(self._show_layers)
            layer.events.data.connect(self._on_data)
        self._layers = layers
        if self.model.layer not in layers:
            self.model.layer = layers[-1] if layers else None
        self._show_layers()
        for layer in new:
            self._show_saved(layer)

    def _show_saved(self, layer: Tracks) -> None:
        """Take up the scores that a layer was saved with."""
        saved = restore(layer) if self._results.get(layer) is None else None
        if saved is not None:
            self._results.keep(layer, saved)

    def _disconnect_layer(self, layer: Tracks) -> None:
        layer.events.name.disconnect(self._show_layers)
        layer.events.data.disconnect(self._on_data)

    def _on_active(self, event: Any) -> None:
        if isinstance(event.value, Tracks) and event.value in self._layers:
            self._choose_layer(event.value)

    def _on_data(self, event: Any) -> None:
        """Forget what was said of data that are no longer there: napari has dropped the columns."""
        self._forget(event.source)

    def _forget(self, layer: Tracks) -> None:
        self._scorer.forget(layer)
        self._results.forget(layer)

    def _choose_layer(self, layer: Tracks) -> None:
        if layer is not self.model.layer:
            self.model.selected = None
            self.model.hidden = frozenset()
            self.model.layer = layer

    def _on_layer(self, layer: Tracks | None) -> None:
        self._show_layers()
        self.model.result = None if layer is None else self._results.get(layer)

    def _show_layers(self, event: Any = None) -> None:
        chosen = self._layers.index(self.model.layer) if self.model.layer in self._layers else -1
        self.dock.form.set_layers([layer.name for layer in self._layers], chosen)
        self.dock.form.set_ready(chosen >= 0 and not self._scorer.busy)
        self.dock.form.set_exposure(exposure_of(self.model.layer) if chosen >= 0 else 0)

    def _set_exposure(self, exposure: float) -> None:
        if self.model.layer is not None:
            self.model.layer.metadata[EXPOSURE] = exposure

    # Scoring

    def _choose_bank(self, bank: str) -> None:
        self.model.bank = bank
        self.dock.form.set_banks(installed_banks(), bank)

    def _find_bank(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.dock, "The folder of a bank")
        self._choose_bank(folder or self.model.bank)

    def score(self, layer: Tracks) -> None:
        """Choose a layer of the viewer, and score it with the bank that is chosen."""
        self._choose_layer(layer)
        self._scorer.score(layer)

    def _score_chosen(self) -> None:
        if self.model.layer is not None:
            self._scorer.score(self.model.layer)

    def _on_scoring(self, layer: Tracks) -> None:
        """Let go of a layer whose features are about to be written."""
        if self.model.layer is layer:
            self.model.result = None

    def _on_scored(self, layer: Tracks) -> None:
        if self.model.layer is layer:
            self.model.result = self._results.get(layer)

    def _on_progress(self, progress: tuple[int, int] | None) -> None:
        self.dock.form.set_progress(progress)
        self.dock.form.set_ready(progress is None and self.model.layer is not None)

    # Colours

    def _on_result(self) -> None:
        result = self.model.result
        self._drop_painter()
        self.model.selected = None
        self.model.hidden = frozenset()
        self.dock.colour_by.clear()
        if result is not None:
            for column, title in texts.colour_modes(result).items():
                self.dock.colour_by.addItem(title, column)
            self._painter = Painter(self.model.layer, result, self._on_recoloured)
            if self.model.colour_by not in result.columns:
                self.model.colour_by = BEST
        for button in (self.dock.save, self.dock.plots.save):
            button.setEnabled(result is not None)
        self.dock.table.set_result(result)
        self._on_colour_by()
        self._show_selection()
        self._plots_timer.start()

    def _drop_painter(self) -> None:
        if self._painter is not None:
            self._painter.close()
            self._painter = None

    def _on_recoloured(self, column: str | None) -> None:
        self.model.colour_by = column

    def _on_colour_by(self) -> None:
        if self._painter is not None and self.model.colour_by is not None:
            self._painter.colour(self.model.colour_by)
        self.dock.colour_by.setCurrentIndex(self.dock.colour_by.findData(self.model.colour_by))
        self._on_hidden()

    def _on_hidden(self) -> None:
        self._fade()
        self._show_legend()

    def _shown_classes(self, result: ScoredTracks) -> NDArray[np.bool_]:
        return np.array([name not in self.model.hidden for name in result.classes])

    def _fade(self) -> None:
        if self._painter is not None:
            result = self._painter.result
            codes, shown = result.codes(self.model.colour_by), self._shown_classes(result)
            sure = result.certainty(self.model.colour_by)
            self._painter.fade(colours.opacities(codes, shown, self.model.selected, sure))

    def _show_class(self, name: str, shown: bool) -> None:
        self.model.hidden = self.model.hidden - {name} if shown else self.model.hidden | {name}

    def _show_legend(self) -> None:
        texts.fill_legend(
            self.dock.legend, self.model.result, self.model.colour_by, self.model.hidden
        )

    # Selection

    def _on_click(self, event: Any) -> None:
        result, layer = self.model.result, self.model.layer
        active = self.viewer.layers.selection.active
        # In any other mode a click draws, erases or moves something.
        if result is None or (active is not None and active.mode != "pan_zoom"):
            return
        shown = self._shown_classes(result)[result.codes(self.model.colour_by)]
        vertex = clicks.vertex_at(layer, event, shown[result.vertex_track])
        self.model.selected = None if vertex is None else int(result.vertex_track[vertex])

    def _go_to(self, track: int) -> None:
        """Select a track from elsewhere than the canvas: it may not be in sight."""
        self.model.selected = track
        result = self.model.result
        if result is not None:
            vertices = np.flatnonzero(result.vertex_track == track)
            bring_into_view(self.viewer, self.model.layer, vertices)

    def _step(self, step: int) -> None:
        track = self.dock.table.neighbour(self.model.selected, step)
        if track is not None:
            self._go_to(track)

    def _clear(self) -> None:
        self.model.selected = None

    def _on_selected(self) -> None:
        self._bind_keys(self.model.selected is not None)
        self._fade()
        self.dock.table.select(self.model.selected)
        self._show_selection()
        self._show_plots()

    def _bind_keys(self, on: bool) -> None:
        """Take the keys while a track is selected, but none that somebody else has bound."""
        actions = {
            "Up": lambda viewer: self._step(-1),
            "Down": lambda viewer: self._step(1),
            "Escape": lambda viewer: self._clear(),
        }
        for key in self._keys:
            self.viewer.bind_key(key, None)
        self._keys = []
        for key, action in actions.items() if on else ():
            try:
                self.viewer.bind_key(key, action)
            except ValueError:
                continue
            self._keys.append(key)

    # Plots

    def _show_selection(self) -> None:
        self.dock.summary.setText(texts.summary(self.model.result, self.model.selected))
        with self.model.events.page.blocked(), self.model.events.compared.blocked():
            self.model.page, self.model.compared = 0, None

    def _show_plots(self) -> None:
        result, track, panel = self.model.result, self.model.selected, self.dock.plots
        if result is None or track is None:
            panel.show_result(result)
        else:
            model = self.model
            panel.show_track(select_track(result, track, model.page, model.compared))

    def _prepare_plots(self) -> None:
        """Make the pictures of a track while nobody waits for them."""
        result = self.model.result
        if result is not None and self.model.selected is None and not self.dock.plots.prepared:
            scored = np.flatnonzero(result.scores.table["n_windows"])
            if len(scored):
                self.dock.plots.prepare(select_track(result, int(scored[0])))

    def _on_theme(self, event: Any = None) -> None:
        self.dock.plots.set_theme(self.viewer.theme)
        self.dock.legend.key.set_theme(self.viewer.theme)

    # Files

    def _save_scores(self) -> None:
        from napari_anomalous_diffusion.tracks.files import write_table

        result = self.model.result
        if result is not None:
            name = f"{Path(self.model.layer.name).stem} scores.csv"
            table = result.scores.table
            save_as(self.dock, "Save scores", name, TABLES, lambda path: write_table(table, path))

    def _save_picture(self) -> None:
        save_as(self.dock, "Save picture", "scores.png", PICTURES, self.dock.plots.canvas.save)
