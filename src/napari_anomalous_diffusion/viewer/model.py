"""What the dock knows: plain values, and signals that tell when one of them changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from psygnal import SignalGroupDescriptor

from napari_anomalous_diffusion.autoencoders.bank import DEFAULT_BANK
from napari_anomalous_diffusion.scores.palette import verdict_colours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_anomalous_diffusion.scores.scoring import Scores
    from napari_anomalous_diffusion.scores.words import FromTracks
    from napari_anomalous_diffusion.tracks.table import Trajectories

BEST, VERDICT, MARGIN = "best", "verdict", "margin"
CONFIDENCE, P_VALUE = "confidence", "p_value"


@dataclass(frozen=True, eq=False)
class ScoredTracks:
    """Scores of a layer's tracks, and what the viewer draws of them.

    Attributes
    ----------
    scores : Scores
    trajectories : Trajectories
        The tracks as they were scored.
    device : str
        Where the bank's networks are.
    localisation_error : float, "measured" or "estimate"
        What the scores take into account.
    notices : tuple of str
        What the user should know of them.
    """

    scores: Scores
    trajectories: Trajectories
    device: str
    localisation_error: float | FromTracks = 0.0
    notices: tuple[str, ...] = ()

    @cached_property
    def vertex_track(self) -> NDArray[np.int64]:
        """The track of each vertex, in the order of the layer's data."""
        tracks = np.empty(self.trajectories.n_points, dtype=np.int64)
        order = np.repeat(np.arange(len(self.trajectories)), self.trajectories.lengths)
        tracks[self.trajectories.rows] = order
        return tracks

    def prepared(self) -> ScoredTracks:
        """Make the columns now, in the thread that calls, and not where they are first wanted."""
        for name in ("vertex_track", "columns"):
            getattr(self, name)
        return self

    @cached_property
    def class_colours(self) -> dict[str, str]:
        """Colour of each class: the bank's labels, then what a track can be instead."""
        return verdict_colours(self.scores.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; a class's code is its place."""
        return tuple(self.class_colours)

    @cached_property
    def columns(self) -> dict[str, NDArray[Any]]:
        """What a layer can be coloured by: values a track, under the names of the score table."""
        table = self.scores.table
        verdicts = table["verdict"].to_numpy(dtype=object)
        best = np.where(table["best"].isna(), verdicts, table["best"].to_numpy(dtype=object))
        columns = {BEST: self._codes(best)}
        if not np.array_equal(best, verdicts):
            columns[VERDICT] = self._codes(verdicts)
        sure = [name for name in (CONFIDENCE, P_VALUE) if table[name].notna().any()]
        numbers = [MARGIN, *sure, *self.scores.bank.error_columns]
        return columns | {name: table[name].to_numpy(dtype=np.float64) for name in numbers}

    @property
    def code_columns(self) -> set[str]:
        """Those columns that hold codes of classes."""
        return {BEST, VERDICT} & set(self.columns)

    def codes(self, column: str | None) -> NDArray[np.int64]:
        """Return the class of each track: by this column, or by its best label."""
        return self.columns[column if column in self.code_columns else BEST]

    def certainty(self, column: str | None) -> NDArray[np.float64]:
        """Tell how sure the class of each track is, from 0 to 1, where verdicts are shown."""
        confidence = self.scores.table[CONFIDENCE].to_numpy(dtype=np.float64)
        decided = self.codes(VERDICT) < len(self.scores.labels)
        return np.where((column == VERDICT) & decided, np.nan_to_num(confidence, nan=1.0), 1.0)

    def counts(self, column: str | None) -> NDArray[np.int64]:
        """Count the tracks of each class."""
        return np.bincount(self.codes(column), minlength=len(self.classes))

    def _codes(self, names: NDArray[Any]) -> NDArray[np.int64]:
        return pd.Index(self.classes).get_indexer(pd.Index(names)).astype(np.int64)


@dataclass(eq=False)
class DockModel:
    """The state of one dock.

    Attributes
    ----------
    layer : Tracks or None
        The layer whose tracks are scored and shown.
    bank : str
        Name of an installed bank, or the path of a bank's folder.
    device : {"auto", "cpu", "cuda", "mps"}
    level : float
        Share of each label's own tracks that may be called novel, or denied their label.
    localisation_error : float, "measured" or "estimate"
        Standard deviation of a coordinate's error, in the layer's unit of length; or how the layer
        tells it.
    score_new : bool
        Whether Tracks layers are scored as soon as they are added.
    progress : tuple of int, or None
        Tracks done and all tracks, while some are being scored; (0, 0) before the first is done.
    result : ScoredTracks or None
        The scores of `layer`.
    colour_by : str or None
        The column that colours the layer; None where that is none of ours.
    hidden : frozenset of str
        Classes that are not drawn.
    selected : int or None
        The place of the selected track in the table of scores.
    compared : str or None
        The label whose reconstruction is shown beside the best one's; None for the runner-up.
    page : int
        Which of the selected track's windows are shown.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    layer: Any = None
    bank: str = DEFAULT_BANK
    device: str = "auto"
    level: float = 0.05
    localisation_error: float | FromTracks = 0.0
    score_new: bool = False
    progress: tuple[int, int] | None = None
    result: ScoredTracks | None = None
    colour_by: str | None = BEST
    hidden: frozenset[str] = field(default_factory=frozenset)
    selected: int | None = None
    compared: str | None = None
    page: int = 0
