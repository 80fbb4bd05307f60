"""Viewers as users leave them: layers hidden or linked, in 3D, time on a shown axis, many axes."""

from __future__ import annotations

import numpy as np
import pytest


def what_the_user_set(on):
    """Collect all that is the user's own, and must come through whatever the dock does."""
    viewer, layer = on.viewer, on.layer
    camera = getattr(viewer, "scene", viewer).camera
    return {
        "camera": (camera.center, camera.zoom, camera.angles),
        "time": viewer.dims.point,
        "axes": (viewer.dims.order, viewer.dims.ndisplay),
        "theme": viewer.theme,
        "layers": [(one.name, one.visible, one.opacity, one.blending) for one in viewer.layers],
        "selected": {one.name for one in viewer.layers.selection},
        "tail": (layer.tail_length, layer.tail_width, layer.head_length, layer.display_id),
        "place": (layer.scale.tolist(), layer.translate.tolist(), layer.units),
        "data": layer.data.tolist(),
        "mine": layer.features["mine"].tolist(),
        "keys": dict(viewer.keymap),
    }


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_that_the_user_set_is_undone(stage, theme):
    on = stage(scale=(0.1, 0.5, 0.5), translate=(0, 3, 4), blending="opaque", opacity=0.7)
    on.layer.features["mine"] = np.arange(len(on.layer.data))
    on.layer.tail_length, on.layer.tail_width, on.layer.head_length = 55, 5, 3
    on.layer.display_id = True
    points = on.viewer.add_points(np.zeros((2, 3)), name="seeds", visible=False)
    on.viewer.layers.selection = {on.layer, points}
    on.viewer.theme = theme
    on.viewer.dims.set_point(0, 3.0)
    camera = getattr(on.viewer, "scene", on.viewer).camera
    camera.center, camera.zoom = (0, 40, 50), 1.7
    before = what_the_user_set(on)
    on.score()
    on.model.hidden = frozenset({"immobile"})
    on.model.colour_by = "margin"
    on.click(on.middle(4))
    assert on.model.selected == on.place(4)
    on.model.selected = None
    on.model.hidden, on.model.colour_by = frozenset(), "best"
    assert what_the_user_set(on) == before


def test_a_hidden_layer_is_scored_and_stays_hidden(stage):
    on = stage(visible=False)
    on.score()
    assert not on.layer.visible
    assert on.layer.color_by == "best"
    assert len(on.table) == 6


def test_linked_layers_keep_their_own_scores(stage, make_tracks):
    on = stage()
    other = on.viewer.add_tracks(make_tracks(seed=5), name="other")
    on.viewer.layers.link_layers([on.layer, other])
    on.dock.controller._choose_layer(on.layer)
    on.score()
    assert on.layer.color_by == "best"
    assert "best" not in other.features
    assert other.color_by == "track_id"
    on.dock.controller._choose_layer(other)
    on.score()
    assert (on.layer.color_by, other.color_by) == ("best", "best")
    assert on.colours(4).shape == (60, 4)


@pytest.mark.parametrize(
    ("dimensions", "order"), [(2, (1, 0, 2)), (2, (2, 1, 0)), (3, (3, 1, 0, 2))]
)
def test_time_may_be_on_an_axis_that_is_shown(stage, make_tracks, dimensions, order):
    on = stage(make_tracks(dimensions))
    on.score()
    on.viewer.dims.order = order
    assert 0 in on.viewer.dims.displayed
    on.click(on.middle(7))
    assert on.model.selected == on.place(7)
    on.dock.stepped.emit(1)
    assert on.model.selected not in (None, on.place(7))
    assert on.viewer.dims.order == order


def test_all_three_axes_with_time_are_shown(stage):
    on = stage()
    on.score()
    on.viewer.dims.ndisplay = 3
    assert 0 in on.viewer.dims.displayed
    on.model.selected = on.place(8)
    on.dock.stepped.emit(1)
    on.dock.cleared.emit()
    assert on.model.selected is None
    assert on.viewer.dims.ndisplay == 3


def test_tracks_lie_in_a_viewer_of_more_axes_than_theirs(stage):
    on = stage()
    on.viewer.add_points(np.ones((2, 5)), name="by channel and position")
    on.score()
    assert on.viewer.dims.ndim == 5
    here = np.concatenate([[0, 0], on.middle(11)])
    on.click(here)
    assert on.model.selected == on.place(11)
    on.viewer.dims.set_point(2, 0)
    on.layer.tail_length = 1
    on.dock.stepped.emit(-1)
    track = on.table["track_id"][on.model.selected]
    last = on.layer.data[on.layer.data[:, 0] == track][-1, 1]
    assert on.viewer.dims.point[2] in (0, last)


def test_hiding_a_class_survives_a_change_of_axes(stage):
    on = stage()
    on.score()
    on.model.hidden = frozenset({"immobile"})
    on.viewer.dims.ndisplay = 3
    on.viewer.dims.ndisplay = 2
    assert on.opacity(12) == 0
    assert on.opacity(4) == 1
