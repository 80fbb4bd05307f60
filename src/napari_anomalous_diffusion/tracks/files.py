"""Tracks from a file, told by its content, and tables into a file, whole or not at all."""

from __future__ import annotations

import csv
import os
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.columns import find_columns
from napari_anomalous_diffusion.tracks.table import Trajectories
from napari_anomalous_diffusion.writing import whole_file

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.calibration import Calibration

PARQUET_MAGIC = b"PAR1"
SEPARATORS = "\t;,"


def read_tracks(
    source: str | os.PathLike[str] | pd.DataFrame | NDArray[Any] | Trajectories,
    *,
    track: str | None = None,
    frame: str | None = None,
    calibration: Calibration | None = None,
) -> Trajectories:
    """Read tracks from a file, a table or a napari array.

    Parameters
    ----------
    source : path, DataFrame, ndarray or Trajectories
        A CSV or Parquet file, whatever its ending: text in UTF-8, separated by commas, semicolons
        (then also with decimal commas) or tabs, with the names of the columns in its first line;
        or a table as trackpy makes it; or the data of a napari Tracks layer, with rows id, t,
        (z), y, x. Trajectories are returned as they are, but for a calibration that is given.
    track, frame : str, optional
        The columns of the track ids and of the frames, where they go by names that
        `Trajectories.from_frame` does not know.
    calibration : Calibration, optional
        What one unit of the positions and one frame are worth. The positions stay as they are.

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
        return Trajectories.from_frame(source, track=track, frame=frame, calibration=calibration)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        read = _read_parquet if _is_parquet(path) else _read_text
        table = read(path, track, frame)
        return Trajectories.from_frame(
            table, track=track, frame=frame, source=str(path), calibration=calibration
        )
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
        _parquet_library(path)
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
        _parquet_library(path)
    try:
        if parquet:
            return pd.read_parquet(path, engine="pyarrow")
        # Only what is empty is missing: an id, a label or a condition may well be called NA.
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    # Damaged bytes make a parser fail in any way it can.
    except Exception as error:
        raise InputError(
            f"{path}: is not a table that can be read ({_one_line(error)}); write it again."
        ) from error


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}); give the path of a CSV or "
            "Parquet file of tracks."
        ) from error


def _parquet_library(path: Path) -> ModuleType:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise InputError(
            f"{path}: Parquet needs the package pyarrow, which cannot be imported here; install it "
            "anew, or use CSV."
        ) from error


def _read_parquet(path: Path, track: str | None, frame: str | None) -> pd.DataFrame:
    """Read the columns of a Parquet file that hold its points."""
    parquet = _parquet_library(path)
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            places = find_columns(names, track=track, frame=frame, source=str(path))
            wanted = [names[place] for place in (places.track, places.frame, *places.axes)]
            # An index that pandas stored is a column like any other here.
            table: pd.DataFrame = file.read(columns=wanted).to_pandas(ignore_metadata=True)
            return table
    except InputError:
        raise
    # Damaged bytes make the parser fail in any way it can.
    except Exception as error:
        raise InputError(
            f"{path}: is a damaged or truncated Parquet file; copy or write it again."
        ) from error


def _read_text(path: Path, track: str | None, frame: str | None) -> pd.DataFrame:
    """Read the columns of a text file that hold its points."""
    import pandas as pd

    not_text = f"{path}: is not a table in UTF-8 text nor a Parquet file; save it as one of them."
    try:
        header, first = _first_lines(path)
        separator = max(SEPARATORS, key=header.count)
        names, values = _fields(header, separator), _fields(first, separator)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(not_text) from error
    if "\0" in header + first:
        raise InputError(not_text)
    _check_header(names, values, path)
    places = find_columns(names, track=track, frame=frame, source=str(path))
    try:
        # Opened here, so that lines end in \n: pandas before 3.1 can take up all memory over a
        # blank line that ends in \r.
        with path.open(encoding="utf-8-sig") as file:
            return pd.read_csv(
                file,
                sep=separator,
                decimal="," if separator != "," and _has_decimal_commas(first) else ".",
                usecols=[places.track, places.frame, *places.axes],
                low_memory=False,
            )
    except UnicodeDecodeError as error:
        raise InputError(not_text) from error
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{path}: is not a table that can be read ({_one_line(error)}); correct it there."
        ) from error


def _first_lines(path: Path) -> tuple[str, str]:
    """Return the first two lines that are not blank."""
    with path.open(encoding="utf-8-sig") as file:
        filled = (line.rstrip("\n") for line in file if line.strip())
        return next(filled, ""), next(filled, "")


def _fields(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _check_header(names: list[str], values: list[str], path: Path) -> None:
    if not names:
        raise InputError(f"{path}: the file is empty; give a table of tracks.")
    if sum(map(_is_number, names)) > len(names) / 2:
        raise InputError(
            f"{path}: the first line must name the columns, but it holds the numbers "
            f"{', '.join(names[:5])}; put a line such as track_id,frame,y,x above it."
        )
    if len(values) > len(names):
        raise InputError(
            f"{path}: its rows have {len(values)} fields, but its first line names {len(names)} "
            "columns; name every column there."
        )


def _has_decimal_commas(line: str) -> bool:
    return bool(re.search(r"\d,\d", line)) and not re.search(r"\d\.\d", line)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
