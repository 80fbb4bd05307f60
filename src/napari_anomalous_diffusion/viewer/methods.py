"""The methods of a paper, from what a layer knows of its tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info
from qtpy.QtWidgets import QApplication

from napari_anomalous_diffusion.tracks.calibration import UNCALIBRATED
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.linking_layers import LINKING

if TYPE_CHECKING:
    from napari.layers import Tracks

    from napari_anomalous_diffusion.viewer.model import ScoredTracks


def copy_methods(layer: Tracks | None, result: ScoredTracks | None) -> None:
    """Put a paragraph on how the tracks of a layer were scored on the clipboard, and say so."""
    if layer is None or result is None:
        show_info("Score a Tracks layer first: the methods tell how that was done.")
        return
    QApplication.clipboard().setText(methods_of(layer, result))
    show_info("The methods are on the clipboard.")


def methods_of(layer: Tracks, result: ScoredTracks) -> str:
    """Write how the tracks of a layer were linked, as far as it knows, and scored."""
    from napari_anomalous_diffusion.scores.methods import methods_paragraph

    known: dict[str, Any] = layer.metadata.get(LINKING, {})
    entries = {name: known[name] for name in LinkingParameters.model_fields if name in known}
    calibration = result.trajectories.calibration
    return methods_paragraph(
        result.scores.bank,
        level=result.scores.level,
        localisation_error=result.localisation_error,
        linking=LinkingParameters(**entries) if entries else None,
        calibration=None if calibration == UNCALIBRATED else calibration,
        n_tracks=len(result.scores),
    )
