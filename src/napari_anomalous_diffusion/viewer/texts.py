"""What the dock says about a result: names, sentences and the entries of the legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_anomalous_diffusion.scores.palette import VERDICT_COLOURS, display_name
from napari_anomalous_diffusion.scores.words import NOVEL, SEPARATOR
from napari_anomalous_diffusion.viewer.colours import range_colormap
from napari_anomalous_diffusion.viewer.legend import Entry, Legend
from napari_anomalous_diffusion.viewer.model import (
    BEST,
    CONFIDENCE,
    MARGIN,
    P_VALUE,
    VERDICT,
    ScoredTracks,
)
from napari_anomalous_diffusion.viewer.table import shown_value

if TYPE_CHECKING:
    from napari.layers import Tracks

TRACK_IDS = "track_ids"
"""Where a layer's metadata keeps the user's own ids, if napari could not take them."""


MOST_CANDIDATES = 6
"""More of them are counted, not named: of 36 mixtures, half cannot be told apart."""


def own_track_ids(layer: Tracks) -> list[Any] | None:
    """Return the user's own ids of a layer's tracks, where its metadata keeps one for each id."""
    names = layer.metadata.get(TRACK_IDS)
    if names is None or not layer.data[:, 0].max(initial=0) < len(names):
        return None
    return list(names)


def colour_modes(result: ScoredTracks) -> dict[str, str]:
    """Name what a layer can be coloured by: titles by column."""
    titles = {BEST: "Best label", VERDICT: "Verdict (fading with doubt)", MARGIN: "Margin"}
    titles |= {CONFIDENCE: "Confidence", P_VALUE: "p-value"}
    errors = zip(result.scores.bank.error_columns, result.scores.labels, strict=True)
    titles |= {column: f"Error of {display_name(label)}" for column, label in errors}
    return {column: titles[column] for column in result.columns}


def fill_legend(
    legend: Legend, result: ScoredTracks | None, column: str | None, hidden: frozenset[str]
) -> None:
    """Put the classes of a result, and the colours of a column, into the legend."""
    if result is None:
        legend.set_entries([], "model", False)
        return
    coloured = column in result.code_columns
    legend.set_entries(_entries(result, column, hidden), result.scores.bank.axis, coloured)
    if column is not None and not coloured:
        colormap = range_colormap(column, result.columns[column])
        legend.set_range(colour_modes(result)[column], colormap.low, colormap.high)


def _entries(result: ScoredTracks, column: str | None, hidden: frozenset[str]) -> list[Entry]:
    counts = result.counts(column)
    return [
        Entry(name, colour, int(count), count / counts.sum(), name not in hidden, is_label)
        for (name, colour), count in zip(result.class_colours.items(), counts, strict=True)
        if (is_label := name not in VERDICT_COLOURS) or count
    ]


def _of_all(result: ScoredTracks) -> str:
    scores, table = result.scores, result.scores.table
    many = f"{len(table):,} tracks, scored with {scores.bank.name}."
    if (novel := (table["verdict"] == NOVEL).sum()) or table["p_value"].notna().any():
        expected = f"{scores.expected_novel:.0f} would be expected by chance"
        many = f"{many} {novel:,} novel, where {expected}."
    if (right := scores.how_often_right()) is not None:
        many = f"{many} Simulated tracks as long are labelled rightly in {right:.0%} of cases."
    return many


def summary(result: ScoredTracks | None, track: int | None) -> str:
    """Say what the row of a track says, or what can be done when none is selected."""
    if result is None:
        return "Not scored yet."
    if track is None:
        return f"{_of_all(result)} Click a track to see its errors."
    row = result.scores.table.iloc[track]
    parts = [_counted(row["n_points"], "point")]
    if result.scores.bank.kind == "mse":  # others take a track as one
        parts.append(_counted(row["n_windows"], "window"))
    if isinstance(row["runner_up"], str):
        runner_up = display_name(row["runner_up"])
        parts.append(f"margin {shown_value(row['margin'])} over {runner_up}")
    for name, title in {P_VALUE: "p", CONFIDENCE: "confidence"}.items():
        if value := shown_value(row[name]):
            parts.append(f"{title} {value}")
    if (right := result.scores.how_often_right(track)) is not None:
        parts.append(f"right in {right:.0%} of simulated tracks as long")
    if isinstance(row["candidates"], str):
        candidates = [display_name(label) for label in row["candidates"].split(SEPARATOR)]
        if len(candidates) > MOST_CANDIDATES:
            parts.append(f"{len(candidates)} of {len(result.scores.labels)} labels are candidates")
        else:
            parts.append(f"candidates {', '.join(candidates)}")
    return f"<b>Track {row['track_id']}: {display_name(row['verdict'])}</b><br>{', '.join(parts)}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
