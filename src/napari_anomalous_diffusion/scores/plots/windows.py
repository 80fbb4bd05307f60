"""Pictures of the windows of a track, and of what autoencoders make of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from napari_anomalous_diffusion.scores.palette import display_name, label_colours
from napari_anomalous_diffusion.scores.plots.scored import NOTHING_SCORED
from napari_anomalous_diffusion.scores.plots.style import names_above, open_frame, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def window_axes(axes: Axes) -> None:
    """Make axes for windows side by side, whose points and positions bear no numbers.

    Parameters
    ----------
    axes : Axes
    """
    axes.set_xlabel("points of the windows", fontsize="small")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(NullLocator())
    open_frame(axes)


def reconstruction(
    axes: Axes,
    windows: NDArray[np.float32],
    reconstructions: Mapping[str, NDArray[np.float32]],
    labels: tuple[str, ...] | None = None,
) -> None:
    """Draw windows, side by side, and what the autoencoders of some labels make of them.

    Parameters
    ----------
    axes : Axes
        From `window_axes`.
    windows : ndarray of float32, shape (n_windows, length)
        Normalised windows.
    reconstructions : mapping of str to ndarray of float32, shape (n_members, n_windows, length)
        For each label to be shown, what `autoencoders.engine.reconstruct` returned.
    labels : tuple of str, optional
        All labels of the bank, which decide the colours of those that are no diffusion models.
    """
    if not len(windows):
        say(axes, NOTHING_SCORED)
        return
    palette = label_colours(labels or tuple(reconstructions))
    axes.plot(
        *_side_by_side(windows), color=mpl.rcParams["text.color"], marker="o", markersize=3,
        linewidth=1, label="track", zorder=3,
    )  # fmt: skip
    for place, (label, members) in enumerate(reconstructions.items()):
        # Neighbours among exponents and mixtures have nearly one colour.
        axes.plot(
            *_side_by_side(members), color=palette[label], linewidth=1.2,
            linestyle="-" if place == 0 else "--", label=display_name(label),
        )  # fmt: skip
    _scale_bar(axes)
    names_above(axes)


def _scale_bar(axes: Axes) -> None:
    """Draw a bar of a few displacements beside the windows, and say how long it is."""
    bottom, top = axes.get_ylim()
    length = max((bar for bar in (1, 2, 5, 10) if bar < 0.6 * (top - bottom)), default=0.5)
    axes.plot(
        [-2, -2], [bottom, bottom + length], color=mpl.rcParams["text.color"], linewidth=3,
        solid_capstyle="butt",
    )  # fmt: skip
    axes.set_ylabel(f"position\n(bar: {length:g} rms displ.)", fontsize="small")


def _side_by_side(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lay windows out along one axis of points, again for each member: nothing joins them.

    One line of many pieces is drawn much faster than many lines.
    """
    *_, n_windows, length = values.shape
    gap = np.full((values.size // length, 3), np.nan)
    pieces = np.hstack([values.reshape(-1, length).astype(np.float64), gap])
    points = np.tile(np.arange(n_windows * (length + 3)), values.size // (n_windows * length))
    return points.astype(np.float64), pieces.ravel()
