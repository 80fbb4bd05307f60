"""What a layer needs to show scores: a column a quantity, and a colour map that fits it.

Colour maps in a layer's ``colormaps_dict`` are given the plain values of a column. napari's own
would take codes for shares of [0, 1], and one missing value would make every vertex transparent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import Colormap
from napari.utils.colormaps.standardize_color import transform_color

from napari_anomalous_diffusion.scores.palette import VERDICT_COLOURS, spread

if TYPE_CHECKING:
    from napari.layers import Tracks
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import ScoredTracks

FAINT = 0.3
"""Opacity of a track whose verdict is not at all sure."""

DIMMED = 0.1
"""Opacity of the tracks around a selected one."""


class CodeColormap(Colormap):
    """A colour for every whole number from 0 on; what has no number, or another, is transparent."""

    def map(self, values: Any) -> NDArray[np.float32]:
        """Return the colours of codes: an array with an axis more, of length 4 (RGBA)."""
        codes = np.atleast_1d(np.nan_to_num(values, nan=-1)).astype(np.int64)
        known = (codes >= 0) & (codes < len(self.colors))
        colours = np.asarray(self.colors)[np.where(known, codes, 0)]
        colours[~known] = 0
        return colours


class RangeColormap(Colormap):
    """Colours from `low` to `high`; what is missing is as grey as a track that is too short."""

    low: float = 0.0
    high: float = 1.0

    def map(self, values: Any) -> NDArray[np.float32]:
        """Return the colours of values: an array with an axis more, of length 4 (RGBA)."""
        span = self.high - self.low
        shares = (np.atleast_1d(values) - self.low) / (span if span > 0 else 1.0)
        return np.asarray(super().map(np.clip(shares, 0, 1)))


def code_colormap(name: str, colours: list[str]) -> CodeColormap:
    """Make the colour map of a column of codes from colours as ``#RRGGBB``."""
    return CodeColormap(colors=transform_color(colours), name=name)


def range_colormap(name: str, values: NDArray[np.float64]) -> RangeColormap:
    """Make the colour map of a column of numbers, from their 2nd to their 98th percentile.

    One track in fifty at either end may be an outlier, and must not take all colours for itself.
    """
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, [2, 98]) if len(finite) else (0.0, 1.0)
    return RangeColormap(
        colors=spread(np.linspace(0, 1, 256)),
        name=name,
        low=float(low),
        high=float(high),
        nan_color=transform_color(VERDICT_COLOURS["too short"])[0],
    )


def colormaps(result: ScoredTracks) -> dict[str, Colormap]:
    """Make the colour map of every column of a result."""
    return {
        column: code_colormap(column, list(result.class_colours.values()))
        if column in result.code_columns
        else range_colormap(column, values)
        for column, values in result.columns.items()
    }


def opacities(
    codes: NDArray[np.int64],
    shown: NDArray[np.bool_],
    selected: int | None,
    certainty: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Say how opaque each track is: hidden classes vanish, the others step back from a selection.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_tracks,)
        The class of each track.
    shown : ndarray of bool, shape (n_classes,)
    selected : int or None
        This track is always seen.
    certainty : ndarray of float64, shape (n_tracks,)
        From 0 to 1: doubtful tracks are fainter.

    Returns
    -------
    ndarray of float32, shape (n_tracks,)
    """
    opacity = (shown[codes] * (FAINT + (1 - FAINT) * certainty)).astype(np.float32)
    if selected is not None:
        opacity *= DIMMED
        opacity[selected] = 1
    return opacity


def write_columns(layer: Tracks, result: ScoredTracks, forget: set[str]) -> None:
    """Write a result into a layer's features, and remove columns that an earlier one has left.

    Parameters
    ----------
    layer : Tracks
    result : ScoredTracks
        Of this layer's data.
    forget : set of str
        Columns that are no longer true.
    """
    features = layer.features
    for column, values in result.columns.items():
        # In the order of the layer's data, column by column: to set all features at once would ask
        # for the order in which the layer was given its points.
        features[column] = values[result.vertex_track]
    stale = [column for column in forget - set(result.columns) if column in features]
    layer.colormaps_dict = {
        name: colormap for name, colormap in layer.colormaps_dict.items() if name not in stale
    } | colormaps(result)
    if layer.color_by in stale:
        layer.color_by = next(iter(result.columns))
    for column in stale:
        del features[column]
    if layer.blending == "additive":  # napari's default adds crossing colours up to a third one
        layer.blending = "translucent_no_depth"
    layer.events.properties()  # tells napari's own list of columns, which setting them does not
