"""Tasks on the processes of a Dask cluster, on this machine or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from napari_anomalous_diffusion import __version__
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

Task = TypeVar("Task")
Result = TypeVar("Result")

WORKERS_THAT_MAY_DIE = 2
"""How many workers a task may take with it before it counts as failed."""


class WorkerDiedError(Exception):
    """The processes died that a task was tried in."""


def spread(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Generator[tuple[Task, Result | Exception], None, None]:
    """Call a function with each of many tasks, on as many processes as there are.

    A task whose worker dies is tried on another, and given up when that one dies too; on a cluster
    that was there before, its own setting ``distributed.scheduler.allowed-failures`` rules. When
    the generator is closed, what has not begun never will.

    Parameters
    ----------
    function : callable
        Must be one that the workers can import.
    tasks : sequence
        Arguments, one a call.
    workers : int, optional
        How many processes to start on this machine.
    scheduler : str, optional
        Address of a Dask scheduler to use instead, such as ``tcp://node7:8786``.

    Yields
    ------
    (task, result or exception)
        In the order in which they finish; `WorkerDiedError` where the workers died.

    Raises
    ------
    InputError
        If Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import KilledWorker, as_completed
    except ImportError as error:
        raise InputError(
            "Work is spread over processes by Dask, which is not installed here: "
            'pip install "napari-anomalous-diffusion[cluster]".'
        ) from error
    with _connected(workers, scheduler) as client:
        futures = {client.submit(function, task, pure=False): task for task in tasks}
        try:
            for future in as_completed(list(futures), loop=client.loop):
                task, failure = futures.pop(future), future.exception()
                if isinstance(failure, KilledWorker):
                    yield task, WorkerDiedError()
                else:
                    yield task, failure or future.result()
                # The cluster forgets only what nobody holds on to.
                del future
        finally:
            client.cancel(list(futures))


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
        "distributed.scheduler.allowed-failures": WORKERS_THAT_MAY_DIE - 1,
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
