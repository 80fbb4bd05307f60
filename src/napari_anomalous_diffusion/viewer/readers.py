"""Opens tables of tracks in napari."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.viewer.texts import TRACK_IDS

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories

LayerData = tuple[Any, dict[str, Any], str]

NO_LAYERS: list[Any] = [(None,)]
"""What a reader returns that has done its work, but has nothing to show."""

LARGEST_ID = 1_000_000
"""napari keeps a place for every id up to the largest."""


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return a reader if the first line of a file names the columns of tracks, else None at once.

    Parameters
    ----------
    path : str or list of str
        A file; a list is a stack of images, which is never ours.
    """
    if isinstance(path, list) or not _names_tracks(Path(path)):
        return None
    return read


def read(path: str | list[str]) -> list[LayerData]:
    """Read a table of tracks as one Tracks layer, or show what is wrong with it."""
    from napari.utils.notifications import show_error

    from napari_anomalous_diffusion.tracks.files import read_tracks

    file = Path(path if isinstance(path, str) else path[0])
    try:
        return [tracks_layer(read_tracks(file), file.stem)]
    except InputError as error:
        show_error(str(error))
        return NO_LAYERS


def tracks_layer(trajectories: Trajectories, name: str) -> LayerData:
    """Make the data of a Tracks layer, which shows the user's own ids wherever napari takes them.

    Parameters
    ----------
    trajectories : Trajectories
    name : str

    Returns
    -------
    tuple
        Data, keyword arguments and type of the layer. Where the ids are text, negative or very
        large, they are numbered instead, and kept in the layer's metadata.
    """
    data = trajectories.to_napari()
    own = trajectories.track_ids
    arguments: dict[str, Any] = {"name": name}
    if own.dtype.kind == "i" and own.min() >= 0 and own.max() <= LARGEST_ID:
        data[:, 0] = np.repeat(own, trajectories.lengths)
    else:
        arguments["metadata"] = {TRACK_IDS: own.tolist()}
    return data, arguments, "tracks"


def _names_tracks(path: Path) -> bool:
    """Look at the names of a file's columns, and at nothing else."""
    from napari_anomalous_diffusion.tracks.columns import find_columns

    try:
        if path.suffix.lower() == ".parquet":
            from pyarrow.parquet import read_schema

            names = read_schema(path).names
        else:
            with path.open(encoding="utf-8-sig") as file:
                header = file.readline(10_000)
            separator = max("\t;,", key=header.count)
            names = [name.strip().strip('"') for name in header.split(separator)]
        find_columns(names, source=str(path))
    except (InputError, OSError, ValueError):  # pyarrow's errors are ValueErrors, too
        return False
    return True
