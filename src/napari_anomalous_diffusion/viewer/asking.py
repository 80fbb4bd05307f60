"""What populations are as a whole: asked of layers or conditions, in sentences."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING

from napari_anomalous_diffusion.scores.palette import display_name
from napari_anomalous_diffusion.scores.populations import (
    DEFAULT_POPULATION_BANK,
    FEWEST_WINDOWS,
    TooFewWindowsError,
    ask_population,
)

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.table import Trajectories


def ask_steps(populations: Mapping[str, list[Trajectories]]) -> Generator[int, None, list[str]]:
    """Ask about one population after the other, by the protocol of the paper.

    Parameters
    ----------
    populations : mapping of str to list of Trajectories
        Their tracks, by their names.

    Yields
    ------
    int
        How many have been asked about.

    Returns
    -------
    list of str
        A sentence each, as the generator's value.
    """
    sentences = []
    for number, (name, tracks) in enumerate(populations.items()):
        try:
            answer = ask_population(tracks, DEFAULT_POPULATION_BANK)
        except TooFewWindowsError:
            sentences.append(f"{name}: too few windows ({FEWEST_WINDOWS} are needed).")
        else:
            labels = " or ".join(display_name(label) for label in answer.candidates)
            error = answer.table["mse"].min()
            sentences.append(f"{name}: {labels} (MSE {error:.2g}, {answer.n_windows:,} windows).")
        yield number + 1
    return sentences
