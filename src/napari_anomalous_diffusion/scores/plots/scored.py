"""Pictures of a scored set of tracks, and of one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from napari_anomalous_diffusion.scores.palette import (
    VERDICT_COLOURS,
    display_name,
    label_colours,
    verdict_colours,
)
from napari_anomalous_diffusion.scores.plots.style import (
    ERROR_AXES,
    error_limits,
    name_labels,
    names_above,
    say,
    some_tracks,
    widen,
)
from napari_anomalous_diffusion.scores.words import IMMOBILE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.scores.scoring import Scores
    from napari_anomalous_diffusion.tracks.table import Trajectories

MOST_ROWS = 24
"""Labels that get a row each where their shares are drawn."""

MOST_QUANTILES = 1000
"""Of errors whose density is drawn; with these it is that of all within 1 % of its peak."""

NO_TRACKS = "There are no tracks."
NOTHING_SCORED = "No track could be scored:\nall are too short, or never move."


def verdict_counts(scores: Scores) -> dict[str, int]:
    """Count the tracks of each verdict.

    Parameters
    ----------
    scores : Scores

    Returns
    -------
    dict of str to int
        Every label of the bank in its order, also those that no track was given; then what is not
        a label, where it occurs.
    """
    counts = scores.table["verdict"].value_counts()
    others = [verdict for verdict in VERDICT_COLOURS if verdict in counts]
    return {verdict: int(counts.get(verdict, 0)) for verdict in [*scores.labels, *others]}


def tracks_by_label(axes: Axes, trajectories: Trajectories, scores: Scores) -> None:
    """Draw tracks as lines in the colours of their verdicts, y downwards as in napari.

    Three-dimensional tracks are seen along z, one-dimensional ones are drawn over their frames.
    What has no label lies underneath; what never moves, or has one point, is a dot.

    Parameters
    ----------
    axes : Axes
    trajectories : Trajectories
    scores : Scores
        Of these trajectories.
    """
    if not len(trajectories):
        say(axes, NO_TRACKS)
        return
    flat = trajectories.dimensions == 1
    if flat:
        points = np.column_stack([trajectories.frames, trajectories.positions[:, 0]])
    else:
        points = trajectories.positions[:, [-1, -2]]
    verdicts = scores.table["verdict"].to_numpy()
    palette = verdict_colours(scores.labels)
    colours = [palette[verdict] for verdict in verdicts]
    lines = np.split(points, trajectories.starts[1:-1])
    order = np.argsort(np.isin(verdicts, scores.labels), kind="stable")
    axes.add_collection(
        LineCollection(
            [lines[track] for track in order], colors=[colours[track] for track in order],
            linewidths=0.8,
        )
    )  # fmt: skip
    dots = np.flatnonzero((verdicts == IMMOBILE) | (trajectories.lengths == 1))
    x, y = points[trajectories.starts[dots]].T
    axes.scatter(x, y, s=6, c=[colours[track] for track in dots])
    _frame(axes, points, flat)


def _frame(axes: Axes, points: NDArray[np.float64], flat: bool) -> None:
    """Set the limits to the points with a margin, and the directions and names of the axes."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = high - low
    margin = 0.02 * np.where(span > 0, span if flat else span.max(), 1.0)
    (left, bottom), (right, top) = low - margin, high + margin
    axes.set_xlim(left, right)
    if flat:
        axes.set_ylim(bottom, top)
    else:
        axes.set_ylim(top, bottom)
        axes.set_aspect("equal")
    axes.set_xlabel("frame" if flat else "x", fontsize="small")
    axes.set_ylabel("x" if flat else "y", fontsize="small")
    axes.tick_params(labelsize="small")


def legend(target: Axes | Figure, scores: Scores, *, counts: bool = True, **options: Any) -> Legend:
    """Say which colour is which verdict, how many tracks were given it, and their share.

    Parameters
    ----------
    target : Axes or Figure
        What the legend belongs to.
    scores : Scores
    counts : bool
        Whether counts and shares follow the names.
    **options
        Handed on to matplotlib: ``loc``, ``ncols``, ...

    Returns
    -------
    Legend
    """
    palette = verdict_colours(scores.labels)
    tracks = verdict_counts(scores)
    names = {verdict: display_name(verdict) for verdict in tracks}
    if counts:
        # Set in columns, which asks for letters of one width.
        width = max(map(len, names.values()))
        digits = max(len(str(count)) for count in tracks.values())
        names = {
            verdict: f"{names[verdict]:<{width}}  {count:>{digits}} {_share(count, scores):>6}"
            for verdict, count in tracks.items()
        }
        options = {"prop": {"family": "monospace", "size": "small"}} | options
    handles = [Patch(facecolor=palette[verdict], label=names[verdict]) for verdict in tracks]
    shape: dict[str, Any] = {
        "frameon": False,
        "fontsize": "small",
        "handlelength": 1.0,
        "handleheight": 1.0,
    }
    made: Legend = target.legend(handles=handles, **(shape | options))
    return made


def _share(count: int, scores: Scores) -> str:
    percent = 100 * count / max(len(scores), 1)
    return "< 1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def error_profile(axes: Axes, scores: Scores, track: int | None = None, reach: float = 0.5) -> None:
    """Draw the errors of one track under every label, before those of all scored tracks.

    Parameters
    ----------
    axes : Axes
    scores : Scores
    track : int, optional
        Which track, by its row in the scores: its errors as large dots, those of the single members
        as small ones, a ring around the lowest. Without it, only all tracks are drawn: the middle
        half as a band and the median as a line.
    reach : float
        What share of all errors, of all members, the axis reaches over at least: the middle half
        under each label, if no more is asked for.
    """
    errors = scores.errors[scores.table["n_windows"] > 0]
    if not len(errors):
        say(axes, NOTHING_SCORED)
        return
    low, median, high = np.quantile(errors, [0.25, 0.5, 0.75], axis=0)
    places = np.arange(len(scores.labels))
    colours = list(label_colours(scores.labels).values())
    axes.bar(places, high - low, bottom=low, width=0.7, color=colours, alpha=0.35)
    axes.hlines(median, places - 0.35, places + 0.35, colors=colours, linewidth=2)
    name_labels(axes, scores)
    error_limits(axes, scores.bank.kind, low.min(), high.max())
    if reach > 0.5:
        widen(axes, *np.nanquantile(scores.member_errors, [(1 - reach) / 2, (1 + reach) / 2]))
    axes.set_ylabel(ERROR_AXES[scores.bank.kind], fontsize="small")
    axes.set_xlabel(_explanation(len(errors)), fontsize="small")
    if track is not None:
        errors_of_track(axes, scores, track)


def errors_of_track(axes: Axes, scores: Scores, track: int) -> None:
    """Draw the errors of one track into the picture of all tracks, and widen its limits for them.

    Parameters
    ----------
    axes : Axes
        On which `error_profile` has drawn all tracks.
    scores : Scores
    track : int
        Which track, by its row in the scores.
    """
    n_scored = int(np.count_nonzero(scores.table["n_windows"]))
    if not n_scored:
        return
    name, errors = scores.table["track_id"].iloc[track], scores.errors_of(track)
    ranges = scores.own_ranges(track)
    axes.set_xlabel(_explanation(n_scored, ranges is not None), fontsize="small")
    if np.isnan(errors).all():
        axes.set_title(f"track {name} has no errors", fontsize="small")
        return
    axes.set_title(f"track {name}", fontsize="small")
    members = scores.member_errors[track]
    _draw_errors(axes, errors, members)
    widen(axes, np.nanmin(members), np.nanmax(members))
    if ranges is not None:
        _draw_ranges(axes, ranges)


def _explanation(n_scored: int, ranges: bool = False) -> str:
    """Say what is drawn behind the errors of a track, and beside them."""
    boxes = f"boxes: middle half of {some_tracks(n_scored)}"
    return f"{boxes}\nbrackets: each label's own tracks" if ranges else boxes


def _draw_ranges(axes: Axes, ranges: NDArray[np.float64]) -> None:
    """Draw between which errors each label's own tracks lie, as brackets beside the track's."""
    places = np.arange(len(ranges)) - 0.22
    # One line of many pieces is drawn much faster than many lines.
    ends = np.column_stack([ranges, np.full(len(ranges), np.nan)])
    axes.plot(
        np.repeat(places, 3), ends.ravel(), marker="_", markersize=6, linewidth=1.2,
        color=mpl.rcParams["text.color"],
    )  # fmt: skip
    # Of its lower ends some are far away, and say less.
    widen(axes, ranges[:, 1].min(), ranges[:, 1].max())


def _draw_errors(axes: Axes, errors: NDArray[np.float64], members: NDArray[np.float64]) -> None:
    """Draw a track's errors, those of the single members, and a ring around the lowest."""
    text = mpl.rcParams["text.color"]
    places = np.arange(len(errors))
    # Beside the mean, which would hide them: members of one label agree within a few per cent.
    beside = np.repeat(places + 0.2, members.shape[1])
    crowded = len(errors) > MOST_ROWS
    axes.plot(
        beside, members.ravel(), linestyle="none", marker="o", markersize=2 if crowded else 3,
        color=text, alpha=0.6,
    )  # fmt: skip
    axes.plot(
        places, errors, linestyle="none", marker="o", markersize=2 if crowded else 6, color=text
    )
    lowest = int(np.nanargmin(errors))
    axes.plot(
        lowest, errors[lowest], marker="o", markersize=13, fillstyle="none", color=text,
        markeredgewidth=1.5,
    )  # fmt: skip


def error_distributions(axes: Axes, scores: Scores) -> None:
    """Draw how the errors of all scored tracks are distributed under each label.

    Parameters
    ----------
    axes : Axes
    scores : Scores
    """
    errors = scores.errors[scores.table["n_windows"] > 0]
    if not len(errors):
        say(axes, NOTHING_SCORED)
        return
    places = np.arange(errors.shape[1])
    logarithmically = scores.bank.kind == "mse"
    # Densities of the logarithms: those of the errors would lean over on a logarithmic axis.
    values = np.log10(errors) if logarithmically else errors
    # A thousand quantiles have the density of any number of tracks, which takes all of them long.
    few = np.quantile(values, np.linspace(0, 1, min(len(values), MOST_QUANTILES)), axis=0)
    scott = len(values) ** -0.2
    violins = axes.violinplot(few, places, widths=0.85, showextrema=False, bw_method=scott)
    bodies: Any = violins["bodies"]
    colours = list(label_colours(scores.labels).values())
    for body, colour in zip(bodies, colours, strict=True):
        body.set(facecolor=colour, edgecolor=colour, alpha=0.5)
        vertices = body.get_paths()[0].vertices
        if logarithmically:
            vertices[:, 1] = 10 ** vertices[:, 1]
    medians = np.median(errors, axis=0)
    axes.hlines(medians, places - 0.2, places + 0.2, colors=mpl.rcParams["text.color"])
    name_labels(axes, scores)
    error_limits(axes, scores.bank.kind, errors.min(), errors.max())
    axes.set_ylabel(ERROR_AXES[scores.bank.kind], fontsize="small")
    axes.set_title(f"{some_tracks(len(errors))}: distribution and median", fontsize="small")


def label_shares(axes: Axes, scores: Scores) -> None:
    """Draw the share of each verdict among all tracks as a bar, its count beside it.

    More labels than `MOST_ROWS` are columns without counts.

    Parameters
    ----------
    axes : Axes
    scores : Scores
    """
    if not len(scores):
        say(axes, NO_TRACKS)
        return
    counts = verdict_counts(scores)
    palette = verdict_colours(scores.labels)
    shares = [100 * count / len(scores) for count in counts.values()]
    axes.set_title(f"verdicts on {some_tracks(len(scores))}", fontsize="small")
    if len(scores.labels) > MOST_ROWS:
        _share_columns(axes, scores, shares, [palette[verdict] for verdict in counts])
        return
    places = range(len(counts))
    axes.barh(places, shares, height=0.75, color=[palette[verdict] for verdict in counts])
    for place, share, count in zip(places, shares, counts.values(), strict=True):
        axes.annotate(
            f"{count} ({_share(count, scores)})", (share, place), (4, 0),
            textcoords="offset points", va="center", fontsize="small",
        )  # fmt: skip
    axes.set_yticks(places, [display_name(verdict) for verdict in counts], fontsize="small")
    axes.set_xlim(0, 1.4 * max(shares))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    # Every bar bears its number.
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _share_columns(axes: Axes, scores: Scores, shares: list[float], colours: list[str]) -> None:
    """Draw shares as columns: of the labels, then, farther apart, of what is not a label."""
    n_labels = len(scores.labels)
    others = [display_name(verdict) for verdict in verdict_counts(scores)][n_labels:]
    apart = -(-n_labels // 15)
    aside = [n_labels + apart * (number + 1) for number in range(len(others))]
    widths = [0.8] * n_labels + [0.6 * apart] * len(others)
    axes.bar([*range(n_labels), *aside], shares, width=widths, color=colours)
    name_labels(axes, scores)
    names = [label.get_text() for label in axes.get_xticklabels()]
    axes.set_xticks([*axes.get_xticks(), *aside], [*names, *others], rotation=90, fontsize="small")
    axes.set_xlim(-0.6, max(n_labels, *aside, 0) + 0.4 * apart)
    axes.set_ylabel("share (%)", fontsize="small")


def loss_curves(axes: Axes, bank: Bank) -> None:
    """Draw the training loss of every member of a bank, round by round.

    Parameters
    ----------
    axes : Axes
    bank : Bank
    """
    palette = label_colours(bank.labels)
    for label in bank.contents.labels:
        for number, member in enumerate(label.members):
            rounds = np.arange(1, len(member.loss_curve) + 1)
            name = display_name(label.name) if number == 0 else None
            axes.plot(rounds, member.loss_curve, color=palette[label.name], linewidth=1, label=name)
    axes.set_xlabel("round of training", fontsize="small")
    axes.set_ylabel("training loss", fontsize="small")
    axes.tick_params(labelsize="small")
    names_above(axes)


def summary_figure(trajectories: Trajectories, scores: Scores) -> Figure:
    """Compose the picture of a scored set of tracks: map, legend, shares and error profiles.

    Parameters
    ----------
    trajectories : Trajectories
    scores : Scores
        Of these trajectories.

    Returns
    -------
    Figure
        10 x 6.25 inches; `write_figure` puts it into a file.
    """
    figure = Figure(figsize=(10, 6.25), layout="constrained")
    panels = figure.subplot_mosaic(
        [["map", "shares"], ["map", "profile"]], width_ratios=[1.6, 1], height_ratios=[1, 1.15]
    )
    tracks_by_label(panels["map"], trajectories, scores)
    legend(
        panels["map"], scores, counts=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=7,
        handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip
    label_shares(panels["shares"], scores)
    error_profile(panels["profile"], scores)
    figure.suptitle(f"{Path(trajectories.source).name}, scored with {scores.bank.name}")
    return figure
