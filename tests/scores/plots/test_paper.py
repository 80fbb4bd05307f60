from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from napari_anomalous_diffusion.scores.palette import MODEL_COLOURS
from napari_anomalous_diffusion.scores.plots import paper

MODELS = ["attm", "ctrw", "fbm", "sbm"]
ALPHAS = [0.2, 0.6, 1.0]
BOTH = {"track": "MSE, per track", "population": "MSE, population protocol"}


def made(**columns: list) -> pd.DataFrame:
    """A row for every combination, with errors that grow with the order of the values."""
    table = pd.DataFrame(list(product(*columns.values())), columns=list(columns))
    places = [pd.factorize(table[name])[0] + 1 for name in columns]
    return table.assign(mse=np.prod(places, axis=0) / 10)


@pytest.fixture(params=["default", "dark_background"])
def figure(request: pytest.FixtureRequest) -> Iterator[Figure]:
    with mpl.style.context(request.param):
        figure = Figure(figsize=(5, 4), layout="constrained")
        yield figure
        figure.draw_without_rendering()


@pytest.mark.parametrize("protocol", BOTH)
def test_a_line_a_network_through_the_models_and_a_ring_around_its_own(
    figure: Figure, protocol: str
) -> None:
    table = made(network=MODELS, member=[1, 2], model=MODELS)
    axes = figure.subplots()
    paper.errors_on_models(axes, table, protocol)
    lines = [line for line in axes.lines if len(line.get_xdata()) > 1]
    rings = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert [line.get_label() for line in lines] == ["ATTM", "CTRW", "FBM", "SBM"]
    colours = [to_hex(str(line.get_color())).upper() for line in lines]
    assert colours == [MODEL_COLOURS[model] for model in MODELS]
    np.testing.assert_allclose(lines[2].get_ydata(), 3 * np.arange(1, 5) * 0.15)
    assert [float(ring.get_xdata()[0]) for ring in rings] == [0, 1, 2, 3]
    np.testing.assert_allclose([ring.get_ydata()[0] for ring in rings], np.arange(1, 5) ** 2 * 0.15)
    assert axes.get_ylabel().startswith(BOTH[protocol])
    assert axes.get_yscale() == "log"
    assert len(axes.collections) == len(MODELS)  # a band of standard deviations each


def test_one_member_has_no_band(figure: Figure) -> None:
    axes = figure.subplots()
    paper.errors_on_models(axes, made(network=MODELS, member=[1], model=MODELS), "population")
    assert not axes.collections


def test_the_error_of_one_network_by_exponent_with_its_range(figure: Figure) -> None:
    table = made(network=["fbm", "sbm"], member=[1, 2], model=["fbm", "sbm"], alpha=ALPHAS)
    axes = figure.subplots()
    paper.errors_by_exponent(axes, table, "sbm", "track", (0.2, 0.6))
    first = axes.lines[0]
    assert first.get_label() == "FBM"
    np.testing.assert_allclose(first.get_xdata(), ALPHAS)
    np.testing.assert_allclose(first.get_ydata(), 2 * 0.15 * np.arange(1, 4))
    shade = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (shade.x0, shade.x1) == pytest.approx((0.2, 0.6))
    assert axes.get_title() == "network trained with SBM"
    assert axes.get_ylabel().startswith("MSE, per track")


def test_pictures_of_the_networks_of_one_table_share_their_limits(figure: Figure) -> None:
    table = made(network=["fbm", "sbm"], member=[1], model=["fbm", "sbm"], alpha=ALPHAS)
    left, right = figure.subplots(1, 2)
    paper.errors_by_exponent(left, table, "fbm", "track")
    paper.errors_by_exponent(right, table, "sbm", "track")
    assert left.get_ylim() == right.get_ylim()


def test_fitted_exponents_beside_those_of_the_input(figure: Figure) -> None:
    table = made(model=["ctrw", "fbm"], trained=[0.3, 0.6], alpha=ALPHAS, member=[1])
    table = table.assign(fitted=table["trained"], fitted_input=table["alpha"])
    left, right = figure.subplots(1, 2)
    paper.fitted_exponents(left, table, 0.6)
    lines = {line.get_label(): line for line in left.lines}
    np.testing.assert_allclose(lines["FBM, redrawn"].get_ydata(), 0.6)
    np.testing.assert_allclose(lines["CTRW, input"].get_ydata(), ALPHAS)
    np.testing.assert_allclose(lines["as simulated"].get_ydata(), ALPHAS)
    assert "population protocol" in left.get_ylabel()
    paper.errors_away_from_trained(right, table, 0.6, "population")
    assert right.get_ylabel().startswith("MSE, population protocol")
    assert [line.get_label() for line in right.lines][:2] == ["CTRW", "FBM"]


def test_a_redrawn_track_names_its_error(figure: Figure) -> None:
    window = np.linspace(0, 3, 20, dtype=np.float32)
    axes = figure.subplots()
    paper.redrawn_track(axes, window, np.stack([window, window + 1]), "FBM", 0.123, own=True)
    assert "MSE = 0.123" in axes.get_title()
    labels = [str(line.get_label()) for line in axes.lines]
    assert [label for label in labels if label[0] != "_"] == ["output", "input"]
    assert axes.patches  # its own kind lies on grey


def test_a_sample_says_whether_it_is_real(figure: Figure) -> None:
    table = made(network=MODELS, member=[1, 2], sample=["beads"]).assign(real=True)
    axes = figure.subplots()
    paper.errors_of_samples(axes, table, "track")
    assert axes.lines[0].get_label() == "beads\n(real)"
    assert float(axes.lines[1].get_xdata()[0]) == 0  # the ring: ATTM errs least here
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["ATTM", "CTRW", "FBM", "SBM"]


def test_networks_of_exponents_with_the_lowest_ringed(figure: Figure) -> None:
    table = made(network=[f"alpha={alpha:g}" for alpha in ALPHAS], member=[1, 2])
    table["mse"] += 10.0 * (table["network"] == "alpha=0.2")
    axes = figure.subplots()
    paper.errors_by_trained_exponent(axes, {"fbm": table}, "track")
    assert float(axes.lines[1].get_xdata()[0]) == 0.6
    # What errs a hundred times as much does not rule the picture.
    assert axes.get_ylim()[1] < 2


def test_simulated_samples_are_joined_and_real_ones_stand_apart(figure: Figure) -> None:
    table = made(network=MODELS, member=[1, 2], sample=["0 %", "50 %", "beads"])
    table["real"] = table["sample"] == "beads"
    axes = figure.subplots()
    paper.errors_by_share(axes, table, "population")
    joined = [line for line in axes.lines if line.get_linestyle() == "-"]
    apart = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert [len(line.get_xdata()) for line in joined] == [2] * 4
    assert [len(line.get_xdata()) for line in apart] == [1] * 4
    assert min(float(line.get_xdata()[0]) for line in apart) > 2
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "0 %",
        "50 %",
        "beads\n(real)",
    ]


def test_the_ablation_shows_ratios_to_the_own_kind(figure: Figure) -> None:
    conditions = {"one kind": "batch of one kind", "per track": "per track"}
    table = made(condition=list(conditions), network=["fbm", "sbm"], model=["fbm", "sbm"])
    axes = figure.subplots()
    paper.ablation(axes, table, "fbm", conditions)
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [2, 2])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == list(conditions.values())
