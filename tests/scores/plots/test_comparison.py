from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from napari_anomalous_diffusion.scores import plots
from napari_anomalous_diffusion.scores.comparison import Comparison, compare
from napari_anomalous_diffusion.scores.palette import label_colours

MODELS = ["attm", "ctrw", "fbm", "lw", "sbm"]


def scored(labels: list[str], number: int, seed: int, kind: str = "mse") -> pd.DataFrame:
    random = np.random.default_rng(seed)
    errors = random.lognormal(-3, 0.5, size=(number, len(labels)))
    best = np.array(labels, dtype=object)[errors.argmin(axis=1)]
    return pd.DataFrame(errors, columns=[f"{kind}_{label}" for label in labels]).assign(best=best)


def made(groups: int, labels: list[str] = MODELS, kind: str = "mse") -> Comparison:
    return compare(
        {f"{number} nM": [scored(labels, 30, number, kind)] for number in range(groups)},
        resamples=50,
    )


@pytest.fixture(params=["default", "dark_background"])
def figure(request: pytest.FixtureRequest) -> Iterator[Figure]:
    with mpl.style.context(request.param):
        figure = Figure(figsize=(4, 5), layout="constrained")
        yield figure
        figure.draw_without_rendering()


def test_a_line_a_label_through_the_groups(figure: Figure) -> None:
    comparison = made(4)
    axes = figure.subplots()
    plots.mean_errors_of_groups(axes, comparison)
    assert [line.get_label() for line in axes.lines] == ["ATTM", "CTRW", "FBM", "LW", "SBM"]
    drawn = np.array([line.get_ydata() for line in axes.lines])
    np.testing.assert_allclose(drawn.T, comparison.values("mean_error"))
    colours = [to_hex(str(line.get_color())).upper() for line in axes.lines]
    assert colours == list(label_colours(MODELS).values())
    assert axes.get_yscale() == "log"
    assert axes.get_xticklabels()[0].get_text() == "0 nM\n30"


def test_a_bar_a_group_and_label(figure: Figure) -> None:
    comparison = made(3)
    axes = figure.subplots()
    plots.label_shares_of_groups(axes, comparison)
    heights = np.array([bar.get_height() for bar in axes.patches]).reshape(len(MODELS), 3)
    np.testing.assert_allclose(heights.T, 100 * comparison.values("share"))
    assert heights.sum(axis=0) == pytest.approx([100] * 3)


@pytest.mark.parametrize("groups", [1, 2, 12])
@pytest.mark.parametrize("number", [1, 5, 8, 9, 66])
def test_any_number_of_groups_and_labels(figure: Figure, groups: int, number: int) -> None:
    plots.draw_comparison(figure, made(groups, [f"alpha={label}" for label in range(number)]))
    maps = [axes for axes in figure.axes if axes.images]
    assert len(maps) == (2 if number > 8 else 0)


def test_names_of_many_groups_are_turned_and_long_ones_shortened(figure: Figure) -> None:
    table = scored(MODELS, 10, 0)
    names = [f"2026-11-22 receptors in cell {number} of dish 4" for number in range(5)]
    axes = figure.subplots()
    plots.mean_errors_of_groups(axes, compare({name: [table] for name in names}, resamples=5))
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert shown[0] == "2026-11-22…0 of dish 4, 10"
    assert axes.get_xticklabels()[0].get_rotation() == 90


def test_probabilities_have_a_linear_axis(figure: Figure) -> None:
    axes = figure.subplots()
    plots.mean_errors_of_groups(axes, made(2, kind="nll"))
    assert axes.get_yscale() == "linear"
    assert "nats" in axes.get_ylabel()


def test_a_group_without_scored_tracks_is_named_and_empty(figure: Figure) -> None:
    table = scored(MODELS, 10, 0)
    nothing = table.assign(best=None)
    plots.draw_comparison(figure, compare({"a": [table], "b": [nothing]}, resamples=5))
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names == ["a\n10", "b\n0"]


def test_the_figure_says_what_was_resampled() -> None:
    figure = plots.comparison_figure(made(12))
    assert figure.get_supxlabel() == "95 % intervals: tracks resampled"
    figure.draw_without_rendering()
