"""Score the packaged beads and nuclei, and make the numbers and pictures of beads-and-nuclei.md.

    python docs/beads_and_nuclei.py [-o docs/images]

Beside the real tracks stand simulated ones of Brownian motion (seed 0), as many, as long and with
the same gaps and mean squared steps. Beside the beads, particles are blurred over the whole frame
interval; beside the nuclei, they are seen with the localisation error that
`estimate_localisation_error` reads from the real tracks: all that moves less is at rest.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from napari_anomalous_diffusion import Trajectories, read_tracks, score
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores.localisation import estimate_localisation_error
from napari_anomalous_diffusion.scores.plots import error_profile, write_figure
from napari_anomalous_diffusion.scores.scoring import Scores
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.notices import Notice

BANKS = "models-20", "subdiffusive-20", "models-any"
SHORTEST = 20, 50, 100
SUBSTEPS = 20
CALIBRATIONS = {
    "beads": Calibration(
        pixel_size=0.351, length_unit="µm", frame_interval=0.0417, time_unit="s", exposure=1
    ),
    "nuclei": Calibration(
        pixel_size=0.16, length_unit="µm", frame_interval=0.00748, time_unit="s"
    ),
}  # fmt: skip


def brownian(like: Trajectories, error: float) -> Trajectories:
    """Simulate Brownian motion at the frames of other tracks, with the mean squared step of each.

    Parameters
    ----------
    like : Trajectories
    error : float
        Standard deviation of the localisation error, in pixels; where the tracks have an exposure,
        their positions are means over so much of each frame.
    """
    generator = np.random.default_rng(0)
    exposed = max(round(SUBSTEPS * like.calibration.exposure), 1)
    positions = np.empty_like(like.positions)
    for start, stop in zip(like.starts[:-1], like.starts[1:], strict=True):
        frames = like.frames[start:stop] - like.frames[start]
        seen_steps = np.diff(like.positions[start:stop], axis=0) ** 2 / np.diff(frames)[:, None]
        square = seen_steps.mean() if stop - start > 1 else 0.0
        # The blur takes a third of its share from a squared step; the error adds twice its own.
        step = (max(square - 2 * error**2, 0) / (1 - like.calibration.exposure / 3)) ** 0.5
        size = ((frames[-1] + 1) * SUBSTEPS, like.positions.shape[1])
        path = np.cumsum(generator.normal(scale=step / SUBSTEPS**0.5, size=size), axis=0)
        seen = frames[:, None] * SUBSTEPS + np.arange(exposed)
        positions[start:stop] = path[seen].mean(axis=1)
    return replace(like, positions=positions + generator.normal(scale=error, size=positions.shape))


def prepared() -> dict[str, Trajectories]:
    """Return all sets of tracks by their names."""
    sets = {}
    for name, calibration in CALIBRATIONS.items():
        real = replace(read_tracks(sample_path(name)), calibration=calibration)
        error = estimate_localisation_error(real) if name == "nuclei" else 0.0
        print(f"{name}: estimated localisation error {error:.4f} µm")
        sets[name] = real
        sets[f"Brownian, as the {name}"] = brownian(real, error / float(calibration.pixel_size))
    return sets


def say_labels(name: str, scores: Scores) -> None:
    """Print the best labels, the verdicts, the median margin and the median errors."""
    table = scores.table
    counts = " | ".join(
        ", ".join(f"{label} {count}" for label, count in table[column].value_counts().items())
        for column in ("best", "verdict")
    )
    medians = table[scores.bank.error_columns].median().round(3).to_dict()
    margin = table["margin"].median()
    print(f"{name} | {scores.bank.name} | {counts} | margin {margin:.3f} | {medians}")


def say_classical(name: str, table: pd.DataFrame) -> None:
    """Print what the classical numbers are, for tracks of some lengths and more."""
    for shortest in SHORTEST:
        rows = table[(table["n_points"] >= shortest) & table["alpha"].notna()]
        if rows.empty:
            continue
        holds = (rows["alpha_low"] <= 1) & (rows["alpha_high"] >= 1)
        low, middle, high = rows["alpha"].quantile([0.25, 0.5, 0.75])
        print(
            f"{name} | >= {shortest} points | {len(rows)} tracks | alpha {middle:.2f} "
            f"({low:.2f} to {high:.2f}) | 1 in the interval of {holds.sum()} | "
            f"D {rows['diffusion'].median():.3f} | error {rows['localisation_error'].median():.3f}"
        )


def draw_errors(scored: dict[str, dict[str, Scores]]) -> Figure:
    """Draw the errors under every label: a row a set, a column a bank."""
    figure = Figure(figsize=(10, 2.6 * len(scored)), layout="constrained")
    axes = figure.subplots(len(scored), len(BANKS), squeeze=False)
    for row, (name, of_bank) in zip(axes, scored.items(), strict=True):
        for place, bank in zip(row, BANKS, strict=True):
            error_profile(place, of_bank[bank])
            count = int((of_bank[bank].table["n_windows"] > 0).sum())
            place.set_title(f"{name}, {bank}: {count} tracks", fontsize="small")
    return figure


def draw_exponents(tables: dict[str, pd.DataFrame]) -> Figure:
    """Draw alpha over the number of points, with its interval, for tracks of 20 points and more."""
    figure = Figure(figsize=(10, 3), layout="constrained")
    axes = figure.subplots(1, len(tables), sharey=True)
    for place, (name, table) in zip(axes, tables.items(), strict=True):
        rows = table[(table["n_points"] >= SHORTEST[0]) & table["alpha"].notna()]
        spread = np.abs(rows[["alpha_low", "alpha_high"]].to_numpy() - rows[["alpha"]].to_numpy())
        place.errorbar(
            rows["n_points"], rows["alpha"], spread.T, fmt="o", markersize=2, linewidth=0.3,
            color="#0072B2",
        )  # fmt: skip
        place.axhline(1, color="black", linewidth=0.8)
        place.set_xscale("log")
        place.set_xticks([20, 50, 100, 200], ["20", "50", "100", "200"])
        place.minorticks_off()
        place.set_xlabel("points of the track")
        place.set_title(name, fontsize="small")
    axes[0].set_ylabel("alpha, with its 95 % interval")
    return figure


def main() -> None:
    """Print all numbers, and draw both pictures."""
    parser = argparse.ArgumentParser(description="Score the beads and the nuclei.")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "images")
    output = parser.parse_args().output
    warnings.simplefilter("ignore", Notice)
    sets = prepared()
    scored = {name: {bank: score(tracks, bank) for bank in BANKS} for name, tracks in sets.items()}
    for name, of_bank in scored.items():
        for scores in of_bank.values():
            say_labels(name, scores)
    beads = sets["beads"]
    blurred = replace(beads, calibration=beads.calibration.model_copy(update={"exposure": 0}))
    tables = {name: of_bank[BANKS[0]].table for name, of_bank in scored.items()}
    tables["beads, exposure 0"] = score(blurred, BANKS[0]).table
    for name, table in tables.items():
        say_classical(name, table)
    real = {name: scored[name] for name in CALIBRATIONS}
    write_figure(draw_errors(real), output / "beads-and-nuclei-errors.png", dpi=110)
    shown = ["beads, exposure 0", "beads", "nuclei"]
    picture = draw_exponents({name: tables[name] for name in shown})
    write_figure(picture, output / "beads-and-nuclei-alpha.png", dpi=110)


if __name__ == "__main__":
    main()
