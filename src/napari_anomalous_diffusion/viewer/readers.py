"""Opens files of tracks in napari."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.viewer import Viewer

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.calibration import UNCALIBRATED
from napari_anomalous_diffusion.tracks.units import LENGTHS, TIMES
from napari_anomalous_diffusion.viewer.texts import TRACK_IDS

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories

LayerData = tuple[Any, dict[str, Any], str]

NO_LAYERS: list[Any] = [(None,)]
"""What a reader returns that has done its work, but has nothing to show."""

PIXEL = "pixel"
"""napari's own unit for what has none."""

TABLES = "Tables (*.csv *.tsv *.txt *.parquet);;All files (*)"

LARGEST_ID = 1_000_000
"""napari keeps a place for every id up to the largest."""


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return a reader if a file is known at a glance to hold tracks, else None at once.

    Parameters
    ----------
    path : str or list of str
        A file, or the folder of a GEFF graph; a list is a stack of images, which is never ours.
    """
    from napari_anomalous_diffusion.tracks.formats import holds_tracks

    if isinstance(path, list) or not holds_tracks(Path(path)):
        return None
    return read


def read(path: str | list[str]) -> list[LayerData]:
    """Read tracks as one Tracks layer, or show what is wrong with them.

    Where several columns of a table could be meant, the user is asked. What was left out is said.
    Scores that were saved with the points are shown as they were.
    """
    return _read(Path(path if isinstance(path, str) else path[0]))


def open_table(viewer: Viewer) -> None:
    """Let the user choose a file and the columns that hold its tracks, and add them as a layer."""
    from qtpy.QtWidgets import QFileDialog

    from napari_anomalous_diffusion.viewer.column_dialog import ask_columns

    chosen, _ = QFileDialog.getOpenFileName(None, "A table of tracks", "", TABLES)
    columns = ask_columns(Path(chosen)) if chosen else None
    if columns is None:
        return
    for data, *arguments in _read(Path(chosen), columns):
        if data is not None:
            viewer.add_tracks(data, **arguments[0])


def _read(file: Path, columns: dict[str, Any] | None = None) -> list[Any]:
    from napari.utils.notifications import show_error, show_info

    from napari_anomalous_diffusion.tracks.notices import Notice

    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always", Notice)
        try:
            layer = _scored_layer(file, columns or {})
        except InputError as error:
            show_error(str(error))
            return NO_LAYERS
    for said in notices:
        if issubclass(said.category, Notice):
            show_info(str(said.message))
    return [layer]


def _scored_layer(file: Path, columns: dict[str, Any]) -> LayerData:
    """Make a Tracks layer of a file, with the scores that were saved in it."""
    from napari_anomalous_diffusion.viewer.restoring import saved_scores, scored_arguments

    tracks = _tracks(file, columns)
    data, arguments, kind = tracks_layer(tracks, file.stem)
    scores = saved_scores(file, tracks)
    scored = {} if scores is None else scored_arguments(scores, tracks)
    both = {
        name: {**arguments.get(name, {}), **scored.get(name, {})}
        for name in ("features", "metadata")
    }
    return data, arguments | scored | {name: there for name, there in both.items() if there}, kind


def _tracks(file: Path, columns: dict[str, Any]) -> Trajectories:
    """Read tracks; ask for the columns where several could be meant."""
    from napari_anomalous_diffusion.tracks.columns import SeveralColumnsError
    from napari_anomalous_diffusion.tracks.files import read_tracks

    try:
        return read_tracks(file, **columns)
    except SeveralColumnsError:
        from napari_anomalous_diffusion.viewer.column_dialog import ask_columns

        chosen = ask_columns(file)
        if chosen is None:
            raise
        return read_tracks(file, **chosen)


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
        large, they are numbered instead, and kept in the layer's metadata. Scale and units are
        those of the tracks' calibration.
    """
    data = trajectories.to_napari()
    own = trajectories.track_ids
    arguments: dict[str, Any] = {"name": name, **_scale(trajectories)}
    if own.dtype.kind == "i" and own.min() >= 0 and own.max() <= LARGEST_ID:
        data[:, 0] = np.repeat(own, trajectories.lengths)
    else:
        arguments["metadata"] = {TRACK_IDS: own.tolist()}
    if trajectories.localisation_errors is not None:
        arguments["features"] = {"ep": trajectories.localisation_errors}
    return data, arguments, "tracks"


def _scale(trajectories: Trajectories) -> dict[str, Any]:
    """Return the scale and units of a layer, nothing where nothing is known of them."""
    calibration = trajectories.calibration
    if calibration == UNCALIBRATED:
        return {}
    timed = calibration.time_unit in TIMES
    measured = calibration.length_unit in LENGTHS
    sizes = np.broadcast_to(calibration.pixel_size, trajectories.dimensions)
    return {
        "scale": (calibration.frame_interval if timed else 1.0, *map(float, sizes)),
        "units": (
            calibration.time_unit if timed else PIXEL,
            *[calibration.length_unit if measured else PIXEL] * trajectories.dimensions,
        ),
    }
