"""Scores that were saved with the points of tracks, and are shown again when these are opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.notices import notice
from napari_anomalous_diffusion.viewer import colours
from napari_anomalous_diffusion.viewer.model import BEST, VERDICT, ScoredTracks
from napari_anomalous_diffusion.viewer.results import COLUMNS_KEY
from napari_anomalous_diffusion.viewer.track_layers import trajectories_of

if TYPE_CHECKING:
    import pandas as pd
    from napari.layers import Tracks

    from napari_anomalous_diffusion.tracks.table import Trajectories

TABLE = "table"
"""Where a layer's metadata keeps the table of its scores, a row a track."""


def saved_scores(path: Path, trajectories: Trajectories) -> pd.DataFrame | None:
    """Return the scores that stand in a table of points, or that a batch wrote beside it.

    Parameters
    ----------
    path : Path
    trajectories : Trajectories
        As they were read from this file.

    Returns
    -------
    DataFrame or None
        A row a track, in the order of the trajectories, with the column ``bank``.
    """
    from napari_anomalous_diffusion.scores.tables import BANK
    from napari_anomalous_diffusion.tracks.files import read_table
    from napari_anomalous_diffusion.tracks.formats import column_names

    if not {BEST, VERDICT, BANK} <= set(column_names(path)):
        return _scores_of_a_batch(path, trajectories)
    points = read_table(path)
    firsts = trajectories.rows[trajectories.starts[:-1]]
    table = points.drop(columns=["frame", *trajectories.axes]).iloc[firsts].reset_index(drop=True)
    return table.assign(track_id=trajectories.track_ids)


def _scores_of_a_batch(path: Path, trajectories: Trajectories) -> pd.DataFrame | None:
    from napari_anomalous_diffusion.batch import scores_of
    from napari_anomalous_diffusion.tracks.files import read_table

    found = scores_of(path)
    if found is None:
        return None
    scores, bank = found
    table = read_table(scores).set_index("track_id", drop=False)
    # Whoever has edited one of the tables since has to score again.
    if table.index.tolist() != trajectories.track_ids.tolist():
        return None
    return table.reset_index(drop=True).assign(bank=bank)


def scored_arguments(table: pd.DataFrame, trajectories: Trajectories) -> dict[str, Any]:
    """Make what a Tracks layer needs to show saved scores at once.

    Parameters
    ----------
    table : DataFrame
        A row a track, with the column ``bank``.
    trajectories : Trajectories

    Returns
    -------
    dict
        Keyword arguments of the layer, nothing where the bank is not installed.
    """
    result = _result(table, trajectories)
    if result is None:
        notice(
            f"{trajectories.source}: the bank {table['bank'].iloc[0]} is not installed here, so "
            "that its scores are not shown."
        )
        return {}
    track = np.repeat(np.arange(len(trajectories)), trajectories.lengths)
    about = {
        "bank": result.scores.bank.name,
        "classes": dict(enumerate(result.classes)),
        TABLE: table,
    }
    return {
        "features": {name: values[track] for name, values in result.columns.items()},
        "colormaps_dict": colours.colormaps(result),
        "color_by": BEST,
        "blending": "translucent_no_depth",
        "metadata": {COLUMNS_KEY: about},
    }


def restore(layer: Tracks) -> ScoredTracks | None:
    """Return the scores that a layer came with from a file, if they are still of its data."""
    about = layer.metadata.get(COLUMNS_KEY)
    table = about.get(TABLE) if isinstance(about, dict) else None
    if table is None or BEST not in layer.features:
        return None
    trajectories = trajectories_of(layer)()
    by_id = table.set_index("track_id", drop=False)
    if set(by_id.index) != set(trajectories.track_ids.tolist()):
        return None
    return _result(by_id.loc[trajectories.track_ids].reset_index(drop=True), trajectories)


def _result(table: pd.DataFrame, trajectories: Trajectories) -> ScoredTracks | None:
    """Put a table and its bank together; None where the bank is not here, or has other labels."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.scores.scoring import Scores

    try:
        bank = load_bank(str(table["bank"].iloc[0]))
    except InputError:
        return None
    known = {*bank.labels, "immobile", "too short", "undecided", "novel"}
    if (
        not set(bank.error_columns) <= set(table.columns)
        or not set(table["verdict"].unique()) <= known
    ):
        return None
    scores = table.drop(columns="bank")
    errors = scores[bank.error_columns].to_numpy(dtype=np.float64)
    return ScoredTracks(Scores(scores, errors[:, :, None], bank), trajectories, "cpu")
