"""The plane of mixtures of three models, Eq. (3) of the paper: Figs. 5 and 7, and their trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.scores.plots.paper import PROTOCOLS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    row, column = np.unravel_index(np.argmin(means.to_numpy()), means.shape)
    lowest = means.columns[int(column)], means.index[int(row)]
    axes.plot(*lowest, marker="o", markersize=9, fillstyle="none", color="white", markeredgewidth=2)


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


def plane_of_labels(labels: Sequence[str]) -> pd.DataFrame:
    """Read gamma and beta of labels such as ``gamma=0.2,beta=0.4``, a row a label."""
    parts = [dict(word.split("=") for word in label.split(",")) for label in labels]
    return pd.DataFrame(parts).astype(float)[["gamma", "beta"]]


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
    axes.set_xlabel("γ", fontsize="small")
    axes.set_ylabel("β", fontsize="small")
    axes.tick_params(labelsize="small")
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.85)
    bar.set_label(name, fontsize="small")
    bar.ax.tick_params(labelsize="small", which="both")
    bar.ax.yaxis.set_major_formatter("{x:.3g}")
    bar.ax.yaxis.set_minor_formatter("{x:.3g}")
    return values


def _corner(axes: Axes, name: str, x: int, y: int, half: float) -> None:
    """Write what a corner of the plane is, outside of it."""
    axes.annotate(
        name, (x + half if x else -half, 1 + half if y else -half), (0, 4 if y else -34),
        textcoords="offset points", ha="right" if x else "left", va="bottom" if y else "top",
        fontsize="small", fontweight="bold", annotation_clip=False,
    )  # fmt: skip
