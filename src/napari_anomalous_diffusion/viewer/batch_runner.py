"""Links movies and scores tracks, one layer after the other; what fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Tracks

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.viewer.background import Background
from napari_anomalous_diffusion.viewer.linking_controller import link_steps
from napari_anomalous_diffusion.viewer.linking_layers import (
    chosen_axes,
    linked_tracks,
    movie_of,
    tracks_layer,
)
from napari_anomalous_diffusion.viewer.model import ScoredTracks
from napari_anomalous_diffusion.viewer.results import results
from napari_anomalous_diffusion.viewer.track_layers import trajectories_of
from napari_anomalous_diffusion.viewer.worker import score_steps

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_anomalous_diffusion.tracks.linking import Linked
    from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

UNKNOWN_FAILURE = "failed by a fault of the program, which was shown"


@dataclass(frozen=True)
class BatchOrder:
    """What is done with every layer.

    Attributes
    ----------
    linking : LinkingParameters
        For the movies.
    bank, device : str
        For the tracks.
    """

    linking: LinkingParameters
    bank: str
    device: str = "auto"


@dataclass(frozen=True)
class State:
    """What has become of a layer.

    Attributes
    ----------
    text : str
    problem : str
        Why it failed, in one sentence; empty if it did not.
    done : bool
        Whether nothing more will be done with it.
    """

    text: str
    problem: str = ""
    done: bool = False


WAITING = State("waiting")
CANCELLED = State("cancelled", done=True)


class BatchRunner:
    """A queue of layers.

    Parameters
    ----------
    viewer : Viewer
        Is given the linked tracks.
    told : callable
        Called with a layer and its new state.
    finished : callable
        Called when the queue is empty.
    """

    def __init__(
        self, viewer: Viewer, told: Callable[[Layer, State], None], finished: Callable[[], None]
    ) -> None:
        self.viewer = viewer
        self._told, self._finished = told, finished
        self._background = Background()
        self._queue: list[Layer] = []
        self._current: Layer | None = None
        self._order: BatchOrder | None = None

    @property
    def busy(self) -> bool:
        """Whether there is something left to do."""
        return self._order is not None

    def run(self, layers: list[Layer], order: BatchOrder) -> None:
        """Link the movies among some layers, score the tracks, and those that are linked."""
        self._queue, self._order = list(layers), order
        for layer in layers:
            self._told(layer, WAITING)
        self._next()

    def cancel(self) -> None:
        """Stop at once; what is done remains."""
        self._background.stop()
        left = [*([] if self._current is None else [self._current]), *self._queue]
        self._queue, self._current, self._order = [], None, None
        for layer in left:
            self._told(layer, CANCELLED)

    def forget(self, layer: Layer) -> None:
        """Do nothing more with a layer that is gone."""
        self._queue = [other for other in self._queue if other is not layer]
        if self._current is layer:
            self._background.stop()
            self._next()

    def fail(self, layer: Layer, problem: str) -> None:
        """Go on without a layer, if it is the one that is being worked on."""
        if self._current is layer:
            self._background.stop()
            self._on_failed(problem)

    def _next(self) -> None:
        """Start with the next layer that there is something to do for."""
        while self._queue and self._order is not None:
            self._current = self._queue.pop(0)
            start = self._link if isinstance(self._current, Image) else self._score
            try:
                if start(self._current, self._order):
                    return
            except InputError as error:
                self._tell(State("failed", str(error), done=True))
        self._current = self._order = None
        self._finished()

    def _tell(self, state: State) -> None:
        if self._current is not None:
            self._told(self._current, state)

    def _on_failed(self, problem: str) -> None:
        self._tell(State("failed", problem or UNKNOWN_FAILURE, done=True))
        self._next()

    # Movies

    def _link(self, layer: Image, order: BatchOrder) -> bool:
        axes, channel = chosen_axes(layer, order.linking.channel)
        movie = movie_of(layer, axes, channel)
        if linked_tracks(layer, axes, channel, order.linking) in self.viewer.layers:
            self._tell(State("linked before", done=True))
            return False
        self._tell(State("linking"))
        self._background.start(
            link_steps(movie, order.linking),
            stepped=lambda step: self._tell(State(f"linking {step.done}/{step.total}")),
            done=lambda linked: self._on_linked(linked, layer, axes, channel),
            failed=self._on_failed,
        )
        return True

    def _on_linked(self, linked: Linked, layer: Image, axes: str, channel: int) -> None:
        try:
            tracks = tracks_layer(linked, layer, axes, channel)
        except InputError as error:
            self._on_failed(str(error))
            return
        self.viewer.add_layer(tracks)
        self._tell(State("linked", done=True))
        self._told(tracks, WAITING)
        self._queue.insert(0, tracks)
        self._next()

    # Tracks

    def _score(self, layer: Tracks, order: BatchOrder) -> bool:
        if _is_scored(layer, order.bank):
            self._tell(State("scored", done=True))
            return False
        self._tell(State("scoring"))
        data = np.array(layer.data)
        self._background.start(
            score_steps(trajectories_of(layer), order.bank, order.device),
            stepped=lambda step: self._tell(State(f"scoring {step[0]}/{step[1]}")),
            done=lambda result: self._on_scored(result, layer, data),
            failed=self._on_failed,
        )
        return True

    def _on_scored(self, result: ScoredTracks, layer: Tracks, data: Any) -> None:
        if not np.array_equal(layer.data, data):
            self._on_failed(f"{layer.name} was changed while it was being scored: score it again.")
            return
        results.keep(layer, result)
        self._tell(State("scored", done=True))
        self._next()


def _is_scored(layer: Tracks, bank: str) -> bool:
    result = results.get(layer)
    return result is not None and (
        result.scores.bank.folder.name == bank or result.scores.bank.folder == Path(bank)
    )
