from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.scores.plots import planes
from napari_anomalous_diffusion.scores.scoring import score

GRID = [0.0, 0.5, 1.0]
CORNERS = ("ctrw", "attm", "fbm")


@pytest.fixture(params=["default", "dark_background"])
def figure(request: pytest.FixtureRequest) -> Iterator[Figure]:
    with mpl.style.context(request.param):
        figure = Figure(figsize=(5, 4), layout="constrained")
        yield figure
        figure.draw_without_rendering()


def plane() -> pd.DataFrame:
    """Errors that are lowest at (1, 0.5)."""
    table = pd.DataFrame(list(product(GRID, GRID)), columns=["gamma", "beta"])
    apart = np.hypot(table["gamma"] - 1, table["beta"] - 0.5)
    return table.assign(mse=0.1 + apart / 10, share=(apart == 0).astype(float))


def recovery() -> pd.DataFrame:
    """Every mixture is found, but for (0, 0), whose tracks are given (1, 1)."""
    rows = []
    for gamma, beta, to_gamma, to_beta in product(GRID, GRID, GRID, GRID):
        goal = (1.0, 1.0) if (gamma, beta) == (0, 0) else (gamma, beta)
        hit = float((to_gamma, to_beta) == goal)
        rows.append((gamma, beta, to_gamma, to_beta, hit, 0.2 - hit / 10))
    names = ["gamma", "beta", "named_gamma", "named_beta", "share", "mse"]
    return pd.DataFrame(rows, columns=names)


def shown(axes: Axes) -> np.ndarray:
    """What the colours mean, a row a beta from below."""
    return np.asarray(axes.images[0].get_array())


def test_the_lowest_error_is_marked_and_the_corners_are_named(figure: Figure) -> None:
    axes = figure.subplots()
    planes.errors_on_plane(axes, plane(), "population", CORNERS)
    (mark,) = axes.lines
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (1, 0.5)
    assert {"CTRW", "ATTM", "FBM", "ATTM + FBM"} <= {text.get_text() for text in axes.texts}
    assert figure.axes[1].get_ylabel().startswith("MSE, population protocol")
    assert shown(axes)[1, 2] == pytest.approx(0.1)


def test_members_are_averaged(figure: Figure) -> None:
    table = pd.concat([plane().assign(member=1), plane().assign(member=2, mse=0.3)])
    axes = figure.subplots()
    planes.errors_on_plane(axes, table, "track", CORNERS, unit=False)
    assert shown(axes)[1, 2] == pytest.approx(0.2)
    assert figure.axes[1].get_ylabel() == "MSE, per track"


def test_shares_are_percent(figure: Figure) -> None:
    axes = figure.subplots()
    planes.shares_on_plane(axes, plane(), CORNERS)
    assert shown(axes).max() == 100


@pytest.mark.parametrize("by", ["share", "mse"])
def test_mixtures_that_are_found_are_dots_and_others_arrows(figure: Figure, by: str) -> None:
    axes = figure.subplots()
    planes.recovered_mixtures(axes, recovery(), CORNERS, by)
    assert len(axes.lines) == 8
    (arrow,) = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    assert arrow.xy == (1, 1)
    assert shown(axes)[0, 0] == pytest.approx(0 if by == "share" else 100)
    assert shown(axes)[1, 1] == pytest.approx(100 if by == "share" else 0)


def test_what_attracts_tracks_of_others_is_seen(figure: Figure) -> None:
    axes = figure.subplots()
    planes.attracted_mixtures(axes, recovery(), CORNERS)
    assert shown(axes)[2, 2] == pytest.approx(2 * 100 / 9)
    assert shown(axes)[0, 0] == 0
    assert "fair: 11.1" in figure.axes[1].get_ylabel()


def tracks(number: int, length: int) -> np.ndarray:
    steps = np.random.default_rng(0).normal(size=(number * length, 2))
    track, frame = np.divmod(np.arange(number * length), length)
    return np.column_stack([track, frame, steps.cumsum(axis=0)])


def short_track() -> np.ndarray:
    track = tracks(1, 5)
    track[:, 0] = 9
    return track


def ring_of(axes: Axes) -> tuple[float, float]:
    (ring,) = [line for line in axes.lines if line.get_visible()]
    return float(ring.get_xdata()[0]), float(ring.get_ydata()[0])


def place_of(label: str) -> tuple[float, float]:
    gamma, beta = (float(part.split("=")[1]) for part in label.split(","))
    return gamma, beta


def test_the_mean_of_scored_tracks_and_then_one_of_them(
    figure: Figure, tiny_mixtures: Bank
) -> None:
    scores = score(np.concatenate([tracks(8, 40), short_track()]), tiny_mixtures)
    axes = figure.subplots()
    planes.scored_errors_on_plane(axes, scores)
    means = scores.errors[:8].mean(axis=0)
    assert ring_of(axes) == place_of(scores.labels[means.argmin()])
    assert shown(axes).T.ravel() == pytest.approx(means)
    planes.track_on_plane(axes, scores, 3)
    assert shown(axes).T.ravel() == pytest.approx(scores.errors[3])
    assert ring_of(axes) == place_of(scores.table["best"][3])
    assert axes.get_title().startswith("track 3\nlowest error at γ = ")
    low, high = axes.images[0].get_clim()
    assert (low, high) == pytest.approx((scores.errors[3].min(), scores.errors[3].max()))
    planes.track_on_plane(axes, scores, 8)
    assert axes.get_title() == "track 9 has no errors"
    assert np.isnan(shown(axes).astype(float)).all() or np.ma.getmaskarray(shown(axes)).all()
    assert not any(line.get_visible() for line in axes.lines)


def test_where_the_minima_of_scored_tracks_lie(figure: Figure, tiny_mixtures: Bank) -> None:
    scores = score(np.concatenate([tracks(8, 40), short_track()]), tiny_mixtures)
    axes = figure.subplots()
    planes.scored_minima_on_plane(axes, scores)
    assert shown(axes).sum() == pytest.approx(100)
    assert axes.get_title() == "lowest errors of 8 of 9 tracks"


def test_nothing_scored_is_said(figure: Figure, tiny_mixtures: Bank) -> None:
    nothing = score(tracks(2, 5), tiny_mixtures)
    for axes, draw in zip(
        figure.subplots(1, 2),
        (planes.scored_errors_on_plane, planes.scored_minima_on_plane),
        strict=True,
    ):
        draw(axes, nothing)
        planes.track_on_plane(axes, nothing, 0)
        assert "No track could be scored" in axes.texts[0].get_text()


def test_trust_is_a_map_and_a_sentence(
    figure: Figure, tiny_mixtures: Bank, tiny_exponents: Bank
) -> None:
    axes, other = figure.subplots(1, 2)
    planes.trust_in_plane(axes, tiny_mixtures)
    assert np.diag(shown(axes)).tolist() == [100, 100]
    sentence = axes.get_xlabel().replace("\n", " ")
    assert "100.0 % of single tracks of one window are given the right one" in sentence
    assert "4 of 4" in sentence
    planes.trust_in_plane(other, tiny_exponents)  # a bank without such a table
    assert "was not measured" in other.texts[0].get_text()
