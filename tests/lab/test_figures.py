from pathlib import Path

import pytest

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.figures import FIGURES, Results, draw_figures, expand


def test_ranges_and_whole_figures_are_expanded() -> None:
    panels = ["3a", "3b", "3c", "3d", "3e", "3f"]
    assert [name for name in expand(["3a..3f"]) if "-" not in name] == panels
    assert set(panels) <= set(expand(["3"]))
    assert expand(["2a"]) == ["2a"]
    assert set(expand(["all"])) == set(FIGURES)


def test_no_such_figure() -> None:
    with pytest.raises(InputError, match="9z"):
        expand(["9z"])


def test_pictures_are_written(tmp_path: Path) -> None:
    (path,) = draw_figures(["3b"], tmp_path, size="small")
    assert path.name == "figure-3b.png"
    assert path.stat().st_size > 5_000


def test_ctrw_and_fbm_are_redrawn_best_by_their_own_networks_as_in_figure_2a() -> None:
    table = Results("small").on_models("paper-subdiffusive-20")
    means = table.pivot_table("mse", "network", "model")
    assert means["ctrw"].idxmin() == "ctrw"
    assert means["fbm"].idxmin() == "fbm"
    # FBM stands apart: the others' networks redraw it far worse than each other's tracks.
    others = ["attm", "ctrw", "sbm"]
    assert means.loc[others, "fbm"].min() > 3 * means.loc[others, others].to_numpy().max()
