"""What TrackMate's tables and XML files have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_anomalous_diffusion.tracks.notices import counted, notice

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories

HOW_TO_LINK = "link them in TrackMate (the step after the filter of spots) and save again"


def say_unlinked(number: int, source: str) -> None:
    """Tell the user how many spots are left out because they are linked to no track."""
    if number:
        notice(f"{source}: {counted(number, 'spot is', 'spots are')} in no track, and left out.")


def without_flat_depth(trajectories: Trajectories) -> Trajectories:
    """Leave out a z that is 0 everywhere: so TrackMate writes tracks from plane images."""
    if trajectories.dimensions < 3 or np.any(trajectories.positions[:, 0]):
        return trajectories
    return replace(
        trajectories, positions=trajectories.positions[:, 1:], axes=trajectories.axes[1:]
    )
