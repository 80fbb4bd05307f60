"""The plane of mixtures of three models, Eq. (3) of the paper: Figs. 5 and 7, and their trust."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from napari_anomalous_diffusion.scores.mixtures import (
    mixed_models,
    mixtures_of,
    plane_of_labels,
    recovery_of,
    trust,
)
from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.scores.plots.paper import PROTOCOLS
from napari_anomalous_diffusion.scores.plots.scored import NOTHING_SCORED
from napari_anomalous_diffusion.scores.plots.style import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.scores.scoring import Scores

NOTHING_MEASURED = "How well this bank names mixtures\nwas not measured: trust no map of it."

ABOVE_CORNERS = 20
"""Points between a title and its plane: the names of the upper corners stand there."""

MOST_TICKS = 6

SENTENCE_WIDTH = 38
"""Letters of a line below a plane that is as wide as the dock."""


def errors_on_plane(
    axes: Axes,
    table: pd.DataFrame,
    protocol: str,
    corners: Sequence[str],
    *,
    unit: bool = True,
) -> None:
    """Draw an error over the plane of mixtures, its minimum marked: Figs. 5b-d and 7a.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``gamma, beta, mse``; rows of several members are averaged.
    protocol : {"track", "population"}
    corners : sequence of str
        The models 1, 2 and 3 of Eq. (3).
    unit : bool
        Whether the unit of the error stands beside its name.
    """
    low, high = table.groupby(["gamma", "beta"])["mse"].mean().agg(["min", "max"])
    scale = {"norm": LogNorm(low, high)} if high / low > 3 else {}
    name = PROTOCOLS[protocol] if unit else PROTOCOLS[protocol].split("\n")[0]
    means = _plane(axes, table, "mse", corners, name, **scale)
    _mark_lowest(axes, means)


def scored_errors_on_plane(axes: Axes, scores: Scores) -> None:
    """Draw the mean error of all scored tracks over the plane, its minimum marked: Fig. 7a.

    Parameters
    ----------
    axes : Axes
    scores : Scores
        By a bank of mixtures.
    """
    if not (scores.table["n_windows"] > 0).any():
        say(axes, NOTHING_SCORED)
        return
    table = mixtures_of(scores)
    errors_on_plane(axes, table, "track", mixed_models(scores.bank))
    lowest = scores.labels[int(table["mse"].argmin())]
    axes.set_title(
        f"mean error, lowest at {display_name(lowest)}", fontsize="small", pad=ABOVE_CORNERS
    )


def scored_minima_on_plane(axes: Axes, scores: Scores) -> None:
    """Draw where the scored tracks have their lowest errors: Fig. 7b.

    Parameters
    ----------
    axes : Axes
    scores : Scores
        By a bank of mixtures.
    """
    n_scored = int((scores.table["n_windows"] > 0).sum())
    if not n_scored:
        say(axes, NOTHING_SCORED)
        return
    shares_on_plane(axes, mixtures_of(scores), mixed_models(scores.bank))
    title = f"lowest errors of {n_scored} of {len(scores)} tracks"
    axes.set_title(title, fontsize="small", pad=ABOVE_CORNERS)


def trust_in_plane(axes: Axes, bank: Bank) -> None:
    """Draw how well a bank names simulated mixtures, and say in a sentence what follows.

    Parameters
    ----------
    axes : Axes
    bank : Bank
        Of mixtures.
    """
    recovery = recovery_of(bank)
    if recovery is None:
        say(axes, NOTHING_MEASURED)
        return
    recovered_mixtures(axes, recovery, mixed_models(bank))
    axes.set_title("where simulated mixtures are put", fontsize="small", pad=ABOVE_CORNERS)
    axes.set_xlabel(f"γ\n\n\n{fill(trust(recovery).sentence, SENTENCE_WIDTH)}", fontsize="small")


def track_on_plane(axes: Axes, scores: Scores, track: int) -> None:
    """Show the errors of one track on a plane, its minimum marked.

    Parameters
    ----------
    axes : Axes
        On which `scored_errors_on_plane` has drawn the mean of all tracks: its picture changes.
    scores : Scores
    track : int
        Which track, by its row in the scores.
    """
    if not axes.images:
        return
    errors = scores.errors_of(track)
    name = scores.table["track_id"].iloc[track]
    table = plane_of_labels(scores.labels).assign(mse=errors)
    values = table.pivot_table("mse", "beta", "gamma", dropna=False)
    (image,) = axes.images
    image.set_data(values.to_numpy())
    for mark in axes.lines:
        mark.set_visible(False)
    if np.isnan(errors).all():
        axes.set_title(f"track {name} has no errors", fontsize="small", pad=ABOVE_CORNERS)
        return
    image.set_clim(errors.min(), errors.max())
    _mark_lowest(axes, values)
    lowest = display_name(scores.labels[int(errors.argmin())])
    axes.set_title(f"track {name}\nlowest error at {lowest}", fontsize="small", pad=ABOVE_CORNERS)


def shares_on_plane(axes: Axes, table: pd.DataFrame, corners: Sequence[str]) -> None:
    """Draw which share of the tracks has its lowest error at each mixture: Fig. 7b.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``gamma, beta, share``.
    corners : sequence of str
        The models 1, 2 and 3 of Eq. (3).
    """
    percent = table.assign(share=100 * table["share"])
    _plane(axes, percent, "share", corners, "tracks whose lowest error is here (%)", vmin=0)


def recovered_mixtures(
    axes: Axes, table: pd.DataFrame, corners: Sequence[str], by: str = "share"
) -> None:
    """Draw where the tracks of each mixture are found: how well a map of mixtures can be trusted.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``gamma, beta, named_gamma, named_beta, share, mse``, as `lab.experiments` makes it
        and as it lies in ``recovery.csv`` of a bank of mixtures.
    corners : sequence of str
        The models 1, 2 and 3 of Eq. (3).
    by : {"share", "mse"}
        ``share``: arrows lead from each mixture to the one that most of its tracks are given, each
        by itself (Fig. 7b); the colour is the share that is given the right one. ``mse``: they lead
        to the lowest mean error of its tracks (Fig. 7a); the colour is by how much the right one
        errs more.
    """
    found = table.groupby(["gamma", "beta"])[by].agg("idxmax" if by == "share" else "idxmin")
    right = table[_hit(table)].set_index(["gamma", "beta"])[by]
    if by == "share":
        shown, name = 100 * right, "tracks of this mixture\nthat are given it (%)"
    else:
        lowest = table[by].loc[found].to_numpy()
        shown = 100 * (right.loc[found.index] / lowest - 1)
        name = "error per track under its own label,\nabove the lowest (%)"
    _plane(axes, shown.rename(by).reset_index(), by, corners, name, vmin=0)
    named = table.loc[found, ["named_gamma", "named_beta"]].to_numpy()
    for start, end in zip(found.index, named, strict=True):
        if np.allclose(start, end):
            axes.plot(*start, marker="o", color="white", markersize=4)
        else:
            axes.annotate(
                "", tuple(end), start, arrowprops={"arrowstyle": "->", "color": "white", "lw": 0.9}
            )


def attracted_mixtures(axes: Axes, table: pd.DataFrame, corners: Sequence[str]) -> None:
    """Draw how many tracks each mixture draws to itself, from all mixtures in equal shares.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        As for `recovered_mixtures`.
    corners : sequence of str
        The models 1, 2 and 3 of Eq. (3).
    """
    n_points = len(table.groupby(["gamma", "beta"]))
    drawn = table.groupby(["named_gamma", "named_beta"])["share"].sum() * 100 / n_points
    drawn.index = drawn.index.set_names(["gamma", "beta"])
    name = f"tracks of all mixtures\nthat are given this one (%; fair: {100 / n_points:.1f})"
    _plane(axes, drawn.reset_index(), "share", corners, name, vmin=0)


def _mark_lowest(axes: Axes, values: pd.DataFrame) -> None:
    """Put a ring around the lowest value, a row a beta and a column a gamma."""
    row, column = np.unravel_index(np.nanargmin(values.to_numpy()), values.shape)
    lowest = values.columns[int(column)], values.index[int(row)]
    axes.plot(*lowest, marker="o", markersize=9, fillstyle="none", color="white", markeredgewidth=2)


def _hit(table: pd.DataFrame) -> pd.Series:
    return (table["gamma"] == table["named_gamma"]) & (table["beta"] == table["named_beta"])


def _plane(
    axes: Axes,
    table: pd.DataFrame,
    column: str,
    corners: Sequence[str],
    name: str,
    **scale: Any,
) -> pd.DataFrame:
    """Draw a column over gamma and beta with a colour bar; return it, a row a beta."""
    values = table.pivot_table(column, "beta", "gamma")
    half = 0.5 / max(len(values) - 1, 1)
    image = axes.imshow(
        values, origin="lower", extent=(-half, 1 + half, -half, 1 + half), cmap="viridis", **scale
    )
    for model, (x, y) in zip(corners, ((1, 1), (0, 1), (1, 0)), strict=True):
        _corner(axes, display_name(model), x, y, half)
    _corner(axes, " + ".join(display_name(model) for model in corners[1:]), 0, 0, half)
    for axis, grid, letter in ((axes.xaxis, values.columns, "γ"), (axes.yaxis, values.index, "β")):
        axis.set_ticks(grid if len(grid) <= MOST_TICKS else np.linspace(0, 1, 5))
        axis.set_label_text(letter, fontsize="small")
    axes.tick_params(labelsize="small")
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.85)
    bar.set_label(name, fontsize="small")
    bar.ax.tick_params(labelsize="small", which="both")
    bar.ax.yaxis.set_major_formatter("{x:.4g}")
    bar.ax.yaxis.set_minor_formatter("{x:.4g}")
    return values


def _corner(axes: Axes, name: str, x: int, y: int, half: float) -> None:
    """Write what a corner of the plane is, outside of it."""
    axes.annotate(
        name, (x + half if x else -half, 1 + half if y else -half), (0, 4 if y else -31),
        textcoords="offset points", ha="right" if x else "left", va="bottom" if y else "top",
        fontsize="small", fontweight="bold", annotation_clip=False,
    )  # fmt: skip
