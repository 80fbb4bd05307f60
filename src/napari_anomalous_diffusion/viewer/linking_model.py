"""What the linking panel knows: plain values, and signals that tell when one of them changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from psygnal import SignalGroupDescriptor

from napari_anomalous_diffusion.tracks.parameters import LinkingParameters


@dataclass(frozen=True)
class LinkingProgress:
    """How far a linking is.

    Attributes
    ----------
    done, total : int
        Frames.
    found : int
        Spots found so far.
    seconds_left : float or None
        None until it can be told.
    """

    done: int
    total: int
    found: int = 0
    seconds_left: float | None = None


@dataclass(eq=False)
class LinkingModel:
    """The state of one linking panel.

    Attributes
    ----------
    layer : Image or None
        The movie.
    axes : str or None
        What its axes are, as `linking_layers.possible_axes` writes it; None while nobody knows.
    channel : int
        The channel in which spots are found.
    parameters : LinkingParameters
    preview : bool
        Whether the spots of the current frame are shown.
    score : bool
        Whether tracks are scored as soon as they are linked.
    progress : LinkingProgress or None
        None while nothing is being linked.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    layer: Any = None
    axes: str | None = None
    channel: int = 0
    parameters: LinkingParameters = LinkingParameters()  # noqa: RUF009 - it is frozen
    preview: bool = False
    score: bool = False
    progress: LinkingProgress | None = None
