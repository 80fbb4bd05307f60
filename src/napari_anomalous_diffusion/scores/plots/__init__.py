"""Pictures of scores: one function a picture, each draws on axes it is given.

The dock, the command and the documentation draw with the same functions. They take the colours of
text and grounds from matplotlib's style, so that dark themes stay dark, and touch no global state.
Functions that have nothing to show write a sentence into the axes; clear the axes before they are
used again.
"""

from napari_anomalous_diffusion.scores.plots.classical import (
    displacement_axes,
    displacements_of_track,
    mean_squared_displacement,
)
from napari_anomalous_diffusion.scores.plots.comparison import (
    comparison_figure,
    draw_comparison,
    label_shares_of_groups,
    mean_errors_of_groups,
)
from napari_anomalous_diffusion.scores.plots.scored import (
    MOST_ROWS,
    NO_TRACKS,
    NOTHING_SCORED,
    error_distributions,
    error_profile,
    errors_of_track,
    label_shares,
    legend,
    loss_curves,
    summary_figure,
    tracks_by_label,
    verdict_counts,
)
from napari_anomalous_diffusion.scores.plots.style import write_figure
from napari_anomalous_diffusion.scores.plots.windows import reconstruction, window_axes

__all__ = [
    "MOST_ROWS",
    "NOTHING_SCORED",
    "NO_TRACKS",
    "comparison_figure",
    "displacement_axes",
    "displacements_of_track",
    "draw_comparison",
    "error_distributions",
    "error_profile",
    "errors_of_track",
    "label_shares",
    "label_shares_of_groups",
    "legend",
    "loss_curves",
    "mean_errors_of_groups",
    "mean_squared_displacement",
    "reconstruction",
    "summary_figure",
    "tracks_by_label",
    "verdict_counts",
    "window_axes",
    "write_figure",
]
