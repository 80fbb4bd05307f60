"""Tables of tracks from Tracks layers, with what their scale and units say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_anomalous_diffusion.tracks.columns import localisation_errors
from napari_anomalous_diffusion.tracks.movies import layer_calibration
from napari_anomalous_diffusion.tracks.table import Trajectories
from napari_anomalous_diffusion.viewer.texts import own_track_ids

if TYPE_CHECKING:
    from napari.layers import Layer, Tracks

    from napari_anomalous_diffusion.tracks.calibration import Calibration

EXPOSURE = "exposure"
"""Where a layer's metadata says for which share of the frame interval the shutter was open."""


def exposure_of(layer: Layer) -> float:
    """Return what is known of a layer's exposure: a share from 0 to 1, 0 where nothing is."""
    said = layer.metadata.get(EXPOSURE)
    return float(said) if isinstance(said, int | float) and 0 <= said <= 1 else 0.0


def calibration_of(layer: Layer, axes: str) -> Calibration:
    """Read off a layer what a pixel and a frame are worth, where its units say it.

    Parameters
    ----------
    layer : Layer
    axes : str
        What the axes of the layer are.

    Returns
    -------
    Calibration
        In pixels where the units are none of length, in frames where that of time is none of time.
    """
    places = [axes.index(axis) for axis in "tzyx" if axis in axes]
    scale = np.abs(layer.scale)[places].tolist()
    return layer_calibration(scale, [layer.units[place] for place in places], len(places) - 1)


def trajectories_of(layer: Tracks) -> Callable[[], Trajectories]:
    """Copy what is needed of a Tracks layer to make its table of tracks, which takes a while.

    Parameters
    ----------
    layer : Tracks

    Returns
    -------
    callable
        Makes the table, in any thread; it has the layer's calibration, the user's own ids, and the
        localisation errors of trackpy's column ``ep``, where that is among the features. A
        third coordinate that is the same in the whole layer, such as the channel, is left out. It
        raises an InputError if the data are no tracks.
    """
    data, axes, name = np.array(layer.data), "tyx", layer.name
    if layer.ndim == 4:
        flat = bool(np.all(data[:, 2] == data[0, 2]))
        axes = "tcyx" if flat else "tzyx"
        data = np.delete(data, 2, axis=1) if flat else data
    calibration = calibration_of(layer, axes).exposed(exposure_of(layer))
    own, errors = own_track_ids(layer), localisation_errors(layer.features)

    def make() -> Trajectories:
        made = Trajectories.from_napari(
            data, source=name, calibration=calibration, localisation_errors=errors
        )
        if own is None:
            return made
        return replace(made, track_ids=np.array(own, dtype=object)[made.track_ids])

    return make
