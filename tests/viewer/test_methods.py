"""The methods of a paper, copied from the dock."""

from __future__ import annotations

from qtpy.QtWidgets import QApplication

from napari_anomalous_diffusion.tracks.parameters import LinkingParameters
from napari_anomalous_diffusion.viewer.linking_layers import LINKING


def test_the_dock_copies_how_the_tracks_were_scored(stage, messages):
    on = stage()
    QApplication.clipboard().clear()
    on.dock.methods.click()
    assert QApplication.clipboard().text() == ""
    assert "Score a Tracks layer first" in messages[-1]
    on.score()
    on.dock.methods.click()
    text = QApplication.clipboard().text()
    assert f"{len(on.table)} tracks were scored with" in text
    assert "the bank tiny-20" in text
    assert "trackpy" not in text
    linking = LinkingParameters(diameter=7)
    on.layer.metadata[LINKING] = {"movie": "beads", **linking.model_dump()}
    on.layer.scale, on.layer.units = (0.05, 0.1, 0.1), ("s", "um", "um")
    on.model.localisation_error = 0.02
    on.score()
    on.dock.methods.click()
    text = QApplication.clipboard().text()
    assert "diameter 7 pixels" in text
    assert "One pixel was 0.1 µm, one frame 0.05 s." in text
    assert "A localisation error of 0.02 µm was taken into account." in text
