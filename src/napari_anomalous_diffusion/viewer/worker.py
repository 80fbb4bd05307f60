"""Scoring beside the event loop: a frozen request goes in, a frozen answer comes out."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.steps import changed
from napari_anomalous_diffusion.threads import at_most_threads
from napari_anomalous_diffusion.viewer.model import ScoredTracks

if TYPE_CHECKING:
    from napari.qt.threading import GeneratorWorker
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.table import Trajectories


@dataclass(frozen=True, eq=False)
class ScoreRequest:
    """All that scoring needs, so that nothing is shared with the viewer while it runs.

    Attributes
    ----------
    number : int
        Which request this is: an answer to any but the latest is stale.
    name : str
        What to call the tracks in messages.
    data : ndarray, shape (n_points, D + 2)
        A copy of the layer's data.
    read : callable
        Makes the table of tracks of these data.
    bank, device : str
    """

    number: int
    name: str
    data: NDArray[Any]
    read: Callable[[], Trajectories]
    bank: str
    device: str


@dataclass(frozen=True, eq=False)
class ScoreAnswer:
    """What became of a request.

    Attributes
    ----------
    request : ScoreRequest
    result : ScoredTracks or None
    problem : str
        Where there is no result: one sentence for the user, who can mend it.
    bug : Exception or None
        Where there is neither. It travels in the answer, since a worker that raises a RuntimeError
        (as torch does when memory runs out) ends without a word.
    """

    request: ScoreRequest
    result: ScoredTracks | None = None
    problem: str = ""
    bug: Exception | None = None


def answer(request: ScoreRequest) -> Generator[tuple[int, int, int], None, ScoreAnswer]:
    """Score in steps, yielding the request's number, the tracks done, and all tracks."""
    try:
        result = yield from _score(request)
    except InputError as error:
        return ScoreAnswer(request, problem=str(error))
    except Exception as error:
        return ScoreAnswer(request, bug=error)
    return ScoreAnswer(request, result)


def _score(request: ScoreRequest) -> Generator[tuple[int, int, int], None, ScoredTracks]:
    steps = score_steps(request.read, request.bank, request.device)
    return (yield from changed(steps, lambda step: (request.number, *step)))


def score_steps(
    read: Callable[[], Trajectories], bank: str, device: str
) -> Generator[tuple[int, int], None, ScoredTracks]:
    """Score tracks in steps, yielding how many are done, and how many there are."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.scores.scoring import score_in_steps

    trajectories = read()
    steps = score_in_steps(trajectories, load_bank(bank), device=device)
    while True:
        try:
            with one_core_left():
                done = next(steps)
        except StopIteration as finished:
            return ScoredTracks(finished.value, trajectories, device)
        yield done, len(trajectories)


def one_core_left() -> AbstractContextManager[None]:
    """Let torch take one core less than there are, so that the event loop has one to itself.

    Where both share the last core, the loop waits for tenths of a second, and torch's threads for
    each other: on two cores, one thread is twice as fast as two.
    """
    return at_most_threads(max((os.cpu_count() or 1) - 1, 1))


def _load_torch() -> None:
    # Where it is broken, scoring will say so.
    with suppress(Exception):
        import_module("safetensors.torch")
        import_module("napari_anomalous_diffusion.autoencoders.engine")


def warm_up() -> None:
    """Load torch in a thread, before it is needed: its libraries hold up all others meanwhile."""
    from napari.qt.threading import create_worker

    create_worker(_load_torch, _start_thread=True)


def start(
    request: ScoreRequest,
    progressed: Callable[[tuple[int, int, int]], None],
    answered: Callable[[ScoreAnswer], None],
) -> GeneratorWorker[Any, Any, Any]:
    """Score a request in a thread of its own.

    Parameters
    ----------
    request : ScoreRequest
    progressed : callable
        Called with what `answer` yields.
    answered : callable
        Called with what `answer` returns, unless the worker was asked to quit.
    """
    from napari.qt.threading import create_worker

    worker: GeneratorWorker[Any, Any, Any] = create_worker(
        answer, request, _progress={"desc": f"Scoring {request.name}"}, _start_thread=False
    )
    worker.yielded.connect(progressed)
    worker.returned.connect(answered)
    worker.start()
    return worker
