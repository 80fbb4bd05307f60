"""How often a bank of models or of exponents is right: the tables of docs/accuracy.md.

    python benchmarks/accuracy.py subdiffusive-20 models-20
    python benchmarks/accuracy.py models-200 exponents-fbm-200 --noise 0

Needs the extra `train`. Every track is fresh: its seed is no training seed.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from napari_anomalous_diffusion import load_bank
from napari_anomalous_diffusion.lab.experiments import Recovery, recover
from napari_anomalous_diffusion.lab.recipes import read_recipe

SEED = 77_000
SIZES = {
    20: [(20, 1, 200), (40, 2, 200), (100, 2, 200), (400, 2, 40)],
    200: [(200, 1, 40), (200, 2, 40), (400, 2, 40)],
}
"""Points, dimensions, and tracks for each model and exponent, by the length of a bank's windows."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("banks", nargs="+")
    parser.add_argument("--share", type=float, default=1.0, help="share of the tracks to score")
    parser.add_argument("--lengths", type=int, nargs="*", help="only tracks of these lengths")
    parser.add_argument("--noise", type=float, nargs="*", default=[0.0, 0.5])
    arguments = parser.parse_args()
    for name in arguments.banks:
        report(name, arguments.share, arguments.lengths, arguments.noise)


def report(name: str, share: float, lengths: list[int] | None, noises: list[float]) -> None:
    bank = load_bank(name)
    sources = read_recipe(bank.folder / "recipe.toml").labels
    print(f"## {name}\n")
    for noise in noises:
        recalls: dict[str, pd.Series] = {}
        for length, dimensions, number in SIZES[bank.length]:
            if lengths is not None and length not in lengths:
                continue
            n_tracks = max(round(share * number), 1)
            start = time.perf_counter()
            recovery = recover(bank, sources, n_tracks, length, dimensions, noise, SEED)
            seconds = time.perf_counter() - start
            what = f"{length} points, {dimensions}D, localisation error S = {noise:g}"
            print(f"### {what}\n\n{n_tracks} tracks a model and exponent, {seconds:.0f} s.\n")
            tell(recovery)
            recalls[f"{length} points, {dimensions}D"] = pd.concat(
                [recovery.recalls, pd.Series({"accuracy": recovery.accuracy})]
            )
        print(f"### Recall by length, S = {noise:g}\n\n{markdown(pd.DataFrame(recalls).T)}\n")


def tell(recovery: Recovery) -> None:
    print("Share of each model's moving tracks that were given each label:\n")
    print(markdown(recovery.confusion.assign(immobile=recovery.immobile)), "\n")
    print("Mean error of each model's tracks under each label (the lowest in bold):\n")
    print(markdown(recovery.errors, bold_lowest=True), "\n")
    print("The same with the geometric mean:\n")
    print(markdown(recovery.typical_errors, bold_lowest=True), "\n")
    print(f"Accuracy: {recovery.accuracy:.3f}\n", flush=True)
    if all(label.startswith("alpha=") for label in recovery.confusion):
        tell_exponents(recovery.confusion)


def tell_exponents(confusion: pd.DataFrame) -> None:
    """Say how far the exponents that are named lie from those that were simulated."""
    alphas = confusion.columns.str.removeprefix("alpha=").astype(float).to_numpy()
    named = confusion.to_numpy()
    apart = np.abs(np.subtract.outer(alphas, alphas))
    step = alphas[1] - alphas[0]
    columns = {
        "right": named.diagonal(),
        "within a step": (named * (apart < 1.01 * step)).sum(axis=1),
        "mean distance": (named * apart).sum(axis=1),
        "mean of those named": named @ alphas,
    }
    table = pd.DataFrame(columns, index=confusion.index)
    print(markdown(table), "\n")
    chance = pd.Series({"right": 1 / len(alphas), "mean distance": apart.mean()})
    print(f"Mean: {table.mean().round(3).to_dict()}; by chance {chance.round(3).to_dict()}\n")


def markdown(table: pd.DataFrame, bold_lowest: bool = False) -> str:
    lines = ["| | " + " | ".join(table.columns) + " |", "|---|" + "---|" * len(table.columns)]
    for name, row in table.iterrows():
        cells = [
            f"**{value:.3f}**" if bold_lowest and value == row.min() else f"{value:.3f}"
            for value in row
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
