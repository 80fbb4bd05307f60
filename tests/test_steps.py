from collections.abc import Generator

from napari_anomalous_diffusion.steps import changed, finish


def work(number: int) -> Generator[int, None, str]:
    yield from range(number)
    return "made"


def test_work_is_run_to_its_end() -> None:
    heard: list[int] = []
    assert finish(work(3), heard.append) == "made"
    assert heard == [0, 1, 2]
    assert finish(work(0)) == "made"


def test_steps_are_told_in_other_words() -> None:
    heard: list[str] = []
    assert finish(changed(work(3), str), heard.append) == "made"
    assert heard == ["0", "1", "2"]


def test_work_that_is_left_is_closed() -> None:
    closed: list[bool] = []

    def careful() -> Generator[int, None, None]:
        try:
            yield 1
        finally:
            closed.append(True)

    steps = changed(careful(), str)
    next(steps)
    steps.close()
    del steps
    assert closed == [True]
