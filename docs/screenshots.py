"""Make the pictures of the dock for README and documentation, in both themes.

    python docs/screenshots.py [--bank models-20] [-o docs/images]

Needs napari and a screen; ``xvfb-run -s "-screen 0 1600x1000x24"`` makes a virtual one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import napari
import pandas as pd
from qtpy.QtTest import QTest

from napari_anomalous_diffusion.autoencoders.bank import DEFAULT_BANK

SIZE = (1360, 990)
MOMENT = 120
TABLE_TAB = 1


def main() -> None:
    """Score the simulated tracks, and take a picture of each state of the dock."""
    parser = argparse.ArgumentParser(description="Make the pictures of the dock.")
    parser.add_argument("--bank", default=DEFAULT_BANK)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    viewer = napari.Viewer(show=True)
    viewer.window.resize(*SIZE)
    (layer,) = viewer.open_sample("napari-anomalous-diffusion", "field")
    layer.tail_width, layer.tail_length = 3, 60
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-anomalous-diffusion", "Anomalous diffusion"
    )
    dock.controller._choose_bank(options.bank)
    dock.form.score.click()
    while dock.model.progress is not None:
        QTest.qWait(50)
    viewer.dims.set_point(0, MOMENT)
    viewer.reset_view()
    for theme in ("dark", "light"):
        viewer.theme = theme
        take(viewer, dock, options.output, theme)
    viewer.close()


def take(viewer: Any, dock: Any, folder: Path, theme: str) -> None:
    """Take a picture of the overview, of a track, of the table and of the margins."""

    def picture(name: str) -> None:
        QTest.qWait(500)
        viewer.screenshot(str(folder / f"dock-{name}-{theme}.png"), canvas_only=False, flash=False)

    dock.model.selected = None
    picture("overview")
    dock.controller._go_to(striking_track(dock))
    picture("track")
    dock.tabs.setCurrentIndex(TABLE_TAB)
    dock.model.colour_by = "margin"
    picture("table")
    dock.tabs.setCurrentIndex(0)
    dock.model.colour_by = "best"


def striking_track(dock: Any) -> int:
    """Return the widest of the tracks that are seen at this moment and have a clear verdict."""
    data = dock.model.layer.data
    seen = pd.DataFrame(data[data[:, 1] <= MOMENT][:, [0, 2, 3]], columns=["track_id", "y", "x"])
    spread = seen.groupby("track_id").std().sum(axis=1)
    table = dock.model.result.scores.table
    clear = table["margin"].gt(0.15) & table["track_id"].isin(data[data[:, 1] == MOMENT][:, 0])
    return int(table["track_id"].map(spread).where(clear).argmax())


if __name__ == "__main__":
    main()
