"""Pictures of populations side by side, as in Fig. 6e and 7b of the paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from napari_anomalous_diffusion.scores.palette import display_name, label_colours
from napari_anomalous_diffusion.scores.plots.style import logarithmic, names_above, open_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.scores.comparison import Comparison

MEAN_ERRORS = {
    "mse": "mean MSE of tracks\n(squared rms displacement)",
    "nll": "mean −log probability\n(nats per step)",
}
"""What a mean error is, by its kind."""

MOST_LABELS = 8
"""More labels than these are drawn as a map, since nobody tells so many colours apart."""

NAME_WIDTH = 0.16
"""Inches that an upturned name takes: where there are more, every second or third is written."""

MOST_UPRIGHT = 45
"""Letters that names beside each other may have together before they are turned."""

LONGEST_NAME = 22


def mean_errors_of_groups(axes: Axes, comparison: Comparison) -> None:
    """Draw the mean error of each group under each label, with its interval (Fig. 6e).

    Parameters
    ----------
    axes : Axes
    comparison : Comparison
        With more than eight labels it becomes a map of groups and labels, without intervals.
    """
    means = comparison.values("mean_error")
    name, logarithmically = MEAN_ERRORS[comparison.kind], comparison.kind == "mse"
    if len(comparison.labels) > MOST_LABELS:
        _map(axes, comparison, means, name, norm=LogNorm() if logarithmically else None)
        return
    low, high = comparison.values("low"), comparison.values("high")
    places = np.arange(len(means))
    for label, (colour, offset) in enumerate(_styles(comparison, 0.3)):
        shown = display_name(comparison.labels[label])
        axes.vlines(places + offset, low[:, label], high[:, label], colors=colour, linewidth=2)
        axes.plot(
            places + offset, means[:, label], color=colour, marker="o", markersize=4, linewidth=1,
            label=shown,
        )  # fmt: skip
    if logarithmically:
        everything = np.stack([means, low, high])
        logarithmic(axes, np.nanmin(everything), np.nanmax(everything))
    _name_groups(axes, comparison)
    axes.set_ylabel(name, fontsize="small")
    names_above(axes)


def label_shares_of_groups(axes: Axes, comparison: Comparison) -> None:
    """Draw how many of each group's tracks have their lowest error under each label (Fig. 7b).

    Parameters
    ----------
    axes : Axes
    comparison : Comparison
        With more than eight labels it becomes a map of groups and labels, without intervals.
    """
    shares = 100 * comparison.values("share")
    name = "share of scored tracks (%)"
    if len(comparison.labels) > MOST_LABELS:
        _map(axes, comparison, shares, name, vmin=0)
        return
    low, high = 100 * comparison.values("share_low"), 100 * comparison.values("share_high")
    places = np.arange(len(shares))
    width = 0.8 / len(comparison.labels)
    for label, (colour, offset) in enumerate(_styles(comparison, 0.8 - width)):
        shown = display_name(comparison.labels[label])
        axes.bar(places + offset, shares[:, label], 0.9 * width, color=colour, label=shown)
        axes.vlines(places + offset, low[:, label], high[:, label], colors="0.5", linewidth=1)
    axes.set_ylim(0, None)
    _name_groups(axes, comparison)
    axes.set_ylabel(name, fontsize="small")
    names_above(axes)


def draw_comparison(figure: Figure, comparison: Comparison) -> None:
    """Draw both pictures into an empty figure, below each other or, where it is wide, abreast.

    Parameters
    ----------
    figure : Figure
    comparison : Comparison
    """
    width, height = figure.get_size_inches()
    shape = (1, 2) if width > 1.4 * height else (2, 1)
    left, right = figure.subplots(*shape).ravel()
    mean_errors_of_groups(left, comparison)
    label_shares_of_groups(right, comparison)


def comparison_figure(comparison: Comparison) -> Figure:
    """Compose the picture of a comparison.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    Figure
        10 inches wide or more, 4.5 high; `write_figure` puts it into a file.
    """
    width = max(10.0, 1.2 * len(comparison.groups) + 2)
    figure = Figure(figsize=(width, 4.5), layout="constrained")
    draw_comparison(figure, comparison)
    figure.supxlabel(comparison.what_was_resampled(), fontsize="small")
    return figure


def _styles(comparison: Comparison, spread: float) -> list[tuple[str, float]]:
    """Give each label its colour and its place beside the middle of a group."""
    offsets = spread * (np.linspace(0, 1, len(comparison.labels)) - 0.5)
    if len(comparison.labels) == 1:
        offsets = np.zeros(1)
    colours = label_colours(comparison.labels).values()
    return list(zip(colours, offsets.tolist(), strict=True))


def name_groups(axes: Axes, groups: Sequence[str], counts: Sequence[int], what: str) -> None:
    """Write the names of groups, and their numbers of tracks, below the places 0, 1, 2, ...

    Parameters
    ----------
    axes : Axes
    groups : sequence of str
    counts : sequence of int
    what : str
        What the names and numbers are.
    """
    names = _group_names(groups, counts)
    upright = len(names) * max(len(line) for name in names for line in name.split("\n"))
    axes.set_xticks(range(len(names)), names, fontsize="small")
    if upright > MOST_UPRIGHT:
        axes.set_xticks(range(len(names)), [name.replace("\n", ", ") for name in names])
        axes.tick_params(axis="x", rotation=90, labelsize="small")
    axes.set_xlabel(what, fontsize="small")
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", labelsize="small", which="both")
    axes.set_xlim(-0.6, len(names) - 0.4)
    open_frame(axes)


def _name_groups(axes: Axes, comparison: Comparison) -> None:
    name_groups(axes, comparison.groups, _counts(comparison), "group and its scored tracks")


def _counts(comparison: Comparison) -> list[int]:
    return [int(count) for count in comparison.values("n_tracks")[:, 0]]


def _group_names(groups: Sequence[str], counts: Sequence[int]) -> list[str]:
    return [f"{_shortened(group)}\n{count}" for group, count in zip(groups, counts, strict=True)]


def _shortened(name: str) -> str:
    """Cut out the middle of a long name: files differ at either end."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"


def _map(
    axes: Axes, comparison: Comparison, values: NDArray[np.float64], name: str, **options: Any
) -> None:
    """Draw a row a group and a column a label."""
    image = axes.imshow(values, aspect="auto", cmap="viridis", **options)
    figure = axes.figure
    room = axes.bbox.width / figure.dpi / NAME_WIDTH
    every = math.ceil(len(comparison.labels) / room)
    places = range(0, len(comparison.labels), every)
    names = [display_name(comparison.labels[place]) for place in places]
    axes.set_xticks(places, names, rotation=90, fontsize="small")
    groups = [
        group.replace("\n", ", ") for group in _group_names(comparison.groups, _counts(comparison))
    ]
    axes.set_yticks(range(len(groups)), groups, fontsize="small")
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes)
    bar.set_label(name, fontsize="small")
    bar.ax.tick_params(labelsize="small", which="both")
    bar.ax.yaxis.set_major_formatter("{x:g}")
    bar.ax.yaxis.set_minor_formatter("{x:g}")
