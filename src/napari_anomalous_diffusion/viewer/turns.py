"""Actions that wait for a turn of the event loop."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer


def turn_for(action: Callable[[], object], parent: QObject | None = None, wait: int = 0) -> QTimer:
    """Make a timer that gives an action, whenever it is started, one turn to itself.

    Parameters
    ----------
    action : callable
    parent : QObject, optional
        The timer ends with it.
    wait : int
        Milliseconds until then; to start it again begins anew.

    Returns
    -------
    QTimer
    """
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(wait)
    timer.timeout.connect(action)
    return timer
