"""What each choice in the recipe of the shipped banks is worth: the table in docs/method.md.

    python benchmarks/choices.py

Needs the extra `train`. The four labels of `subdiffusive-20` are trained with one member and a
small budget, each time with one thing changed, and score the same fresh tracks. Minutes are those
of the processor, on one thread.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path

import torch

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.autoencoders.places import weights_folder
from napari_anomalous_diffusion.lab.experiments import recover
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.sources import Source
from napari_anomalous_diffusion.lab.training import train_bank

SEED = 77_000

CHOICES: dict[str, dict[str, object]] = {
    "as shipped: batch-norms of their own": {},
    "normalised track by track": {"normalisation": '"track"'},
    "no normalisation": {"normalisation": '"none"'},
    "as shipped, twice the rounds": {"own_rounds": 8, "shared_rounds": 16},
    "track by track, twice the rounds": {
        "normalisation": '"track"',
        "own_rounds": 8,
        "shared_rounds": 16,
    },
    "no shared start (6 own rounds: the same time)": {"shared_rounds": 0, "own_rounds": 6},
    "trained harder on their own: at a rate of 3e-3": {"own_rate": 3e-3},
    "loss: mean error, not its logarithm": {"loss": '"mse"'},
    "trained on whole tracks of 20 points only": {"long_tracks": "[]"},
    "arithmetic mean over a track's windows": {"average": '"arithmetic"'},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of rows, from 0")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| choice | minutes | own errors: attm, ctrw, fbm, sbm | 20 points, 1D | "
          "100 points, 2D | recalls there | 400 points, 2D | recalls there |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number, (choice, changes) in enumerate(CHOICES.items()):
            if arguments.only is None or number in arguments.only:
                row = train_and_score(changes, Path(folder), str(number))
                print(f"| {choice} | {' | '.join(row)} |", flush=True)


def train_and_score(changes: dict[str, object], folder: Path, name: str) -> list[str]:
    """Train a small bank and return the cells of its row."""
    recipe = write_recipe(folder / f"{name}.toml", changes)
    start = time.process_time()
    # A cache of its own: no row is spared what another row has trained.
    train_bank(recipe, folder / name, cache=folder / f"cache-{name}")
    minutes = (time.process_time() - start) / 60
    bank = load_bank(folder / name)
    sources = read_recipe(recipe).labels
    own = ", ".join(f"{label.members[0].own_error:.3f}" for label in bank.contents.labels)
    return [f"{minutes:.1f}", own, *accuracies(bank, sources)]


def write_recipe(path: Path, changes: dict[str, object]) -> Path:
    """Write the recipe of `subdiffusive-20` with a small budget and these changes."""
    text = (weights_folder() / "subdiffusive-20" / "recipe.toml").read_text(encoding="utf-8")
    small = {"members": 1, "number": 60_000, "shared_rounds": 8, "own_rounds": 4}
    for key, value in (small | changes).items():
        line = f"{key} = {value}"
        text, found = re.subn(rf"^{key} = .*$", line, text, flags=re.MULTILINE)
        if not found and key == "loss":
            text = text.replace("[training]", f"[training]\n{line}")
        elif not found:
            text = f"{line}\n{text}"
    path.write_text(text, encoding="utf-8")
    return path


def accuracies(bank: Bank, sources: dict[str, Source]) -> list[str]:
    short = recover(bank, sources, 200, 20, 1, seed=SEED)
    cells = [f"{short.accuracy:.3f}"]
    for length, n_tracks in ((100, 30), (400, 10)):
        recovery = recover(bank, sources, n_tracks, length, 2, seed=SEED)
        recalls = ", ".join(f"{recall:.2f}" for recall in recovery.recalls)
        cells += [f"{recovery.accuracy:.3f}", recalls]
    return cells


if __name__ == "__main__":
    main()
