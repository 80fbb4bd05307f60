"""How many threads torch may use, and work that is shared among so many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Lock
from typing import TypeVar

Task = TypeVar("Task")

_starting = Lock()
"""Held while threads start, since what torch tells a new thread is one number for all."""


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


def in_threads(work: Callable[[Iterator[Task]], None], tasks: Iterable[Task]) -> None:
    """Do tasks in as many threads as torch may use, each of which lets torch use one.

    Where single operations are small, torch's own threads wait for each other more than they
    compute. These are independent, and end with the last task.

    Parameters
    ----------
    work : callable
        Does one task after another, as they come from an iterator that all threads share.
    tasks : iterable
    """
    import torch

    number = torch.get_num_threads()
    shared = _Shared(tasks)
    if number == 1:
        work(shared)
        return
    all_know = Barrier(number + 1)

    def work_alone() -> None:
        torch.set_num_threads(1)
        # Not before it is asked does a thread take up its number for good.
        torch.get_num_threads()
        all_know.wait()
        try:
            work(shared)
        except BaseException:
            shared.stop()
            raise

    with ThreadPoolExecutor(number) as threads:
        with _starting:
            try:
                working = [threads.submit(work_alone) for _ in range(number)]
                all_know.wait()
            except BaseException:
                all_know.abort()
                raise
            finally:
                # Threads of others that start from now on begin with the user's number again.
                torch.set_num_threads(number)
        try:
            for one in working:
                one.result()
        finally:
            shared.stop()


class _Shared(Iterator[Task]):
    """An iterator for several threads, which any of them may end for all."""

    def __init__(self, items: Iterable[Task]) -> None:
        self._items = iter(items)
        self._lock = Lock()

    def __next__(self) -> Task:
        with self._lock:
            return next(self._items)

    def stop(self) -> None:
        with self._lock:
            self._items = iter(())
