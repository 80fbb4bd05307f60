"""What is drawn of the selected track: pictures, one above the other.

A picture that is to be seen beside these is added to `pictures_of`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_anomalous_diffusion.scores import plots

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.viewer.model import ScoredTracks


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
    """

    result: ScoredTracks
    track: int
    windows: NDArray[Any]
    reconstructions: Mapping[str, NDArray[Any]]


class Picture(NamedTuple):
    """One kind of picture.

    Attributes
    ----------
    ground : callable
        Draws on empty axes what is the same for all tracks of a result.
    of_track : callable
        Draws what belongs to one track. What it adds, and the limits and the title that it sets,
        are taken away before the next track; whatever else it sets it has to set for every track.
    """

    ground: Callable[[Axes, ScoredTracks], None]
    of_track: Callable[[Axes, SelectedTrack], None]


def pictures_of(result: ScoredTracks) -> tuple[Picture, ...]:
    """Return the pictures of a result's tracks, from top to bottom."""
    return ERRORS, WINDOWS


ERRORS = Picture(
    lambda axes, result: plots.error_profile(axes, result.scores),
    lambda axes, shown: plots.errors_of_track(axes, shown.result.scores, shown.track),
)

WINDOWS = Picture(
    lambda axes, result: None,
    lambda axes, shown: plots.reconstruction(
        axes, shown.windows, shown.reconstructions, shown.result.scores.labels
    ),
)


class TrackFigure:
    """The pictures of a result's tracks on one figure, which shows one track after the other.

    To make axes takes longer than all that is drawn on them, and leaves thousands of objects to
    Python's garbage collection, which now and then stops everything to find them. So they are kept.

    Parameters
    ----------
    result : ScoredTracks
    """

    def __init__(self, result: ScoredTracks) -> None:
        self._result = result
        self._pictures = pictures_of(result)
        self._grounds: list[_Ground] = []

    def compose(self, figure: Figure) -> None:
        """Draw on an empty figure what is the same for all tracks."""
        axes = figure.subplots(len(self._pictures), 1, squeeze=False)[:, 0]
        for place, picture in zip(axes, self._pictures, strict=True):
            picture.ground(place, self._result)
        self._grounds = [_Ground(place) for place in axes]

    def show(self, shown: SelectedTrack) -> None:
        """Draw a track in the place of the one before."""
        for ground, picture in zip(self._grounds, self._pictures, strict=True):
            ground.restore()
            picture.of_track(ground.axes, shown)


class _Ground:
    """Axes as they are before a track is drawn."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self._artists: set[Artist] = set(axes.get_children())
        self._title = axes.get_title()
        self._is_on = axes.axison
        # Limits that follow what is drawn need no restoring.
        self._x = None if axes.get_autoscalex_on() else axes.get_xlim()
        self._y = None if axes.get_autoscaley_on() else axes.get_ylim()

    def restore(self) -> None:
        """Take away what was drawn since."""
        axes = self.axes
        for artist in axes.get_children():
            if artist not in self._artists:
                artist.remove()
        axes.title.set_text(self._title)
        axes.axison = self._is_on
        axes.relim()
        axes.set_prop_cycle(None)
        if self._x is not None:
            axes.set_xlim(self._x)
        if self._y is not None:
            axes.set_ylim(self._y)
