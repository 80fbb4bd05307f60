"""How often a bank of mixtures names the right one: docs/accuracy.md.

    python benchmarks/mixtures.py mixtures-20 mixtures-any [--tracks 40] [--lengths 20 100]

Needs the extra `train`. Every track is fresh: its seed is no training seed.
"""

from __future__ import annotations

import argparse

import numpy as np

from napari_anomalous_diffusion import load_bank, score
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.simulation import as_trajectories
from napari_anomalous_diffusion.scores.mixtures import plane_of_labels
from napari_anomalous_diffusion.scores.words import UNDECIDED

SEED = 77_000
DIMENSIONS = {20: 1, 100: 2, 400: 2}
"""Of tracks, by their points."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("banks", nargs="+")
    parser.add_argument("--tracks", type=int, default=40, help="of each mixture")
    parser.add_argument("--lengths", type=int, nargs="*", default=[*DIMENSIONS])
    options = parser.parse_args()
    print("| bank | tracks | right | distance | right, pure CTRW | undecided |")
    print("|---|---|---|---|---|---|")
    for name in options.banks:
        for length in options.lengths:
            report(load_bank(name), options.tracks, length, DIMENSIONS[length])


def report(bank: Bank, n_tracks: int, length: int, dimensions: int) -> None:
    """Print how often the mixture is right, and how far off in gamma and beta it is."""
    right, distance, undecided = [], [], []
    for number, (label, source) in enumerate(
        read_recipe(bank.folder / "recipe.toml").labels.items()
    ):
        tracks = simulate_source(source, n_tracks, length, dimensions, seed=SEED + number)
        table = score(as_trajectories(tracks), bank).table
        named = table["best"].dropna()
        away = plane_of_labels(named).to_numpy() - plane_of_labels([label]).to_numpy()
        right.append((named == label).mean())
        distance.append(np.linalg.norm(away, axis=1).mean())
        undecided.append((table["verdict"] == UNDECIDED).mean())
    print(
        f"| `{bank.name}` | {length} points, {dimensions}D | {np.mean(right):.3f} "
        f"| {np.mean(distance):.2f} | {right[-1]:.2f} | {np.mean(undecided):.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
