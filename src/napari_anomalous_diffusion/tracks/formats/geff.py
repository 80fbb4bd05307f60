"""GEFF: graphs in zarr, with points as nodes and links as edges; they may split and merge.

Read with zarr alone. Groups and attributes as in its specification:
https://live-image-tracking-tools.github.io/geff
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.branches import connected, cut_at_branches
from napari_anomalous_diffusion.tracks.checks import AXES
from napari_anomalous_diffusion.tracks.notices import counted, notice
from napari_anomalous_diffusion.tracks.table import Trajectories
from napari_anomalous_diffusion.tracks.units import calibration_of

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.calibration import Calibration
    from napari_anomalous_diffusion.tracks.formats import ColumnNames

ATTRIBUTES = (".zattrs", "zarr.json")
"""Where zarr keeps a group's attributes, in its formats 2 and 3."""

TIMES = ("t", "time", "frame", "timepoint")
HOW_TO_INSTALL = 'pip install "napari-anomalous-diffusion[geff]"'
REGULAR = 1e-3
"""Share of the frame interval by which times may be off."""


def recognises(path: Path, beginning: bytes) -> bool:
    """Tell whether a folder is a zarr group that says it is GEFF."""
    return path.is_dir() and metadata_of(path) is not None


def holds_tracks(path: Path, beginning: bytes) -> bool:
    """Take any GEFF graph with a time and an x."""
    time, axes = _axis_names(metadata_of(path) or {}, path)
    return bool(time and axes)


def read(path: Path, beginning: bytes, names: ColumnNames) -> Trajectories:
    """Read the nodes that are linked, or that say which track they are of.

    Ids are the tracklets' or lineages' where the graph names them, else connected nodes are
    numbered from 0.
    """
    about = metadata_of(path) or {}
    time, axes = _axis_names(about, path)
    columns: list[str] = [names.frame or time, *(names.axes or axes)]
    track = names.track or _track_property(about)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zarr's, of what it may read in future
            group = _zarr(path).open_group(str(path), mode="r")
            nodes = np.asarray(group["nodes/ids"][:]).astype(np.int64)
            edges = np.asarray(group["edges/ids"][:]).astype(np.int64).reshape(-1, 2)
            values = np.column_stack([_property(group, name) for name in columns])
            own = None if track is None else _property(group, track)
    except InputError:
        raise
    # Damaged bytes make the parser fail in any way it can.
    except Exception as error:
        raise InputError(
            f"{path}: is a damaged or incomplete GEFF graph ({type(error).__name__}); write it "
            "again."
        ) from error
    frames, step = _frames(values[:, 0])
    ends = _places(nodes, edges, path)
    kept, ids = _named(own, ends, len(nodes), path)
    frames, positions = frames[kept], values[kept, 1:]
    ids = cut_at_branches(ids, frames, np.searchsorted(kept, ends), str(path))
    tracks = Trajectories.from_points(ids, frames, positions, source=str(path))
    tracks = replace(tracks, rows=kept[tracks.rows])
    return tracks.calibrated(_calibration(about, columns, step))


def metadata_of(path: Path) -> dict[str, Any] | None:
    """Return what a folder says of itself as GEFF."""
    for name in ATTRIBUTES:
        try:
            attributes = json.loads((path / name).read_text(encoding="utf-8"))
            about = attributes.get("attributes", attributes).get("geff")
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        if isinstance(about, dict):
            return about
    return None


def _axis_names(about: Mapping[str, Any], path: Path) -> tuple[str, list[str]]:
    """Return the properties that hold the time and the coordinates in the order (z), (y), x."""
    axes = [axis for axis in about.get("axes") or [] if isinstance(axis, dict)]
    times = [str(axis.get("name")) for axis in axes if axis.get("type") == "time"]
    space = [str(axis.get("name")) for axis in axes if axis.get("type") == "space"]
    names = [str(axis.get("name")) for axis in axes]
    times = times or [name for name in names if name.lower() in TIMES]
    space = space or [name for name in names if name not in times]
    by_letter = {name.lower()[-1:]: name for name in space}
    if len(by_letter) == len(space) and set(by_letter) <= set(AXES):
        space = [by_letter[axis] for axis in AXES if axis in by_letter]
    if len(times) != 1 or not 1 <= len(space) <= 3:
        raise InputError(
            f"{path}: this GEFF graph does not say which of its properties are time and "
            "coordinates; write it again with the axes t, (z), y, x."
        )
    return times[0], space


def _track_property(about: Mapping[str, Any]) -> str | None:
    properties = about.get("track_node_props")
    if not isinstance(properties, dict):
        return None
    name = properties.get("tracklet") or properties.get("lineage")
    return None if name is None else str(name)


def _zarr(path: Path) -> ModuleType:
    try:
        return import_module("zarr")
    except ImportError as error:
        raise InputError(
            f"{path}: GEFF needs the package zarr; install it, for example with {HOW_TO_INSTALL}."
        ) from error


def _property(group: Any, name: str) -> NDArray[np.float64]:
    """Return one number a node, NaN where it is missing."""
    node = group[f"nodes/props/{name}"]
    values = np.asarray(node["values"][:]).astype(np.float64)
    if values.ndim != 1:
        raise ValueError(f"{name} is not one number a node")
    if "missing" in node:
        values[np.asarray(node["missing"][:]).astype(bool)] = np.nan
    return values


def _frames(times: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Count times in frames, where they are multiples of one interval; return the interval too."""
    finite = times[np.isfinite(times)]
    if np.array_equal(finite, np.rint(finite)):
        return times, 1.0
    distinct = np.unique(finite)
    if len(distinct) < 2:
        return times, 1.0
    step = float(f"{np.diff(distinct).min():.12g}")
    frames = times / step
    regular = np.abs(frames - np.rint(frames))[np.isfinite(times)] < REGULAR
    return (np.rint(frames), step) if regular.all() else (times, 1.0)


def _places(nodes: NDArray[np.int64], edges: NDArray[np.int64], path: Path) -> NDArray[np.int64]:
    order = np.argsort(nodes, kind="stable")
    found = np.searchsorted(nodes, edges, sorter=order)
    places: NDArray[np.int64] = order[np.minimum(found, len(nodes) - 1)] if len(nodes) else found
    if len(edges) and (not len(nodes) or not np.array_equal(nodes[places], edges)):
        raise InputError(f"{path}: has edges of nodes that are not in it; write it again.")
    return places


def _named(
    own: NDArray[np.float64] | None, ends: NDArray[np.int64], n_nodes: int, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Say which nodes are in tracks, in rising order, and of which track each is."""
    if own is not None and np.array_equal(own, np.rint(own)):
        return np.arange(n_nodes), own.astype(np.int64)
    linked = np.unique(ends)
    if not len(linked):
        raise InputError(
            f"{path}: its {n_nodes:,} points are not linked; link them where they were found, or "
            "with trackpy.link on x, y and frame."
        )
    if len(linked) < n_nodes:
        left_out = counted(n_nodes - len(linked), "point is", "points are")
        notice(f"{path}: {left_out} in no track, and left out.")
    return linked, connected(np.searchsorted(linked, ends), len(linked))


def _calibration(about: Mapping[str, Any], columns: Sequence[str], step: float) -> Calibration:
    """Return what the axes say of lengths and times: a scale and its unit, or a unit alone."""
    axes = {str(axis.get("name")): axis for axis in about.get("axes") or []}
    scales, units = [], []
    for name in columns:
        axis = axes.get(name, {})
        scaled = isinstance(axis.get("scale"), int | float) and axis.get("scaled_unit")
        scales.append(float(axis["scale"]) if scaled else 1.0)
        units.append(axis.get("scaled_unit") if scaled else axis.get("unit"))
    return calibration_of(scales[1:], units[1:], scales[0] * step, units[0])
