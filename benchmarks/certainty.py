"""How sure verdicts are: the numbers of docs/how-sure.md.

    python benchmarks/certainty.py subdiffusive-any models-any [--share 0.5] [--noise 0.5]

Needs the extra `train`. Every track is fresh: its seed is no seed of training or calibration.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.lab.experiments import certainty
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import Source, read_recipe

SIZES = [(20, 100), (37, 60), (100, 40), (250, 20)]
"""Points of a track, and tracks for each model and exponent."""

SPOILED = {
    "as simulated": None,
    "exposed over the whole frame interval": certainty.blur,
    "rounded to half a step": certainty.round_to_pixels,
    "begun long before": certainty.begin_late,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("banks", nargs="+")
    parser.add_argument("--share", type=float, default=1.0, help="share of the tracks to score")
    parser.add_argument("--noise", type=float, default=0.0, help="localisation error, over a step")
    arguments = parser.parse_args()
    for name in arguments.banks:
        bank = load_bank(name)
        sources = dict(read_recipe(bank.folder / "recipe.toml").labels)
        print(f"## {name}, localisation error S = {arguments.noise:g}\n")
        tell_own(bank, sources, arguments.share, arguments.noise)
        tell_strange(bank, sources, arguments.share, arguments.noise)
        tell_spoiled(bank, sources, arguments.share, arguments.noise)
        if "bm" in sources:
            tell_brownian(bank, sources["bm"])


def tell_own(bank: Bank, sources: dict[str, Source], share: float, noise: float) -> None:
    """Print accuracy, false alarms and reliability on tracks of the bank's own labels."""
    tables = []
    for length, number in SIZES:
        for dimensions in (1, 2):
            n_tracks = max(round(share * number), 2)
            table = certainty.judge_own(bank, sources, n_tracks, length, dimensions, noise)
            tables.append(table)
            scored = table[table["candidates"].notna()]
            right = [
                label in names.split(";")
                for label, names in zip(scored["label"], scored["candidates"], strict=True)
            ]
            alarms = certainty.false_alarms(table)
            print(
                f"{length} points, {dimensions}D: accuracy {certainty.accuracy(table):.3f}, "
                f"novel {alarms['all']:.3f} (at most {alarms.max():.3f} of a label), "
                f"calibration error {certainty.calibration_error(table):.3f}, "
                f"undecided {(table['verdict'] == 'undecided').mean():.3f}, "
                f"own label among the candidates {np.mean(right):.3f}",
                flush=True,
            )
    pooled = pd.concat(tables, ignore_index=True)
    print(f"\nCalibration error of all together: {certainty.calibration_error(pooled):.3f}")
    print(certainty.reliability(pooled).round(3).to_string(), "\n")
    scored = pooled[pooled["p_value"].notna()]
    novel = (scored["p_value"] < 0.05).groupby([scored["label"], scored["alpha"]]).mean()
    print("Called novel at level 0.05, by alpha:")
    print(novel.unstack().round(3).to_string(), "\n")


def tell_strange(bank: Bank, sources: dict[str, Source], share: float, noise: float) -> None:
    """Print how many strange tracks are called novel."""
    number = max(round(300 * share), 20)
    for name, strange in certainty.STRANGE.items():
        shares = [certainty.power(bank, strange, number, length, 2, noise) for length in (20, 100)]
        print(f"{name}: novel {shares[0]:.3f} of 20 points, {shares[1]:.3f} of 100 (2D)")
    if "lw" not in sources:
        walks = Source(model="lw", exponents=[alpha / 10 for alpha in range(11, 20)])
        for length in (20, 100):
            positions = simulate_source(walks, max(number // 9, 2), length, 2, seed=88_000)
            table = certainty.judged(bank, positions, noise, np.random.default_rng(88_000))
            print(f"Levy walks of {length} points: novel {(table['p_value'] < 0.05).mean():.3f}")
    print()


def tell_spoiled(bank: Bank, sources: dict[str, Source], share: float, noise: float) -> None:
    """Print what the bank makes of tracks of 100 points that something was done to."""
    for name, spoil in SPOILED.items():
        length = 100 if spoil in (None, certainty.round_to_pixels) else 400
        table = certainty.judge_own(
            bank, sources, max(round(20 * share), 2), length, 2, noise, spoil=spoil
        )
        print(
            f"{name}: accuracy {certainty.accuracy(table):.3f}, novel "
            f"{certainty.false_alarms(table)['all']:.3f}",
            flush=True,
        )
    print()


def tell_brownian(bank: Bank, source: Source) -> None:
    """Print how often Brownian tracks with localisation error may be Brownian."""
    for noise in (0.0, 0.5, 1.0):
        table = certainty.judge_own(bank, {"bm": source}, 300, 100, 2, noise)
        share = certainty.among_candidates(table, "bm")
        print(f"Brownian, 100 points, 2D, S = {noise:g}: bm among the candidates {share:.3f}")


if __name__ == "__main__":
    main()
