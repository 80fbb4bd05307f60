"""What napari finds of the plugin: its manifest, readers and sample data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from npe2 import PluginManifest

from napari_anomalous_diffusion.viewer import readers, sample_data

TABLE = "track_id,frame,y,x\n5,0,1.5,2.5\n5,1,1,2\n3,4,7,8\n"


@pytest.fixture
def manifest() -> PluginManifest:
    return PluginManifest.from_distribution("napari-anomalous-diffusion")


def test_manifest_is_valid_and_all_it_names_can_be_imported(manifest):
    manifest.validate_imports()
    assert manifest.display_name == "Anomalous Diffusion"
    menus = {
        menu.rpartition("/")[2]: [item.command.rpartition(".")[2] for item in items]
        for menu, items in manifest.contributions.menus.items()
    }
    assert menus == {
        "track": ["link", "dock", "batch"],
        "classify": ["dock", "batch"],
        "measure": ["dock", "compare"],
        "io_utilities": ["open_table"],
    }
    assert [widget.display_name for widget in manifest.contributions.widgets] == [
        "Anomalous diffusion",
        "Link particles",
        "Link and score all",
        "Compare",
    ]
    assert {sample.key for sample in manifest.contributions.sample_data} == {
        "field",
        "beads",
        "nuclei",
        "movie",
    }


def test_a_table_of_tracks_is_opened_with_the_users_own_ids(tmp_path, make_napari_viewer):
    path = tmp_path / "nuclei.csv"
    path.write_text(TABLE)
    ((data, arguments, kind),) = readers.get_reader(str(path))(str(path))
    assert kind == "tracks"
    assert arguments == {"name": "nuclei"}
    layer = make_napari_viewer().add_tracks(data, **arguments)
    assert layer.data.tolist() == [[3, 4, 7, 8], [5, 0, 1.5, 2.5], [5, 1, 1, 2]]


@pytest.mark.parametrize("ids", [("a", "b"), (-1, 2), (10**9, 10**9 + 1)])
def test_ids_that_napari_does_not_take_are_kept_beside_the_data(tmp_path, ids):
    path = tmp_path / "tracks.parquet"
    pd.DataFrame({"track_id": ids, "frame": [0, 0], "y": [1, 2], "x": [3, 4]}).to_parquet(path)
    ((data, arguments, _),) = readers.get_reader(str(path))(str(path))
    assert data[:, 0].tolist() == [0, 1]
    assert arguments["metadata"] == {"track_ids": list(ids)}


@pytest.mark.parametrize(
    "content",
    [b"a,b,c\n1,2,3\n", b"", b"\x00\xff\xfe", b"frame;value\n1;2\n", b"PAR1 not really"],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_of_others_are_left_to_them(tmp_path, content, ending):
    path = tmp_path / f"table.{ending}"
    path.write_bytes(content)
    assert readers.get_reader(str(path)) is None
    assert readers.get_reader([str(path)]) is None
    assert readers.get_reader(str(tmp_path / "missing.csv")) is None


def test_a_table_that_is_ours_but_wrong_says_what_to_mend(tmp_path, make_napari_viewer, messages):
    path = tmp_path / "tracks.tsv"
    path.write_text("particle\tframe\ty\tx\n1\t0.5\t1\t1\n")
    viewer = make_napari_viewer()
    viewer.open(str(path), plugin="napari-anomalous-diffusion")
    assert len(viewer.layers) == 0
    assert len(messages) == 1
    assert "frames must be whole numbers" in messages[0]


def test_simulated_tracks_come_with_their_true_models(make_napari_viewer):
    ((data, arguments, kind),) = sample_data.simulated_tracks()
    layer = make_napari_viewer()._add_layer_from_data(data, arguments, kind)[0]
    table = pd.read_csv(sample_data.sample_path("field"))
    models = layer.metadata["true_model"]
    assert set(models.values()) == {"attm", "ctrw", "fbm", "lw", "sbm"}
    truth = table.groupby("track_id")["model"].first()
    ids = layer.data[:, 0].astype(int)
    assert [models[code] for code in layer.features["true_model"]] == truth[ids].tolist()
    layer.color_by = "true_model"
    assert len(np.unique(layer.track_colors, axis=0)) == 5


def test_bead_tracks(make_napari_viewer):
    ((data, arguments, kind),) = sample_data.bead_tracks()
    layer = make_napari_viewer()._add_layer_from_data(data, arguments, kind)[0]
    assert layer.name == "beads in water"
    assert len(np.unique(layer.data[:, 0])) == 719


def test_molecules_in_nuclei_have_a_layer_a_field_of_view(make_napari_viewer):
    viewer = make_napari_viewer()
    for data, arguments, kind in sample_data.nuclear_tracks():
        viewer._add_layer_from_data(data, arguments, kind)
    assert [len(np.unique(layer.data[:, 0])) for layer in viewer.layers] == [134, 133]
    assert viewer.layers[0].scale.tolist() == [0.00748, 0.16, 0.16]


def test_the_movie_shows_the_beads_that_were_followed():
    ((movie, _, kind),) = sample_data.bead_movie()
    assert (movie.shape, movie.dtype, kind) == ((60, 320, 320), np.uint8, "image")
    ((data, _, _),) = sample_data.bead_tracks()
    first = data[data[:, 1] == 0][:, 2:]
    inside = first[np.all((first > 5) & (first < 314), axis=1)].round().astype(int)
    # Beads are dark on a light ground.
    assert np.mean(movie[0][tuple(inside.T)]) < np.mean(movie[0]) - 10
