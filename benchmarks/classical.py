"""How far alpha, D and their intervals can be trusted, and what they cost.

    python benchmarks/classical.py

Simulates fractional Brownian motion with and without localisation error, and prints for each
length the bias and spread of alpha, how often the 95 % intervals hold the truth, and the same for a
straight line through the logarithms of the time-averaged MSD, as it is often fitted.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.linalg import cholesky

from napari_anomalous_diffusion import Trajectories, load_bank, score
from napari_anomalous_diffusion.scores.classical import classical_numbers, time_averaged_msd

DIFFUSION = 0.5


def fractional_walks(
    tracks: int, points: int, alpha: float, noise: float, random: np.random.Generator
) -> Trajectories:
    """Two-dimensional walks with D = 0.5, steps of variance 1, and a localisation error."""
    times = np.arange(1, points, dtype=float)
    covariance = DIFFUSION * (
        times[:, None] ** alpha
        + times**alpha
        - np.abs(times[:, None] - times) ** alpha
    )  # fmt: skip
    lower = cholesky(covariance + 1e-10 * np.eye(points - 1), lower=True)
    walks = np.zeros((tracks, points, 2))
    walks[:, 1:] = lower @ random.normal(size=(tracks, points - 1, 2))
    walks += noise * random.normal(size=walks.shape)
    ids, frames = np.repeat(np.arange(tracks), points), np.tile(np.arange(points), tracks)
    return Trajectories.from_points(ids, frames, walks.reshape(-1, 2))


def fitted_line(trajectories: Trajectories, track: int, points: int) -> tuple[float, float]:
    """Fit the slope of log MSD over the first quarter of the lags, with its standard error."""
    lags, msd, _ = time_averaged_msd(trajectories, track)
    first = slice(0, max(points // 4, 4))
    line, covariance = np.polyfit(np.log(lags[first]), np.log(msd[first]), 1, cov=True)
    return line[0], np.sqrt(covariance[0, 0])


def measure(points: int, alpha: float, noise: float, tracks: int, seed: int) -> str:
    trajectories = fractional_walks(tracks, points, alpha, noise, np.random.default_rng(seed))
    numbers = classical_numbers(trajectories)
    hits = numbers["alpha_low"].le(alpha) & numbers["alpha_high"].ge(alpha)
    hits_d = numbers["diffusion_low"].le(DIFFUSION) & numbers["diffusion_high"].ge(DIFFUSION)
    lines = np.array([fitted_line(trajectories, track, points) for track in range(tracks)])
    naive = np.abs(lines[:, 0] - alpha) < 1.96 * lines[:, 1]
    return (
        f"{points:5} {alpha:5} {noise:5} | {numbers['alpha'].mean() - alpha:+6.2f} "
        f"{numbers['alpha'].std():5.2f} {hits.mean():6.1%} | "
        f"{numbers['diffusion'].median() / DIFFUSION:5.2f} {hits_d.mean():6.1%} | "
        f"{numbers['localisation_error'].median():5.2f} | "
        f"{lines[:, 0].mean() - alpha:+6.2f} {lines[:, 0].std():5.2f} {naive.mean():6.1%}"
    )


def timing(seed: int) -> None:
    random = np.random.default_rng(seed)
    many = random.integers(20, 51, 100_000)
    walks = np.cumsum(random.normal(size=(many.sum(), 2)), axis=0)
    ids = np.repeat(np.arange(len(many)), many)
    trajectories = Trajectories.from_points(ids, np.arange(len(ids)), walks)
    start = time.perf_counter()
    classical_numbers(trajectories)
    print(f"100,000 tracks of 20 to 50 points: {time.perf_counter() - start:.1f} s")
    trajectories = fractional_walks(5_000, 50, 1.0, 0.0, random)
    bank = load_bank()
    score(trajectories.select(range(10)), bank)
    start = time.perf_counter()
    classical_numbers(trajectories)
    between = time.perf_counter()
    score(trajectories, bank)
    total = time.perf_counter() - between
    print(
        f"5,000 tracks of 50 points: {between - start:.2f} s of the {total:.1f} s of scoring "
        f"({(between - start) / total:.1%})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--time", action="store_true", help="only measure the time")
    options = parser.parse_args()
    if options.time:
        timing(options.seed)
    else:
        print("                  | likelihood: alpha    | D            | sigma | fitted line")
        print("    n alpha sigma |   bias    sd  cover | ratio  cover |       |   bias   sd  cover")
        for points in (20, 50, 200):
            for noise in (0.0, 0.3, 0.7):
                for alpha in (0.3, 0.6, 1.0, 1.4, 1.8):
                    tracks = options.tracks if points < 200 else options.tracks // 4
                    print(measure(points, alpha, noise, tracks, options.seed), flush=True)
