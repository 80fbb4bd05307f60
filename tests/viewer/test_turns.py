"""Actions that wait for a turn of the event loop."""

from __future__ import annotations

from napari_anomalous_diffusion.viewer.turns import turn_for


def test_an_action_has_one_turn_however_often_it_was_asked_for(qtbot):
    done = []
    timer = turn_for(lambda: done.append(1))
    timer.start()
    timer.start()
    assert done == []
    qtbot.waitUntil(lambda: not timer.isActive())
    qtbot.wait(10)
    assert done == [1]
    timer.start()
    qtbot.waitUntil(lambda: done == [1, 1])


def test_it_may_wait_and_be_called_off(qtbot):
    done = []
    timer = turn_for(lambda: done.append(1), wait=20)
    timer.start()
    timer.stop()
    qtbot.wait(40)
    assert done == []
