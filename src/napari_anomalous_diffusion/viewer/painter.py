"""Colours a layer by its scores, hides classes and dims what is not selected; never rebuilds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.viewer import colours

if TYPE_CHECKING:
    from napari.layers import Tracks
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import ScoredTracks


class Painter:
    """Paints one scored layer.

    napari has no opacity of single tracks: it is multiplied into the colours of the vertices, and
    anew whenever napari has computed these.

    Parameters
    ----------
    layer : Tracks
        Its features hold the columns of the result.
    result : ScoredTracks
    recoloured : callable
        Called with the column that colours the layer, when that was changed by someone else; None
        if it is not one of the result's.
    """

    def __init__(
        self, layer: Tracks, result: ScoredTracks, recoloured: Callable[[str | None], None]
    ) -> None:
        self.layer, self.result = layer, result
        self._recoloured = recoloured
        self._opacity = np.ones(len(result.trajectories), dtype=np.float32)
        self._plain: NDArray[Any] | None = layer.track_colors
        self._painting = False
        layer.events.color_by.connect(self._on_colours)
        layer.events.colormap.connect(self._on_colours)

    @property
    def column(self) -> str | None:
        """The column of the result that colours the layer."""
        return self.layer.color_by if self.layer.color_by in self.result.columns else None

    def colour(self, column: str) -> None:
        """Colour the layer by a column of the result."""
        if column not in self.layer.features:  # removed by someone else
            colours.write_columns(self.layer, self.result, set())
        with self._by_us():
            self.layer.color_by = column
        self._plain = self.layer.track_colors
        self._fade()

    def fade(self, opacity: NDArray[np.float32]) -> None:
        """Set the opacity of each track."""
        if not np.array_equal(opacity, self._opacity):
            self._opacity = opacity
            self._fade()

    def close(self) -> None:
        """Let go of the layer, with its colours but with every track as opaque as before."""
        self.layer.events.color_by.disconnect(self._on_colours)
        self.layer.events.colormap.disconnect(self._on_colours)
        self._recoloured = lambda column: None
        self.fade(np.ones_like(self._opacity))

    def _on_colours(self, event: Any = None) -> None:
        if self._painting:
            return
        self._plain = self.layer.track_colors
        self._fade()
        self._recoloured(self.column)

    def _fade(self) -> None:
        # While a layer is being given other data, its colours come before we are told.
        if self._plain is None or len(self._plain) != len(self.result.vertex_track):
            return
        faded = np.array(self._plain, dtype=np.float32)
        faded[:, 3] *= self._opacity[self.result.vertex_track]
        with self._by_us():
            self.layer.track_colors = faded

    @contextmanager
    def _by_us(self) -> Iterator[None]:
        self._painting = True
        try:
            yield
        finally:
            self._painting = False
