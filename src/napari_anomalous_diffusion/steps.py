"""Work that is done in steps: generators that yield how far they are and return what they made."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

Step = TypeVar("Step")
Other = TypeVar("Other")
Made = TypeVar("Made")


def finish(
    steps: Generator[Step, None, Made], progress: Callable[[Step], object] | None = None
) -> Made:
    """Run work to its end.

    Parameters
    ----------
    steps : generator
    progress : callable, optional
        Called with each step.

    Returns
    -------
    object
        What the generator returns.
    """
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            made: Made = end.value
            return made
        if progress is not None:
            progress(step)


def changed(
    steps: Generator[Step, None, Made], change: Callable[[Step], Other]
) -> Generator[Other, None, Made]:
    """Run work as it is, and tell its steps in other words.

    Parameters
    ----------
    steps : generator
    change : callable
        Makes of a step what is yielded in its place.
    """
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            made: Made = end.value
            return made
        yield change(step)
