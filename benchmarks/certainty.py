"""How sure verdicts are: the numbers and pictures of docs/how-sure.md.

    python benchmarks/certainty.py models-any [--supervised] [--share 0.5] [--pictures docs/images]

Needs the extra `train`. Every track is fresh: its seed is no seed of training or calibration.
Labels count in equal shares, whatever the number of their tracks; tracks that never move are left
out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from napari_anomalous_diffusion.autoencoders.bank import Bank, installed_banks, load_bank
from napari_anomalous_diffusion.lab.experiments import certainty, supervised
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.sources import Source

TRACKS = {10: 600, 20: 600, 37: 400, 50: 300, 100: 300, 200: 150, 250: 150, 400: 80}
"""Tracks of each label by their points."""

SPOILED = {
    "as simulated": {},
    "blurred: exposed over the whole frame interval": {"spoil": certainty.blur},
    "rounded to half a step": {"spoil": certainty.round_to_pixels},
    "a fifth of the frames missing": {"missing": 0.2},
    "begun long before": {"spoil": certainty.begin_late},
    "Brownian from the middle on": {"spoil": certainty.change_halfway},
}

LEVY_WALKS = Source(model="lw", exponents=[alpha / 10 for alpha in range(11, 20)])

Sources = dict[str, Source]


def main() -> None:
    options = _options()
    for name in options.banks:
        bank = load_bank(name)
        sources = dict(read_recipe(bank.folder / "recipe.toml").labels)
        print(f"# {name}\n", flush=True)
        pooled = tell_own(bank, sources, options.share)
        powers = tell_strange(bank, sources, options.share)
        tell_spoiled(bank, sources, options.share)
        if "bm" in sources:
            tell_noisy(bank, sources, options.share)
            tell_brownian(sources["bm"], options.share)
        if options.supervised:
            tell_supervised(sources, options.share)
        if options.pictures is not None:
            draw(pooled, powers, options.pictures / f"how-sure-{name}.png")


def of(bank: Bank) -> dict[int, int]:
    """Tracks of each label by their points, where windows of the bank fit."""
    return {length: number for length, number in TRACKS.items() if length >= bank.length}


def tell_own(bank: Bank, sources: Sources, share: float) -> pd.DataFrame:
    """Print accuracy, false alarms and reliability on tracks of the bank's own labels."""
    print(
        "| points | | S | accuracy | novel | of a label, at most | undecided "
        "| own label a candidate | calibration error |\n|---|---|---|---|---|---|---|---|---|"
    )
    tables = []
    for noise, dimensions, (length, number) in product((0.0, 0.5), (1, 2), of(bank).items()):
        n_tracks = max(round(share * number), 20)
        table = certainty.judge_own(bank, sources, n_tracks, length, dimensions, noise)
        tables.append(table.assign(length=length, dimensions=dimensions, noise=noise))
        alarms = certainty.false_alarms(table)
        print(
            f"| {length} | {dimensions}D | {noise:g} | {certainty.accuracy(table):.3f} "
            f"| {alarms['all']:.3f} | {alarms.max():.3f} | {undecided(table):.3f} "
            f"| {own_among_candidates(table):.3f} | {certainty.calibration_error(table):.3f} |",
            flush=True,
        )
    pooled = pd.concat(tables, ignore_index=True)
    print(f"\nCalibration error of all together: {certainty.calibration_error(pooled):.3f}\n")
    for length, dimensions in ((20, 1), (100, 2)):
        chosen = pooled.query(f"length == {length} and dimensions == {dimensions} and noise == 0")
        print(
            f"What tracks of {length} points ({dimensions}D, S = 0) are called, their best label:\n"
        )
        print_shares(pd.crosstab(chosen["label"], chosen["best"], normalize="index"))
    print("Called novel at level 0.05, by exponent, all lengths and dimensions, S = 0:\n")
    clean = pooled[pooled["p_value"].notna() & (pooled["noise"] == 0)]
    novel = (clean["p_value"] < 0.05).groupby([clean["label"], clean["alpha"]]).mean().unstack()
    print_shares(novel.rename(columns="{:g}".format))
    return pooled


def tell_strange(bank: Bank, sources: Sources, share: float) -> pd.DataFrame:
    """Print how many strange tracks are called novel, by their points; return it."""
    number = max(round(200 * share), 20)
    rows = {}
    for name, strange in certainty.STRANGE.items():
        rows[name] = {
            length: certainty.power(bank, strange, number, length, 2) for length in of(bank)
        }
    if "lw" not in sources:
        rows["Levy walks"] = {length: walks_found(bank, number, length) for length in of(bank)}
    powers = pd.DataFrame(rows).T
    print("Called novel at level 0.05, by points (2D, S = 0):\n")
    print_shares(powers)
    return powers


def walks_found(bank: Bank, number: int, length: int) -> float:
    """Share of Levy walks that are called novel."""
    each = max(number // len(LEVY_WALKS.exponents), 2)
    positions = simulate_source(LEVY_WALKS, each, length, 2, seed=88_000)
    table = certainty.judged(bank, positions, 0.0, np.random.default_rng(88_000))
    return float((table["p_value"] < 0.05).mean())


def tell_spoiled(bank: Bank, sources: Sources, share: float) -> None:
    """Print what the bank makes of tracks of 100 frames that something was done to."""
    print("| tracks of 100 frames, 2D | accuracy | novel | undecided |\n|---|---|---|---|")
    for name, how in SPOILED.items():
        length = 400 if how.get("spoil") in (certainty.blur, certainty.begin_late) else 100
        table = certainty.judge_own(bank, sources, max(round(200 * share), 20), length, 2, **how)
        print(
            f"| {name} | {certainty.accuracy(table):.3f} "
            f"| {certainty.false_alarms(table)['all']:.3f} | {undecided(table):.3f} |",
            flush=True,
        )
    print()


def tell_noisy(bank: Bank, sources: Sources, share: float) -> None:
    """Print how often the five models are told apart where errors of three sizes are mixed."""
    five = [name for name in sources if name != "bm"]
    columns = [f"nll_{name}" for name in five]
    print("| five models, 1D, S = 0.1, 0.5 or 1 | accuracy | recalls |\n|---|---|---|")
    for length, number in ((25, 760), (225, 190)):
        chosen = {name: sources[name] for name in five}
        n_tracks = max(round(share * number), 20)
        table = certainty.judge_own(bank, chosen, n_tracks, length, 1, (0.1, 0.5, 1.0))
        moving = table[table["best"].notna()]
        best = moving[columns].idxmin(axis=1).str.removeprefix("nll_")
        right = (best == moving["label"]).groupby(moving["label"]).mean()
        named = ", ".join(f"{name} {recall:.2f}" for name, recall in right.items())
        print(f"| {length} points | {right.mean():.3f} | {named} |", flush=True)
    print()


def tell_brownian(source: Source, share: float) -> None:
    """Print what banks that know of noise, or do not, call Brownian tracks that have it."""
    print("What Brownian tracks of 100 points (2D) are called, their best label:\n")
    shares = {}
    for name in ("models-any", "models-20", "models-20-noisy", "subdiffusive-20"):
        if name not in installed_banks():
            continue
        for noise in (0.0, 0.5, 1.0):
            n_tracks = max(round(300 * share), 20)
            table = certainty.judge_own(load_bank(name), {"bm": source}, n_tracks, 100, 2, noise)
            row = table["best"].value_counts(normalize=True)
            if name == "models-any":
                row["bm a candidate"] = certainty.among_candidates(table, "bm")
            shares[f"{name}, S = {noise:g}"] = row
    print_shares(pd.DataFrame(shares).T.fillna(0))


def tell_supervised(sources: Sources, share: float) -> None:
    """Print how often a network is right that is trained with labels on the same tracks."""
    print("| supervised | accuracy | recalls |\n|---|---|---|")
    for length, dimensions, number, rounds in ((20, 1, 8_000, 8), (100, 2, 3_000, 6)):
        n_tracks = max(round(share * number), 200)
        seen = supervised.labelled_steps(sources, n_tracks, length, dimensions, seed=99_000)
        network = supervised.train_classifier(*seen, rounds)
        fresh = supervised.labelled_steps(sources, TRACKS[length], length, dimensions, seed=88_000)
        recalls = supervised.recalls(network, *fresh)
        named = ", ".join(
            f"{name} {recall:.2f}" for name, recall in zip(sources, recalls, strict=True)
        )
        print(
            f"| {length} points, {dimensions}D: {n_tracks:,} tracks a label, shown {rounds} times "
            f"| {recalls.mean():.3f} | {named} |",
            flush=True,
        )
    print()


def draw(pooled: pd.DataFrame, powers: pd.DataFrame, path: Path) -> None:
    """Draw how reliable the confidence is, and how many strange tracks are found."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    for length, chosen in pooled.groupby("length"):
        if length in (10, 20, 50, 100, 400):
            curve = certainty.reliability(chosen)
            curve = curve[curve["share"] > 0.01]
            left.plot(curve["confidence"], curve["right"], "o-", label=f"{length} points")
    left.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    left.legend(frameon=False)
    for name, row in powers.iterrows():
        right.plot(row.index, row, "o-", label=name)
    right.axhline(0.05, color="0.6", linewidth=1)
    right.set(xscale="log", xlabel="points of a track", ylabel="share called novel", ylim=(0, 1))
    right.set_xticks([10, 20, 50, 100, 200, 400], ["10", "20", "50", "100", "200", "400"])
    right.minorticks_off()
    right.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1))
    figure.savefig(path, dpi=150)


def undecided(table: pd.DataFrame) -> float:
    """Share of the tracks with a verdict that have more than one candidate."""
    return float(table["candidates"].dropna().str.contains(certainty.SEPARATOR).mean())


def own_among_candidates(table: pd.DataFrame) -> float:
    """Mean of the labels' shares of tracks that have their own label among the candidates."""
    return float(np.mean([
        certainty.among_candidates(tracks, label) for label, tracks in table.groupby("label")
    ]))  # fmt: skip


def print_shares(table: pd.DataFrame) -> None:
    """Print shares as a table of Markdown."""
    print("\n".join(_rows(table)), "\n", flush=True)


def _rows(table: pd.DataFrame) -> Iterator[str]:
    yield f"| | {' | '.join(map(str, table.columns))} |"
    yield "|---" * (1 + len(table.columns)) + "|"
    for name, row in table.iterrows():
        cells = ["" if np.isnan(value) else f"{value:.3f}" for value in row]
        yield f"| {name} | {' | '.join(cells)} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How sure verdicts are.")
    parser.add_argument("banks", nargs="+")
    parser.add_argument("--share", type=float, default=1.0, help="share of the tracks to score")
    parser.add_argument(
        "--supervised", action="store_true", help="train a network with labels on the same tracks"
    )
    parser.add_argument("--pictures", type=Path, help="draw into this folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
