import re
from pathlib import Path

import pandas as pd
import pytest

from napari_anomalous_diffusion import InputError
from napari_anomalous_diffusion.lab import figures
from napari_anomalous_diffusion.lab import results as results_module
from napari_anomalous_diffusion.lab.experiments.statements import Statement
from napari_anomalous_diffusion.lab.figures import FIGURES, Results, compose, draw_figures, expand

DOCS = Path(__file__).parents[2] / "docs"
ASKED = "1c 1d 2a 2b 2c 2d 2e 3a..3f 4a..4f 5b 5c 5d 6a..6e 7a 7b"


def test_every_figure_of_the_paper_has_a_name() -> None:
    names = expand(ASKED.split())
    assert len(names) == 2 + 5 + 6 + 6 + 3 + 5 + 2
    assert set(names) <= set(FIGURES)


def test_ranges_and_whole_figures_are_expanded_in_order() -> None:
    assert expand(["4c", "3a..3c", "3b"]) == ["3a", "3b", "3c", "4c"]
    assert expand(["5b..d"]) == ["5b", "5c", "5d"]
    whole = expand(["7"])
    assert {"7a", "7b"} < set(whole)
    assert all(name.startswith("7") for name in whole)
    assert expand(["all"]) == list(FIGURES)
    assert expand(["2A"]) == ["2a"]


@pytest.mark.parametrize("name", ["9", "1a", "3a..4b", "3f..3a", "3a..3z", "", "figure"])
def test_an_unknown_figure_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(InputError, match=r"There is no figure .* choose from 1c, .*statements"):
        expand([name])


def test_figures_are_files_named_after_them(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    paths = draw_figures(
        ["2a", "2a-track"], tmp_path / "new", size="small", dpi=60,
        progress=lambda number, total: done.append((number, total)),
    )  # fmt: skip
    assert [path.name for path in paths] == ["figure-2a.png", "figure-2a-track.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert done == [(1, 2), (2, 2)]


def test_figures_share_their_experiments() -> None:
    results = Results("small")
    first = results.by_exponent("paper-superdiffusive-20", ("fbm", "sbm"), "1.0:1.2:0.1")
    assert results.by_exponent("paper-superdiffusive-20", ("fbm", "sbm"), "1.0:1.2:0.1") is first


def test_the_same_seed_gives_the_same_numbers() -> None:
    tables = [Results("small", seed).on_models("paper-superdiffusive-20") for seed in (1, 1, 2)]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


@pytest.mark.parametrize("name", ["1c", "1d-population", "4a", "4d", "6a", "6c-20"])
def test_pictures_of_every_kind_can_be_drawn(name: str) -> None:
    figure = compose(name, Results("small"))
    figure.draw_without_rendering()
    assert figure.get_suptitle().startswith(name[:2])


def test_banks_of_200_points_are_passed_over_where_they_are_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = ["models-20", "exponents-fbm-20", "exponents-attm-20", "paper-models-200"]
    monkeypatch.setattr(results_module, "installed_banks", lambda protocol="track": there)
    results = Results("small")
    assert results.models_banks() == {"": "paper-models-200", "-20": "models-20"}
    assert results.exponent_lengths() == {"-20": 20}
    assert "20 points" in compose("6c", results).axes[0].get_title()
    assert compose("6a-track", results).axes[0].get_title() == "20 points"
    there += ["models-200", "exponents-fbm-200"]
    assert results.models_banks()["-track"] == "models-200"
    assert results.exponent_lengths() == {"": 200, "-20": 20}
    assert results.exponent_banks(200) == {"fbm": "exponents-fbm-200"}


def test_every_protocol_is_named() -> None:
    results = Results("small")
    for name, protocol in (("2a", "population protocol"), ("2a-track", "per track")):
        (axes,) = compose(name, results).axes
        assert protocol in axes.get_ylabel()
    assert "per track" in compose("1c", results).get_supxlabel()
    assert "population protocol" in compose("1c-population", results).get_supxlabel()


def test_statements_are_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Statement("2a", "networks know their own", "in part", "3 of 4")
    monkeypatch.setattr(figures, "check_statements", lambda results: [said])
    (path,) = draw_figures(["statements"], tmp_path)
    assert path.name == "statements.csv"
    assert pd.read_csv(path).iloc[0].to_list() == [
        "2a", "networks know their own", "in part", "3 of 4", "anomalous-diffusion figure 2a",
    ]  # fmt: skip


def test_the_gallery_shows_every_figure() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\(images/figures/figure-([\w-]+)\.png\)", text))
    assert shown == set(FIGURES)
    sizes = [(DOCS / f"images/figures/figure-{name}.png").stat().st_size for name in shown]
    assert max(sizes) < 120_000


def test_the_gallery_has_every_command_that_it_names() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    commands = re.findall(r"\| `anomalous-diffusion figure ([\w-]+)` \|", text)
    assert len(commands) > 40
    assert expand(commands)
