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

from napari_anomalous_diffusion.scores.plots import planes

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


def test_places_are_read_from_labels() -> None:
    table = planes.plane_of_labels(["gamma=0.2,beta=1", "gamma=1,beta=0.4"])
    assert table.to_numpy().tolist() == [[0.2, 1.0], [1.0, 0.4]]
