"""Writes tracks as a GEFF graph, through the package geff."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.formats.geff import ATTRIBUTES, HOW_TO_INSTALL, metadata_of
from napari_anomalous_diffusion.tracks.units import SPELLINGS, spelled

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import ArrayLike, NDArray

    from napari_anomalous_diffusion.tracks.table import Trajectories

TRACKLET = "tracklet"
"""The property that holds the tracks' ids, under the name that the specification gives it."""

ENDINGS = ("meter", "second", "minute", "hour")
"""How the units end that GEFF knows by name."""

OF_A_GRAPH = {"nodes", "edges", ".zgroup", ".zmetadata", *ATTRIBUTES}
"""What lies in the folder of a graph, if nothing else was put there."""


def write_geff(
    trajectories: Trajectories,
    path: str | os.PathLike[str],
    properties: Mapping[str, ArrayLike] | None = None,
) -> None:
    """Write tracks as a GEFF graph, a node a point.

    The folder appears whole or not at all.

    Parameters
    ----------
    trajectories : Trajectories
        Pixel size and frame interval become scales of the axes. Ids that are whole numbers from 0
        on are kept as tracklets; others are numbered.
    path : path
        A folder that is not there yet, or a graph, which is replaced.
    properties : mapping of array_like, shape (n_points,), optional
        Further values of the points, in their order in `trajectories`: numbers or texts.

    Raises
    ------
    InputError
        If the package geff is not installed, the folder holds something else, or it cannot be
        written.
    """
    path = Path(path)
    core, spec = _geff(path)
    values = {
        "t": trajectories.frames,
        **dict(zip(trajectories.axes, trajectories.positions.T, strict=True)),
        TRACKLET: np.repeat(_tracklets(trajectories), trajectories.lengths),
        **{name: np.asarray(column) for name, column in (properties or {}).items()},
    }
    with _whole_folder(path) as partial:
        core.write_arrays(
            str(partial),
            np.arange(trajectories.n_points, dtype=np.uint64),
            {name: _property(column) for name, column in values.items()},
            _links(trajectories),
            {},
            spec.GeffMetadata(
                directed=True,
                axes=_axes(trajectories, spec),
                track_node_props={"tracklet": TRACKLET},
                node_props_metadata={},
                edge_props_metadata={},
            ),
        )


def _geff(path: Path) -> tuple[ModuleType, ModuleType]:
    try:
        return import_module("geff.core_io"), import_module("geff_spec")
    except ImportError as error:
        raise InputError(
            f"{path}: to write GEFF needs the package geff; install it, for example with "
            f"{HOW_TO_INSTALL}."
        ) from error


def _tracklets(trajectories: Trajectories) -> NDArray[np.int64]:
    ids = trajectories.track_ids
    if ids.dtype.kind == "i" and ids.min() >= 0:
        return ids
    return np.arange(trajectories.n_tracks)


def _links(trajectories: Trajectories) -> NDArray[np.uint64]:
    """Link every point to the next of its track."""
    last = np.zeros(trajectories.n_points, dtype=np.bool_)
    last[trajectories.starts[1:] - 1] = True
    before = np.flatnonzero(~last).astype(np.uint64)
    return np.column_stack([before, before + np.uint64(1)])


def _property(values: NDArray[Any]) -> dict[str, Any]:
    """Return the values of a property and which of them are missing, as geff takes them."""
    if values.dtype.kind in "iufb":
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), np.bool_)
        return {"values": values, "missing": missing if missing.any() else None}
    missing = np.array([not isinstance(value, str) for value in values])
    texts = np.where(missing, "", values).astype(np.str_)
    return {"values": texts, "missing": missing if missing.any() else None}


def _axes(trajectories: Trajectories, spec: ModuleType) -> list[Any]:
    calibration = trajectories.calibration
    sizes = np.broadcast_to(calibration.pixel_size, trajectories.dimensions).tolist()
    time = _scale(calibration.frame_interval, calibration.time_unit)
    axes = [spec.Axis(name="t", type="time", unit="frame", **time)]
    for axis, size in zip(trajectories.axes, sizes, strict=True):
        scale = _scale(size, calibration.length_unit)
        axes.append(spec.Axis(name=axis, type="space", unit="pixel", **scale))
    return axes


def _scale(size: float, unit: str) -> dict[str, Any]:
    """Return the scale of an axis, nothing where the unit has no name in GEFF."""
    names = SPELLINGS.get(spelled(unit), ())
    name = next((name for name in names if name.endswith(ENDINGS)), None)
    return {} if name is None else {"scale": float(size), "scaled_unit": name}


@contextmanager
def _whole_folder(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write to, and move what was written there to `path`."""
    if path.exists() and not _is_only_a_graph(path):
        raise InputError(f"{path}: is there already, and is no GEFF graph; choose another place.")
    partial = path.with_name(f".{uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another place."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_only_a_graph(path: Path) -> bool:
    return metadata_of(path) is not None and {item.name for item in path.iterdir()} <= OF_A_GRAPH
