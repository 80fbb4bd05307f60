"""Sample data in napari's File menu."""

from __future__ import annotations

from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores.palette import label_colours
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.viewer.readers import LayerData, tracks_layer

NUCLEI = Calibration(pixel_size=0.16, length_unit="µm", frame_interval=0.00748, time_unit="s")


def bead_tracks() -> list[LayerData]:
    """Return tracks of beads in water: Brownian motion."""
    from napari_anomalous_diffusion.tracks.files import read_tracks

    return [tracks_layer(read_tracks(sample_path("beads")), "beads in water")]


def bead_movie() -> list[LayerData]:
    """Return the first 60 frames of the movie in which the beads were followed."""
    from tifffile import imread  # napari needs it, so that it is always there

    movie = imread(sample_path("beads").with_name("beads.tif"))
    return [(movie, {"name": "movie of beads in water", "colormap": "gray"}, "image")]


def nuclear_tracks() -> list[LayerData]:
    """Return tracks of single molecules in nuclei, a layer for each field of view."""
    import pandas as pd

    from napari_anomalous_diffusion.tracks.table import Trajectories

    table = pd.read_csv(sample_path("nuclei"))
    return [
        tracks_layer(
            Trajectories.from_frame(part, source="nuclei", calibration=NUCLEI),
            f"molecules in nuclei, field {region}",
        )
        for region, part in table.groupby("region")
    ]


def simulated_tracks() -> list[LayerData]:
    """Return simulated tracks, with the model each was made by as the code ``true_model``."""
    import pandas as pd

    from napari_anomalous_diffusion.tracks.table import Trajectories
    from napari_anomalous_diffusion.viewer.colours import code_colormap

    table = pd.read_csv(sample_path("field"))
    trajectories = Trajectories.from_frame(table, source="simulated tracks")
    data, arguments, kind = tracks_layer(trajectories, "simulated tracks")
    models = sorted(table["model"].unique())
    colours = label_colours(models)
    codes = table["model"].map(models.index).to_numpy()[trajectories.rows]
    arguments |= {
        "features": {"true_model": codes, "alpha": table["alpha"].to_numpy()[trajectories.rows]},
        "colormaps_dict": {"true_model": code_colormap("true_model", [*colours.values()])},
        "metadata": {"true_model": dict(enumerate(models))},
    }
    return [(data, arguments, kind)]
