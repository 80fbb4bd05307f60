"""Pictures of the classical numbers of a track."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullLocator

from napari_anomalous_diffusion.scores.classical import time_averaged_msd
from napari_anomalous_diffusion.scores.fractional import blurred_msd
from napari_anomalous_diffusion.scores.plots.style import open_frame, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_anomalous_diffusion.scores.scoring import Scores
    from napari_anomalous_diffusion.tracks.calibration import Calibration
    from napari_anomalous_diffusion.tracks.table import Trajectories


def mean_squared_displacement(
    axes: Axes, trajectories: Trajectories, numbers: Scores | pd.DataFrame, track: int
) -> None:
    """Draw the time-averaged MSD of one track, and the law with its alpha, D and sigma.

    Of lags that are so close that their dots would hide each other, one is drawn.

    Parameters
    ----------
    axes : Axes
    trajectories : Trajectories
        Their calibration gives the units.
    numbers : Scores or DataFrame
        Scores or `classical_numbers` of these trajectories.
    track : int
        Which track, by its place.
    """
    displacement_axes(axes, trajectories.calibration)
    displacements_of_track(axes, trajectories, numbers, track)
    title = f"track {trajectories.track_ids[track]}\n{axes.get_title()}"
    axes.set_title(title.rstrip(), fontsize="small")


def displacement_axes(axes: Axes, units: Calibration) -> None:
    """Make logarithmic axes for mean squared displacements over lags.

    Parameters
    ----------
    axes : Axes
    units : Calibration
    """
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel(f"lag ({units.time_unit})", fontsize="small")
    axes.set_ylabel(f"time-averaged MSD ({units.length_unit}²)", fontsize="small")
    axes.tick_params(labelsize="small", which="both")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    open_frame(axes)


def displacements_of_track(
    axes: Axes, trajectories: Trajectories, numbers: Scores | pd.DataFrame, track: int
) -> None:
    """Draw what `mean_squared_displacement` does on `displacement_axes`, without the track's name.

    The limits are powers of ten, so that many tracks have the same.

    Parameters
    ----------
    axes, trajectories, numbers, track
        As there.
    """
    table = numbers if isinstance(numbers, pd.DataFrame) else numbers.table
    row, units = table.iloc[track], trajectories.calibration
    lags, msd, counts = time_averaged_msd(trajectories, track)
    moved = msd > 0
    if not moved.any():
        say(axes, "It never moves." if len(lags) else "It has one point.")
        return
    text = mpl.rcParams["text.color"]
    places = DOTS_A_DECADE * np.log10(lags[moved])
    seen = np.flatnonzero(moved)[np.unique(np.round(places), return_index=True)[1]]
    # Long lags rest on few pairs, which overlap: they fade.
    weight = np.sqrt(counts[seen] / counts.max())
    axes.scatter(lags[seen], msd[seen], s=14, color=text, alpha=0.15 + 0.85 * weight, linewidths=0)
    lowest, highest = msd[moved].min(), msd.max()
    if not np.isnan(row["alpha"]):
        points = slice(*trajectories.starts[track : track + 2])
        dimensions = np.count_nonzero(np.ptp(trajectories.positions[points], axis=0))
        times = np.geomspace(lags[0], lags[-1], 100)
        alpha, interval = np.array([row["alpha"]]), units.frame_interval
        [motion] = interval**alpha * blurred_msd(times / interval, alpha, units.exposure)
        law = row["diffusion"] * motion + row["localisation_error"] ** 2
        values = 2 * dimensions * law
        axes.plot(times, values, color="C0", linewidth=1.5)
        lowest, highest = min(lowest, values.min()), max(highest, values.max())
    _limit(axes, "x", lags[0], lags[-1])
    _limit(axes, "y", lowest, highest)
    axes.set_title(_statement(row, units), fontsize="small")


DOTS_A_DECADE = 200
"""Of lags that lie closer, one is drawn: the dots would hide each other."""

MARGIN = 1.15
"""Between the outermost points and the ends of their axes at least, as a factor."""


def _limit(axes: Axes, name: Literal["x", "y"], low: float, high: float) -> None:
    """Let an axis reach from one power of ten to another, with few enough ticks to be legible."""
    low = float(10.0 ** np.floor(np.log10(low / MARGIN)))
    high = float(10.0 ** np.ceil(np.log10(high * MARGIN)))
    axis = axes.xaxis if name == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 99 * low else (1,)))
    axes.set(**{f"{name}lim": (low, high)})


def _statement(row: pd.Series[Any], units: Calibration) -> str:
    """Say alpha and D with their 95 % intervals, a line each: a dock is narrow."""
    if np.isnan(row["alpha"]):
        return "too few displacements to tell α and D"
    return (
        f"α = {row['alpha']:.2f} ({row['alpha_low']:.2f}–{row['alpha_high']:.2f})\n"
        f"D = {row['diffusion']:.2g} ({row['diffusion_low']:.2g}–{row['diffusion_high']:.2g}) "
        f"{units.length_unit}²/{units.time_unit}ᵅ"
    )
