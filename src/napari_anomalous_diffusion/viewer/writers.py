"""Saves Tracks layers, with their scores where they have any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Layer

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.viewer.restoring import restore
from napari_anomalous_diffusion.viewer.results import results
from napari_anomalous_diffusion.viewer.track_layers import trajectories_of

if TYPE_CHECKING:
    from napari_anomalous_diffusion.scores.scoring import Scores
    from napari_anomalous_diffusion.tracks.table import Trajectories


def write_points(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Save a row a point, with the scores of its track: opened again, it looks as it does now.

    Parameters
    ----------
    path : str
        Ends in ``.csv`` or ``.parquet``.
    data, attributes
        Of a Tracks layer, as napari hands them to a writer.

    Returns
    -------
    list of str
        The path.
    """
    from napari_anomalous_diffusion.scores.tables import point_table
    from napari_anomalous_diffusion.tracks.files import write_table

    write_table(point_table(*_tracks_and_scores(data, attributes)), path)
    return [path]


def write_scores(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Save the scores, a row a track, as CSV or Parquet; parameters as in `write_points`."""
    from napari_anomalous_diffusion.tracks.files import write_table

    trajectories, scores = _tracks_and_scores(data, attributes)
    if scores is None:
        raise InputError(
            f"{trajectories.source}: has no scores yet; score it in the dock first, or save its "
            "points."
        )
    write_table(scores.table, path)
    return [path]


def write_trackmate(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Save a CSV for TrackMate's importer, its spots named by track and verdict."""
    from napari_anomalous_diffusion.scores.tables import trackmate_table
    from napari_anomalous_diffusion.tracks.files import write_table

    write_table(trackmate_table(*_tracks_and_scores(data, attributes)), path)
    return [path]


def write_graph(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Save a GEFF graph, whose nodes have the verdict and the best label of their track."""
    from napari_anomalous_diffusion.tracks.formats.geff_writing import write_geff

    trajectories, scores = _tracks_and_scores(data, attributes)
    properties = {}
    if scores is not None:
        for name in ("verdict", "best", "margin"):
            values = scores.table[name].to_numpy()
            properties[name] = np.repeat(values, trajectories.lengths)
    write_geff(trajectories, path, properties)
    return [path]


def _tracks_and_scores(data: Any, attributes: dict[str, Any]) -> tuple[Trajectories, Scores | None]:
    """Find the scores of what napari hands to a writer, which is no layer any more."""
    for layer in results:
        result = results.get(layer)
        if (
            result is not None
            and layer.name == attributes.get("name")
            and np.array_equal(layer.data, data)
        ):
            return result.trajectories, result.scores
    copy = Layer.create(data, attributes, "tracks")
    restored = restore(copy)
    if restored is not None:
        return restored.trajectories, restored.scores
    return trajectories_of(copy)(), None
