"""Tables in text: by hand, MOSAIC, trackpy's to_csv, and whatever else names its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.columns import (
    are_tracks,
    columns_to_read,
    find_columns,
    named_calibration,
)
from napari_anomalous_diffusion.tracks.formats.layout import find_layout
from napari_anomalous_diffusion.tracks.table import Trajectories

if TYPE_CHECKING:
    from pathlib import Path

    from napari_anomalous_diffusion.tracks.formats import ColumnNames


def recognises(path: Path, beginning: bytes) -> bool:
    """Take whatever is left; a folder is not."""
    if path.is_dir():
        raise InputError(
            f"{path}: is a folder, but no GEFF graph; give the path of a file of tracks."
        )
    return True


def holds_tracks(path: Path, beginning: bytes) -> bool:
    """Tell whether the columns of a table are those of tracks."""
    layout = find_layout(path, beginning)
    return are_tracks(layout.names, layout.rows)


def read(path: Path, beginning: bytes, names: ColumnNames) -> Trajectories:
    """Read the columns of a table that hold its points."""
    layout = find_layout(path, beginning)
    places = find_columns(
        layout.names, track=names.track, frame=names.frame, axes=names.axes, source=str(path)
    )
    table = layout.read(path, columns_to_read(layout.names, places))
    return Trajectories.from_frame(
        table,
        track=names.track,
        frame=names.frame,
        axes=names.axes,
        source=str(path),
        calibration=named_calibration(layout.names, places),
    )
