"""Make the sample tracks of the package again.

``python -m napari_anomalous_diffusion.lab.samples`` simulates the field (extra `train`);
``python -m napari_anomalous_diffusion.lab.samples bulk_water.tif`` follows the beads in their
movie (trackpy and tifffile).
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.lab.simulation import simulate
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.files import write_table

if TYPE_CHECKING:
    import pandas as pd

BEADS_CROP = np.s_[:, 40:360, 80:400]
FEWEST_POINTS = 5
"""Shorter tracks of beads are left out."""

DRIFT_SMOOTHING = 5
"""Frames; 3 to 15 make no difference, 50 leave some of the drift in."""

FIELD_SIZE = 512
FIELD_FRAMES = 200
FIELD_EXPONENTS = {
    "attm": (0.3, 0.5, 0.7, 0.9),
    "ctrw": (0.3, 0.5, 0.7, 0.9),
    "fbm": (0.3, 0.6, 1.4, 1.7),
    "lw": (1.2, 1.4, 1.6, 1.8),
    "sbm": (0.3, 0.6, 1.4, 1.7),
}
"""Without alpha = 1, where FBM and SBM are the same Brownian motion."""

TRACKS_PER_MODEL = 56
SHORT_TRACKS_PER_MODEL = 4
STEP = 1.5
"""Root mean square length, in pixels, of the steps that are not rests: median over the tracks."""


def simulate_field(seed: int = 0) -> pd.DataFrame:
    """Simulate a field of view in which particles of five models move.

    For each model 56 tracks of 15 to 200 points and 4 of 5 to 14, in mixed order, without
    localisation error. Sizes, places and first frames are drawn at random, the same for all models,
    and say nothing of them. Tracks of CTRW that never move are kept.

    Parameters
    ----------
    seed : int

    Returns
    -------
    DataFrame
        Columns ``track_id, frame, y, x, model, alpha``, a row a point; `x` and `y` in pixels.
    """
    import pandas as pd

    random = np.random.default_rng(seed)
    parts = []
    for model, exponents in FIELD_EXPONENTS.items():
        lengths = np.concatenate(
            [
                np.exp(random.uniform(np.log(15), np.log(201), TRACKS_PER_MODEL)).astype(int),
                random.integers(5, 15, SHORT_TRACKS_PER_MODEL),
            ]
        )
        for length, alpha in zip(lengths, islice(cycle(exponents), len(lengths)), strict=True):
            track = simulate(model, [alpha], 1, int(length), 2, seed=int(random.integers(2**31)))[0]
            first = random.integers(FIELD_FRAMES - length + 1)
            y, x = _placed(track, random).T
            columns = {"frame": first + np.arange(length), "y": y, "x": x}
            parts.append(pd.DataFrame(columns).assign(model=model, alpha=alpha))
    parts = [parts[place] for place in random.permutation(len(parts))]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "track_id", np.repeat(np.arange(len(parts)), [len(part) for part in parts]))
    return table.round({"y": 3, "x": 3})


def _placed(track: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Give a track the size of what a microscope shows, and a place where it stays in the field."""
    steps = np.linalg.norm(np.diff(track, axis=0), axis=1)
    moves = steps[steps > 0]
    size = STEP * np.exp(random.normal(0, 0.3))
    if len(moves):
        track = track * size / np.sqrt(np.mean(moves**2))
    extent = np.ptp(track, axis=0)
    track = track * min(1.0, 0.9 * FIELD_SIZE / max(extent.max(), 1e-9))
    corner = random.uniform(0, FIELD_SIZE - np.ptp(track, axis=0))
    placed: NDArray[np.float64] = track - track.min(axis=0) + corner
    return placed


def link_beads(movie: NDArray[np.uint8]) -> pd.DataFrame:
    """Follow the beads of the movie ``bulk_water`` of trackpy-examples, without the stage's drift.

    Parameters
    ----------
    movie : ndarray of uint8, shape (n_frames, height, width)
        Dark beads on a light ground, 2.85 pixels a micrometre, 24 frames a second.

    Returns
    -------
    DataFrame
        Columns ``track_id, frame, y, x``, a row a point; `x` and `y` in pixels of the crop.
    """
    import trackpy

    trackpy.quiet()
    with warnings.catch_warnings():
        # trackpy 0.7 announces that `invert` goes, and calls what pandas deprecates.
        warnings.simplefilter("ignore")
        spots = trackpy.batch(movie[BEADS_CROP], 11, minmass=200, invert=True, processes=1)
        tracks = trackpy.link(spots, search_range=5, memory=3)
        tracks = trackpy.filter_stubs(tracks, FEWEST_POINTS).reset_index(drop=True)
        drift = trackpy.compute_drift(tracks, smoothing=DRIFT_SMOOTHING)
        tracks = trackpy.subtract_drift(tracks, drift).reset_index(drop=True)
    tracks = tracks.sort_values(["particle", "frame"])
    number = {particle: number for number, particle in enumerate(tracks["particle"].unique())}
    tracks["track_id"] = tracks["particle"].map(number)
    return tracks[["track_id", "frame", "y", "x"]].round({"y": 3, "x": 3}).reset_index(drop=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sample that the arguments ask for to its place in the package."""
    parser = argparse.ArgumentParser(description="Make the sample tracks of the package again.")
    parser.add_argument("movie", nargs="?", help="bulk_water.tif: follow the beads in it")
    movie = parser.parse_args(arguments).movie
    if movie is None:
        name, table = "field", simulate_field()
    else:
        import tifffile

        name, table = "beads", link_beads(tifffile.imread(movie))
    path = sample_path(name)
    write_table(table, path)
    sys.stdout.write(f"{table['track_id'].nunique()} tracks, {len(table)} points: {path}\n")


if __name__ == "__main__":
    main()
