from __future__ import annotations

import numpy as np
import pytest

from napari_anomalous_diffusion.autoencoders.bank import load_bank
from napari_anomalous_diffusion.scores.plots.populations import populations_figure
from napari_anomalous_diffusion.scores.populations import PopulationAnswer, ask_population


@pytest.fixture(scope="module")
def answers() -> dict[str, PopulationAnswer]:
    bank = load_bank("paper-superdiffusive-20")
    found = {}
    for number, name in enumerate(("control", "a condition with a very long name")):
        steps = np.random.default_rng(number).normal(size=(40 * 20, 2))
        track, frame = np.divmod(np.arange(len(steps)), 20)
        data = np.column_stack([track, frame, steps.cumsum(axis=0)])
        found[name] = ask_population(data, bank)
    return found


def test_each_population_has_its_errors_and_a_ring_around_the_lowest(
    answers: dict[str, PopulationAnswer],
) -> None:
    figure = populations_figure(answers)
    (axes,) = figure.axes
    *by_label, rings = axes.lines
    asked = list(answers.values())
    for label, line in enumerate(by_label):
        assert line.get_ydata() == pytest.approx([a.table["mse"][label] for a in asked])
    assert rings.get_ydata() == pytest.approx([a.table["mse"].min() for a in asked])
    names = [text.get_text() for text in axes.get_xticklabels()]
    assert names[0].startswith("control")
    assert "40" in names[0]
    assert axes.get_ylabel().startswith("MSE, population protocol")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["FBM", "SBM"]
    figure.draw_without_rendering()
