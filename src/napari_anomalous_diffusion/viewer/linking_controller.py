"""Connects the linking panel's state, its views and napari."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Tracks
from napari.utils.notifications import show_error

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.background import Background
from napari_anomalous_diffusion.viewer.file_dialogs import load_parameters, save_parameters
from napari_anomalous_diffusion.viewer.linking_layers import (
    CHOSEN,
    finest,
    movie_of,
    possible_axes,
    tracks_layer,
)
from napari_anomalous_diffusion.viewer.linking_model import LinkingModel, LinkingProgress
from napari_anomalous_diffusion.viewer.linking_preview import Preview, Wish
from napari_anomalous_diffusion.viewer.results import score_in_dock

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.linking import Linked
    from napari_anomalous_diffusion.viewer.linking import LinkingPanel

PLACE_EVENTS = ("scale", "translate", "rotate", "shear", "affine", "units")


class LinkingController:
    """The one place where state, views and napari meet.

    Parameters
    ----------
    viewer : Viewer
    panel : LinkingPanel
    model : LinkingModel
    """

    def __init__(self, viewer: Viewer, panel: LinkingPanel, model: LinkingModel) -> None:
        self.viewer, self.panel, self.model = viewer, panel, model
        self.preview = Preview(
            viewer, self._on_previewed, self._on_preview_failed, self._end_preview
        )
        self._layers: list[Image] = []
        self._background = Background()
        self._started = 0.0
        self._closed = False
        self._connect()
        panel.parameters.show_values(model.parameters)
        self._on_theme()
        self._on_layers()
        _warm_up()

    # Connections

    def _connect(self) -> None:
        events, panel = self.model.events, self.panel
        events.layer.connect(self._on_layer)
        events.axes.connect(self._on_axes)
        events.channel.connect(self._show_preview)
        events.parameters.connect(self._on_parameters)
        events.preview.connect(self._on_preview)
        events.progress.connect(self._on_progress)
        panel.movie.layer_chosen.connect(
            lambda place: setattr(self.model, "layer", self._layers[place])
        )
        panel.movie.axes_chosen.connect(self._choose_axes)
        panel.movie.channel_chosen.connect(self._choose_channel)
        panel.parameters.changed.connect(self._read_parameters)
        panel.files.load_clicked.connect(self._load_parameters)
        panel.files.save_clicked.connect(self._save_parameters)
        panel.preview.toggled.connect(lambda on: setattr(self.model, "preview", on))
        panel.histogram.threshold_moved.connect(self._set_threshold)
        panel.run.score_chosen.connect(lambda on: setattr(self.model, "score", on))
        panel.run.link_clicked.connect(self.link)
        panel.run.cancel_clicked.connect(self.cancel)
        layers = self.viewer.layers.events
        layers.inserted.connect(self._on_layers)
        layers.removed.connect(self._on_removed)
        layers.reordered.connect(self._on_layers)
        self.viewer.layers.selection.events.active.connect(self._on_active)
        self.viewer.events.theme.connect(self._on_theme)

    def close(self) -> None:
        """Stop linking, and leave nothing of the panel in the viewer but linked tracks."""
        if self._closed:
            return
        self._closed = True
        self._background.stop()
        self.preview.close()
        layers = self.viewer.layers.events
        layers.inserted.disconnect(self._on_layers)
        layers.removed.disconnect(self._on_removed)
        layers.reordered.disconnect(self._on_layers)
        self.viewer.layers.selection.events.active.disconnect(self._on_active)
        self.viewer.events.theme.disconnect(self._on_theme)
        for layer in self._layers:
            self._disconnect_layer(layer)
        self._layers = []
        self.model.events.disconnect()

    # Layers

    def _on_layers(self, event: Any = None) -> None:
        layers = [layer for layer in self.viewer.layers if isinstance(layer, Image)]
        for layer in self._layers:
            if layer not in layers:
                self._disconnect_layer(layer)
        for layer in layers:
            if layer not in self._layers:
                self._connect_layer(layer)
        self._layers = layers
        if self.model.layer not in layers:
            self.model.layer = layers[-1] if layers else None
        self._show_layers()

    def _connect_layer(self, layer: Image) -> None:
        layer.events.name.connect(self._show_layers)
        layer.events.data.connect(self._on_data)
        layer.events.axis_labels.connect(self._on_labels)
        for name in PLACE_EVENTS:
            getattr(layer.events, name).connect(self._on_moved)

    def _disconnect_layer(self, layer: Image) -> None:
        layer.events.name.disconnect(self._show_layers)
        layer.events.data.disconnect(self._on_data)
        layer.events.axis_labels.disconnect(self._on_labels)
        for name in PLACE_EVENTS:
            getattr(layer.events, name).disconnect(self._on_moved)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.model.layer and self.model.progress is not None:
            self._stop(f"{event.value.name} was removed while it was being linked.")
        self._on_layers()

    def _on_active(self, event: Any) -> None:
        if event.value in self._layers and self.model.progress is None:
            self.model.layer = event.value

    def _on_data(self, event: Any) -> None:
        if event.source is not self.model.layer:
            return
        if self.model.progress is not None:
            self._stop(f"{event.source.name} was changed while it was being linked: link it again.")
        self._ask_axes()
        self.preview.forget()

    def _on_labels(self, event: Any) -> None:
        if event.source is self.model.layer:
            self._ask_axes()

    def _on_moved(self, event: Any) -> None:
        if event.source is self.model.layer:
            self.preview.place_anew()

    def _on_layer(self) -> None:
        self._ask_axes()
        self._show_layers()

    def _show_layers(self, event: Any = None) -> None:
        chosen = self._layers.index(self.model.layer) if self.model.layer in self._layers else -1
        self.panel.movie.set_layers([layer.name for layer in self._layers], chosen)

    def _ask_axes(self) -> None:
        """Find out what the axes of the movie are, or let the user say."""
        possible: list[str] = []
        sentence = ""
        if self.model.layer is not None:
            try:
                possible = possible_axes(self.model.layer)
            except InputError as error:
                sentence = str(error)
        said, channel = CHOSEN.get(self.model.layer, ("", 0)) if possible else ("", 0)
        only = possible[0] if len(possible) == 1 else None
        with self.model.events.axes.blocked(), self.model.events.channel.blocked():
            self.model.axes = said if said in possible else only
            self.model.channel = channel
        if len(possible) > 1 and self.model.axes is None:
            sentence = f"{self.model.layer.name}: choose what its axes are; its labels do not say."
        self.panel.movie.set_axes(possible, self.model.axes)
        self.panel.show_message(sentence)
        self._on_axes()

    def _choose_axes(self, axes: str) -> None:
        CHOSEN[self.model.layer] = (axes, 0)
        self.model.channel, self.model.axes = 0, axes

    def _choose_channel(self, channel: int) -> None:
        CHOSEN[self.model.layer] = (self.model.axes or "", channel)
        self.model.channel = channel

    def _on_axes(self) -> None:
        axes, layer = self.model.axes, self.model.layer
        channels = finest(layer).shape[axes.index("c")] if axes and "c" in axes else 0
        with self.model.events.channel.blocked():
            self.model.channel = min(self.model.channel, max(channels - 1, 0))
        self.panel.movie.set_channels(channels, self.model.channel)
        self.panel.show_volume(bool(axes and "z" in axes))
        if axes is not None:
            self.panel.show_message("")
        self._set_ready()
        self._show_preview()

    def _set_ready(self) -> None:
        ready = self.model.axes is not None and self.model.progress is None
        self.panel.run.set_ready(ready)

    # Parameters

    def _read_parameters(self) -> None:
        try:
            self.model.parameters = self.panel.parameters.values()
        except InputError as error:
            self.panel.show_message(str(error))
        else:
            self.panel.show_message("")

    def _on_parameters(self) -> None:
        self.panel.histogram.set_threshold(self.model.parameters.minimum_mass)
        self._show_preview()

    def _set_threshold(self, mass: float) -> None:
        self._take(self.model.parameters.model_copy(update={"minimum_mass": mass}))

    def _take(self, parameters: LinkingParameters) -> None:
        self.panel.parameters.show_values(parameters)
        self.model.parameters = parameters

    def _load_parameters(self) -> None:
        load_parameters(self.panel, self._take_from, self._complain)

    def _take_from(self, path: str) -> None:
        parameters = LinkingParameters.from_file(path)
        self._take(parameters)
        if parameters.channel >= 0 and "c" in (self.model.axes or ""):
            self._choose_channel(parameters.channel)
            self._on_axes()

    def _save_parameters(self) -> None:
        save_parameters(self.panel, lambda path: self._parameters().to_file(path), self._complain)

    def _parameters(self) -> LinkingParameters:
        """Read the form; the channel is that of the movie."""
        parameters: LinkingParameters = self.panel.parameters.values()
        channel = self.model.channel if "c" in (self.model.axes or "") else -1
        return parameters.model_copy(update={"channel": channel})

    def _complain(self, sentence: str) -> None:
        self.panel.show_message(sentence)
        show_error(sentence)

    # Preview

    def _on_preview(self, on: bool) -> None:
        self.panel.show_preview(on)
        self._show_preview()

    def _show_preview(self) -> None:
        model = self.model
        if not (model.preview and model.layer is not None and model.axes):
            self.preview.show(None)
            return
        self.preview.show(Wish(model.layer, model.axes, model.channel, model.parameters))

    def _end_preview(self) -> None:
        self.model.preview = False

    def _on_previewed(
        self, masses: NDArray[np.float64], parameters: LinkingParameters, frame: int
    ) -> None:
        threshold = parameters.minimum_mass
        self.panel.histogram.show_masses(masses, threshold)
        self.panel.show_count(int((masses > threshold).sum()), len(masses), frame)

    def _on_preview_failed(self, sentence: str) -> None:
        self.panel.count.setText(sentence)

    def _on_theme(self, event: Any = None) -> None:
        self.panel.histogram.set_theme(self.viewer.theme)

    # Linking

    def link(self) -> None:
        """Link the movie with the parameters of the form."""
        model = self.model
        if model.layer is None or model.axes is None or model.progress is not None:
            return
        self.panel.show_message("")
        try:
            parameters = self._parameters()
            movie = movie_of(model.layer, model.axes, model.channel)
        except InputError as error:
            self._complain(str(error))
            return
        layer, axes, channel = model.layer, model.axes, model.channel
        self._started = monotonic()
        model.progress = LinkingProgress(0, len(movie))
        self._background.start(
            link_steps(movie, parameters),
            stepped=self._on_step,
            done=lambda linked: self._on_linked(linked, layer, axes, channel),
            failed=self._stop,
        )

    def cancel(self) -> None:
        """Stop at once: the worker ends after its frame, and its answer is not heard."""
        self._background.stop()
        self.model.progress = None

    def _stop(self, sentence: str) -> None:
        self.cancel()
        if sentence:
            self._complain(sentence)

    def _on_step(self, step: Any) -> None:
        left = (monotonic() - self._started) / step.done * (step.total - step.done)
        self.model.progress = LinkingProgress(step.done, step.total, step.found, left)

    def _on_linked(self, linked: Linked, layer: Image, axes: str, channel: int) -> None:
        self.model.progress = None
        try:
            tracks = tracks_layer(linked, layer, axes, channel)
        except InputError as error:
            self._complain(str(error))
            return
        self.viewer.add_layer(tracks)
        trajectories = linked.trajectories
        self.panel.show_message(
            f"{len(trajectories):,} tracks of {linked.parameters.minimum_length} points or more "
            f"hold {trajectories.n_points:,} of {linked.spots:,} spots."
        )
        if self.model.score:
            self._score(tracks)

    def _score(self, tracks: Tracks) -> None:
        score_in_dock(self.viewer, tracks)

    def _on_progress(self, progress: LinkingProgress | None) -> None:
        self.panel.run.set_progress(progress)
        self._set_ready()


def link_steps(movie: Any, parameters: LinkingParameters) -> Generator[Any, None, Linked]:
    """Link in steps; what that needs is imported in the worker's thread."""
    from napari_anomalous_diffusion.tracks.linking import link_in_steps

    return (yield from link_in_steps(movie, parameters))


def _warm_up() -> None:
    """Load trackpy in a thread before it is needed: it takes long."""
    from importlib import import_module

    from napari.qt.threading import create_worker

    create_worker(import_module, "trackpy", _start_thread=True)
