from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_anomalous_diffusion import Trajectories, score
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.scores import plots
from napari_anomalous_diffusion.scores.classical import classical_numbers, time_averaged_msd
from napari_anomalous_diffusion.tracks.calibration import Calibration

LENGTHS = (40, 30, 3, 1)


@pytest.fixture(scope="module")
def tracks() -> Trajectories:
    """A walk, one that stays where it is, one too short for any number, and a single point."""
    random = np.random.default_rng(0)
    walks = [random.normal(size=(length, 2)).cumsum(axis=0) for length in LENGTHS]
    walks[1][:] = 2.0
    frames = np.concatenate([np.arange(length) for length in LENGTHS])
    film = Calibration(pixel_size=0.1, length_unit="µm", frame_interval=0.05, time_unit="s")
    ids = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    return Trajectories.from_points(ids, frames, np.concatenate(walks), calibration=film)


@pytest.fixture(params=["default", "dark_background"])
def axes(request: pytest.FixtureRequest) -> Iterator[Axes]:
    with mpl.style.context(request.param):
        figure = Figure(figsize=(3.5, 3), layout="constrained")
        yield figure.subplots()
        figure.draw_without_rendering()


def test_msd_and_law_in_the_units_of_the_user(axes: Axes, tracks: Trajectories) -> None:
    numbers = classical_numbers(tracks)
    plots.mean_squared_displacement(axes, tracks, numbers, 0)
    lags, msd, _ = time_averaged_msd(tracks, 0)
    np.testing.assert_allclose(axes.collections[0].get_offsets(), np.column_stack([lags, msd]))
    [law] = axes.lines
    times, values = np.array(law.get_xdata()), np.array(law.get_ydata())
    row = numbers.iloc[0]
    expected = 4 * (row["diffusion"] * times ** row["alpha"] + row["localisation_error"] ** 2)
    np.testing.assert_allclose(values, expected)
    assert axes.get_xlabel() == "lag (s)"
    assert axes.get_ylabel() == "time-averaged MSD (µm²)"
    name, alpha, diffusion = axes.get_title().split("\n")
    assert name == "track 0"
    assert alpha.startswith(f"α = {row['alpha']:.2f} ({row['alpha_low']:.2f}–")
    assert diffusion.startswith("D = ")
    assert "µm²/s" in diffusion
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_of_many_lags_those_are_drawn_that_can_be_told_apart(axes: Axes) -> None:
    walk = np.random.default_rng(3).normal(size=(1500, 2)).cumsum(axis=0)
    long = Trajectories.from_points(np.zeros(1500, dtype=int), np.arange(1500), walk)
    plots.mean_squared_displacement(axes, long, classical_numbers(long), 0)
    lags, msd, _ = time_averaged_msd(long, 0)
    drawn = np.asarray(axes.collections[0].get_offsets())
    np.testing.assert_allclose(drawn[:80], np.column_stack([lags, msd])[:80])
    assert len(drawn) < 350
    assert drawn[-1, 0] > 0.99 * lags[-1]
    assert set(map(tuple, drawn)) < set(zip(lags, msd, strict=True))


def test_scores_do_as_well(axes: Axes, tracks: Trajectories, tiny_bank: Bank) -> None:
    plots.mean_squared_displacement(axes, tracks, score(tracks, tiny_bank), 0)
    assert len(axes.lines) == 1


@pytest.mark.parametrize(("track", "sentence"), [(1, "It never moves."), (3, "It has one point.")])
def test_what_has_no_msd_is_said(
    axes: Axes, tracks: Trajectories, track: int, sentence: str
) -> None:
    plots.mean_squared_displacement(axes, tracks, classical_numbers(tracks), track)
    assert axes.get_title() == f"track {track}"
    assert [text.get_text() for text in axes.texts] == [sentence]


def test_a_short_track_has_an_msd_without_a_law(axes: Axes, tracks: Trajectories) -> None:
    plots.mean_squared_displacement(axes, tracks, classical_numbers(tracks), 2)
    assert not axes.lines
    assert "too few displacements" in axes.get_title()
