"""Scored tracks as tables with a row a point, for other programs and to be opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from napari_anomalous_diffusion.scores.scoring import Scores
    from napari_anomalous_diffusion.tracks.table import Trajectories

BANK = "bank"
"""The column that names the bank: without it errors mean little, and no colour can be restored."""


def point_table(trajectories: Trajectories, scores: Scores | None = None) -> pd.DataFrame:
    """Make a table with a row a point, which `read_tracks` and napari read again.

    Parameters
    ----------
    trajectories : Trajectories
    scores : Scores, optional
        Of these trajectories.

    Returns
    -------
    DataFrame
        ``track_id, frame, (z), (y), x``, positions as they are; then, with scores, all columns of
        `Scores.table` and ``bank``, the same for every point of a track.
    """
    table = trajectories.to_frame()
    if scores is None:
        return table
    of_tracks = scores.table.drop(columns="track_id").assign(**{BANK: scores.bank.name})
    place = np.repeat(np.arange(len(trajectories)), trajectories.lengths)
    return pd.concat([table, of_tracks.iloc[place].reset_index(drop=True)], axis=1)


def trackmate_table(trajectories: Trajectories, scores: Scores | None = None) -> pd.DataFrame:
    """Make a table with a row a spot that TrackMate's CSV importer takes.

    Parameters
    ----------
    trajectories : Trajectories
    scores : Scores, optional
        Of these trajectories.

    Returns
    -------
    DataFrame
        ``LABEL, TRACK_ID, FRAME, POSITION_X, POSITION_Y, POSITION_Z``, under TrackMate's names:
        positions in the calibration's unit of length, since TrackMate counts in lengths; what is
        not there is 0. TrackMate takes whole numbers alone for tracks: other ids are numbered. The
        label holds the user's own id, and the verdict.
    """
    ids = trajectories.track_ids
    numbers = ids if ids.dtype.kind == "i" else np.arange(len(ids))
    names = [str(own) for own in ids]
    if scores is not None:
        names = [
            f"{own} {verdict}" for own, verdict in zip(names, scores.table["verdict"], strict=True)
        ]
    lengths = trajectories.lengths
    positions = trajectories.calibration.to_length(trajectories.positions)
    by_axis = dict(zip(trajectories.axes, positions.T, strict=True))
    return pd.DataFrame(
        {
            "LABEL": np.repeat(np.array(names, dtype=object), lengths),
            "TRACK_ID": np.repeat(numbers, lengths),
            "FRAME": trajectories.frames,
            **{f"POSITION_{axis.upper()}": by_axis.get(axis, 0.0) for axis in "xyz"},
        }
    )
