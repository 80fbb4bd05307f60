"""Movies out of Image layers of any kind, and Tracks layers that lie on them."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from napari_anomalous_diffusion import InputError
from napari_anomalous_diffusion.tracks.linking import link
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer import linking_layers
from napari_anomalous_diffusion.viewer.track_layers import calibration_of, trajectories_of

PARAMETERS = LinkingParameters(diameter=7, minimum_length=3)


def spots_movie(frames: int = 6, size: int = 60) -> np.ndarray:
    """Draw three spots that move one pixel a frame along x."""
    y, x = np.mgrid[:size, :size]
    movie = np.zeros((frames, size, size), dtype=np.uint8)
    for frame in range(frames):
        for row, column in ((15, 12), (30, 25), (45, 40)):
            distance = (y - row) ** 2 + (x - column - frame) ** 2
            movie[frame] += (200 * np.exp(-distance / 4)).astype(np.uint8)
    return movie


@pytest.mark.parametrize(
    ("shape", "labels", "possible"),
    [
        ((5, 50, 40), None, ["tyx"]),
        ((5, 50, 40), ("t", "y", "x"), ["tyx"]),
        ((5, 6, 50, 40), None, ["tzyx", "ctyx", "tcyx"]),
        ((5, 6, 50, 40), ("time", "Z", "y", "x"), ["tzyx"]),
        ((5, 6, 50, 40), ("Channel", "t", "y", "x"), ["ctyx"]),
        ((5, 6, 50, 40), ("t", "-3", "-2", "-1"), ["tzyx", "tcyx"]),
        ((2, 5, 6, 50, 40), None, ["ctzyx", "tczyx", "tzcyx"]),
        ((2, 5, 6, 50, 40), ("t", "c", "z", "y", "x"), ["tczyx"]),
    ],
)
def test_labels_say_what_axes_are_and_otherwise_the_user_is_asked(shape, labels, possible):
    layer = Image(np.zeros(shape, np.uint8), rgb=False, axis_labels=labels)
    assert linking_layers.possible_axes(layer) == possible


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((50, 40), {}, "is a single image; open a movie"),
        ((5, 50, 40, 3), {"rgb": True}, "is a colour image"),
        ((5, 20, 20, 3), {"rgb": False}, "is a colour image"),
        ((5, 50, 40), {"axis_labels": ("z", "y", "x")}, "are not those of a movie"),
        ((4, 5, 50, 40), {"axis_labels": ("z", "t", "y", "x")}, "name or order them so"),
        ((2, 2, 2, 2, 50, 40), {}, "has 6 axes"),
    ],
)
def test_what_is_no_movie_is_told_in_one_sentence(shape, options, words):
    layer = Image(np.zeros(shape, np.uint8), name="nuclei", **options)
    with pytest.raises(InputError, match=f"^nuclei: .*{words}"):
        linking_layers.possible_axes(layer)


def test_a_single_frame_is_no_movie():
    with pytest.raises(InputError, match="single frame"):
        linking_layers.movie_of(Image(np.zeros((1, 50, 40))), "tyx")


@pytest.mark.parametrize("order", ["tcyx", "ctyx"])
def test_one_channel_is_taken_frame_by_frame(order):
    loaded = []

    def load(block_info=None):
        loaded.append(block_info[None]["chunk-location"])
        return block_info[None]["chunk-location"][order.index("t")] * np.ones((1, 1, 8, 9))

    shape = [8, 9]
    shape[:0] = [5 if axis == "t" else 2 for axis in order[:2]]
    chunks = ((1,) * shape[0], (1,) * shape[1], (8,), (9,))
    data = da.map_blocks(load, chunks=chunks, dtype=float, meta=np.empty((0,) * 4))
    layer = Image(data, contrast_limits=(0, 5))
    loaded.clear()
    movie = linking_layers.movie_of(layer, order, 1)
    assert (len(movie), loaded) == (5, [])
    np.testing.assert_array_equal(movie.frame(3), np.full((8, 9), 3.0))
    (place,) = set(loaded)
    assert (place[order.index("t")], place[order.index("c")]) == (3, 1)


def test_the_finest_of_a_pyramid_is_taken():
    layer = Image([np.ones((4, 40, 30)), np.zeros((4, 20, 15))], multiscale=True)
    assert linking_layers.movie_of(layer, "tyx").frame(0).shape == (40, 30)


@pytest.mark.parametrize(
    ("scale", "units", "expected"),
    [
        ((1, 1, 1), None, (1, "px", 1, "frame")),
        ((2, 0.5, 0.5), None, (1, "px", 1, "frame")),
        ((0.05, 0.16, 0.16), ("s", "um", "um"), (0.16, "µm", 0.05, "s")),
        ((1, 0.16, 0.32), ("pixel", "um", "um"), ((0.16, 0.32), "µm", 1, "frame")),
        ((7.48, 160, 0.16), ("ms", "nm", "um"), (0.16, "µm", 7.48, "ms")),
    ],
)
def test_calibration_is_what_scale_and_units_say(scale, units, expected):
    layer = Image(np.zeros((5, 8, 9)), scale=scale, units=units)
    calibration = calibration_of(layer, "tyx")
    size, length_unit, interval, time_unit = expected
    np.testing.assert_allclose(calibration.pixel_size, size)
    assert (calibration.length_unit, calibration.time_unit) == (length_unit, time_unit)
    assert calibration.frame_interval == interval


PLACES = {
    "scale": (0.05, 0.16, 0.32),
    "translate": (1, 20, 30),
    "rotate": 20,
    "shear": (0, 0, 0.3),
    "units": ("s", "um", "um"),
    "axis_labels": ("t", "y", "x"),
    "affine": [[1, 0, 0, 2], [0, 1.1, 0.1, 3], [0, 0, 0.9, 4], [0, 0, 0, 1]],
}


def test_tracks_lie_on_their_movie():
    layer = Image(spots_movie(), name="beads", **PLACES)
    linked = link(linking_layers.movie_of(layer, "tyx"), PARAMETERS)
    tracks = linking_layers.tracks_layer(linked, layer, "tyx")
    assert tracks.name == "beads tracks"
    np.testing.assert_allclose(tracks.data[:6, 1:], [[t, 15, 12 + t] for t in range(6)], atol=0.05)
    for point in ([0, 0, 0], [3, 10, 20]):
        np.testing.assert_allclose(tracks.data_to_world(point), layer.data_to_world(point))
    assert (tracks.units, tracks.axis_labels) == (layer.units, layer.axis_labels)
    assert tracks.metadata["linking"] == {"movie": "beads", **PARAMETERS.model_dump()}
    assert {"mass", "size", "ecc", "signal", "ep"} <= set(tracks.features)
    np.testing.assert_allclose(tracks.features["mass"], linked.features["mass"])
    made = trajectories_of(tracks)()
    assert made.calibration == linked.trajectories.calibration
    np.testing.assert_array_equal(made.positions, linked.trajectories.positions)


@pytest.mark.parametrize(("order", "columns"), [("tcyx", 5), ("ctyx", 4)])
def test_tracks_of_a_channel_share_the_time_of_their_movie(order, columns):
    movie = spots_movie()
    axis = order.index("c")
    both = np.stack([np.zeros_like(movie), movie], axis=axis)
    layer = Image(both, scale=(2, 3, 1, 1) if axis else (3, 2, 1, 1))
    linked = link(linking_layers.movie_of(layer, order, 1), PARAMETERS)
    tracks = linking_layers.tracks_layer(linked, layer, order, 1)
    assert tracks.data.shape[1] == columns
    assert tracks.scale[0] == 2
    if columns == 5:
        assert set(tracks.data[:, 2]) == {1}
    # A channel is no coordinate of a track.
    assert trajectories_of(tracks)().axes == ("y", "x")


def test_volumes_have_tracks_with_z():
    stack = np.zeros((4, 15, 40, 40), dtype=np.float32)
    z, y, x = np.mgrid[:15, :40, :40]
    for frame in range(4):
        stack[frame] = np.exp(-((z - 7) ** 2 + (y - 20) ** 2 + (x - 18 - frame) ** 2) / 6)
    layer = Image(stack, scale=(1, 2, 1, 1))
    linked = link(linking_layers.movie_of(layer, "tzyx"), PARAMETERS)
    tracks = linking_layers.tracks_layer(linked, layer, "tzyx")
    np.testing.assert_allclose(tracks.data[:, 1:], [[t, 7, 20, 18 + t] for t in range(4)], atol=0.1)
    assert tracks.scale.tolist() == [1, 2, 1, 1]


def test_channels_behind_time_and_volumes_are_too_much_for_napari():
    linked = link(linking_layers.movie_of(Image(spots_movie()), "tyx"), PARAMETERS)
    layer = Image(np.zeros((4, 2, 5, 40, 40)), name="cells")
    with pytest.raises(InputError, match=r"^cells: .*split the channels"):
        linking_layers.tracks_layer(linked, layer, "tczyx")
