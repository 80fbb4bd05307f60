from collections.abc import Iterator
from threading import Thread, current_thread

import pytest
import torch

from napari_anomalous_diffusion.threads import in_threads


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_task_is_done_once_and_none_by_more_threads_than_torch_may_use(threads: int) -> None:
    done, workers = [], []

    def work(tasks: Iterator[int]) -> None:
        workers.append((current_thread(), torch.get_num_threads()))
        done.extend(tasks)

    in_threads(work, range(1000))
    assert sorted(done) == list(range(1000))
    assert len({thread for thread, _ in workers}) == threads
    assert {number for _, number in workers} == {1}


def test_nobody_else_s_number_of_threads_is_changed(threads: int) -> None:
    found = []

    def look() -> None:
        found.append(torch.get_num_threads())

    def work(tasks: Iterator[int]) -> None:
        for _ in tasks:
            newcomer = Thread(target=look)
            newcomer.start()
            newcomer.join()

    in_threads(work, range(2))
    look()
    assert found == [threads] * 3


def test_what_goes_wrong_in_one_thread_ends_all(threads: int) -> None:
    begun = []

    def work(tasks: Iterator[int]) -> None:
        for task in tasks:
            begun.append(task)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_threads(work, iter(int, 1))  # endless
    assert len(begun) <= threads
