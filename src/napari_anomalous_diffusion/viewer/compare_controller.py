"""Connects the panel that compares, the shared scores and napari."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from napari.layers import Tracks

from napari_anomalous_diffusion.scores import plots
from napari_anomalous_diffusion.scores.comparison import Comparison, compare
from napari_anomalous_diffusion.scores.plots.comparison import MOST_UPRIGHT
from napari_anomalous_diffusion.tracks.files import write_table
from napari_anomalous_diffusion.viewer.asking import ask_steps
from napari_anomalous_diffusion.viewer.background import Background
from napari_anomalous_diffusion.viewer.file_dialogs import PICTURES, TABLES, save_as
from napari_anomalous_diffusion.viewer.results import results
from napari_anomalous_diffusion.viewer.turns import turn_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from napari.viewer import Viewer

    from napari_anomalous_diffusion.scores.scoring import Scores
    from napari_anomalous_diffusion.viewer.compare import ComparePanel, GroupRow
    from napari_anomalous_diffusion.viewer.model import ScoredTracks

UNNAMED = "no condition"
NOTHING = "Score Tracks layers\nto compare them here."


class CompareController:
    """The one place where the panel, the scores and napari meet.

    Parameters
    ----------
    viewer : Viewer
    panel : ComparePanel
    """

    def __init__(self, viewer: Viewer, panel: ComparePanel) -> None:
        self.viewer, self.panel = viewer, panel
        self.comparison: Comparison | None = None
        self.by = "layer"
        self._connected: list[Tracks] = []
        self._layers: list[Tracks] = []
        self._conditions: WeakKeyDictionary[Tracks, str] = WeakKeyDictionary()
        self._left_out: WeakSet[Tracks] = WeakSet()
        self._background = Background()
        self._asking = Background()
        self._closed = False
        # Several layers may be scored, renamed or removed at once.
        self._timer = turn_for(self._compare)
        self._connect()
        self._on_theme()
        self._show_nothing()
        self._on_layers()

    # Connections

    def _connect(self) -> None:
        panel = self.panel
        panel.layers.toggled.connect(self._on_toggled)
        panel.layers.named.connect(self._on_named)
        panel.by_chosen.connect(self._group_by)
        panel.ask.clicked.connect(self._ask)
        panel.save_picture.clicked.connect(self._save_picture)
        panel.save_table.clicked.connect(self._save_table)
        layers = self.viewer.layers.events
        layers.inserted.connect(self._on_layers)
        layers.removed.connect(self._on_layers)
        layers.reordered.connect(self._on_layers)
        self.viewer.events.theme.connect(self._on_theme)
        results.changed.connect(self._on_result)

    def close(self) -> None:
        """Leave nothing of the panel in the viewer."""
        if self._closed:
            return
        self._closed = True
        self._timer.stop()
        self._background.stop()
        self._asking.stop()
        layers = self.viewer.layers.events
        layers.inserted.disconnect(self._on_layers)
        layers.removed.disconnect(self._on_layers)
        layers.reordered.disconnect(self._on_layers)
        self.viewer.events.theme.disconnect(self._on_theme)
        results.changed.disconnect(self._on_result)
        for layer in self._connected:
            self._disconnect_layer(layer)
        self._connected = self._layers = []

    def _disconnect_layer(self, layer: Tracks) -> None:
        layer.events.name.disconnect(self._show)
        layer.events.data.disconnect(self._show)

    # Layers

    def _on_layers(self, event: Any = None) -> None:
        tracks = [layer for layer in self.viewer.layers if isinstance(layer, Tracks)]
        for layer in self._connected:
            if layer not in tracks:
                self._disconnect_layer(layer)
        for layer in tracks:
            if layer not in self._connected:
                layer.events.name.connect(self._show)
                layer.events.data.connect(self._show)
        self._connected = tracks
        self._show()

    def _on_result(self, layer: Tracks) -> None:
        if layer in self._connected:
            self._show()

    def _on_toggled(self, place: int, chosen: bool) -> None:
        if chosen:
            self._left_out.discard(self._layers[place])
        else:
            self._left_out.add(self._layers[place])
        self._timer.start()

    def _on_named(self, place: int, condition: str) -> None:
        """Compare by condition as soon as there is one."""
        self._conditions[self._layers[place]] = condition
        self._group_by("condition" if condition else self.by)

    def _group_by(self, by: str) -> None:
        self.by = by
        self.panel.set_by(by)
        self._timer.start()

    def _show(self, event: Any = None) -> None:
        self._layers = [layer for layer in self._connected if results.get(layer) is not None]
        self.panel.layers.set_rows([self._row(layer) for layer in self._layers])
        self._timer.start()

    def _row(self, layer: Tracks) -> GroupRow:
        from napari_anomalous_diffusion.viewer.compare import GroupRow

        condition = self._conditions.get(layer, "")
        result = results.get(layer)
        tracks = 0 if result is None else len(result.scores)
        return GroupRow(layer.name, condition, tracks, layer not in self._left_out)

    # Comparing

    def _groups(self) -> dict[str, list[ScoredTracks]]:
        groups: dict[str, list[ScoredTracks]] = {}
        for layer in self._layers:
            result = results.get(layer)
            if layer in self._left_out or result is None:
                continue
            condition = self._conditions.get(layer) or UNNAMED
            group = layer.name if self.by == "layer" else condition
            groups.setdefault(group, []).append(result)
        return groups

    def _compare(self) -> None:
        groups = self._groups()
        self.panel.show_message("")
        self._asking.stop()
        self.panel.answers.setText("")
        if not groups:
            self._background.stop()
            self._show_nothing()
            return
        scores = {name: [result.scores for result in group] for name, group in groups.items()}
        self._background.start(compare_steps(scores), done=self._on_compared, failed=self._complain)

    def _on_compared(self, comparison: Comparison) -> None:
        self.comparison = comparison

        def draw(figure: Figure) -> None:
            plots.draw_comparison(figure, comparison)

        letters = len(comparison.groups) * max(map(len, comparison.groups))
        self.panel.make_room(letters > MOST_UPRIGHT)
        self.panel.canvas.show_drawing(draw)
        self.panel.note.setText(f"{comparison.what_was_resampled()}.")
        self.panel.set_ready(True)

    def _complain(self, sentence: str) -> None:
        self._show_nothing()
        self.panel.show_message(sentence)

    def _show_nothing(self) -> None:
        self.comparison = None

        def draw(figure: Figure) -> None:
            figure.text(0.5, 0.5, NOTHING, ha="center", va="center")

        self.panel.canvas.show_drawing(draw)
        self.panel.note.setText("")
        self.panel.set_ready(False)

    # Asking

    def _ask(self) -> None:
        """Ask what each group is as a whole, whatever bank its tracks were scored with."""
        tracks = {
            name: [result.trajectories for result in group]
            for name, group in self._groups().items()
        }
        self.panel.answers.setText("Asking…")
        self._asking.start(ask_steps(tracks), done=self._on_answers, failed=self._on_unasked)

    def _on_answers(self, sentences: list[str]) -> None:
        self.panel.answers.setText("\n".join(sentences))

    def _on_unasked(self, sentence: str) -> None:
        self.panel.answers.setText(sentence)

    def _on_theme(self, event: Any = None) -> None:
        self.panel.canvas.set_theme(self.viewer.theme)

    # Files

    def _save_picture(self) -> None:
        save_as(self.panel, "Save picture", "comparison.png", PICTURES, self.panel.canvas.save)

    def _save_table(self) -> None:
        comparison = self.comparison
        if comparison is not None:
            save_as(
                self.panel, "Save table", "comparison.csv", TABLES,
                lambda path: write_table(comparison.table, path),
            )  # fmt: skip


def compare_steps(groups: Mapping[str, list[Scores]]) -> Generator[None, None, Comparison]:
    """Compare groups: a generator that returns at once when it is run."""
    yield from ()
    return compare(groups)
