"""A batch of many movies, killed as hard as can be, ends with the tables of one left in peace.

    python benchmarks/batch.py bulk_water.tif [--workers 3]

The movie is that of `data/README.md`: 300 frames of beads in water. It is cut into 20 movies of
50 to 150 frames and 128 x 128 to 192 x 192 pixels; a damaged file, one without particles, and a
table of tracks join them. The command `batch` runs once undisturbed; then it is started again and
again, killed at random moments, and let come to its end. Every byte that it leaves is compared.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

from napari_anomalous_diffusion.samples import sample_path

MOVIES = 20
LINKING = "--invert", "--minimum-mass", "200", "--device", "cpu"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("movie", type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    options = [f"--workers={arguments.workers}"] if arguments.workers else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(arguments.movie, folder / "movies", chance)
        started = time.perf_counter()
        ended = batch(folder, "whole", []).wait()
        seconds = time.perf_counter() - started
        print(f"undisturbed, in one process: {seconds:.0f} s, exit code {ended}")
        for kill in range(arguments.kills):
            disturb(folder, chance.uniform(0, seconds / arguments.kills), kill, options)
        started = time.perf_counter()
        ended = batch(folder, "killed", options).wait()
        print(f"the rest: {time.perf_counter() - started:.0f} s, exit code {ended}")
        report(contents(folder / "whole"), contents(folder / "killed"))


def write_inputs(movie: Path, folder: Path, chance: random.Random) -> None:
    folder.mkdir()
    frames = tifffile.imread(movie)
    for number in range(MOVIES):
        length, size = chance.randint(50, 150), chance.choice((128, 160, 192))
        corner = [chance.randint(0, limit - size) for limit in frames.shape[1:]]
        first = chance.randint(0, len(frames) - length)
        rows, columns = (slice(start, start + size) for start in corner)
        part = frames[first : first + length, rows, columns]
        tifffile.imwrite(folder / f"beads{number:02}.tif", part, photometric="minisblack")
    whole = (folder / "beads00.tif").read_bytes()
    (folder / "damaged.tif").write_bytes(whole[: len(whole) // 2])
    tifffile.imwrite(folder / "empty.tif", np.full((60, 128, 128), 180, np.uint8))
    shutil.copy(sample_path("beads"), folder / "tracks.csv")


def batch(folder: Path, output: str, options: list[str]) -> subprocess.Popen[bytes]:
    start = "from napari_anomalous_diffusion.cli import main; main()"
    arguments = "batch", str(folder / "movies"), "-o", str(folder / output), *LINKING, *options
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-c", start, *arguments], **quiet)


def disturb(folder: Path, seconds: float, kill: int, options: list[str]) -> None:
    """Let the batch come to its first new result, then go on for so long, then kill it."""
    records = folder / "killed" / "records"
    before = len(list(records.glob("*.json")))
    process = batch(folder, "killed", options)
    while process.poll() is None and len(list(records.glob("*.json"))) == before:
        time.sleep(0.01)
    time.sleep(seconds)
    process.kill()
    process.wait()
    finished = len(list(records.glob("*.json")))
    partial = len(list((folder / "killed").rglob(".*.*")))
    print(
        f"kill {kill + 1}: {seconds:.2f} s after the first new result, {finished - before} new "
        f"results, {finished} in all, {partial} half-written files"
    )


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def report(whole: dict[str, bytes], killed: dict[str, bytes]) -> None:
    different = sorted(name for name in whole | killed if whole.get(name) != killed.get(name))
    print(f"{len(whole)} files, {len(different)} of them different: {', '.join(different) or '-'}")
    print(whole["failed.csv"].decode())
    if different:
        sys.exit(1)


if __name__ == "__main__":
    main()
