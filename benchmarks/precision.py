"""What is lost where the weights of a bank are stored in half precision.

    python benchmarks/precision.py exponents-fbm-20 paper-subdiffusive-20 [--store]
    python benchmarks/precision.py models-200 --shake

Needs the extra `train`. Fresh tracks of every label and exponent are scored with the bank as it is
and with its weights in half precision. With `--store`, a bank that passes is stored so; a bank that
is in half precision already is compared with itself.

Where a bank is in half precision already and what it was rounded from is gone, `--shake` says how
much hangs on the rounding: each rounded number is moved at random by up to half of its last digit,
which is as far as rounding has moved it at most.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.autoencoders.storage import write_weights
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.simulation import as_trajectories
from napari_anomalous_diffusion.lab.sources import AnySource
from napari_anomalous_diffusion.lab.training import store_anew
from napari_anomalous_diffusion.scores.populations import ask_population
from napari_anomalous_diffusion.scores.scoring import score

SEED = 77_000
ALLOWED = 0.005
"""Share of the tracks whose best label may change, and by which an accuracy or error may move."""


def main() -> None:
    """Print a line for each bank, and store those that pass where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("banks", nargs="+")
    parser.add_argument("--tracks", type=int, default=100, help="of each label and exponent")
    parser.add_argument("--store", action="store_true", help="store banks that pass")
    parser.add_argument("--shake", action="store_true", help="move what was rounded")
    arguments = parser.parse_args()
    for name in arguments.banks:
        bank = load_bank(name)
        with TemporaryDirectory() as folder:
            other = Path(folder) / name
            half = shaken(bank, other) if arguments.shake else store_anew(bank, other, "half")
            passes = report(bank, half, arguments.tracks)
            if arguments.store and passes and not arguments.shake:
                shutil.copytree(half.folder, bank.folder, dirs_exist_ok=True)
                print(f"  stored in half precision: {bank.folder}")


def shaken(bank: Bank, folder: Path) -> Bank:
    """Copy a bank in half precision, each rounded number moved within its last digit."""
    random = np.random.default_rng(SEED)
    folder.mkdir()
    shutil.copy(bank.folder / "recipe.toml", folder)
    labels = []
    for label in bank.contents.labels:
        members = []
        for number, member in enumerate(label.members):
            whole = bank.weights(label, number)
            for name, stored in load((bank.folder / member.file).read_bytes()).items():
                if stored.dtype == torch.float16:
                    digit = np.spacing(np.abs(stored.numpy())).astype(np.float32)
                    moves = random.uniform(-0.5, 0.5, digit.shape).astype(np.float32)
                    whole[name] = whole[name] + torch.from_numpy(digit * moves)
            sha256 = write_weights(folder / member.file, whole)
            members.append(member.model_copy(update={"sha256": sha256}))
        labels.append(label.model_copy(update={"members": members}))
    changes = {"precision": "full", "common": [], "labels": labels, "calibration": None}
    bank.contents.model_copy(update=changes).write(folder)
    return load_bank(folder)


def report(bank: Bank, half: Bank, n_tracks: int) -> bool:
    """Measure what changes, print it, and say whether it is allowed."""
    sizes = " to ".join(f"{_size(one) / 1e6:.1f}" for one in (bank, half))
    measure = _populations if bank.protocol == "population" else _tracks
    lost, sentence = measure(bank, half, n_tracks)
    verdict = "passes" if max(lost) < ALLOWED else "does not pass"
    print(f"{bank.name}: {sizes} MB; {sentence}: {verdict}", flush=True)
    return max(lost) < ALLOWED


def _size(bank: Bank) -> int:
    return sum(path.stat().st_size for path in bank.folder.iterdir())


def _tracks(bank: Bank, half: Bank, n_tracks: int) -> tuple[list[float], str]:
    """Score tracks of the length of a window one by one."""
    parts = []
    for number, (label, source) in enumerate(_sources(bank).items()):
        tracks = as_trajectories(simulate_source(source, n_tracks, bank.length, seed=SEED + number))
        tables = [score(tracks, one).table for one in (bank, half)]
        before, after = (table[bank.error_columns].min(axis=1) for table in tables)
        best = {"before": tables[0]["best"], "after": tables[1]["best"]}
        parts.append(pd.DataFrame({"label": label, "error": (after / before - 1).abs(), **best}))
    found = pd.concat(parts).dropna()
    moved = float((found["before"] != found["after"]).mean())
    right = [_accuracy(found, column) for column in ("before", "after")]
    change = abs(right[1] - right[0])
    sentence = (
        f"{len(found)} tracks, {moved:.2%} given another label, accuracy {right[0]:.4f} to "
        f"{right[1]:.4f}, lowest errors change by {found['error'].median():.3%} in the median"
    )
    return [moved, change], sentence


def _accuracy(found: pd.DataFrame, column: str) -> float:
    return float((found[column] == found["label"]).groupby(found["label"]).mean().mean())


def _populations(bank: Bank, half: Bank, n_tracks: int) -> tuple[list[float], str]:
    """Ask what populations of one label and exponent are, four times as large: many CTRW rest."""
    changes, moved, count = [0.0], 0, 0
    for number, source in enumerate(_sources(bank).values()):
        tracks = simulate_source(source, 4 * n_tracks, bank.length, seed=SEED + number)
        for one_exponent in np.split(tracks, len(source.exponents)):
            before, after = (
                ask_population(as_trajectories(one_exponent), one) for one in (bank, half)
            )
            moved += before.best != after.best
            changes.append(float((after.table["mse"] / before.table["mse"] - 1).abs().max()))
            count += 1
    sentence = (
        f"{count} populations, {moved} given another label, mean errors change by at most "
        f"{max(changes):.3%}"
    )
    return [float(moved), max(changes)], sentence


def _sources(bank: Bank) -> dict[str, AnySource]:
    return read_recipe(bank.folder / "recipe.toml").labels


if __name__ == "__main__":
    main()
