"""Work beside the event loop: steps are heard as they come, and what is stale not at all."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import monotonic
from typing import Any

from napari.utils.notifications import notification_manager

from napari_anomalous_diffusion.errors import InputError


@dataclass(frozen=True, eq=False)
class Answer:
    """What became of a work.

    Attributes
    ----------
    result : object
        What its generator returned, unless it failed.
    problem : str
        Where it failed by what the user can mend: one sentence.
    bug : Exception or None
        Where it failed otherwise. It travels in the answer, since a worker that raises a
        RuntimeError ends without a word.
    """

    result: Any = None
    problem: str = ""
    bug: Exception | None = None


PACE = 0.25
"""Seconds between two steps that are heard: to paint one may take longer than to make it."""


def answer(steps: Generator[Any, None, Any]) -> Generator[Any, None, Answer]:
    """Run a generator, and yield some of what it yields; its failures are answers, too."""
    told = -PACE
    try:
        while True:
            step = next(steps)
            if monotonic() - told >= PACE:
                yield step
                told = monotonic()
    except StopIteration as end:
        return Answer(end.value)
    except InputError as error:
        return Answer(problem=str(error))
    except Exception as error:
        return Answer(bug=error)


@dataclass(frozen=True)
class Listener:
    """Who hears of a work: of its steps, and of its end."""

    stepped: Callable[[Any], None]
    done: Callable[[Any], None]
    failed: Callable[[str], None]


class Background:
    """Runs one generator at a time in a thread; to start another or to stop makes it stale.

    Attributes
    ----------
    busy : bool
        Whether an answer is waited for.
    """

    def __init__(self) -> None:
        self._worker: Any = None
        self._number = 0
        self._listener: Listener | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._listener is not None

    def start(
        self,
        steps: Generator[Any, None, Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        stepped: Callable[[Any], None] = lambda step: None,
    ) -> None:
        """Run a generator.

        Parameters
        ----------
        steps : generator
            All that it needs is its own: nothing of the viewer is touched in its thread.
        done : callable
            Called with what it returned.
        failed : callable
            Called with one sentence for the user; it is empty after a bug, which is shown as such.
        stepped : callable
            Called with what it yields, but not more often than every `PACE`.
        """
        from napari.qt.threading import create_worker

        self.stop()
        number = self._number
        self._listener = Listener(stepped, done, failed)
        # Without napari's own bar, which is painted at every step.
        self._worker = create_worker(answer, steps, _start_thread=False)
        self._worker.yielded.connect(lambda step: self._on_step(number, step))
        self._worker.returned.connect(lambda answer: self._on_answer(number, answer))
        # A worker outlives its work by a while, but nothing that it was given should.
        self._worker.aborted.connect(steps.close)
        self._worker.start()

    def stop(self) -> None:
        """Hear no more of what is running; it ends at its next step."""
        self._number += 1
        self._listener = None
        if self._worker is not None:
            self._worker.quit()
            self._worker = None

    def _on_step(self, number: int, step: Any) -> None:
        if number == self._number and self._listener is not None:
            self._listener.stepped(step)

    def _on_answer(self, number: int, answer: Answer) -> None:
        if number != self._number or self._listener is None:
            return
        listener, self._listener, self._worker = self._listener, None, None
        if answer.bug is not None:
            bug = answer.bug
            notification_manager.receive_error(type(bug), bug, bug.__traceback__)
            listener.failed("")
        elif answer.problem:
            listener.failed(answer.problem)
        else:
            listener.done(answer.result)
