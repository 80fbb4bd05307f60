"""Work in a thread: its steps, its end, and what is no longer waited for."""

from __future__ import annotations

import threading
from collections.abc import Generator
from time import monotonic

import pytest

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.viewer.background import PACE, Background


class Heard:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.steps: list[object] = []
        self.results: list[object] = []
        self.problems: list[str] = []

    def start(self, background: Background, steps: Generator) -> None:
        background.start(
            steps, stepped=self.steps.append, done=self.results.append, failed=self.problems.append
        )


def failing(error: Exception):
    yield "first"
    raise error


def test_the_first_step_is_heard_and_then_one_at_a_pace(qtbot):
    def work():
        start = monotonic()
        while monotonic() - start < 3.5 * PACE:
            yield monotonic() - start
        return "done"

    background, heard = Background(), Heard()
    heard.start(background, work())
    assert background.busy
    qtbot.waitUntil(lambda: heard.results == ["done"], timeout=10_000)
    assert not background.busy
    assert heard.steps[0] < PACE / 2
    assert 2 <= len(heard.steps) <= 4
    assert heard.problems == []


@pytest.mark.parametrize("stop", [True, False])
def test_what_is_stale_is_not_heard(qtbot, stop):
    went_on, old, new = threading.Event(), Heard(), Heard()

    def waiting():
        yield "begun"
        went_on.wait(10)
        return "too late"

    def quick():
        yield "begun"
        return "in time"

    background = Background()
    old.start(background, waiting())
    qtbot.waitUntil(lambda: old.steps == ["begun"])
    if stop:
        background.stop()
        assert not background.busy
    else:
        new.start(background, quick())
        qtbot.waitUntil(lambda: new.results == ["in time"])
    went_on.set()
    qtbot.wait(200)
    assert old.results == old.problems == []


def test_what_the_user_can_mend_is_one_sentence(qtbot):
    background, heard = Background(), Heard()
    heard.start(background, failing(InputError("Turn it around.")))
    qtbot.waitUntil(lambda: heard.problems == ["Turn it around."])
    assert heard.results == []


def test_a_bug_is_shown_even_if_it_is_one_that_ends_workers_without_a_word(
    qtbot, messages, monkeypatch
):
    monkeypatch.delenv("NAPARI_EXIT_ON_ERROR", raising=False)
    background, heard = Background(), Heard()
    heard.start(background, failing(RuntimeError("out of memory")))
    qtbot.waitUntil(lambda: heard.problems == [""])
    assert messages == ["out of memory"]
