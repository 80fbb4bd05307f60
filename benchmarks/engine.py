"""How fast a whole bank scores: docs/speed.md.

    python benchmarks/engine.py [--threads 2] [--parts banks densities sizes tracks]
        [--windows 1000000] [--tracks 100000] [--plot FILE]

Prints four tables, or those asked for. All that is compared is run in turns, so that a busy machine
slows all of it, and the middle of the repeats counts. With one thread, time is the processor's time
of that thread.

1. Bank by bank: windows a second and network, by the engine, by the reference of
   ``autoencoders.networks`` (2,048 windows at once) and in the published form (one network after
   another, 256 windows at once), and which share of the machine's rate of matrix products the
   engine reaches.
2. The same for the banks that score whole tracks: steps a second and network, by
   ``autoencoders.likelihoods`` and by one network of ``autoencoders.densities`` after another.
3. From 1,000 windows to ``--windows``, and from 1 network to 100: the time for a window and
   network, and the memory.
4. ``--tracks`` tracks from a CSV file to a CSV file: what each part takes.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from napari_anomalous_diffusion.autoencoders import engine, likelihoods
from napari_anomalous_diffusion.autoencoders.bank import installed_banks, load_bank
from napari_anomalous_diffusion.autoencoders.densities import Steps, negative_log_likelihoods
from napari_anomalous_diffusion.autoencoders.folded import FoldedAutoencoder
from napari_anomalous_diffusion.autoencoders.motion import motion_of
from napari_anomalous_diffusion.autoencoders.networks import (
    LongAutoencoder,
    reconstruction_errors,
)
from napari_anomalous_diffusion.autoencoders.products import Banded, Dense
from napari_anomalous_diffusion.autoencoders.windows import normalise
from napari_anomalous_diffusion.scores import profiles, scoring
from napari_anomalous_diffusion.tracks.files import read_tracks, write_table
from napari_anomalous_diffusion.tracks.table import Trajectories

SGEMM = 1024
"""Rows and columns of the matrices by which the machine is measured."""

SHORT = 20
"""Points of the windows of short banks."""

NETWORKS_OF_A_BANK = 5
"""So many stand for all of a bank: their shapes are the same."""

REPEATS = 9


class SomeNetworks(SimpleNamespace):
    """As much of a bank as the engine asks for."""

    __hash__ = object.__hash__


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    clock = time.thread_time if options.threads == 1 else time.perf_counter
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, ", end="")
    print(f"{options.threads} thread(s)\n")
    banks = compare_banks(clock) if "banks" in options.parts else {}
    if "densities" in options.parts:
        compare_densities(clock)
    sizes = compare_sizes(options.windows, clock) if "sizes" in options.parts else {}
    if "tracks" in options.parts:
        end_to_end(options.tracks, options.points)
    if options.plot is not None:
        draw(banks, sizes, options.plot)


def compare_banks(clock: Callable[[], float]) -> dict[str, tuple[float, float]]:
    """Print the first table; return how many times the engine's speed is that of the others."""
    print(
        "| bank | networks | engine, windows/s | reference | ratio | published form | ratio ",
        end="",
    )
    print("| GFLOP/s | share of sgemm |\n|---|---|---|---|---|---|---|---|---|")
    ratios, short = {}, []
    for name, bank in _banks():
        windows = brownian_windows(80_000 // bank.length, bank.length)
        networks = [network for members in bank.networks for network in members]
        some = SomeNetworks(networks=[networks[:NETWORKS_OF_A_BANK]], length=bank.length)
        chosen = some.networks[0]
        square = torch.randn(SGEMM, SGEMM)
        ways = {
            "engine": lambda some=some, windows=windows: engine.window_errors(some, windows, "cpu"),
            "reference": lambda chosen=chosen, windows=windows: in_batches(chosen, windows, 2048),
            "published": lambda chosen=chosen, windows=windows: in_batches(chosen, windows, 256),
            "sgemm": lambda square=square: square @ square,
        }
        seconds = in_turns(ways, clock)
        scored = len(windows) * len(chosen)
        folded = engine._networks(some, torch.device("cpu"))[0]
        rate = 2 * scored * operations(folded) / seconds["engine"] / 1e9
        peak = 2 * SGEMM**3 / seconds["sgemm"] / 1e9
        ratios[name] = (
            seconds["reference"] / seconds["engine"],
            seconds["published"] / seconds["engine"],
        )
        if bank.length == SHORT:
            short.append(ratios[name])
        print(
            f"| {name} | {len(networks)} | {scored / seconds['engine']:,.0f} "
            f"| {scored / seconds['reference']:,.0f} | {ratios[name][0]:.2f} "
            f"| {scored / seconds['published']:,.0f} | {ratios[name][1]:.2f} "
            f"| {rate:.0f} of {peak:.0f} | {rate / peak:.0%} |",
            flush=True,
        )
    say_middle(short)
    return ratios


def say_middle(short: list[tuple[float, float]]) -> None:
    """Print what all banks of short windows say together: what differs between them is chance."""
    low, middle, high = np.quantile(short, [0, 0.5, 1], axis=0)
    print("\nShort banks together, which have the same shapes:")
    for column, words in enumerate(("reference", "published form")):
        print(
            f"{middle[column]:.2f} times the {words} in the middle, "
            f"{low[column]:.2f} to {high[column]:.2f}"
        )


def compare_densities(clock: Callable[[], float]) -> None:
    """Print the second table."""
    print("\n| bank | networks | steps/s | one after another | ratio |\n|---|---|---|---|---|")
    for name in installed_banks("track"):
        bank = load_bank(name)
        if bank.kind != "probability":
            continue
        tracks = walks(40, 101)
        (_, steps), *others = likelihoods._batches(
            tracks, motion_of(tracks), np.zeros(40), bank.length, torch.device("cpu")
        )
        assert not others
        networks = [network for members in bank.networks for network in members]
        networks += bank.other_networks
        seconds = in_turns(
            {
                "ours": lambda bank=bank, tracks=tracks: likelihoods.track_likelihoods(
                    bank, tracks, device="cpu"
                ),
                "plain": lambda networks=networks, steps=steps: one_by_one(networks, steps),
            },
            clock,
        )
        scored = 40 * 100 * len(networks)
        print(
            f"| {name} | {len(networks)} | {scored / seconds['ours']:,.0f} "
            f"| {scored / seconds['plain']:,.0f} | {seconds['plain'] / seconds['ours']:.2f} |",
            flush=True,
        )


def compare_sizes(most: int, clock: Callable[[], float]) -> dict[str, list[tuple[int, float]]]:
    """Print the third table; return (number, microseconds for a window and network)."""
    networks = [net for members in load_bank("mixtures-20").networks for net in members]
    taken: dict[str, list[tuple[int, float]]] = {"windows": [], "networks": []}
    print("\n| windows | networks | microseconds for a window and network | peak memory, MB |")
    print("|---|---|---|---|")
    sizes = [10**power for power in range(3, 7) if 10**power <= most]
    cases = [("windows", number, 25) for number in sizes]
    cases += [("networks", 1_000, number) for number in (1, 3, 10, 30, 100)]
    for which, n_windows, n_networks in cases:
        some = SomeNetworks(networks=[networks[:n_networks]], length=SHORT)
        engine.window_errors(some, brownian_windows(100, SHORT), "cpu")
        seconds = []
        for _ in range(3 if n_windows <= 10_000 else 1):
            start = clock()
            for part in range(0, n_windows, 1_000):
                windows = brownian_windows(min(1_000, n_windows - part), SHORT, seed=part)
                engine.window_errors(some, windows, "cpu")
            seconds.append(clock() - start)
        each = 1e6 * float(np.median(seconds)) / n_windows / n_networks
        taken[which].append((n_windows if which == "windows" else n_networks, each))
        print(f"| {n_windows:,} | {n_networks} | {each:.1f} | {peak_memory():.0f} |", flush=True)
    return taken


def end_to_end(n_tracks: int, points: int) -> None:
    """Print what each part of scoring a CSV file takes."""
    spent: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        tracks, scored = Path(folder) / "tracks.csv", Path(folder) / "scores.csv"
        write_walks(tracks, n_tracks, points)
        parts = [
            (profiles, "cut", "cutting"),
            (engine, "window_errors", "autoencoders"),
            (scoring, "classical_numbers", "classical numbers"),
        ]
        for where, name, words in parts:
            patch.object(where, name, timed(getattr(where, name), words, spent)).start()
        start = time.perf_counter()
        trajectories = timed(read_tracks, "reading", spent)(tracks)
        scores = scoring.score(trajectories, "models-20", device="cpu")
        timed(write_table, "writing", spent)(scores.table, scored)
        whole = time.perf_counter() - start
        patch.stopall()
    spent["all else"] = whole - sum(spent.values())
    print(f"\n{n_tracks:,} tracks of {points} points in 2D, models-20: {whole:.1f} s\n")
    print("| part | seconds | share |\n|---|---|---|")
    for words, seconds in spent.items():
        print(f"| {words} | {seconds:.2f} | {seconds / whole:.1%} |")


def draw(
    banks: dict[str, tuple[float, float]], sizes: dict[str, list[tuple[int, float]]], path: Path
) -> None:
    """Draw the first two tables."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    place = np.arange(len(banks))
    for shift, label, column in ((-0.2, "reference", 0), (0.2, "published form", 1)):
        heights = [ratios[column] for ratios in banks.values()]
        left.bar(place + shift, heights, 0.4, label=f"times as fast as the {label}")
    left.axhline(1, color="black", linewidth=0.8)
    left.set_xticks(place, list(banks), rotation=30, ha="right")
    left.set_ylabel("speed of the engine")
    # Room for the legend above the bars.
    left.set_ylim(top=1.35 * max((max(ratios) for ratios in banks.values()), default=1))
    left.legend(frameon=False, loc="upper left")
    for which, taken in sizes.items():
        right.plot(*zip(*taken, strict=True), "o-", label=f"number of {which}")
    right.set_xscale("log")
    right.set_ylim(bottom=0)
    right.set_xlabel("how many")
    right.set_ylabel("µs for a window and network")
    right.legend(frameon=False)
    figure.savefig(path, dpi=150)


def in_turns(ways: dict[str, Callable[[], object]], clock: Callable[[], float]) -> dict[str, float]:
    """Return the middle time that each way takes, in seconds."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(REPEATS + 1):
        for name, way in ways.items():
            start = clock()
            way()
            if repeat:  # the first one warms up
                taken[name].append(clock() - start)
    return {name: float(np.median(seconds)) for name, seconds in taken.items()}


def in_batches(networks: list[nn.Module], windows: np.ndarray, batch: int) -> list[Tensor]:
    """Score windows and their mirror images with one network after another."""
    with torch.inference_mode():
        return [
            reconstruction_errors(network, sign * part)
            for network in networks
            for part in torch.from_numpy(windows).split(batch)
            for sign in (1, -1)
        ]


def one_by_one(networks: list[nn.Module], steps: Steps) -> list[Tensor]:
    """Score tracks with one density after another."""
    with torch.inference_mode():
        return [negative_log_likelihoods(network, steps) for network in networks]


def walks(number: int, points: int) -> Trajectories:
    positions = np.random.default_rng(0).normal(size=(number, points, 2)).cumsum(axis=1)
    track, frame = np.repeat(np.arange(number), points), np.tile(np.arange(points), number)
    return Trajectories.from_points(track, frame, positions.reshape(-1, 2))


def operations(folded: FoldedAutoencoder) -> int:
    """Count the additions and multiplications of one window's matrix products."""
    begin = folded.begin
    layers: list[Any] = [*folded.latent, begin.begin, begin.straight, begin.later]
    layers += folded.stretches
    for block in folded.blocks:
        layers += [block.first, *block.middle, block.last]
    dense = sum(layer.weight.numel() for layer in layers if isinstance(layer, Dense))
    banded = [layer for layer in layers if isinstance(layer, Banded)]
    return 2 * (dense + sum(weight.numel() for layer in banded for _, weight in layer.parts))


def brownian_windows(number: int, length: int, seed: int = 0) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(size=(number, length))
    return normalise(steps.cumsum(axis=1))[0]


def write_walks(path: Path, n_tracks: int, points: int) -> None:
    steps = np.random.default_rng(0).normal(size=(n_tracks, points, 2))
    y, x = steps.cumsum(axis=1).reshape(-1, 2).T
    track, frame = np.repeat(np.arange(n_tracks), points), np.tile(np.arange(points), n_tracks)
    table = pd.DataFrame({"track_id": track, "frame": frame, "y": y, "x": x})
    table.to_csv(path, index=False)


def timed(function: Callable[..., Any], words: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed_function(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            spent[words] = spent.get(words, 0) + time.perf_counter() - start

    return timed_function


def peak_memory() -> float:
    """Return the most memory that this process has held so far, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _banks() -> Iterator[tuple[str, Any]]:
    for name in installed_banks("track"):
        bank = load_bank(name)
        if bank.kind == "mse":
            yield name, bank
    torch.manual_seed(0)
    long = [LongAutoencoder(200).eval().requires_grad_(False) for _ in range(5)]
    yield "long, untrained", SomeNetworks(networks=[long], length=200)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast a whole bank scores.")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parts = ["banks", "densities", "sizes", "tracks"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--windows", type=int, default=1_000_000)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=20, help="of a track")
    parser.add_argument("--plot", type=Path, help="draw the first two tables into this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
