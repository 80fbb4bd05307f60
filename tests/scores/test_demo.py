from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from napari_anomalous_diffusion import InputError, load_bank, read_tracks, score
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.scores import demo


@pytest.fixture(scope="module")
def done(tiny_bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list]:
    """Run the demonstration once: its folder, its lines, what it reported on the way."""
    folder = tmp_path_factory.mktemp("demo") / "made by the demo"
    reports: list[tuple[int, int]] = []
    lines = demo.run_demo(
        folder, bank=tiny_bank, device="cpu", progress=lambda *report: reports.append(report)
    )
    return folder, lines, reports


def test_it_leaves_a_table_and_a_picture_of_each_sample(done: tuple) -> None:
    folder, _, _ = done
    assert {path.name for path in folder.iterdir()} == {
        "beads-scores.csv",
        "beads.png",
        "field-scores.csv",
        "field.png",
    }
    for name, n_tracks in [("beads", 719), ("field", 300)]:
        table = pd.read_csv(folder / f"{name}-scores.csv")
        assert table["track_id"].tolist() == list(range(n_tracks))
        assert {"too short"} < set(table["verdict"])


def test_it_reports_the_tracks_of_both_samples_together(done: tuple) -> None:
    _, _, reports = done
    assert reports == sorted(reports)
    assert reports[-1] == (1019, 1019)
    assert (719, 1019) in reports


def test_its_three_lines_say_what_the_tables_say(done: tuple) -> None:
    folder, (given, meaning, field), _ = done
    beads = pd.read_csv(folder / "beads-scores.csv")
    for verdict, count in beads["verdict"].value_counts().items():
        name = verdict if verdict == "too short" else str(verdict).upper()
        assert f"{count} {name}" in given
    scored = beads["best"].notna().sum()
    brownian = beads["best"].isin(["attm", "fbm", "sbm"]).sum()
    assert "it is FBM at alpha = 1, or SBM at alpha = 1, or ATTM" in meaning
    assert f"{brownian} of {scored} scored tracks have their lowest error under one" in meaning
    assert "undecided" not in meaning

    scores = pd.read_csv(folder / "field-scores.csv").set_index("track_id")
    truth = pd.read_csv(sample_path("field")).groupby("track_id")["model"].first()
    known = scores["best"].notna() & truth.isin(["attm", "fbm", "sbm"])
    right = (scores["best"] == truth)[known].sum()
    assert f"of {known.sum()} simulated tracks" in field
    assert f" {right} ({right / known.sum():.0%}) have their lowest error" in field
    assert "with a verdict" not in field
    assert "chance gives 33%" in field


def test_of_a_calibrated_bank_it_says_what_is_undecided() -> None:
    bank = load_bank("models-20")
    beads = read_tracks(sample_path("beads"))
    scores = score(beads.select(np.flatnonzero(beads.lengths >= 20)[:40]), bank, device="cpu")
    undecided = scores.table[scores.table["verdict"] == "undecided"]
    assert len(undecided) > 20
    assert demo._what_that_means(scores).endswith(
        f"; {len(undecided)} of them are undecided, most often between ATTM, FBM and SBM."
    )
    points = pd.read_csv(sample_path("field"))
    field = read_tracks(sample_path("field"))
    scores = score(field.select(np.flatnonzero(field.lengths >= 20)[:60]), bank, device="cpu")
    models = points.groupby("track_id")["model"].first()
    right = scores.table["best"] == scores.table["track_id"].map(models)
    named = scores.table["verdict"].isin(bank.labels)
    assert 5 < named.sum() < 55
    line = demo._what_the_field_was_given(scores, points)
    share = f"{right[named].sum()} ({right[named].mean():.0%}) of those with a verdict"
    assert share in line


def test_a_bank_of_other_labels_claims_nothing(
    tiny_bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = [
        label.model_copy(update={"name": f"alpha={number}"})
        for number, label in enumerate(tiny_bank.contents.labels)
    ]
    bank = Bank(tiny_bank.folder, tiny_bank.contents.model_copy(update={"labels": labels}))
    monkeypatch.setattr(demo, "summary_figure", lambda *_: Figure())
    _, meaning, field = demo.run_demo(tmp_path, bank=bank, device="cpu")
    assert meaning == "Beads: they are Brownian, and no label of tiny-20 is."
    assert field == "Field: none of its models is a label of tiny-20."


def test_an_unknown_bank_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no bank 'none'"):
        demo.run_demo(tmp_path / "demo", bank="none")
    assert not (tmp_path / "demo").exists()
