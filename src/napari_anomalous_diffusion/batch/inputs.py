"""What a batch works on: movies and files of tracks, each under a name of its own."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from napari_anomalous_diffusion.errors import InputError

TRACK_ENDINGS = (".csv", ".tsv", ".txt", ".parquet")
"""Endings of the files that are taken for tables of tracks when a folder is looked through."""

TIFF_ENDINGS = (".tif", ".tiff")
STILL_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".webp", ".pdf")
"""Of pictures that lie beside movies; only a folder that is a movie has its frames in them."""

TIFFS_LOOKED_AT = 8
"""How many TIFF files of a folder are opened to tell whether they are movies, or frames of one."""


def find_inputs(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """List the movies and track files that paths stand for.

    Parameters
    ----------
    paths : iterable of path
        A file stands for itself. So does a folder that is a movie, of an image a frame; any other
        stands for what it holds: TIFF files, folders that are movies, files that an installed
        napari reader opens, and tracks: by their content, or by `TRACK_ENDINGS`. All else in it is
        passed over.

    Returns
    -------
    list of Path
        Absolute, in the order given and by name within a folder, each of them once.

    Raises
    ------
    InputError
        If there is nothing at a path, or nothing to work on in a folder.
    """
    found = dict.fromkeys(path for given in paths for path in _stands_for(Path(given)))
    if not found:
        raise InputError("There is nothing to do: name movies, track files, or folders of them.")
    return list(found)


def _stands_for(given: Path) -> Iterator[Path]:
    # The path is made absolute but no link is followed: names come from what the user calls it.
    path = given.absolute()
    if not path.exists():
        raise InputError(f"{given}: there is no such file or folder; correct the path.")
    if path.is_file() or _holds_tracks(path) or _is_movie_folder(path):
        yield path
        return
    readable = [entry for entry in sorted(path.iterdir()) if _is_readable(entry)]
    if not readable:
        raise InputError(f"{given}: this folder holds no movies or tables; name another.")
    yield from readable


def _is_movie_folder(folder: Path) -> bool:
    """Tell a folder that is a movie, of an image a frame, from one that holds movies."""
    from napari_anomalous_diffusion.tracks.movies import is_movie

    stacks = [entry for entry in sorted(folder.iterdir()) if _is_tiff(entry)]
    return is_movie(folder) and not any(map(_opens, stacks[:TIFFS_LOOKED_AT]))


def is_to_link(path: Path) -> bool:
    """Tell a movie from what holds tracks; some formats of tracks are binary, or folders."""
    from napari_anomalous_diffusion.tracks.movies import is_movie

    return is_movie(path) and not _holds_tracks(path)


def _holds_tracks(path: Path) -> bool:
    from napari_anomalous_diffusion.tracks.formats import holds_tracks

    return holds_tracks(path)


def _opens(path: Path) -> bool:
    from napari_anomalous_diffusion.tracks.movies import open_movie

    try:
        open_movie(path, channel=0)
    except InputError:
        return False
    return True


def _is_readable(path: Path) -> bool:
    """Tell whether a file that lies in a folder is worth a try."""
    from napari_anomalous_diffusion.tracks.movies import is_movie

    if path.name.startswith("."):
        return False
    if _holds_tracks(path):
        return True
    if path.is_dir():
        return _is_movie_folder(path)
    ending = path.suffix.lower()
    if ending in TRACK_ENDINGS or _is_tiff(path):
        return True
    return ending not in STILL_ENDINGS and is_movie(path) and _has_reader(path)


def _is_tiff(path: Path) -> bool:
    return path.suffix.lower() in TIFF_ENDINGS and not path.name.startswith(".")


def _has_reader(path: Path) -> bool:
    """Tell whether a napari reader that is installed says that it opens such files."""
    try:
        from npe2 import PluginManager
    except ImportError:
        return False
    manager = PluginManager.instance()
    manager.discover()
    return any(manager.iter_compatible_readers([str(path)]))


def fingerprint(path: Path) -> str:
    """Return what changes when a file, or any file in a folder, is written again.

    Contents are not read: size and time of the last change are as good, and movies are large.
    """
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    states = [file.stat() for file in files]
    size = sum(state.st_size for state in states)
    return f"{len(files)}:{size}:{max((state.st_mtime_ns for state in states), default=0)}"


def result_names(inputs: Sequence[Path], known: Mapping[Path, str]) -> dict[Path, str]:
    """Give every input the name that its results bear, no two of them alike.

    Parameters
    ----------
    inputs : sequence of Path
        Absolute paths, each once.
    known : mapping of Path to str
        Names that results have already; an input among them keeps its own, and no other gets it.

    Returns
    -------
    dict of Path to str
        The input's file name without ending, or with it where a folder holds two that differ in
        nothing else. Where several would be alike, or alike but for case, the folders they are in
        come before it, as far up as it takes, then a number after it.
    """
    alike = Counter((path.parent, path.stem.casefold()) for path in inputs)
    own = {
        path: path.stem
        if alike[path.parent, path.stem.casefold()] == 1
        else f"{path.stem}-{path.suffix.removeprefix('.')}"
        for path in inputs
    }
    names = dict(own)
    for depth in range(1, max((len(path.parts) for path in inputs), default=1) - 1):
        counts = Counter(name.casefold() for name in names.values())
        for path, name in names.items():
            if counts[name.casefold()] > 1:
                names[path] = "-".join([*path.parent.parts[1:][-depth:], own[path]])
    taken = {name.casefold() for name in known.values()}
    chosen: dict[Path, str] = {}
    for path, name in names.items():
        chosen[path] = known[path] if path in known else _free_name(name, taken)
        taken.add(chosen[path].casefold())
    return chosen


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    return free
