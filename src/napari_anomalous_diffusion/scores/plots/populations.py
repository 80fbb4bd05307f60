"""What populations are by their mean errors, each taken as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from napari_anomalous_diffusion.scores.palette import display_name, label_colours
from napari_anomalous_diffusion.scores.plots.comparison import name_groups
from napari_anomalous_diffusion.scores.plots.paper import PROTOCOLS
from napari_anomalous_diffusion.scores.plots.style import logarithmic, names_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from napari_anomalous_diffusion.scores.populations import PopulationAnswer


def errors_of_populations(axes: Axes, answers: Mapping[str, PopulationAnswer]) -> None:
    """Draw the mean error of each population under each label, the lowest in a ring (Fig. 6a, e).

    Bars reach from one standard deviation between members below the mean to one above it.

    Parameters
    ----------
    axes : Axes
    answers : mapping of str to PopulationAnswer
        Of one bank, by the names of the populations.
    """
    asked = list(answers.values())
    errors = np.stack([answer.table["mse"].to_numpy() for answer in asked])
    spread = np.stack([answer.table["members"].to_numpy() for answer in asked])
    places = np.arange(len(asked))
    labels = asked[0].bank.labels
    offsets = 0.3 * (np.linspace(0, 1, len(labels)) - 0.5) if len(labels) > 1 else [0.0]
    # On a logarithmic axis, a bar must not reach zero.
    low, high = np.maximum(errors - spread, errors / 10), errors + spread
    for number, (label, colour) in enumerate(label_colours(labels).items()):
        where = places + offsets[number]
        axes.vlines(where, low[:, number], high[:, number], colors=colour, linewidth=2)
        axes.plot(
            where, errors[:, number], color=colour, marker="o", markersize=5, linestyle="none",
            label=display_name(label),
        )  # fmt: skip
    lowest = errors.argmin(axis=1)
    axes.plot(
        places + np.asarray(offsets)[lowest], errors[places, lowest], marker="o", markersize=11,
        fillstyle="none", color=mpl.rcParams["text.color"], linestyle="none",
    )  # fmt: skip
    logarithmic(axes, low.min(), high.max())
    name_groups(
        axes, list(answers), [answer.n_tracks for answer in asked], "population and its tracks"
    )
    axes.set_ylabel(PROTOCOLS["population"], fontsize="small")
    names_above(axes)


def populations_figure(answers: Mapping[str, PopulationAnswer]) -> Figure:
    """Compose the picture of asked populations.

    Parameters
    ----------
    answers : mapping of str to PopulationAnswer
        Of one bank, by the names of the populations.

    Returns
    -------
    Figure
        5 inches wide or more, 4 high; `write_figure` puts it into a file.
    """
    figure = Figure(figsize=(max(5.0, 0.9 * len(answers) + 2), 4.0), layout="constrained")
    errors_of_populations(figure.subplots(), answers)
    return figure
