"""A selected track, its windows, and what the autoencoders make of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_anomalous_diffusion.autoencoders.windows import cut
from napari_anomalous_diffusion.threads import at_most_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import ScoredTracks

WINDOWS_A_PAGE = 3


@dataclass(frozen=True, eq=False)
class SelectedTrack:
    """A track, and what its pictures need to know of it.

    Attributes
    ----------
    result : ScoredTracks
    track : int
        Its row in the scores.
    windows : ndarray of float32, shape (n_windows, length)
        Those of one page.
    reconstructions : mapping of str to ndarray of float32, shape (n_members, n_windows, length)
        By the label whose autoencoders made them.
    beside : str or None
        The label that is compared with the best one.
    page, pages : int
        Which page of windows it is, from 0 on, and how many there are.
    place : str
        Where the windows come from, in words.
    """

    result: ScoredTracks
    track: int
    windows: NDArray[Any]
    reconstructions: Mapping[str, NDArray[Any]]
    beside: str | None
    page: int
    pages: int
    place: str


def select_track(
    result: ScoredTracks, track: int, page: int = 0, compared: str | None = None
) -> SelectedTrack:
    """Cut a page of a track's windows, and reconstruct them by its best label and another.

    Parameters
    ----------
    result : ScoredTracks
    track : int
        Its row in the scores.
    page : int
    compared : str, optional
        The other label; the second best, where none is given.

    Returns
    -------
    SelectedTrack
    """
    row = result.scores.table.iloc[track]
    windows, places = windows_of(result, track)
    of_page = slice(page * WINDOWS_A_PAGE, (page + 1) * WINDOWS_A_PAGE)
    beside = compared or row["runner_up"]
    return SelectedTrack(
        result,
        track,
        windows[of_page],
        reconstructions(result, windows[of_page], (row["best"], beside)),
        beside,
        page,
        -(-len(windows) // WINDOWS_A_PAGE),
        " · ".join(places[of_page]),
    )


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
