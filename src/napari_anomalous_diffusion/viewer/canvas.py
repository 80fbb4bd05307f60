"""A matplotlib canvas that looks like the rest of napari's window."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QResizeEvent

from napari_anomalous_diffusion.scores.plots import write_figure
from napari_anomalous_diffusion.viewer.turns import turn_for

PREFERRED_WIDTH = 330

MARGIN = 1 / 24
"""Inches around axes and their names: what matplotlib's own layout leaves, too."""

Drawing = Callable[[Figure], Iterator[None] | None]
Change = Callable[[], Sequence[Artist]]

MOST_FRAMES = 96
"""Pictures of axes that are kept, about a third of a megabyte each."""


def plot_style(theme: str) -> dict[str, Any]:
    """Return matplotlib's parameters for plots in the colours of a napari theme."""
    colours = get_theme(theme)
    background, text = colours.background.as_hex(), colours.text.as_hex()
    quiet = colours.secondary.as_hex()
    return {
        "figure.facecolor": background,
        "savefig.facecolor": background,
        "axes.facecolor": background,
        "axes.edgecolor": quiet,
        "axes.labelcolor": text,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": "medium",
        "axes.titley": 1.0,  # no axis lies above any; to look for one takes a tenth of the drawing
        "font.size": 9,
        "grid.color": quiet,
        "legend.facecolor": background,
        "legend.edgecolor": quiet,
        "legend.labelcolor": text,
        "text.color": text,
        "xtick.color": text,
        "ytick.color": text,
    }


class Canvas(FigureCanvasQTAgg):
    """Shows one drawing, and draws it anew when the theme changes.

    The room that names and numbers need is found when a drawing is first shown, in another size or
    in another theme, and kept as long as nothing is cut off: to find it takes longer than to draw.
    So a new drawing is made, given its room and drawn in several turns of the event loop.

    Axes with their numbers and names take longer to draw than what is drawn on them. So what comes
    and goes is drawn over pictures of all the rest, a picture for each part of the figure, which
    are kept for as long as the room is.

    Parameters
    ----------
    height : int
        In pixels; the width is that of the dock.
    """

    drawn = Signal()

    def __init__(self, height: int) -> None:
        super().__init__(Figure(layout="constrained"))
        self.figure.set_layout_engine("none")  # but colour bars are made to be laid out
        self.setFixedHeight(height)
        self.setMinimumWidth(120)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the dock
        self._style: Any = {}  # matplotlib wants to see every one of its names in the type
        self._drawing: Drawing = lambda figure: None
        self._composing: Iterator[None] = iter(())
        self._painting: Iterator[None] = iter(())
        self._change: Change = lambda: ()
        self._has_room = False
        self._laid_out_for: tuple[QSize, float] | None = None
        self._moving: Sequence[Artist] = ()
        self._frames: dict[Hashable, Any] = {}
        self._next_turn = turn_for(self._on_turn, self)

    @property
    def busy(self) -> bool:
        """Whether something is not on the figure yet, or has no room."""
        return self._next_turn.isActive()

    def show_drawing(self, drawing: Drawing, change: Change = lambda: ()) -> None:
        """Replace what is shown; `drawing` is called with the empty figure.

        If it is a generator, every part that it draws before it yields has a turn of its own.
        `change` follows, see `change_drawing`.
        """
        self._drawing, self._change = drawing, change
        self._redraw()

    def change_drawing(self, change: Change) -> None:
        """Change what is shown in place; `change` knows what the drawing has put on the figure.

        It returns, in the order of drawing, all that lies over the rest and comes and goes with
        such changes; nothing of those parts of the figure whose rest changes, too. Limits and names
        of axes, and the names in legends, may always change.
        """
        self._change = change
        with rc_context(self._style):
            self._compose()
            self._moving = change()
            if self._frames:
                # At once: what napari has to paint after a click can take as long as all of this.
                self._render()
                return
        self.draw_idle()

    def set_theme(self, theme: str) -> None:
        """Take on the colours of a napari theme."""
        self._style = plot_style(theme)
        self._redraw()

    def save(self, path: str) -> None:
        """Write the picture to a file; its ending decides the format.

        Raises
        ------
        InputError
            If the ending is of no picture, or the file cannot be written.
        """
        with rc_context(self._style):
            if not self._has_room:
                self._render()
            write_figure(self.figure, path, dpi=200)

    def _redraw(self) -> None:
        self.figure.clear()
        self.figure.set_facecolor(self._style.get("figure.facecolor", "white"))
        self._make_room()
        self._moving = ()
        with rc_context(self._style):
            self._composing = self._then_change(self._drawing(self.figure))
        self._next_turn.start()

    def _make_room(self) -> None:
        """Lay the figure out when it is drawn next."""
        self._has_room = False
        self._frames.clear()
        self._painting = self._paint()

    def _on_turn(self) -> None:
        with rc_context(self._style):
            for steps in (self._composing, self._painting):
                if next(steps, self) is not self:
                    self._next_turn.start()
                    return

    def _then_change(self, parts: Iterator[None] | None) -> Iterator[None]:
        if parts is not None:
            yield from parts
            yield
        self._moving = self._change()
        yield

    def _compose(self) -> None:
        """Put on the figure what has not been put there yet, without drawing it."""
        for _ in self._composing:
            pass

    def _paint(self) -> Iterator[None]:
        """Find the room that all needs, and draw it: a part of the figure at a turn."""
        for part in self._parts:
            for _ in _lay_out(self.figure, part, self.get_renderer()):
                yield
        self._has_room = True
        self._hold_back()
        self.get_renderer().clear()
        self.figure.patch.draw(self.get_renderer())
        for part in self._parts:
            self._draw_frame(part)
            yield
        self._draw_moving()

    @property
    def _parts(self) -> list[Figure | SubFigure]:
        return [*self.figure.subfigs] or [self.figure]

    def draw(self) -> None:
        """Render the figure; ticks are made only now, so the style has to hold now, too."""
        with rc_context(self._style):
            self._render()

    def _render(self) -> None:
        self._compose()
        self._hold_back()
        if not self._has_room or cut_off(self.figure, self._draw_frames()):
            self._make_room()
            for _ in self._painting:
                pass
            return
        self._painting = iter(())
        self._draw_moving()

    def _hold_back(self) -> None:
        """Leave what comes and goes out where the rest is drawn."""
        for artist in self._moving:
            artist.set_animated(True)

    def _draw_frames(self) -> list[Axes]:
        """Draw all but what comes and goes, or take the pictures that were kept of it.

        Returns
        -------
        list of Axes
            Those that there was no picture of.
        """
        if self._frames and self._moving:
            return [axes for part in self._parts if self._draw_frame(part) for axes in part.axes]
        super().draw()
        for part in self._parts:
            self._keep_frame(part)
        return [*self.figure.axes]

    def _draw_frame(self, part: Figure | SubFigure) -> bool:
        """Draw a part without what comes and goes; say whether there was no picture of it."""
        key = _frame_of(part)
        new = key not in self._frames
        if new:
            part.draw(self.get_renderer())
            self._keep_frame(part)
        else:
            self.restore_region(self._frames[key])
        return new

    def _keep_frame(self, part: Figure | SubFigure) -> None:
        # A part that nothing comes and goes in may change as a whole.
        if any(artist.axes in part.axes for artist in self._moving):
            if len(self._frames) >= MOST_FRAMES:
                self._frames.clear()
            self._frames[_frame_of(part)] = self.copy_from_bbox(part.bbox)

    def _draw_moving(self) -> None:
        for artist in self._moving:
            artist.draw(self.get_renderer())
        self.update()
        self.drawn.emit()

    def take_size(self, width: int, height: int) -> None:
        """Take a size at once: Qt tells a widget of it when it is shown, and not before.

        Call it after `show_drawing`: a canvas with nothing left to make would draw all at once.
        """
        self._set_device_pixel_ratio(self.devicePixelRatioF() or 1)
        self.resize(width, height)
        self.resizeEvent(QResizeEvent(QSize(width, height), QSize()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay out anew: the room that letters need is another share of the whole."""
        size = event.size(), self.device_pixel_ratio  # of the screen, which may be another one
        if size != self._laid_out_for:
            self._laid_out_for = size
            self._make_room()
            super().resizeEvent(event)

    def draw_idle(self) -> None:
        """Draw when the event loop comes round; but what is still being made has its own turns."""
        if not self.busy:
            super().draw_idle()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of choice: a figure's own would make the dock very wide."""
        return QSize(PREFERRED_WIDTH, self.height())

    def wheelEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the scroll area around the canvas."""
        event.ignore()


def _lay_out(figure: Figure, part: Figure | SubFigure, renderer: RendererAgg) -> Iterator[None]:
    """Give the names and numbers of one part of a figure their room.

    matplotlib's own way serves axes that share a part; it is the same for single ones, but takes
    all of its time in one turn.
    """
    if len(part.axes) == 1:
        for _ in range(2):  # other sizes have other numbers
            _fit(part, part.axes[0], renderer)
            yield
    elif part.axes:
        for axes in figure.axes:
            axes.set_in_layout(axes in part.axes)
        ConstrainedLayoutEngine().execute(figure)
        yield


def _fit(part: Figure | SubFigure, axes: Axes, renderer: RendererAgg) -> None:
    """Make axes as large as the names and numbers around them allow."""
    inner = axes.get_position(original=True).transformed(part.transSubfigure)
    outer = axes.get_tightbbox(renderer, for_layout_only=True) or inner
    room, margin = part.bbox, MARGIN * part.get_dpi()
    box = Bbox.from_extents(
        room.x0 + max(inner.x0 - outer.x0, 0) + margin,
        room.y0 + max(inner.y0 - outer.y0, 0) + margin,
        room.x1 - max(outer.x1 - inner.x1, 0) - margin,
        room.y1 - max(outer.y1 - inner.y1, 0) - margin,
    )
    if box.width > 0 and box.height > 0:
        axes.set_position(box.transformed(part.transSubfigure.inverted()))


def _frame_of(part: Figure | SubFigure) -> Hashable:
    """Return all that decides what axes look like before anything is drawn on them."""
    return part, *(
        (axes.axison, *_names(axes), *_frame_of_axis(axes.xaxis), *_frame_of_axis(axes.yaxis))
        for axes in part.axes
    )


def _names(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def _frame_of_axis(axis: Axis) -> tuple[Hashable, ...]:
    bare = isinstance(axis.get_major_locator(), NullLocator)  # and has the same looks everywhere
    return axis.get_label_text(), *(() if bare else axis.get_view_interval())


def cut_off(figure: Figure, changed: Sequence[Axes] | None = None) -> bool:
    """Say whether some of the words around the axes of a drawn figure do not lie within it.

    Numbers stand between their axis and its name, so they are within when the name is. Of axes that
    are not among the changed ones, if there are such, only the titles are looked at.
    """
    (left, bottom), (right, top) = figure.bbox.get_points()
    boxes = [
        word.get_window_extent()
        for axes in figure.axes
        if axes.axison
        for word in _words(axes, changed is None or axes in changed)
    ]
    return any(box.x0 < left or box.y0 < bottom or box.x1 > right or box.y1 > top for box in boxes)


def _words(axes: Axes, changed: bool) -> list[Text | Legend]:
    texts = [axes.title, axes.xaxis.label, axes.yaxis.label] if changed else [axes.title]
    legend = axes.get_legend() if changed else None
    return [
        *(text for text in texts if text.get_text()),
        *([] if legend is None else [legend]),
    ]
