"""What the autoencoders make of the windows of one track."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.autoencoders.windows import cut
from napari_anomalous_diffusion.threads import at_most_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import ScoredTracks

WINDOWS_A_PAGE = 3


def pages(n_windows: int) -> int:
    """Count the pages that windows fill."""
    return -(-n_windows // WINDOWS_A_PAGE)


def windows_of(result: ScoredTracks, track: int) -> tuple[NDArray[np.float32], list[str]]:
    """Cut the windows of one track, and say where each comes from.

    Parameters
    ----------
    result : ScoredTracks
    track : int

    Returns
    -------
    values : ndarray of float32, shape (n_windows, length)
        Coordinate by coordinate, the shortest stride first; none for a bank of probabilities,
        which takes a track as a whole.
    places : list of str
        "y, from frame 3, every 2nd".
    """
    if result.scores.bank.kind == "probability":
        return np.empty((0, result.scores.bank.length), dtype=np.float32), []
    trajectory = result.trajectories.select([track])
    windows = cut(trajectory, result.scores.bank.length)
    order = np.lexsort((windows.points[:, 0], windows.stride, windows.coordinate))
    places = [
        f"{trajectory.axes[windows.coordinate[window]]}, "
        f"from frame {trajectory.frames[windows.points[window, 0]]}"
        + _every(int(windows.stride[window]))
        for window in order
    ]
    return windows.values[order], places


def reconstructions(
    result: ScoredTracks, values: NDArray[np.float32], labels: Iterable[str | None]
) -> dict[str, NDArray[Any]]:
    """Reconstruct windows by every member of some labels; those that are missing are left out."""
    if not len(values):
        return {}
    from napari_anomalous_diffusion.autoencoders.engine import reconstruct

    bank = result.scores.bank
    # So few windows are no work to share: where another program keeps a core busy, threads that
    # wait for each other took half a second a click.
    with at_most_threads(1):
        return {
            label: reconstruct(bank, values, label, result.device)
            for label in dict.fromkeys(labels)
            if label in bank.labels
        }


def _every(stride: int) -> str:
    return "" if stride == 1 else f", every {stride}{'nd' if stride == 2 else 'th'}"
