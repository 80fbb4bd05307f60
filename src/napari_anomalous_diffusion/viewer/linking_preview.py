"""The spots of the current frame: found beside the event loop, and shown as a Points layer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.viewer.background import Background
from napari_anomalous_diffusion.viewer.linking_layers import finest, movie_of, placement
from napari_anomalous_diffusion.viewer.turns import turn_for

if TYPE_CHECKING:
    import pandas as pd
    from napari.layers import Image
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.movies import Movie
    from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

PATIENCE = 150
"""Milliseconds without a change before spots are sought."""

OUTLINE = "#FF00FF"
"""Seen on black, on white, and on every grey."""


@dataclass(frozen=True)
class Wish:
    """What is to be previewed.

    Attributes
    ----------
    layer : Image
    axes : str
    channel : int
    parameters : LinkingParameters
    """

    layer: Image
    axes: str
    channel: int
    parameters: LinkingParameters


@dataclass(frozen=True, eq=False)
class Found:
    """The spots of one frame.

    Attributes
    ----------
    wish : Wish
    number : int
        The frame.
    spots : DataFrame
        Of any mass.
    """

    wish: Wish
    number: int
    spots: pd.DataFrame

    def serves(self, wish: Wish, number: int) -> bool:
        """Tell whether the same spots would be found for another wish."""
        return (
            number == self.number
            and wish.layer is self.wish.layer
            and (wish.axes, wish.channel) == (self.wish.axes, self.wish.channel)
            and _to_locate(wish.parameters) == _to_locate(self.wish.parameters)
        )


def _to_locate(parameters: LinkingParameters) -> tuple[Any, ...]:
    """Return the parameters that decide what is found; the minimum mass only chooses from that."""
    return (
        parameters.diameter,
        parameters.diameter_z,
        parameters.dark_on_light,
        parameters.percentile,
    )


def find(
    movie: Movie, number: int, parameters: LinkingParameters
) -> Generator[None, None, pd.DataFrame]:
    """Find the spots of a frame, of any mass: a generator that returns at once when it is run."""
    from napari_anomalous_diffusion.tracks.linking import locate

    every = parameters.model_copy(update={"minimum_mass": 0.0})
    yield from ()
    return locate(movie.frame(number), every, movie.source, number)


class Preview:
    """Follows what is wished for and which frame is shown.

    Parameters
    ----------
    viewer : Viewer
    shown : callable
        Called with the masses of all spots, the parameters and the number of the frame, after the
        spots are shown.
    failed : callable
        Called with one sentence.
    gone : callable
        Called when somebody else has removed the points.
    """

    def __init__(
        self,
        viewer: Viewer,
        shown: Callable[[NDArray[np.float64], LinkingParameters, int], None],
        failed: Callable[[str], None],
        gone: Callable[[], None],
    ) -> None:
        self.viewer = viewer
        self.points: Points | None = None
        self._shown, self._failed, self._gone = shown, failed, gone
        self._wish: Wish | None = None
        self._found: Found | None = None
        self._background = Background()
        self._timer = turn_for(self._act, wait=PATIENCE)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self._on_frame)

    def show(self, wish: Wish | None) -> None:
        """Show the spots of a wish soon; None ends the preview."""
        self._wish = wish
        if wish is None:
            self._timer.stop()
            self._background.stop()
            self._found = None
            self._drop_points()
        elif self._found is not None and self._found.serves(wish, self._frame(wish)):
            self._timer.stop()
            self._present(Found(wish, self._found.number, self._found.spots))
        else:
            self._timer.start()

    def place_anew(self) -> None:
        """Let the points follow a movie that was moved or scaled."""
        self._drop_points()
        if self._wish is not None and self._found is not None:
            self._present(self._found)

    def forget(self) -> None:
        """Find the spots anew: the movie is another one."""
        self._found = None
        self.show(self._wish)

    def close(self) -> None:
        """Leave nothing in the viewer."""
        self.viewer.dims.events.current_step.disconnect(self._on_frame)
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        self.show(None)

    def _on_frame(self, event: Any = None) -> None:
        if self._wish is not None:
            self.show(self._wish)

    def _on_removed(self, event: Any) -> None:
        if event.value is self.points:
            self.points = None
            self._gone()

    def _frame(self, wish: Wish) -> int:
        """Return the frame that is shown: that of the time slider, or its nearest."""
        place = wish.axes.index("t")
        now = wish.layer.world_to_data(self.viewer.dims.point)[place]
        return int(np.clip(round(now), 0, finest(wish.layer).shape[place] - 1))

    def _act(self) -> None:
        wish = self._wish
        # One frame after the other: threads for frames that nobody looks at would pile up.
        if wish is None or self._background.busy:
            return
        number = self._frame(wish)
        try:
            movie = movie_of(wish.layer, wish.axes, wish.channel)
        except InputError as error:
            self._failed(str(error))
            return
        self._background.start(
            find(movie, number, wish.parameters),
            done=lambda spots: self._on_found(Found(wish, number, spots)),
            failed=self._on_failed,
        )

    def _on_found(self, found: Found) -> None:
        if self._wish is None:
            return
        if found.serves(self._wish, self._frame(self._wish)):
            self._found = found
            self._present(Found(self._wish, found.number, found.spots))
        else:
            self._act()

    def _on_failed(self, sentence: str) -> None:
        self._found = None
        if self.points is not None:
            self.points.data = np.empty((0, self.points.ndim))
        self._failed(sentence)

    def _present(self, found: Found) -> None:
        self._found = found
        parameters = found.wish.parameters
        masses = found.spots["mass"].to_numpy()
        kept = found.spots[masses > parameters.minimum_mass]
        self._show_points(found.wish, found.number, kept)
        self._shown(masses, parameters, found.number)

    def _show_points(self, wish: Wish, number: int, spots: pd.DataFrame) -> None:
        data = np.zeros((len(spots), len(wish.axes)))  # a single plane has no z among its spots
        for place, axis in enumerate(wish.axes):
            if axis in spots:
                data[:, place] = spots[axis]
        data[:, wish.axes.index("t")] = number
        if "c" in wish.axes:
            data[:, wish.axes.index("c")] = wish.channel
        if self.points is None or self.points.ndim != len(wish.axes):
            self._drop_points()
            self._add_points(wish.layer, data, wish.parameters.diameter)
            return
        self.points.name = f"{wish.layer.name} spots"
        self.points.data = data
        self.points.size = wish.parameters.diameter
        self.points.current_size = wish.parameters.diameter

    def _add_points(self, layer: Image, data: NDArray[np.float64], diameter: int) -> None:
        active = self.viewer.layers.selection.active
        self.points = Points(
            data,
            ndim=layer.ndim,
            name=f"{layer.name} spots",
            size=diameter,
            face_color="transparent",
            border_color=OUTLINE,
            border_width=0.08,
            **placement(layer, list(range(layer.ndim))),
        )
        self.viewer.add_layer(self.points)
        self.viewer.layers.selection.active = active

    def _drop_points(self) -> None:
        points, self.points = self.points, None
        if points is not None and points in self.viewer.layers:
            self.viewer.layers.remove(points)
