"""Tasks on the processes of a Dask cluster, on this machine or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from napari_anomalous_diffusion import __version__
from napari_anomalous_diffusion.batch.core import Step
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from distributed import Client, Future

Task = TypeVar("Task")
Result = TypeVar("Result")

PACE = 0.25
"""Seconds between two steps that a task reports: they travel through the scheduler."""


class WorkerDiedError(Exception):
    """The processes died that a task was tried in."""


def spread(
    function: Callable[[Task, Callable[[Step], None]], Result],
    tasks: Sequence[Task],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Generator[tuple[Task, Step | Result | Exception], None, None]:
    """Call a function with each of many tasks, on as many processes as there are.

    A task whose worker dies is put off until all others are done. Then it is tried alone, so that
    no other can be to blame, and given up if its worker dies again. On a cluster that was there
    before, its own setting ``distributed.scheduler.allowed-failures`` says how many workers may die
    each time. When the generator is closed, what has not begun never will.

    Parameters
    ----------
    function : callable
        Must be one that the workers can import. It is called with a task, and with a function that
        it may call with a `Step`.
    tasks : sequence
    workers : int, optional
        How many processes to start on this machine.
    scheduler : str, optional
        Address of a Dask scheduler to use instead, such as ``tcp://node7:8786``.

    Yields
    ------
    (task, step, result or exception)
        Some of the steps that are reported, not more than every `PACE` seconds a task; the rest in
        the order in which they finish, `WorkerDiedError` where the workers died.

    Raises
    ------
    InputError
        If Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import KilledWorker
    except ImportError as error:
        raise InputError(
            "Work is spread over processes by Dask, which is not installed here: "
            'pip install "napari-anomalous-diffusion[cluster]".'
        ) from error
    with _connected(workers, scheduler) as client, closing(_Desk(client, function)) as desk:
        put_off = []
        for task, said in desk.work_on(tasks):
            if isinstance(said, KilledWorker):
                put_off.append(task)
            else:
                yield task, said
        for suspect in put_off:
            for task, said in desk.work_on([suspect]):
                yield task, WorkerDiedError() if isinstance(said, KilledWorker) else said


class _Desk:
    """Hands out tasks to the workers of a cluster, and hears of their steps and their ends."""

    def __init__(self, client: Client, function: Callable[..., Any]) -> None:
        self._client, self._function = client, function
        self._futures: dict[str, Future[Any]] = {}
        self._heard: SimpleQueue[tuple[str, Step | None]] = SimpleQueue()
        self._topic = f"anomalous-diffusion-{uuid4().hex}"
        client.subscribe_topic(self._topic, self._on_event)

    def work_on(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Any]]:
        """Yield steps, results and exceptions of tasks until all are done."""
        by_key = {}
        for task in tasks:
            future = self._client.submit(_reporting, self._function, task, self._topic, pure=False)
            by_key[future.key] = task
            self._futures[future.key] = future
            future.add_done_callback(lambda done: self._heard.put((done.key, None)))
        while self._futures:
            key, step = self._heard.get()
            if key not in self._futures:
                continue
            if step is not None:
                yield by_key[key], step
                continue
            # The cluster forgets only what nobody holds on to.
            future = self._futures.pop(key)
            failure = future.exception()
            yield by_key[key], future.result() if failure is None else failure
            del future

    def close(self) -> None:
        """Let what has not begun never begin."""
        self._client.cancel(list(self._futures.values()))
        self._client.unsubscribe_topic(self._topic)

    def _on_event(self, event: tuple[float, tuple[str, str, int, int]]) -> None:
        _, (key, stage, done, total) = event
        self._heard.put((key, Step(stage, done, total)))  # type: ignore[arg-type]


def _reporting(function: Callable[..., Result], task: Any, topic: str) -> Result:
    """Call a function in a worker, and let it report to whoever listens."""
    from distributed import get_worker

    worker = get_worker()
    key, told = worker.get_current_task(), -PACE

    def report(step: Step) -> None:
        nonlocal told
        if monotonic() - told >= PACE:
            told = monotonic()
            worker.log_event(topic, (key, step.stage, step.done, step.total))

    return function(task, report)


@contextmanager
def _connected(workers: int | None, scheduler: str | None) -> Iterator[Client]:
    from distributed import Client

    if scheduler is None:
        with _local_cluster(workers or 1) as cluster, Client(cluster, set_as_default=False) as own:
            yield own
        return
    try:
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{scheduler}: no Dask scheduler answers there; start one, or correct the address."
        ) from error
    with client:
        _check_versions(client, scheduler)
        yield client


@contextmanager
def _local_cluster(workers: int) -> Iterator[Any]:
    import logging

    import dask
    from distributed import LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 0,
        # A worker holds no task but the one it is at: no other is blamed for its death.
        "distributed.scheduler.worker-saturation": 1.0,
    }
    # Dask itself keeps OpenMP and BLAS to one thread in the processes that it starts.
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


def _check_versions(client: Client, scheduler: str) -> None:
    """Refuse workers that would score by another version of this package, or have none."""
    try:
        versions = set(client.run(installed_version).values())
    except ImportError:
        versions = {"none"}
    if not versions <= {__version__}:
        raise InputError(
            f"{scheduler}: its workers must have napari-anomalous-diffusion {__version__}, but "
            f"have {', '.join(sorted(versions))}; install that version there."
        )


def installed_version() -> str:
    """Tell the version of this package in the process that this is called in."""
    return __version__
