"""What is drawn of banks of mixtures and of exponents, as the user sees it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_anomalous_diffusion.viewer.canvas import Canvas, cut_off
from napari_anomalous_diffusion.viewer.pictures import OverviewFigure


def scored(stage, bank):
    on = stage()
    on.dock.controller._choose_bank(str(bank.folder))
    on.score()
    return on


def planes(on) -> list[np.ndarray]:
    axes = on.dock.plots.canvas.figure.axes
    return [
        np.ma.filled(one.images[0].get_array(), np.nan)
        for one in axes
        if one.get_xlabel()[:1] == "γ"
    ]


def marks(axes) -> list[tuple[float, float]]:
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in axes.lines
        if line.get_visible()
    ]


def test_all_tracks_on_the_plane_of_mixtures_and_how_far_to_trust_it(stage, tiny_mixtures):
    on = scored(stage, tiny_mixtures)
    mean, minima, recovery = planes(on)
    moving = on.table[on.table["best"].notna()]
    assert mean.T.ravel() == pytest.approx(moving[tiny_mixtures.error_columns].mean().tolist())
    assert minima.sum() == pytest.approx(100)
    assert np.nanmin(recovery) == 100
    panel = on.dock.plots.canvas
    titles = [axes.get_title() for axes in panel.figure.axes]
    assert "lowest errors of 4 of 6 tracks" in titles
    sentences = [axes.get_xlabel().replace("\n", " ") for axes in panel.figure.axes]
    assert any("trust no single point" in sentence for sentence in sentences)


@pytest.mark.parametrize("width", [270, 330, 500])
def test_nothing_of_the_planes_is_cut_off(stage, qtbot, tiny_mixtures, width):
    on = scored(stage, tiny_mixtures)
    overview = OverviewFigure(on.model.result)
    canvas = Canvas(overview.height)
    qtbot.addWidget(canvas)
    canvas.set_theme("light")
    canvas.setFixedWidth(width)
    canvas.show()
    canvas.show_drawing(overview.compose)
    canvas.draw()
    assert canvas.figure.bbox.width == width
    assert not cut_off(canvas.figure)


def test_the_selected_track_on_the_plane_with_its_minimum_marked(stage, tiny_mixtures):
    on = scored(stage, tiny_mixtures)
    for track in (8, 4, 12, 8):
        on.model.selected = on.place(track)
        on.dock.plots.canvas.draw()
        (plane,) = planes(on)
        row = on.table.iloc[on.place(track)]
        axes = on.dock.plots.canvas.figure.axes[0]
        if track == 12:  # never moves
            assert np.isnan(plane.astype(float)).all()
            assert marks(axes) == []
            assert axes.get_title() == "track 12 has no errors"
            continue
        errors = row[tiny_mixtures.error_columns].astype(float)
        assert plane.T.ravel() == pytest.approx(errors.tolist())
        gamma, beta = (float(part.split("=")[1]) for part in row["best"].split(","))
        assert marks(axes) == [(gamma, beta)]
        assert axes.get_title() == f"track {track}\nlowest error at γ = {gamma:g}, β = {beta:g}"


def test_errors_against_alpha_with_members_and_minimum(stage, tiny_exponents):
    on = scored(stage, tiny_exponents)
    overview = on.dock.plots.canvas.figure.axes[-1]
    name, grey = overview.get_xlabel().split("\n")
    assert (name, grey) == ("exponent α of the network", "grey: median and middle half of 4 tracks")
    assert overview.get_title().startswith("4 tracks: lowest at α = ")
    on.model.selected = on.place(11)
    axes = on.dock.plots.canvas.figure.axes[0]
    row = on.table.iloc[on.place(11)]
    errors = row[tiny_exponents.error_columns].astype(float).to_numpy()
    assert any(
        np.allclose(line.get_ydata(), errors) for line in axes.lines if len(line.get_ydata()) == 3
    )
    best = float(row["best"].removeprefix("alpha="))
    assert (best, pytest.approx(errors.min())) in marks(axes)
    assert len(axes.collections[-1].get_offsets()) == 6  # two members of three labels
    assert axes.get_title() == f"track 11: lowest at α = {best:g}"
