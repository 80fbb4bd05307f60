"""HDF5 as pandas writes it: trackpy's stores, and tables saved with to_hdf.

Read with h5py, which runs nothing that stands in a file. pandas itself goes through a library that
unpickles attributes.

A trackpy store has a table a frame (``Frame_0``, ``Frame_1``, ...) or a single one. pandas writes a
table row by row (``format="table"``), its columns in fields of their own or in blocks of one type,
or as blocks alone (``format="fixed"``).
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.columns import (
    columns_to_read,
    find_columns,
    named_calibration,
)
from napari_anomalous_diffusion.tracks.table import Trajectories

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    import pandas as pd

    from napari_anomalous_diffusion.tracks.formats import ColumnNames

MAGIC = b"\x89HDF\r\n\x1a\n"
FRAME_PREFIX = "Frame_"
BLOCK = "values_block_"
DEEPEST = 3
"""How many groups a table may stand in."""


def recognises(path: Path, beginning: bytes) -> bool:
    """Tell whether a file is HDF5."""
    return beginning.startswith(MAGIC)


def holds_tracks(path: Path, beginning: bytes) -> bool:
    """Tell whether pandas wrote a table of tracks into an HDF5 file."""
    try:
        with _library(path).File(path, "r") as file:
            keys = _keys(file)
            return any(_are_tracks(list(_columns(file[key]))) for key in keys[:1])
    # Damaged bytes make the parser fail in any way it can.
    except Exception:
        return False


def read(path: Path, beginning: bytes, names: ColumnNames) -> Trajectories:
    """Read the one table of tracks in a file, or the tables of all frames."""
    library = _library(path)
    given = {"track": names.track, "frame": names.frame, "axes": names.axes}
    try:
        with library.File(path, "r") as file:
            keys = _chosen(file, names, path)
            tables = [_columns(file[key]) for key in keys]
            columns = list(tables[0])
            places = find_columns(columns, **given, source=str(path))  # type: ignore[arg-type]
            wanted = [columns[place] for place in columns_to_read(columns, places)]
            table = _together(tables, wanted)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{path}: is a damaged HDF5 file, or one that pandas did not write; save the tracks as "
            "CSV or Parquet."
        ) from error
    return Trajectories.from_frame(
        table,
        **given,  # type: ignore[arg-type]
        source=str(path),
        calibration=named_calibration(columns, places),
    )


def _library(path: Path) -> ModuleType:
    try:
        return import_module("h5py")
    except ImportError as error:
        raise InputError(
            f"{path}: HDF5 needs the package h5py; install it, for example with "
            'pip install "napari-anomalous-diffusion[hdf5]", or save the tracks as CSV.'
        ) from error


def _keys(file: Any) -> list[str]:
    """Return the names of pandas' tables, those of frames in the order of the frames."""
    keys = list(_tables(file, DEEPEST))
    return sorted(keys, key=lambda key: (_frame(key) is None, _frame(key) or 0))


def _tables(group: Any, depth: int, prefix: str = "") -> Iterator[str]:
    for name in group:
        item = group.get(name)
        if not hasattr(item, "keys"):
            continue
        if _text(item.attrs.get("pandas_type", b"")) in ("frame", "frame_table"):
            yield prefix + name
        elif depth:
            yield from _tables(item, depth - 1, f"{prefix}{name}/")


def _frame(key: str) -> int | None:
    number = key.removeprefix(FRAME_PREFIX)
    return int(number) if number != key and number.isdecimal() else None


def _chosen(file: Any, names: ColumnNames, path: Path) -> list[str]:
    """Return the tables of all frames, or else the only table that can be of tracks."""
    keys = _keys(file)
    by_frame = [key for key in keys if _frame(key) is not None]
    if by_frame:
        return by_frame
    if not keys:
        raise InputError(
            f"{path}: holds no table that pandas or trackpy wrote; save the tracks as CSV or "
            "Parquet."
        )
    of_tracks = [key for key in keys if len(keys) == 1 or _are_tracks(list(_columns(file[key])))]
    if len(of_tracks) == 1:
        return of_tracks
    raise InputError(
        f"{path}: {'several' if of_tracks else 'none'} of its tables {', '.join(keys[:5])} hold "
        "tracks; save the right one in a file of its own."
    )


def _are_tracks(columns: list[str]) -> bool:
    try:
        find_columns(columns)
    except InputError:
        return False
    return True


def _columns(group: Any) -> dict[str, tuple[Any, str | None, int | None]]:
    """Say where each column stands: dataset, field, and place within it."""
    if "table" in group:
        return _table_columns(group["table"])
    columns: dict[str, tuple[Any, str | None, int | None]] = {}
    for block in range(int(group.attrs["nblocks"])):
        for place, name in enumerate(group[f"block{block}_items"][:].tolist()):
            columns[_text(name)] = (group[f"block{block}_values"], None, place)
    return columns


def _table_columns(table: Any) -> dict[str, tuple[Any, str | None, int | None]]:
    columns: dict[str, tuple[Any, str | None, int | None]] = {}
    for field in table.dtype.names:
        if field.startswith(BLOCK):
            for place, name in enumerate(_names(table.attrs[f"{field}_kind"])):
                columns[name] = (table, field, place)
        elif field != "index":
            columns[field] = (table, field, None)
    return columns


def _names(pickled: Any) -> list[str]:
    """Return the texts of a pickled list, without unpickling it: its instructions are only read."""
    content = pickled if isinstance(pickled, bytes) else bytes(pickled)
    texts = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "STRING")
    return [str(arg) for code, arg, _ in pickletools.genops(content) if code.name in texts]


def _together(tables: Sequence[Mapping[str, Any]], wanted: list[str]) -> pd.DataFrame:
    import pandas as pd

    parts = {
        name: np.concatenate([_values(*columns[name]) for columns in tables]) for name in wanted
    }
    return pd.DataFrame(parts)


def _values(dataset: Any, field: str | None, place: int | None) -> Any:
    values = dataset[field] if field is not None else dataset[:]
    values = values if place is None else values[:, place]
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8").astype(object)
    return values


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
