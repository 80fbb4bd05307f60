"""Brings a track into the sight of napari's camera and time slider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_anomalous_diffusion.viewer.picker import visible_segments

if TYPE_CHECKING:
    from napari.layers import Tracks
    from napari.viewer import Viewer
    from numpy.typing import NDArray


def bring_into_view(viewer: Viewer, layer: Tracks, vertices: NDArray[np.int64]) -> None:
    """Move time, and the camera in 2D, where nothing of a track would be seen.

    Parameters
    ----------
    viewer : Viewer
    layer : Tracks
    vertices : ndarray of int64
        The rows of the track in the layer's data.
    """
    points = layer.data[vertices, 1:]
    offset = viewer.dims.ndim - layer.ndim
    if offset not in viewer.dims.displayed:
        now = layer.world_to_data(viewer.dims.point)[0]
        one = np.zeros(len(points), dtype=np.int64)
        seen = visible_segments(one, points[:, 0], now, layer.tail_length, layer.head_length)
        if not len(seen):
            viewer.dims.set_point(offset, layer.data_to_world(points[-1])[0])
    if viewer.dims.ndisplay == 2:
        _centre(viewer, layer, points)


def _centre(viewer: Viewer, layer: Tracks, points: NDArray[np.float64]) -> None:
    displayed = [axis - (viewer.dims.ndim - layer.ndim) for axis in viewer.dims.displayed]
    low, high = layer.corner_pixels[:, displayed]
    middle = points.mean(axis=0)
    if np.all((low <= middle[displayed]) & (middle[displayed] <= high)):
        return
    world = np.array(layer.data_to_world(middle))
    # From napari 0.9 on, the camera belongs to the scene.
    getattr(viewer, "scene", viewer).camera.center = (0.0, *world[displayed])
