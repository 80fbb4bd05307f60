"""Movies from Image layers, and Tracks layers from what was linked in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Tracks

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.axes import AXIS_NAMES
from napari_anomalous_diffusion.tracks.movies import Movie, as_movie
from napari_anomalous_diffusion.viewer.track_layers import EXPOSURE, calibration_of

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.linking import Linked
    from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

LINKING = "linking"
"""Where a layer's metadata keeps the parameters that its tracks were linked with."""

COLOURS = (3, 4)
"""What the last axis measures where it holds colours."""

TITLES = {"t": "time", "c": "channel", "z": "z", "y": "y", "x": "x"}


def possible_axes(layer: Image) -> list[str]:
    """Say what the axes of an Image layer may be, as far as its labels leave it open.

    Parameters
    ----------
    layer : Image

    Returns
    -------
    list of str
        A letter an axis: t for time, c for channels, z, y, x. Time comes before z, as in a Tracks
        layer.

    Raises
    ------
    InputError
        If it cannot be a movie.
    """
    labels = [_letter(label) for label in layer.axis_labels]
    data = finest(layer)
    if layer.rgb or (not any(labels) and layer.ndim > 3 and data.shape[-1] in COLOURS):
        raise InputError(
            f"{layer.name}: is a colour image, in which no spots are found; split it into its "
            "channels first (Layers > Data > Split RGB)."
        )
    if layer.ndim < 3:
        raise InputError(f"{layer.name}: is a single image; open a movie, which has frames.")
    if layer.ndim > 5:
        raise InputError(
            f"{layer.name}: has {layer.ndim} axes, more than time, channel, z, y and x; take a "
            "part of it."
        )
    fitting = [
        axes
        for axes in _orders(layer.ndim)
        if all(label in (None, axis) for label, axis in zip(labels, axes, strict=True))
    ]
    if not fitting:
        raise InputError(
            f"{layer.name}: its axes ({', '.join(layer.axis_labels)}) are not those of a movie, "
            "which are time, z if there is one, y, x, and perhaps channel; name or order them so."
        )
    return fitting


def describe_axes(axes: str) -> str:
    """Write out what axes are: ``tyx`` is ``time, y, x``."""
    return ", ".join(TITLES[axis] for axis in axes)


CHOSEN: WeakKeyDictionary[Image, tuple[str, int]] = WeakKeyDictionary()
"""What the user has said of the axes of layers, and which channel is meant."""


LINKED: WeakKeyDictionary[Image, Origin] = WeakKeyDictionary()
"""What the tracks that were last linked in a movie were made of."""


@dataclass(frozen=True, eq=False)
class Origin:
    """What was linked, how, and what came of it.

    Attributes
    ----------
    data : int
        The identity of the data, which may be replaced.
    axes : str
    channel : int
    parameters : LinkingParameters
    tracks : weak reference to a Tracks layer
    """

    data: int
    axes: str
    channel: int
    parameters: LinkingParameters
    tracks: ref[Tracks]


def linked_tracks(
    layer: Image, axes: str, channel: int, parameters: LinkingParameters
) -> Tracks | None:
    """Return the Tracks layer that was linked in a movie in just this way, if it still lives."""
    origin = LINKED.get(layer)
    if origin is None:
        return None
    now = (id(layer.data), axes, channel, parameters)
    same = now == (origin.data, origin.axes, origin.channel, origin.parameters)
    return origin.tracks() if same else None


def chosen_axes(layer: Image, channel: int = -1) -> tuple[str, int]:
    """Return what the axes of a layer are, and the channel, as labels or the user have said it.

    Parameters
    ----------
    layer : Image
    channel : int
        The channel to take where none was chosen for this layer; -1 for none.

    Raises
    ------
    InputError
        If neither did, or it cannot be a movie.
    """
    possible = possible_axes(layer)
    axes, chosen = CHOSEN.get(layer, (possible[0], max(channel, 0)))
    told = layer in CHOSEN and axes in possible
    if told or (len(possible) == 1 and ("c" not in axes or channel >= 0)):
        return axes, chosen
    if len(possible) > 1:
        answers = " or ".join(map(describe_axes, possible))
        raise InputError(
            f"{layer.name}: its axes may be {answers}; choose in the panel that links one movie."
        )
    raise InputError(
        f"{layer.name}: has several channels; choose one among the parameters of linking."
    )


def _letter(label: str) -> str | None:
    plain = label.strip().lower()
    return next((axis for axis, names in AXIS_NAMES.items() if plain in names), None)


def _orders(ndim: int) -> list[str]:
    """List the orders of so many axes, the likeliest first."""
    orders = [f"t{'z' * (ndim == 4)}yx"] if ndim < 5 else []
    if ndim > 3:
        spatial = "yx" if ndim == 4 else "zyx"
        others = ["t", *spatial]
        orders += ["".join([*others[:place], "c", *others[place:]]) for place in range(ndim - 2)]
    return orders


def movie_of(layer: Image, axes: str, channel: int = 0) -> Movie:
    """Make a movie of a channel of an Image layer; its frames are loaded when they are asked for.

    Parameters
    ----------
    layer : Image
        numpy, dask or anything like them, of any type; of a multiscale one the finest is taken.
    axes : str
        One of `possible_axes`.
    channel : int

    Raises
    ------
    InputError
        If it is a single frame, has no such channel, or does not hold real numbers.
    """
    data = finest(layer)
    if "c" in axes:
        channels = data.shape[axes.index("c")]
        if channel >= channels:
            raise InputError(
                f"{layer.name}: there is no channel {channel}; choose one from 0 to {channels - 1}."
            )
        data = _lazy(data)[tuple(channel if axis == "c" else slice(None) for axis in axes)]
    names = axes.replace("c", "")
    return as_movie(data, names, calibration_of(layer, axes), layer.name)


def finest(layer: Image) -> Any:
    """Return the data of a layer; of a multiscale one its largest image."""
    return layer.data[0] if layer.multiscale else layer.data


def _lazy(data: Any) -> Any:
    """Return an array of which a part can be taken without loading it."""
    if isinstance(data, np.ndarray) or hasattr(data, "dask"):
        return data
    from dask.array import from_array  # napari needs it, so that it is always there

    return from_array(data)


def placement(layer: Layer, axes: list[int]) -> dict[str, Any]:
    """Return how a layer lies in the world, for another layer that has only some of its axes.

    Parameters
    ----------
    layer : Layer
    axes : list of int
        The axes that the other layer has.

    Returns
    -------
    dict
        Keyword arguments for the other layer.
    """
    chosen = np.ix_(axes, axes)
    affine = layer.affine
    labels = [layer.axis_labels[axis] for axis in axes]
    if any(label.startswith("-") for label in labels):  # napari's own, which count from the last
        labels = [f"{place - len(axes)}" for place in range(len(axes))]
    return {
        "scale": np.asarray(layer.scale)[axes],
        "translate": np.asarray(layer.translate)[axes],
        "rotate": np.asarray(layer.rotate)[chosen],
        "shear": _matrix(layer.shear, layer.ndim)[chosen],
        "affine": affine.affine_matrix[np.ix_([*axes, layer.ndim], [*axes, layer.ndim])],
        "units": [layer.units[axis] for axis in axes],
        "axis_labels": labels,
    }


def _matrix(shear: Any, ndim: int) -> NDArray[np.float64]:
    """Return the shear as a matrix: napari gives the entries above the diagonal alone."""
    values = np.asarray(shear, dtype=np.float64)
    if values.ndim == 2:
        return values
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, 1)] = values
    return matrix


def tracks_layer(linked: Linked, layer: Image, axes: str, channel: int = 0) -> Tracks:
    """Make the Tracks layer that shows what was linked in an Image layer.

    Parameters
    ----------
    linked : Linked
    layer : Image
        The tracks lie on it, whatever its scale, units and place are.
    axes : str
        What its axes are.
    channel : int
        Kept as a coordinate that never changes where the channels come after time: napari lines
        up the last axes of its layers.

    Returns
    -------
    Tracks
        In the pixels of the movie, at its place in the world; tracks are numbered from 0. Its
        features are trackpy's columns, its metadata hold the parameters.

    Raises
    ------
    InputError
        If a Tracks layer cannot have so many axes.
    """
    shown = axes if "c" in axes[axes.index("t") :] else axes.replace("c", "")
    if len(shown) > 4:
        raise InputError(
            f"{layer.name}: napari cannot show tracks with channel and z; split the channels into "
            "layers first (Layers > Data > Split Stack)."
        )
    trajectories = linked.trajectories
    data = trajectories.to_napari()
    columns = dict(zip(("id", "t", *trajectories.axes), data.T, strict=True))
    # A channel, or the z of a single plane, is the same for all of them.
    rest = {"c": np.full(len(data), channel), "z": np.zeros(len(data))}
    data = np.column_stack([(rest | columns)[name] for name in ("id", *shown)])
    tracks = Tracks(
        data,
        name=f"{layer.name} tracks",
        features=linked.features,
        metadata={
            LINKING: {"movie": layer.name, **linked.parameters.model_dump()},
            EXPOSURE: trajectories.calibration.exposure,
        },
        blending="translucent_no_depth",  # napari's own adds colours: unseen on light movies
        **placement(layer, [axes.index(axis) for axis in shown]),
    )
    LINKED[layer] = Origin(id(layer.data), axes, channel, linked.parameters, ref(tracks))
    return tracks
