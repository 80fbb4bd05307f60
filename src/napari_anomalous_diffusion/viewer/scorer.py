"""Scores layers one after the other; answers that nobody waits for any more are dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import notification_manager, show_error

from napari_anomalous_diffusion.viewer import worker
from napari_anomalous_diffusion.viewer.track_layers import trajectories_of

if TYPE_CHECKING:
    from napari.layers import Tracks

    from napari_anomalous_diffusion.viewer.model import DockModel, ScoredTracks


class Scorer:
    """A queue of layers, and the worker that scores the first of them.

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
        self._number = 0
        self._worker: Any = None

    @property
    def busy(self) -> bool:
        """Whether a layer is being scored."""
        return self._layer is not None

    def score(self, layer: Tracks) -> None:
        """Score a layer, or let it wait while another one is being scored."""
        if self._layer is not None:
            self._waiting.append(layer)
            return
        self._layer = layer
        request = worker.ScoreRequest(
            number=self._number,
            name=layer.name,
            data=np.array(layer.data),
            read=trajectories_of(layer),
            bank=self.model.bank,
            device=self.model.device,
        )
        self.model.progress = (0, 0)
        self._worker = worker.start(request, self.on_step, self.on_answer)

    def cancel(self) -> None:
        """Stop at once: the worker ends in its own time, and its answer is not heard."""
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

    def on_step(self, step: tuple[int, int, int]) -> None:
        """Hear from the worker how far it is."""
        number, done, total = step
        if number == self._number:
            self.model.progress = (done, total)

    def on_answer(self, answer: worker.ScoreAnswer) -> None:
        """Hear from the worker what became of its request."""
        layer = self._layer
        if layer is None or answer.request.number != self._number:
            return
        try:
            if answer.bug is not None:
                bug = answer.bug
                notification_manager.receive_error(type(bug), bug, bug.__traceback__)
            elif answer.result is None:
                show_error(answer.problem)
            elif np.array_equal(layer.data, answer.request.data):
                self._scored(layer, answer.result)
            else:
                show_error(f"{layer.name} was changed while it was being scored: score it again.")
        finally:
            self._finish()

    def _finish(self) -> None:
        self._stop()
        self.model.progress = None
        if self._waiting:
            self.score(self._waiting.pop(0))

    def _stop(self) -> None:
        self._number += 1  # what is on its way is stale now
        self._layer = None
        if self._worker is not None:
            self._worker.quit()
            self._worker = None
