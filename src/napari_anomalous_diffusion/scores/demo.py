"""The demonstration: both packaged samples, scored, drawn and summed up in three lines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.scores.plots import summary_figure, verdict_counts, write_figure
from napari_anomalous_diffusion.scores.scoring import score
from napari_anomalous_diffusion.scores.words import SEPARATOR, UNDECIDED
from napari_anomalous_diffusion.tracks.files import read_tracks, write_table

if TYPE_CHECKING:
    from napari_anomalous_diffusion.scores.scoring import Scores

BROWNIAN_LABELS = {
    "fbm": "FBM at alpha = 1",
    "sbm": "SBM at alpha = 1",
    "attm": "ATTM while its diffusivity lasts",
}
"""The labels under which Brownian motion hides, and where in them."""


def run_demo(
    output: str | Path,
    *,
    bank: Bank | str | None = None,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Score the packaged samples, and leave a table and a picture of each.

    Parameters
    ----------
    output : path
        Folder for ``beads-scores.csv``, ``beads.png``, ``field-scores.csv`` and ``field.png``; it
        is made if need be.
    bank : Bank or str, optional
        A bank or its name; the default bank where none is given.
    device : {"auto", "cpu", "cuda", "mps"}
    progress : callable, optional
        Called with the number of tracks done and of all tracks of both samples, after each step.

    Returns
    -------
    list of str
        Three lines for people: what the beads were given, what that means, and how many tracks of
        the field were given the model that they were simulated with.

    Raises
    ------
    InputError
        If there is no such bank or device, or the folder cannot be written to.
    """
    opened = load_bank(bank)
    samples = {name: read_tracks(sample_path(name)) for name in ("beads", "field")}
    total = sum(map(len, samples.values()))
    done = 0
    scores = {}
    for name, trajectories in samples.items():
        report = progress and partial(_report, progress, done, total)
        scores[name] = score(trajectories, opened, device=device, progress=report)
        done += len(trajectories)
        write_table(scores[name].table, Path(output) / f"{name}-scores.csv")
        write_figure(summary_figure(trajectories, scores[name]), Path(output) / f"{name}.png")
    return [
        _what_beads_were_given(scores["beads"]),
        _what_that_means(scores["beads"]),
        _what_the_field_was_given(scores["field"], pd.read_csv(sample_path("field"))),
    ]


def _report(
    progress: Callable[[int, int], None], before: int, total: int, done: int, of_sample: int
) -> None:
    """Count the tracks of one sample on from those before it."""
    progress(before + done, total)


def _what_beads_were_given(scores: Scores) -> str:
    counts = verdict_counts(scores)
    given = sorted(scores.labels, key=lambda label: -counts[label])
    others = [verdict for verdict in counts if verdict not in scores.labels]
    parts = [f"{counts[name]} {display_name(name)}" for name in [*given, *others] if counts[name]]
    return f"Beads: verdicts on {len(scores)} tracks of 1 µm beads in water: {', '.join(parts)}."


def _what_that_means(scores: Scores) -> str:
    brownian = [label for label in BROWNIAN_LABELS if label in scores.labels]
    if not brownian:
        return f"Beads: they are Brownian, and no label of {scores.bank.name} is."
    best = scores.table["best"].dropna()
    return (
        "Beads: they are Brownian, which no label says by name: it is "
        f"{', or '.join(BROWNIAN_LABELS[label] for label in brownian)}, and "
        f"{best.isin(brownian).sum()} of {len(best)} scored tracks have their lowest error under "
        f"{'one of these' if brownian[1:] else 'that'}{_what_is_undecided(scores)}."
    )


def _what_is_undecided(scores: Scores) -> str:
    undecided = scores.table["candidates"][scores.table["verdict"] == UNDECIDED]
    if undecided.empty:
        return ""
    names = [display_name(label) for label in undecided.mode()[0].split(SEPARATOR)]
    return (
        f"; {len(undecided)} of them are undecided, most often between "
        f"{', '.join(names[:-1])} and {names[-1]}"
    )


def _what_the_field_was_given(scores: Scores, points: pd.DataFrame) -> str:
    models = points.groupby("track_id")["model"].first()
    truth = scores.table["track_id"].map(models)
    known = scores.table["best"].notna() & truth.isin(scores.labels)
    right = scores.table["best"] == truth
    if not known.any():
        return f"Field: none of its models is a label of {scores.bank.name}."
    named = known & scores.table["verdict"].isin(scores.labels)
    sure = "" if named.equals(known) else f", {_share(right[named])} of those with a verdict"
    return (
        f"Field: of {known.sum()} simulated tracks that move and are long enough, "
        f"{_share(right[known])} have their lowest error under the model they were simulated "
        f"with{sure}, where chance gives {1 / len(scores.labels):.0%}."
    )


def _share(right: pd.Series[bool]) -> str:
    return f"{right.sum()} ({right.mean():.0%})"
