"""What the panels have in common: a column of views that scrolls, and an end."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

WIDTH = 300
TABLE_WIDTH = 380
"""The least that panels need, in pixels: those with forms alone, and those with tables."""


class SidePanel(QWidget):
    """A dock widget whose views stand in one column, which scrolls where the window is low.

    Parameters
    ----------
    width : int
        The least it needs, in pixels.

    Attributes
    ----------
    column : QVBoxLayout
        Takes the views.
    message : QLabel
        One sentence for the user, last in the column; it takes no room while it is empty.
    """

    closed = Signal()
    """Emitted when napari takes the panel out of its window, which is how it closes it."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        content = QWidget()
        self.column = QVBoxLayout(content)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.show_message("")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.setMinimumWidth(width)

    def show_message(self, sentence: str) -> None:
        """Show a sentence, or none."""
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def event(self, event: QEvent) -> bool:
        """Notice when napari takes the panel out of its window."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.closed.emit()
            self.deleteLater()
        return super().event(event)


def line() -> QFrame:
    """Make a thin line between two groups of views."""
    made = QFrame()
    made.setFrameShape(QFrame.Shape.HLine)
    made.setFixedHeight(1)
    return made
