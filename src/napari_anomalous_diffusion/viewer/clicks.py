"""From a click on napari's canvas to a track."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.viewer import picker

if TYPE_CHECKING:
    from napari.layers import Tracks
    from numpy.typing import NDArray

DRAG = 4
"""Pixels of the screen; a mouse that moves farther while its button is down drags the picture."""

MouseCallback = Callable[[Any, Any], Generator[None, None, None]]


def click_callback(clicked: Callable[[Any], None]) -> MouseCallback:
    """Make a callback for ``viewer.mouse_drag_callbacks`` that tells clicks from drags.

    Parameters
    ----------
    clicked : callable
        Called with the event of a left click without modifiers, when the button comes up.
    """

    def watch(_viewer: Any, event: Any) -> Generator[None, None, None]:
        if event.button != 1 or event.modifiers:
            return
        pressed = np.asarray(event.pos)
        moved = False
        yield
        while event.type == "mouse_move":
            moved |= bool(np.abs(np.asarray(event.pos) - pressed).max() > DRAG)
            yield
        if not moved:
            clicked(event)

    return watch


def vertex_at(layer: Tracks, event: Any, shown: NDArray[np.bool_]) -> int | None:
    """Find the track of a layer that a mouse event means, by one of its vertices.

    Parameters
    ----------
    layer : Tracks
    event : napari mouse event
    shown : ndarray of bool, shape (n_vertices,)
        Vertices of tracks that are not hidden.

    Returns
    -------
    int or None
        A row of the layer's data.
    """
    if not (layer.visible and layer.display_tail):
        return None
    data = layer.data
    track = np.concatenate([[0], np.cumsum(np.diff(data[:, 0]) != 0)])
    # The dimensions of a viewer are counted from its last, a layer may have fewer.
    offset = len(event.position) - layer.ndim
    displayed = [axis - offset for axis in event.dims_displayed if axis >= offset]
    now = None if 0 in displayed else float(layer.world_to_data(event.position)[0])
    segments = picker.visible_segments(track, data[:, 1], now, layer.tail_length, layer.head_length)
    segments = segments[shown[segments]]
    if layer.hide_completed_tracks and now is not None:
        last = np.append(np.flatnonzero(np.diff(track)), len(track) - 1)
        segments = segments[data[last, 1][track[segments]] >= now]

    sight = None
    if len(event.dims_displayed) == 3:
        sight = np.asarray(event.view_direction)[[axis + offset for axis in displayed]]
    here = np.asarray(event.position, dtype=float)[[axis + offset for axis in displayed]]
    to_world, origin = _affine(layer)
    # What takes data to the world is flattened, and not each vertex. A row a dimension, since whole
    # rows are what the picker goes through.
    flat = picker.along_sight(to_world[displayed].T, sight).T
    vertices = (flat @ data[:, 1:].T).T
    return picker.nearest_segment(
        picker.along_sight((here - origin[displayed])[None], sight)[0],
        vertices,
        segments,
        picker.TOLERANCE / event.camera_zoom,
    )


def _affine(layer: Tracks) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the matrix and the offset that take a layer's data to the world.

    Asked of the layer point by point, which is all that its public side offers.
    """
    origin = np.array(layer.data_to_world(np.zeros(layer.ndim)))
    ends = [np.array(layer.data_to_world(axis)) for axis in np.eye(layer.ndim)]
    return np.column_stack(ends) - origin[:, None], origin
