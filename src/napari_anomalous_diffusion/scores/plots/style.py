"""What all pictures have in common: their axes, their words, and how they reach a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_anomalous_diffusion.scores.scoring import Scores

ERROR_AXES = {
    "mse": "MSE, per track\n(squared rms displacement)",
    "probability": "−log likelihood, per track\n(nats per step)",
}
"""What an error is, by the kind of the bank: quantity, protocol and unit."""

MOST_UPRIGHT_NAMES = 7
"""More names than these are turned, so that they do not run into each other."""

MOST_NAMES = 20
"""Turned names that stand beside each other in a narrow picture."""

LEAST_MARGIN = 1.05
"""Between what is drawn and the ends of a logarithmic axis, as a factor."""


def write_figure(figure: Figure, path: str | Path, dpi: float = 150) -> None:
    """Write a figure to a file, whole or not at all.

    Parameters
    ----------
    figure : Figure
    path : path
        Ends in ``.png``, ``.pdf`` or ``.svg``. Its folder is made if need be, and a file that
        stands there is replaced.
    dpi : float
        Pixels an inch.

    Raises
    ------
    InputError
        If the path has another ending, or cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise InputError(f"{path}: a picture is written as .png, .pdf or .svg; choose one of them.")
    with whole_file(path) as partial:
        figure.savefig(partial, dpi=dpi)


def name_labels(axes: Axes, scores: Scores) -> None:
    """Write the bank's labels under their places: every second or third, where there are many."""
    names = [display_name(label) for label in scores.labels]
    step = -(-len(names) // MOST_NAMES)
    turn = 90 if len(names) > MOST_UPRIGHT_NAMES else 0
    places = range(0, len(names), step)
    axes.set_xticks(places, names[::step], rotation=turn, fontsize="small")
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", labelsize="small", which="both")
    axes.set_xlim(-0.6, len(names) - 0.4)
    open_frame(axes)


def names_above(axes: Axes) -> None:
    """Name the lines above the axes, where they hide nothing."""
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5, frameon=False, fontsize="small",
        handlelength=1.0, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip
    open_frame(axes)


LINEAR_MARGIN = 0.05


def logarithmic(axes: Axes, low: float, high: float) -> None:
    """Make the y axis logarithmic from `low` to `high` with a margin, its ticks plain numbers."""
    margin = max((high / low) ** 0.05, LEAST_MARGIN)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    _limit(axes, low / margin, high * margin)


def error_limits(axes: Axes, kind: str, low: float, high: float) -> None:
    """Let the y axis reach from `low` to `high`: logarithmic for MSE, not for log-likelihoods."""
    if kind == "mse":
        logarithmic(axes, low, high)
    else:
        margin = LINEAR_MARGIN * max(high - low, 1e-3)
        axes.set_ylim(low - margin, high + margin)


def widen(axes: Axes, low: float, high: float) -> None:
    """Let the y axis reach from `low` to `high`, where it does not yet.

    It is widened by round numbers, so that what is alike gets the same axis.
    """
    bottom, top = axes.get_ylim()
    logarithmic = axes.get_yscale() == "log"
    if logarithmic:
        bottom, top, low, high = np.log10([bottom, top, low, high]).tolist()
    unit = 0.25 if logarithmic else 0.5
    if low < bottom:
        bottom = unit * np.floor(low / unit - 0.2)
    if high > top:
        top = unit * np.ceil(high / unit + 0.2)
    if logarithmic:
        _limit(axes, 10**bottom, 10**top)
    else:
        axes.set_ylim(bottom, top)


def _limit(axes: Axes, bottom: float, top: float) -> None:
    decades = np.log10(top / bottom)
    locator = LogLocator(subs=(1, 2, 5) if decades < 2.5 else (1,))
    axes.yaxis.set_major_locator(locator if decades > 1 else MaxNLocator(6))
    axes.set_ylim(bottom, top)


def open_frame(axes: Axes) -> None:
    """Leave the axes open above and on the right."""
    axes.spines[["top", "right"]].set_visible(False)


def some_tracks(number: int) -> str:
    """Write how many tracks there are."""
    return "1 track" if number == 1 else f"{number} tracks"


def say(axes: Axes, sentence: str) -> None:
    """Write a sentence instead of a picture."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center")
