"""One input from beginning to end: opened, linked if it is a movie, scored, summed up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_anomalous_diffusion.batch.inputs import is_to_link
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.steps import changed, finish
from napari_anomalous_diffusion.threads import at_most_threads
from napari_anomalous_diffusion.tracks.notices import noted

if TYPE_CHECKING:
    import pandas as pd

    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.batch.parameters import BatchParameters
    from napari_anomalous_diffusion.tracks.linking import Linked
    from napari_anomalous_diffusion.tracks.movies import Movie
    from napari_anomalous_diffusion.tracks.table import Trajectories

ATTEMPTS = 2
"""How often an input is tried whose failure nobody foresaw."""


@dataclass(frozen=True)
class Step:
    """How far one input has come.

    Attributes
    ----------
    stage : {"linking", "scoring"}
    done, total : int
        Frames that are linked, or tracks that are scored, and all of them.
    """

    stage: Literal["linking", "scoring"]
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one input.

    Attributes
    ----------
    scores : DataFrame
        See `Scores.table`.
    tracks : DataFrame or None
        A row a point: ``track_id, frame, (z), y, x``, then what trackpy measured; None where the
        input was a table of tracks itself.
    summary : dict
        See `comparison.summary_row`.
    notices : tuple of str
        What should be known of the input, though nothing is wrong: what was left out or guessed.
    """

    scores: pd.DataFrame
    tracks: pd.DataFrame | None
    summary: dict[str, Any]
    notices: tuple[str, ...] = ()


def open_input(path: Path, parameters: BatchParameters) -> Movie | Trajectories:
    """Open a movie, or read a file of tracks, with the calibration that holds for it.

    Raises
    ------
    InputError
        If it can be read as neither.
    """
    from napari_anomalous_diffusion.tracks.files import read_tracks
    from napari_anomalous_diffusion.tracks.movies import open_movie

    opened: Movie | Trajectories
    linking = parameters.linking
    if is_to_link(path):
        opened = open_movie(path, None if linking.channel < 0 else linking.channel)
    else:
        opened = read_tracks(
            path, track=parameters.track, frame=parameters.frame, axes=parameters.axes
        )
    calibration = parameters.calibration.over(opened.calibration)
    return replace(opened, calibration=calibration.exposed(linking.exposure))


def process_in_steps(
    source: Movie | Trajectories, parameters: BatchParameters, bank: Bank
) -> Generator[Step, None, Outcome]:
    """Link a movie, and score its tracks or those that are given.

    Parameters
    ----------
    source : Movie or Trajectories
    parameters : BatchParameters
        Its `bank` is left aside for the one that is given opened.
    bank : Bank

    Yields
    ------
    Step

    Returns
    -------
    Outcome
        As the generator's value.

    Raises
    ------
    InputError
        If no particle is found, or the movie cannot be linked.
    """
    from napari_anomalous_diffusion.scores.comparison import summary_row
    from napari_anomalous_diffusion.scores.localisation import localisation_error_of
    from napari_anomalous_diffusion.scores.scoring import score_in_steps
    from napari_anomalous_diffusion.tracks.table import Trajectories

    trajectories, tracks = source, None
    if not isinstance(trajectories, Trajectories):
        linked = yield from _link(trajectories, parameters)
        trajectories, tracks = linked.trajectories, linked.to_frame()
    with noted() as notices:
        error = localisation_error_of(trajectories, parameters.localisation_error)
    steps = score_in_steps(
        trajectories,
        bank,
        localisation_error=error,
        level=parameters.level,
        false_discoveries=parameters.false_discoveries,
        device=parameters.device,
    )
    total = len(trajectories)
    scores = yield from changed(steps, lambda done: Step("scoring", done, total))
    return Outcome(scores.table, tracks, summary_row(scores.table, bank), tuple(notices))


def _link(movie: Movie, parameters: BatchParameters) -> Generator[Step, None, Linked]:
    from napari_anomalous_diffusion.tracks.linking import link_in_steps

    steps = link_in_steps(movie, parameters.linking)
    return (yield from changed(steps, lambda step: Step("linking", step.done, step.total)))


def attempt_in_steps(
    path: Path, parameters: BatchParameters, bank: Bank
) -> Generator[Step, None, Outcome | str]:
    """Open and process an input; where it fails, return one sentence for its user instead.

    What nobody foresaw is tried again, `ATTEMPTS` times in all: a file on a server may be out of
    reach for a moment. What a user has to mend is not.
    """
    sentence = ""
    for _ in range(ATTEMPTS):
        try:
            # Sums that several threads share come out different in their last digits, and tables
            # are to be the same wherever they are made. More cores are used by more workers.
            with noted() as notices:
                opened = open_input(path, parameters)
            with at_most_threads(1):
                outcome = yield from process_in_steps(opened, parameters, bank)
            return replace(outcome, notices=(*notices, *outcome.notices))
        except InputError as error:
            return str(error)
        # The rest of the batch goes on whatever is the matter with this one.
        except Exception as error:
            what = " ".join(str(error).split()).rstrip(".")
            sentence = f"{path}: {type(error).__name__}{f': {what}' if what else ''}."
    return sentence


def process_file(
    path: Path,
    report: Callable[[Step], object],
    *,
    parameters: BatchParameters,
    bank_folder: Path,
) -> Outcome | str:
    """Do the same in a process of its own, and report the steps."""
    return finish(attempt_in_steps(path, parameters, _open_bank(bank_folder)), report)


@lru_cache(maxsize=1)
def _open_bank(folder: Path) -> Bank:
    """Open the bank once a process, not once a file."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank

    return load_bank(folder)
