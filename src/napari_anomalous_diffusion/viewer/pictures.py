"""What is drawn of all tracks, and of the selected one: pictures, one above the other.

A picture that is to be seen beside these is added to `overview_of` or `pictures_of`, and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from napari_anomalous_diffusion.scores import plots
from napari_anomalous_diffusion.scores.classical import CLASSICAL_COLUMNS
from napari_anomalous_diffusion.scores.plots import exponents, planes

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_anomalous_diffusion.viewer.model import ScoredTracks
    from napari_anomalous_diffusion.viewer.reconstructions import SelectedTrack


HEIGHT, ROW_HEIGHT, PLANE_HEIGHT = 205, 14, 280
"""Pixels of a picture, of a row more than eight in it, and of a plane of mixtures."""


class Overview(NamedTuple):
    """One kind of picture of all tracks.

    Attributes
    ----------
    draw : callable
        Draws on empty axes.
    height : int
        In pixels.
    """

    draw: Callable[[Axes, ScoredTracks], None]
    height: int = HEIGHT


def overview_of(result: ScoredTracks) -> tuple[Overview, ...]:
    """Return the pictures of all tracks of a result, from top to bottom."""
    if result.scores.bank.axis == "mixture":
        return MEAN_PLANE, MINIMA, TRUST
    n_labels = len(result.scores.labels)
    rows = n_labels if n_labels <= plots.MOST_ROWS else 0
    shares = Overview(
        lambda axes, result: plots.label_shares(axes, result.scores),
        HEIGHT + ROW_HEIGHT * max(rows - 8, 0),
    )
    return shares, EXPONENTS if result.scores.bank.axis == "exponent" else DISTRIBUTIONS


DISTRIBUTIONS = Overview(lambda axes, result: plots.error_distributions(axes, result.scores))

EXPONENTS = Overview(lambda axes, result: exponents.errors_by_label_exponent(axes, result.scores))

MEAN_PLANE = Overview(
    lambda axes, result: planes.scored_errors_on_plane(axes, result.scores), PLANE_HEIGHT
)

MINIMA = Overview(
    lambda axes, result: planes.scored_minima_on_plane(axes, result.scores), PLANE_HEIGHT
)

TRUST = Overview(
    lambda axes, result: planes.trust_in_plane(axes, result.scores.bank), PLANE_HEIGHT + 108
)


class Picture(NamedTuple):
    """One kind of picture of a track.

    Attributes
    ----------
    ground : callable
        Draws on empty axes what is the same for all tracks of a result.
    of_track : callable
        Draws what belongs to one track. What it adds, and the limits and the title that it sets,
        are taken away before the next track; whatever else it sets it has to set for every track.
    height : int
        In pixels.
    changes_ground : bool
        Whether `of_track` changes more of what `ground` drew than limits, names and the title.
    """

    ground: Callable[[Axes, ScoredTracks], None]
    of_track: Callable[[Axes, SelectedTrack], None]
    height: int = HEIGHT
    changes_ground: bool = False


def pictures_of(result: ScoredTracks) -> tuple[Picture, ...]:
    """Return the pictures of a result's tracks, from top to bottom; windows come last."""
    errors = {"mixture": PLANE, "exponent": EXPONENT}.get(result.scores.bank.axis, ERRORS)
    # Scores that were saved may be older than these numbers.
    classical = (DISPLACEMENTS,) if set(CLASSICAL_COLUMNS) <= set(result.scores.table) else ()
    # A bank of probabilities reconstructs nothing.
    windows = () if result.scores.bank.kind == "probability" else (WINDOWS,)
    return (errors, *classical, *windows)


ERRORS = Picture(
    lambda axes, result: plots.error_profile(axes, result.scores, reach=0.99),
    lambda axes, shown: plots.errors_of_track(axes, shown.result.scores, shown.track),
)

EXPONENT = Picture(
    lambda axes, result: exponents.errors_by_label_exponent(axes, result.scores),
    lambda axes, shown: exponents.track_by_label_exponent(axes, shown.result.scores, shown.track),
)

PLANE = Picture(
    lambda axes, result: planes.scored_errors_on_plane(axes, result.scores),
    lambda axes, shown: planes.track_on_plane(axes, shown.result.scores, shown.track),
    PLANE_HEIGHT,
    changes_ground=True,
)

DISPLACEMENTS = Picture(
    lambda axes, result: plots.displacement_axes(axes, result.trajectories.calibration),
    lambda axes, shown: plots.displacements_of_track(
        axes, shown.result.trajectories, shown.result.scores, shown.track
    ),
)

WINDOWS = Picture(
    lambda axes, result: plots.window_axes(axes),
    lambda axes, shown: plots.reconstruction(
        axes, shown.windows, shown.reconstructions, shown.result.scores.labels
    ),
)


class OverviewFigure:
    """The pictures of all tracks of a result on one figure.

    Parameters
    ----------
    result : ScoredTracks
    """

    def __init__(self, result: ScoredTracks) -> None:
        self._result = result
        self._pictures = overview_of(result)
        self.height = sum(picture.height for picture in self._pictures)

    def compose(self, figure: Figure) -> Iterator[None]:
        """Draw on an empty figure, picture by picture, each after its axes."""
        for axes, picture in zip(_axes_for(self._pictures, figure), self._pictures, strict=True):
            yield
            picture.draw(axes, self._result)
            yield


class TrackFigure:
    """The pictures of a result's tracks on one figure, which shows one track after the other.

    To make axes takes longer than all that is drawn on them, and leaves thousands of objects to
    Python's garbage collection, which now and then stops everything to find them. So they are kept.
    To draw axes takes nearly as long, so the limits of a track are round ones, which tracks share.

    Parameters
    ----------
    result : ScoredTracks
    """

    def __init__(self, result: ScoredTracks) -> None:
        self._result = result
        self._pictures = pictures_of(result)
        self._grounds: list[_Ground] = []
        self.height = sum(picture.height for picture in self._pictures)

    def compose(self, figure: Figure) -> Iterator[None]:
        """Draw on an empty figure, picture by picture, what is the same for all tracks."""
        self._grounds = []
        for axes, picture in zip(_axes_for(self._pictures, figure), self._pictures, strict=True):
            yield
            picture.ground(axes, self._result)
            self._grounds.append(_Ground(axes))
            yield

    def show(self, shown: SelectedTrack) -> list[Artist]:
        """Draw a track in the place of the one before.

        Returns
        -------
        list of Artist
            In the order of drawing, what will be replaced by the next track, but of pictures whose
            ground has changed, too.
        """
        made: list[Artist] = []
        for ground, picture in zip(self._grounds, self._pictures, strict=True):
            ground.restore()
            picture.of_track(ground.axes, shown)
            if not picture.changes_ground:
                made += ground.added()
        return made


def _axes_for(pictures: Sequence[Overview | Picture], figure: Figure) -> Iterator[Axes]:
    """Make axes of the pictures' heights, one above the other, each as wide as it can be."""
    heights = [picture.height for picture in pictures]
    parts = figure.subfigures(
        len(pictures), 1, squeeze=False, height_ratios=heights, facecolor=figure.get_facecolor()
    )
    for part in parts[:, 0]:
        yield part.subplots()


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

    def added(self) -> list[Artist]:
        """Return what was drawn since but legends, in the order of drawing."""
        known = self._artists | {self.axes.get_legend()}
        new = (artist for artist in self.axes.get_children() if artist not in known)
        return [self.axes.title, *sorted(new, key=lambda artist: artist.get_zorder())]

    def restore(self) -> None:
        """Take away what was drawn since."""
        axes = self.axes
        for artist in axes.get_children():
            if artist not in self._artists:
                artist.remove()
        axes.title.set_text(self._title)
        axes.axison = self._is_on
        if self._x is None or self._y is None:
            axes.relim()
        axes.set_prop_cycle(None)
        if self._x is not None:
            axes.set_xlim(self._x)
        if self._y is not None:
            axes.set_ylim(self._y)
