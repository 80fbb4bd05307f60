"""Parquet: a table with a row a point."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.columns import (
    are_tracks,
    columns_to_read,
    find_columns,
    named_calibration,
)
from napari_anomalous_diffusion.tracks.table import Trajectories

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from napari_anomalous_diffusion.tracks.formats import ColumnNames

MAGIC = b"PAR1"


def recognises(path: Path, beginning: bytes) -> bool:
    """Tell whether a file is Parquet."""
    return beginning.startswith(MAGIC)


def holds_tracks(path: Path, beginning: bytes) -> bool:
    """Tell whether the columns of a Parquet file are those of tracks."""
    try:
        return are_tracks(library(path).read_schema(path).names)
    except (InputError, OSError, ValueError):  # pyarrow's errors are among them
        return False


def read(path: Path, beginning: bytes, names: ColumnNames) -> Trajectories:
    """Read the columns of a Parquet file that hold its points."""
    parquet = library(path)
    try:
        with parquet.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            places = find_columns(
                columns, track=names.track, frame=names.frame, axes=names.axes, source=str(path)
            )
            wanted = [columns[place] for place in columns_to_read(columns, places)]
            # An index that pandas stored is a column like any other here.
            table = file.read(columns=wanted).to_pandas(ignore_metadata=True)
    except InputError:
        raise
    # Damaged bytes make the parser fail in any way it can.
    except Exception as error:
        raise InputError(
            f"{path}: is a damaged or truncated Parquet file; copy or write it again."
        ) from error
    return Trajectories.from_frame(
        table,
        track=names.track,
        frame=names.frame,
        axes=names.axes,
        source=str(path),
        calibration=named_calibration(columns, places),
    )


def first_rows(path: Path, number: int) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Read the names of all columns, and the first rows as text."""
    with library(path).ParquetFile(path) as file:
        names = tuple(file.schema_arrow.names)
        first = next(file.iter_batches(batch_size=number), ()) if number else ()
        columns = [map(str, column.to_pylist()) for column in first]
        return names, list(zip(*columns, strict=True))


def library(path: Path) -> ModuleType:
    """Return the part of pyarrow that reads and writes Parquet.

    Raises
    ------
    InputError
        If it cannot be imported.
    """
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError(
            f"{path}: Parquet needs the package pyarrow, which cannot be imported here; install it "
            "anew, or use CSV."
        ) from error
