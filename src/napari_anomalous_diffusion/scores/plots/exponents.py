"""Errors under networks of one model at each exponent, as in Fig. 6c and d of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.scores.palette import label_colours
from napari_anomalous_diffusion.scores.plots.paper import OFF_THE_PICTURE
from napari_anomalous_diffusion.scores.plots.scored import NOTHING_SCORED
from napari_anomalous_diffusion.scores.plots.style import (
    ERROR_AXES,
    logarithmic,
    open_frame,
    say,
    some_tracks,
    widen,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_anomalous_diffusion.scores.scoring import Scores


def errors_by_label_exponent(axes: Axes, scores: Scores) -> None:
    """Draw the errors of all scored tracks against the exponent of the network.

    Their median is a line with a ring around the lowest, their middle half a band. Networks of far
    too small exponents err many times as much as others, and lie above the picture.

    Parameters
    ----------
    axes : Axes
    scores : Scores
        By a bank of exponents.
    """
    errors = scores.errors[scores.table["n_windows"].to_numpy() > 0]
    if not len(errors):
        say(axes, NOTHING_SCORED)
        return
    low, median, high = np.quantile(errors, [0.25, 0.5, 0.75], axis=0)
    alphas = exponents_of(scores)
    axes.fill_between(alphas, low, high, color="0.5", alpha=0.3, linewidth=0)
    axes.plot(alphas, median, color="0.5", linewidth=1.5)
    _ring(axes, alphas, median, "0.5")
    logarithmic(axes, low.min(), min(high.max(), OFF_THE_PICTURE * median.min()))
    axes.set_xlabel(
        f"exponent α of the network\ngrey: median and middle half of {some_tracks(len(errors))}",
        fontsize="small",
    )
    axes.set_ylabel(ERROR_AXES[scores.bank.kind], fontsize="small")
    axes.tick_params(labelsize="small", which="both")
    axes.set_xlim(alphas.min() - 0.05, alphas.max() + 0.05)
    open_frame(axes)
    lowest = alphas[median.argmin()]
    axes.set_title(f"{some_tracks(len(errors))}: lowest at α = {lowest:g}", fontsize="small")


def track_by_label_exponent(axes: Axes, scores: Scores, track: int) -> None:
    """Draw the errors of one track into the picture of all tracks.

    Its errors are a line with a ring around the lowest, those of the single members dots.

    Parameters
    ----------
    axes : Axes
        On which `errors_by_label_exponent` has drawn all tracks.
    scores : Scores
    track : int
        Which track, by its row in the scores.
    """
    if not axes.lines:
        return
    name, errors = scores.table["track_id"].iloc[track], scores.errors_of(track)
    if np.isnan(errors).all():
        axes.set_title(f"track {name} has no errors", fontsize="small")
        return
    text = mpl.rcParams["text.color"]
    alphas, members = exponents_of(scores), scores.member_errors[track]
    colours = list(label_colours(scores.labels).values())
    axes.scatter(
        np.repeat(alphas, members.shape[1]), members.ravel(), s=9, zorder=3,
        color=np.repeat(colours, members.shape[1]),
    )  # fmt: skip
    axes.plot(alphas, errors, color=text, linewidth=1.2)
    _ring(axes, alphas, errors, text)
    widen(axes, errors.min(), min(errors.max(), OFF_THE_PICTURE * errors.min()))
    lowest = alphas[errors.argmin()]
    axes.set_title(f"track {name}: lowest at α = {lowest:g}", fontsize="small")


def exponents_of(scores: Scores) -> NDArray[np.float64]:
    """Read the exponents of labels such as ``alpha=0.3``."""
    return np.array([float(label.removeprefix("alpha=")) for label in scores.labels])


def _ring(
    axes: Axes, alphas: NDArray[np.float64], errors: NDArray[np.float64], colour: str
) -> None:
    lowest = errors.argmin()
    axes.plot(
        alphas[lowest], errors[lowest], marker="o", markersize=12, fillstyle="none", color=colour,
        markeredgewidth=1.5, zorder=4,
    )  # fmt: skip
