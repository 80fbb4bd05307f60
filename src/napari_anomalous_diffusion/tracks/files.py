"""Tracks from a file, told by its content, and tables into a file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.formats import ColumnNames, open_tracks
from napari_anomalous_diffusion.tracks.formats.layout import one_line
from napari_anomalous_diffusion.tracks.formats.parquet import MAGIC, library
from napari_anomalous_diffusion.tracks.table import Trajectories
from napari_anomalous_diffusion.writing import whole_file

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.calibration import Calibration


def read_tracks(
    source: str | os.PathLike[str] | pd.DataFrame | NDArray[Any] | Trajectories,
    *,
    track: str | None = None,
    frame: str | None = None,
    axes: Sequence[str] | None = None,
    calibration: Calibration | None = None,
) -> Trajectories:
    """Read tracks from a file, a table or a napari array.

    Parameters
    ----------
    source : path, DataFrame, ndarray or Trajectories
        A file, told by its content, whatever its ending: a table in text (separated by commas,
        semicolons, tabs or blanks, with points or commas in its numbers) or Parquet, TrackMate's
        spots as CSV or either of its XML files, HDF5 from trackpy or pandas, or a GEFF graph; or a
        table as trackpy makes it; or the data of a napari Tracks layer, with rows id, t, (z), y, x.
        Trajectories are returned as they are, but for a calibration that is given.
    track, frame : str, optional
        The columns of the track ids and of the frames, where they go by names that
        `Trajectories.from_frame` does not know.
    axes : sequence of str, optional
        The columns of the coordinates in the order (z), (y), x, where they go by such names.
    calibration : Calibration, optional
        What one unit of the positions and one frame are worth, in place of what the file says. The
        positions stay as they are.

    Returns
    -------
    Trajectories

    Raises
    ------
    InputError
        If the file cannot be read, is no table, or does not hold tracks.
    """
    if isinstance(source, Trajectories):
        return source if calibration is None else source.calibrated(calibration)
    if isinstance(source, np.ndarray):
        return Trajectories.from_napari(source, calibration=calibration)

    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return Trajectories.from_frame(
            source, track=track, frame=frame, axes=axes, calibration=calibration
        )
    if isinstance(source, (str, os.PathLike)):
        tracks = open_tracks(Path(source), ColumnNames(track, frame, axes))
        return tracks if calibration is None else tracks.calibrated(calibration)
    raise InputError(
        f"tracks cannot be read from a {type(source).__name__}; give the path of a file, a pandas "
        "DataFrame or a numpy array."
    )


def write_table(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table without its index, as CSV or Parquet by the ending of the path.

    The file appears whole or not at all: it is written beside its place, then moved there. What
    is missing is empty in CSV, null in Parquet.

    Parameters
    ----------
    table : DataFrame
        What to write.
    path : path
        Ends in ``.csv`` or ``.parquet``. Its folder is made if need be, and a file that stands
        there is replaced.

    Raises
    ------
    InputError
        If the path has another ending, or cannot be written.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise InputError(f"{path}: a table is written as .csv or .parquet; choose one as ending.")
    if ending == ".parquet":
        library(path)
    with whole_file(path) as partial:
        if ending == ".csv":
            table.to_csv(partial, index=False, encoding="utf-8")
        else:
            table.to_parquet(partial, index=False, engine="pyarrow")


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table that `write_table` wrote, all its columns under the names they have.

    Parameters
    ----------
    path : path
        CSV or Parquet, told by its content.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        If the file cannot be read, or is no such table.
    """
    import pandas as pd

    path = Path(path)
    parquet = _is_parquet(path)
    if parquet:
        library(path)
    try:
        if parquet:
            return pd.read_parquet(path, engine="pyarrow")
        # Only what is empty is missing: an id, a label or a condition may well be called NA.
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    # Damaged bytes make a parser fail in any way it can.
    except Exception as error:
        raise InputError(
            f"{path}: is not a table that can be read ({one_line(error)}); write it again."
        ) from error


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}); give the path of a CSV or "
            "Parquet file of tracks."
        ) from error
