"""How many threads torch may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most_threads(number: int) -> Iterator[None]:
    """Let torch use no more than so many threads, and put its number back afterwards.

    A smaller number that the user has set stays as it is. Torch counts its threads for each thread
    that calls it, so nobody else's number changes; only threads that start meanwhile begin with
    this one.

    Parameters
    ----------
    number : int
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(min(before, number))
    try:
        yield
    finally:
        torch.set_num_threads(before)
