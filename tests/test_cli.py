import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_anomalous_diffusion.autoencoders.bank import Bank, installed_banks
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

NUCLEI = Path(__file__).parent / "data" / "nuclear_tracks.csv"


def test_score_writes_a_row_a_track(run, tiny_bank: Bank, tmp_path: Path, capsys) -> None:
    assert run("score", NUCLEI, "--bank", tiny_bank.folder, "--device", "cpu") == 0
    table = pd.read_csv(tmp_path / "nuclear_tracks-scores.csv")
    assert table["track_id"].tolist() == pd.read_csv(NUCLEI)["trajectory"].unique().tolist()
    printed = capsys.readouterr()
    assert f"Scores of {len(table)} tracks are in nuclear_tracks-scores.csv." in printed.out
    assert "too short" in printed.err


def test_score_writes_parquet_and_draws_a_picture(run, tiny_bank: Bank, tmp_path: Path) -> None:
    outputs = "-o", "scores.parquet", "--picture", "scores.png"
    assert run("score", NUCLEI, "--bank", tiny_bank.folder, *outputs) == 0
    assert "mse_fbm" in pd.read_parquet(tmp_path / "scores.parquet").columns
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")


def test_score_takes_the_worth_of_pixels_and_frames(run, tiny_bank: Bank, tmp_path: Path) -> None:
    common = "score", NUCLEI, "--bank", tiny_bank.folder, "--device", "cpu", "-o"
    assert run(*common, "plain.csv") == 0
    assert run(*common, "metric.csv", "--pixel-size", 0.16, "--frame-interval", 0.00748) == 0
    plain, metric = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("plain", "metric"))
    np.testing.assert_allclose(metric["net_displacement"], 0.16 * plain["net_displacement"])
    np.testing.assert_allclose(metric["duration"], 0.00748 * plain["duration"])
    assert metric["mse_fbm"].equals(plain["mse_fbm"])
    assert run(*common, "none.csv", "--pixel-size", -1) == 2


def test_batch_and_score_take_the_same_options(run, tmp_path: Path, capsys) -> None:
    tracks = pd.read_csv(sample_path("field"))
    tracks = tracks[tracks["track_id"] < 60].rename(columns={"y": "row", "x": "column"})
    tracks.to_csv(tmp_path / "field.csv", index=False)
    options = (
        "field.csv", "--bank", "models-any", "--device", "cpu", "--axes", "row,column",
        "--level", 0.3, "--localisation-error", "estimate", "--pixel-size", 0.1,
    )  # fmt: skip
    assert run("score", *options, "-o", "scores.csv") == 0
    assert run("batch", *options, "-o", "out") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("field.csv: the localisation error was estimated from the tracks, ") == 2
    one, other = (pd.read_csv(tmp_path / name) for name in ("scores.csv", "out/field-scores.csv"))
    # Sums that several threads share differ in their last digits.
    pd.testing.assert_frame_equal(one, other, rtol=1e-4)
    assert run("methods", "out") == 0
    text = capsys.readouterr().out
    assert "at the level 0.3." in text
    assert "The localisation error of each file was estimated" in text
    assert run("batch", *options, "-o", "out", "--level", 0.1) == 0
    assert "1 input is done again: level was 0.3 and is 0.1." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.csv"], "nowhere.csv: cannot be read"),
        ([NUCLEI, "--bank", "nonesuch"], "There is no bank 'nonesuch'"),
        ([NUCLEI, "-o", "scores.xlsx"], "scores.xlsx: a table is written as .csv or .parquet"),
        ([NUCLEI, "--track", "cell"], "cell"),
        ([NUCLEI, "-o", NUCLEI], "the scores would replace the tracks"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    run, tiny_bank: Bank, tmp_path: Path, capsys, arguments: list[object], sentence: str
) -> None:
    bank = [] if "--bank" in arguments else ["--bank", tiny_bank.folder]
    assert run("score", *arguments, *bank) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1
    assert sentence in said[0]
    assert list(tmp_path.iterdir()) == []


def test_banks_are_listed_and_verified(run, capsys) -> None:
    assert run("banks", "--verify") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("models-20: ")
    assert "  verified: 25 networks are as they were made" in printed
    assert "subdiffusive-20: " in printed


def test_a_damaged_bank_of_ones_own_hides_no_other(
    run, tiny_bank: Bank, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("ANOMALOUS_DIFFUSION_BANKS", str(tmp_path / "own"))
    for name in ("broken-20", "whole-20"):
        shutil.copytree(tiny_bank.folder, tmp_path / "own" / name)
    (tmp_path / "own" / "broken-20" / "fbm-1.safetensors").write_bytes(b"")
    assert run("banks", "--verify") == 2
    printed = capsys.readouterr()
    assert f"whole-20: {tiny_bank.contents.description}" in printed.out
    assert printed.out.count("  verified: ") == len(installed_banks(None)) - 1
    assert "fbm-1.safetensors is damaged" in printed.err
    assert f"Banks of your own are looked for in {tmp_path / 'own'}" in printed.out


def test_demo_leaves_tables_and_pictures(run, tmp_path: Path, capsys) -> None:
    assert run("demo", "-o", "demo") == 0
    assert {path.suffix for path in (tmp_path / "demo").iterdir()} == {".csv", ".png"}
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.fixture
def bead_movie(tmp_path: Path) -> Path:
    """Write 20 frames of 96 x 96 pixels of the packaged movie."""
    movie = tifffile.imread(sample_path("beads").with_suffix(".tif"))[:20, :96, :96]
    tifffile.imwrite(tmp_path / "beads.tif", movie, photometric="minisblack")
    return tmp_path / "beads.tif"


LINKING = "--invert", "--minmass", 200, "--minimum-length", 15


def test_batch_links_scores_and_sums_up(
    run, tiny_bank: Bank, bead_movie: Path, tmp_path: Path, capsys
) -> None:
    common = "-o", "out", "--bank", tiny_bank.folder, "--pixel-size", 0.35, *LINKING
    assert run("batch", bead_movie, NUCLEI, *common) == 0
    assert "2 finished; tables and summary.csv are in out." in capsys.readouterr().out
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert set(summary["name"]) == {"beads", "nuclear_tracks"}
    tracks = pd.read_csv(tmp_path / "out" / "beads-tracks.csv")
    assert tracks["mass"].min() > 200
    assert tracks["track_id"].value_counts().min() >= 15
    assert run("batch", bead_movie, NUCLEI, *common) == 0
    assert "0 finished, 2 finished before; " in capsys.readouterr().out


def test_batch_says_what_failed_and_exits_with_1(
    run, tiny_bank: Bank, tmp_path: Path, capsys
) -> None:
    (tmp_path / "notes.csv").write_text("nothing,of,use\n1,2,3\n")
    assert run("batch", NUCLEI, "notes.csv", "-o", "out", "--bank", tiny_bank.folder) == 1
    printed = capsys.readouterr()
    assert "1 finished, 1 failed (see failed.csv)" in printed.out
    assert "Failed: " in printed.err
    assert pd.read_csv(tmp_path / "out" / "failed.csv")["file"].item().endswith("notes.csv")


def test_batch_takes_options_before_the_file_of_parameters(
    run, tiny_bank: Bank, bead_movie: Path, tmp_path: Path, capsys
) -> None:
    saved = LinkingParameters(minimum_mass=200, dark_on_light=True, minimum_length=15)
    saved.to_file(tmp_path / "linking.toml")
    common = "batch", bead_movie, "-o", "out", "--bank", tiny_bank.folder
    assert run(*common, *LINKING) == 0
    common = *common, "--parameters", "linking.toml"
    assert run(*common) == 0
    assert "1 finished before" in capsys.readouterr().out
    assert run(*common, "--memory", 1) == 0
    assert "1 input is done again: memory was 3 and is 1." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.tif"], "nowhere.tif: there is no such file or folder"),
        ([NUCLEI, "--diameter", 4], "diameter = 4 is not possible"),
        ([NUCLEI, "--pixel-size", -1], "pixel_size = -1.0 is not possible"),
        ([NUCLEI, "--parameters", NUCLEI], "nuclear_tracks.csv: is no TOML file"),
        ([NUCLEI, "--bank", "nonesuch"], "There is no bank 'nonesuch'"),
        ([NUCLEI, "--bank", "paper-subdiffusive-20"], "labels no single tracks"),
        ([NUCLEI, "--localisation-error", "much"], "--localisation-error much is no length"),
    ],
)
def test_a_mistake_in_the_call_of_batch_leaves_nothing_behind(
    run, tmp_path: Path, capsys, arguments: list[object], sentence: str
) -> None:
    assert run("batch", *arguments, "-o", "out") == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1
    assert sentence in said[0]
    assert list(tmp_path.iterdir()) == []


def test_batch_has_an_option_for_every_linking_parameter(run, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run("batch", "--help") == 0
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for name, field in LinkingParameters.model_fields.items():
        assert f"--{name.replace('_', '-')}" in words
        assert field.description.split(";")[0][:40] in words


def test_compare_puts_populations_side_by_side(
    run, tiny_bank: Bank, tmp_path: Path, capsys
) -> None:
    tracks = sample_path("beads")
    for folder, source in (("nuclei", NUCLEI), ("beads", tracks)):
        assert run("batch", source, "-o", folder, "--bank", tiny_bank.folder) == 0
    assert run("compare", "nuclei", "beads", "--by", "folder") == 0
    assert "The comparison is in comparison.csv, its picture in comparison.png." in (
        capsys.readouterr().out
    )
    table = pd.read_csv(tmp_path / "comparison.csv")
    assert set(table.iloc[:, 0]) == {"nuclei", "beads"}
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert run("compare", "nuclei", "beads", "--by", "cell_line") == 2
    assert "has no column cell_line to compare by" in capsys.readouterr().err


@pytest.mark.lab
def test_simulate_writes_what_the_contract_says(run, tmp_path: Path, capsys) -> None:
    options = "--models", "attm,fbm", "--exponents", "0.5:1.5:0.5", "--tracks", 3, "--length", 12
    assert run("simulate", "tracks.csv", *options, "--dimensions", 3, "--seed", 4) == 0
    table = pd.read_csv(tmp_path / "tracks.csv")
    assert list(table.columns) == ["track_id", "frame", "z", "y", "x", "model", "alpha"]
    assert table["track_id"].nunique() == 15
    assert np.isfinite(table[["z", "y", "x"]]).all(axis=None)
    assert "Skipped: ATTM cannot have alpha 1.5." in capsys.readouterr().err


def test_methods_of_a_batch_tell_its_parameters(
    run, tiny_bank: Bank, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("ANOMALOUS_DIFFUSION_BANKS", str(tiny_bank.folder.parent))
    movie = tifffile.imread(sample_path("beads").with_name("beads.tif"))
    tifffile.imwrite(tmp_path / "beads.tif", movie[:25])
    options = "--invert", "--minimum-mass", 300, "--pixel-size", 0.35, "--minimum-length", 15
    assert run("batch", "beads.tif", "-o", "out", "--bank", "tiny-20", *options) == 0
    capsys.readouterr()
    assert run("methods", "out") == 0
    text = capsys.readouterr().out
    assert "minimum mass 300" in text
    assert "fewer than 15 points" in text
    assert "One pixel was 0.35 µm" in text
    tracks = pd.read_csv(tmp_path / "out" / "summary.csv")["tracks"].item()
    assert f" {tracks} tracks were scored" in text
    record = tmp_path / "out" / "records" / "beads.json"
    other = record.read_text().replace('"minimum_mass": 300.0', '"minimum_mass": 200.0')
    record.with_name("other.json").write_text(other)
    assert run("methods", "out") == 2
    assert "not all made with the same parameters" in capsys.readouterr().err


def test_methods_without_a_batch(run, tiny_bank: Bank, capsys) -> None:
    LinkingParameters(diameter=9).to_file("linking.toml")
    assert run("methods", "--bank", tiny_bank.folder, "--linking", "linking.toml") == 0
    text = capsys.readouterr().out
    assert "diameter 9 pixels" in text
    assert "2 neural networks for each of the labels attm, fbm, sbm" in text
    assert run("methods", ".") == 2
    assert "no finished batch is in this folder" in capsys.readouterr().err
