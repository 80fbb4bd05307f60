"""How long linking a movie takes, beside the same calls of trackpy made one after the other.

    python benchmarks/linking.py [MOVIE] [--rows 40:360] [--columns 80:400]

Both read the movie, in the same process and in turn; the shortest of the times is shown. Reading
and linking frame by frame, numbering, progress and checks are what the ratio is about.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import tifffile
import trackpy

from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.linking import Linked, LinkingParameters, link
from napari_anomalous_diffusion.tracks.movies import open_movie

PARAMETERS = LinkingParameters(
    diameter=11, minimum_mass=200, dark_on_light=True, search_range=5, memory=3, minimum_length=20
)
BUNDLED = sample_path("beads").with_name("beads.tif")


def main() -> None:
    options = arguments()
    crop = (options.rows, options.columns)
    warnings.simplefilter("ignore")  # trackpy's of its own use of pandas
    trackpy.quiet()
    # What numba compiles, it compiles for both of them.
    link(open_movie(BUNDLED), PARAMETERS)
    ours, theirs = [], []
    for _ in range(options.repeats):
        seconds, linked = timed(lambda: with_link(options.movie, crop))
        ours.append(seconds)
        seconds, plain = timed(lambda: with_trackpy(options.movie, crop))
        theirs.append(seconds)
    report(linked, plain)
    print(f"link                 {min(ours):7.2f} s")
    print(f"trackpy's own calls  {min(theirs):7.2f} s")
    print(f"ratio                {min(ours) / min(theirs):7.2f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("movie", nargs="?", type=Path, default=BUNDLED)
    parser.add_argument("--rows", type=part, default=slice(None))
    parser.add_argument("--columns", type=part, default=slice(None))
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def part(text: str) -> slice:
    start, _, stop = text.partition(":")
    return slice(int(start), int(stop))


class Cropped:
    def __init__(self, frames: Any, crop: tuple[slice, slice]) -> None:
        self.frames, self.crop = frames, crop

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, number: int) -> Any:
        return self.frames[number][self.crop]


def with_link(path: Path, crop: tuple[slice, slice]) -> Linked:
    movie = open_movie(path)
    return link(replace(movie, frames=Cropped(movie.frames, crop)), PARAMETERS)


def with_trackpy(path: Path, crop: tuple[slice, slice]) -> Any:
    frames = tifffile.imread(path)[:, *crop]
    spots = trackpy.batch(frames, 11, minmass=200, invert=True, processes=1)
    tracks = trackpy.link(spots, 5, memory=3)
    return len(spots), trackpy.filter_stubs(tracks, PARAMETERS.minimum_length)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def report(linked: Linked, plain: Any) -> None:
    spots, tracks = plain
    assert linked.spots == spots
    assert linked.trajectories.n_tracks == tracks["particle"].nunique()
    assert linked.trajectories.n_points == len(tracks)
    print(
        f"{linked.spots:,} spots, {linked.trajectories.n_tracks:,} tracks of "
        f"{PARAMETERS.minimum_length} points or more, the same with both"
    )


if __name__ == "__main__":
    main()
