"""Scores layers one after the other; answers that nobody waits for any more are dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_error, show_info

from napari_anomalous_diffusion.viewer.background import Background
from napari_anomalous_diffusion.viewer.track_layers import trajectories_of
from napari_anomalous_diffusion.viewer.worker import score_steps

if TYPE_CHECKING:
    from napari.layers import Tracks
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import DockModel, ScoredTracks


class Scorer:
    """A queue of layers, the first of which is being scored.

    Parameters
    ----------
    model : DockModel
        Says which bank and device to take, and is told the progress.
    scored : callable
        Called with a layer and its result.
    """

    def __init__(self, model: DockModel, scored: Callable[[Tracks, ScoredTracks], None]) -> None:
        self.model = model
        self._scored = scored
        self._layer: Tracks | None = None
        self._waiting: list[Tracks] = []
        self._background = Background()

    @property
    def busy(self) -> bool:
        """Whether a layer is being scored."""
        return self._layer is not None

    def score(self, layer: Tracks) -> None:
        """Score a layer, or let it wait while another one is being scored."""
        if self._layer is not None:
            self._waiting.append(layer)
            return
        self._layer, data = layer, np.array(layer.data)
        self.model.progress = (0, 0)
        self._background.start(
            score_steps(
                trajectories_of(layer),
                self.model.bank,
                self.model.device,
                self.model.level,
                self.model.localisation_error,
            ),
            stepped=lambda step: setattr(self.model, "progress", step),
            done=lambda result: self._on_result(layer, data, result),
            failed=self._on_failed,
        )

    def cancel(self) -> None:
        """Stop at once: the work ends in its own time, and its answer is not heard."""
        self._waiting.clear()
        self._finish()

    def forget(self, layer: Tracks) -> None:
        """Do not score a layer, or score it no further."""
        self._waiting = [other for other in self._waiting if other is not layer]
        if self._layer is layer:
            self._finish()

    def close(self) -> None:
        """Stop, and say nothing any more."""
        self._waiting.clear()
        self._stop()

    def _on_result(self, layer: Tracks, data: NDArray[Any], result: ScoredTracks) -> None:
        try:
            if np.array_equal(layer.data, data):
                self._scored(layer, result)
                for text in result.notices:
                    show_info(text)
            else:
                show_error(f"{layer.name} was changed while it was being scored: score it again.")
        finally:
            self._finish()

    def _on_failed(self, problem: str) -> None:
        try:
            if problem:
                show_error(problem)
        finally:
            self._finish()

    def _finish(self) -> None:
        self._stop()
        self.model.progress = None
        if self._waiting:
            self.score(self._waiting.pop(0))

    def _stop(self) -> None:
        self._layer = None
        self._background.stop()
