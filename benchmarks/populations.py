"""How often the lowest MSE names a population, and what becomes of it where kinds are mixed.

    python benchmarks/populations.py [--tracks 500]

Needs the extra `train`. Each population is of one model at one exponent. What is counted beside it,
the tracks whose own error is lowest under their model, is no way to label tracks: it shows how much
of the answer the batch gives away.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.simulation import as_trajectories, simulate
from napari_anomalous_diffusion.scores.populations import population_errors, population_windows


def main() -> None:
    """Print a table for each way of putting tracks together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=500, help="of each model and exponent")
    parser.add_argument("--seed", type=int, default=77_000)
    arguments = parser.parse_args()
    bank = load_bank("paper-subdiffusive-20")
    sources = read_recipe(bank.folder / "recipe.toml").labels

    populations = [
        (
            model,
            alpha,
            _windows(model, alpha, bank.length, arguments.tracks, arguments.seed + place),
        )
        for place, (model, source) in enumerate(sources.items())
        for alpha in source.exponents
    ]
    labels = np.array(bank.labels)
    apart = [_by_label(bank, windows) for *_, windows in populations]
    truth = np.array([model for model, _, _ in populations])
    named = labels[[errors.mean(axis=0).argmin() for errors in apart]]
    print(f"populations named rightly: {np.mean(named == truth):.3f} of {len(truth)}")
    print(pd.crosstab(truth, named).to_string())

    of_track = np.repeat(truth, [len(errors) for errors in apart])
    print(f"tracks, populations apart: {_recall(of_track, labels, np.concatenate(apart)):.3f}")
    order = np.random.default_rng(arguments.seed).permutation(len(of_track))
    everything = np.concatenate([windows for *_, windows in populations])[order]
    mixed = _by_label(bank, everything)
    print(f"tracks, all kinds in one batch: {_recall(of_track[order], labels, mixed):.3f}")
    means = pd.DataFrame(np.concatenate(apart), columns=labels).groupby(of_track).mean()
    print("mean MSE by model (rows) and network (columns), populations apart")
    print(means.round(3).to_string())


def _windows(model: str, alpha: float, length: int, n_tracks: int, seed: int) -> np.ndarray:
    tracks = simulate(model, [alpha], n_tracks, length, 1, seed=seed + int(100 * alpha))
    return population_windows(as_trajectories(tracks), length)[0]


def _by_label(bank: Bank, windows: np.ndarray) -> np.ndarray:
    return np.nanmean(bank.by_label(population_errors(bank, windows)), axis=-1)


def _recall(truth: np.ndarray, labels: np.ndarray, errors: np.ndarray) -> float:
    named = labels[errors.argmin(axis=1)]
    return float(np.mean([np.mean(named[truth == label] == label) for label in labels]))


if __name__ == "__main__":
    main()
