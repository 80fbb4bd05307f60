from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion import InputError, load_bank, score
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.scores.comparison import compare, compare_files, summary_row
from napari_anomalous_diffusion.tracks.files import write_table

LABELS = ["attm", "fbm"]


def scored(
    errors: list[tuple[float, float]], labels: list[str] = LABELS, kind: str = "mse"
) -> pd.DataFrame:
    """Make a table of scores; a track whose errors are NaN was too short."""
    values = np.array(errors, dtype=float).reshape(-1, len(labels))
    names = np.array([*labels, None], dtype=object)
    lowest = np.where(np.isnan(values[:, 0]), -1, values.argmin(axis=1))
    table = pd.DataFrame({"track_id": range(len(values)), "best": names[lowest]})
    return table.assign(
        **{f"{kind}_{label}": column for label, column in zip(labels, values.T, strict=True)}
    )


def flips(share: float, number: int, random: np.random.Generator) -> pd.DataFrame:
    return scored([(1.0, 2.0) if random.random() < share else (2.0, 1.0) for _ in range(number)])


def refusal(*args: object, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        compare_files(*args, **options)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def write(folder: Path, **tables: pd.DataFrame) -> list[Path]:
    for name, table in tables.items():
        write_table(table, folder / f"{name}-scores.csv")
    return [folder / f"{name}-scores.csv" for name in tables]


def test_means_and_shares_by_hand() -> None:
    one = scored([(1.0, 2.0), (3.0, 2.0), (np.nan, np.nan), (2.0, 5.0)])
    table = compare({"water": [one]}).table
    assert table["group"].tolist() == ["water", "water"]
    assert table["label"].tolist() == LABELS
    assert table["share"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert table["mean_error"].tolist() == pytest.approx([2.0, 3.0])
    assert table["typical_error"].tolist() == [2.0, 2.0]
    assert table["n_tracks"].tolist() == table["n_units"].tolist() == [3, 3]
    assert (table["resampled"] == "tracks").all()
    assert (table["low"] <= table["mean_error"]).all()
    assert (table["mean_error"] <= table["high"]).all()


def test_movies_are_resampled_as_a_whole_where_there_are_several() -> None:
    random = np.random.default_rng(0)
    unlike = [flips(share, 200, random) for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    movies = compare({"a": unlike}).table.iloc[0]
    tracks = compare({"a": [pd.concat(unlike)]}).table.iloc[0]
    assert (movies["resampled"], movies["n_units"]) == ("movies", 5)
    assert (tracks["resampled"], tracks["n_units"]) == ("tracks", 1000)
    assert movies["share"] == pytest.approx(tracks["share"])
    widths = [row["share_high"] - row["share_low"] for row in (movies, tracks)]
    assert widths[0] > 5 * widths[1]


def test_movies_without_a_scored_track_are_no_units() -> None:
    nothing = scored([(np.nan, np.nan)])
    table = compare({"a": [scored([(1.0, 2.0)] * 4), nothing], "b": [nothing]}).table
    assert table["resampled"].unique().tolist() == ["tracks"]
    assert table["n_units"].tolist() == [4, 4, 0, 0]
    assert (
        table.loc[2:, ["share", "mean_error", "low", "high", "typical_error"]].isna().all(axis=None)
    )


def test_a_group_of_no_movies_is_none() -> None:
    assert compare({"a": [], "b": [scored([(1.0, 2.0)])]}).groups == ["b"]
    with pytest.raises(InputError, match="give at least one table"):
        compare({"a": []})


def test_one_track_has_no_interval() -> None:
    table = compare({"a": [scored([(1.0, 2.0)])]}).table
    assert table[["share_low", "share_high", "low", "high"]].isna().all(axis=None)
    assert table["share"].tolist() == [1, 0]


def test_intervals_of_a_share_hold_it_as_often_as_they_say() -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        row = compare({"a": [flips(0.3, 60, random)]}, resamples=400).table.iloc[0]
        held += row["share_low"] <= 0.3 <= row["share_high"]
    assert held / 200 == pytest.approx(0.95, abs=0.04)


def test_the_same_seed_gives_the_same_intervals_in_any_company() -> None:
    random = np.random.default_rng(2)
    a, b = flips(0.5, 40, random), flips(0.2, 30, random)
    together = compare({"b": [b], "a": [a]}, seed=3).table.query("group == 'a'")
    alone = compare({"a": [a]}, seed=3).table
    pd.testing.assert_frame_equal(together.reset_index(drop=True), alone)
    other = compare({"a": [a]}, seed=4, resamples=20).table
    assert not other.equals(compare({"a": [a]}, seed=5, resamples=20).table)


def test_scores_are_taken_as_they_are(tiny_bank: Bank) -> None:
    random = np.random.default_rng(3)
    steps = random.normal(size=(5, 30, 2)).cumsum(axis=1).reshape(-1, 2)
    tracks = np.column_stack([np.repeat(np.arange(5), 30), np.tile(np.arange(30), 5), steps])
    scores = score(tracks, tiny_bank)
    comparison = compare({"a": [scores]})
    assert comparison.labels == tiny_bank.labels
    np.testing.assert_allclose(comparison.values("mean_error")[0], scores.errors.mean(axis=0))


def test_probabilities_may_be_negative() -> None:
    comparison = compare({"a": [scored([(-1.0, 0.5), (-2.0, -3.0)], kind="nll")]})
    assert comparison.kind == "nll"
    assert comparison.values("mean_error").tolist() == [[-1.5, -1.25]]


def test_each_file_is_a_group(tmp_path: Path) -> None:
    paths = write(tmp_path, wild=scored([(1.0, 2.0)] * 3), mutant=scored([(2.0, 1.0)] * 4))
    comparison = compare_files(paths)
    assert comparison.groups == ["wild", "mutant"]
    assert comparison.values("n_tracks")[:, 0].tolist() == [3, 4]
    assert comparison.what_was_resampled() == "95 % intervals: tracks resampled"


def test_files_of_one_name_keep_their_folders(tmp_path: Path) -> None:
    paths = [
        *write(tmp_path / "a", cell=scored([(1.0, 2.0)])),
        *write(tmp_path / "b", cell=scored([(1.0, 2.0)])),
    ]
    assert compare_files(paths).groups == [str(path) for path in paths]


def test_folders_are_conditions_and_their_files_are_resampled(tmp_path: Path) -> None:
    table = scored([(1.0, 2.0), (2.0, 1.0)])
    paths = [*write(tmp_path / "1 nM", a=table, b=table), *write(tmp_path / "10 nM", c=table)]
    comparison = compare_files(paths, by="folder")
    assert comparison.groups == ["1 nM", "10 nM"]
    assert comparison.table["resampled"].tolist() == ["files", "files", "tracks", "tracks"]
    assert comparison.what_was_resampled() == (
        "95 % intervals: resampled files in 1 nM; tracks in 10 nM"
    )


def test_a_column_names_groups_and_another_the_cells(tmp_path: Path) -> None:
    table = scored([(1.0, 2.0)] * 8).assign(
        dose=[1, 1, 1, 1, 10, 10, 10, 10], cell=list("aabbccdd")
    )
    comparison = compare_files(write(tmp_path, all=table), by="dose")
    assert comparison.groups == ["1", "10"]
    assert comparison.table["resampled"].unique().tolist() == ["cells"]
    assert comparison.table["n_units"].unique().tolist() == [2]


def test_a_condition_may_be_called_na_and_files_be_parquet(tmp_path: Path) -> None:
    table = scored([(1.0, 2.0)] * 2).assign(condition=["NA", "salt"])
    write_table(table, tmp_path / "scores.parquet")
    paths = [*write(tmp_path, csv=table), tmp_path / "scores.parquet"]
    assert compare_files(paths, by="condition").groups == ["NA", "salt"]


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    good = scored([(1.0, 2.0)])
    [path] = write(tmp_path, good=good)
    assert "give at least one table" in refusal([])
    assert "column condition to compare by" in refusal([path], by="condition")
    [other] = write(tmp_path, other=scored([(1.0, 2.0)], ["fbm", "lw"]))
    assert "was scored with another bank (labels fbm, lw)" in refusal([path, other])
    [gap] = write(tmp_path, gap=good.assign(dose=np.nan))
    assert "dose is empty in 1 rows" in refusal([gap], by="dose")
    [tracks] = write(tmp_path, tracks=pd.DataFrame({"track_id": [1], "x": [2.0]}))
    assert "no table of scores, since it has no column best" in refusal([tracks])
    [bare] = write(tmp_path, bare=good[["track_id", "best"]])
    assert "no column mse_LABEL" in refusal([bare])
    [strange] = write(tmp_path, strange=good.assign(best="lw"))
    assert "best label lw, but no column mse_lw" in refusal([strange])
    [short] = write(tmp_path, short=scored([(np.nan, np.nan)]))
    assert "was scored" in refusal([short])
    [empty] = write(tmp_path, empty=good[:0])
    assert "was scored" in refusal([empty])
    (tmp_path / "nothing.csv").write_bytes(b"")
    assert "nothing.csv" in refusal([tmp_path / "nothing.csv"])
    assert "cannot be read" in refusal([tmp_path / "missing.csv"])
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    assert "torn.parquet" in refusal([tmp_path / "torn.parquet"])


def test_a_hundred_thousand_tracks() -> None:
    values = np.random.default_rng(5).random((100_000, 2))
    table = scored(values).assign(cell=0)  # type: ignore[arg-type]
    row = compare({"a": [table]}, resamples=100).table.iloc[0]
    assert row["share_high"] - row["share_low"] == pytest.approx(
        2 * 1.96 * 0.5 / 100_000**0.5, rel=0.3
    )


def test_summary_row(tiny_bank: Bank) -> None:
    table = scored(
        [(1.0, 2.0, 3.0), (3.0, 2.0, 3.0), (np.nan,) * 3, (4.0, 5.0, 6.0)], list(tiny_bank.labels)
    )  # type: ignore[list-item]
    row = summary_row(table, tiny_bank)
    assert list(row) == [
        "tracks",
        "scored",
        "percent_attm",
        "percent_fbm",
        "percent_sbm",
        "median_error",
    ]
    assert (row["tracks"], row["scored"], row["median_error"]) == (4, 3, 2.0)
    assert row["percent_attm"] == pytest.approx(200 / 3)
    assert row["percent_sbm"] == 0
    nothing = summary_row(table.iloc[[2]], tiny_bank)
    assert nothing["scored"] == 0
    assert np.isnan([nothing["percent_attm"], nothing["median_error"]]).all()


def test_summary_of_a_calibrated_bank_counts_what_has_no_label() -> None:
    bank = load_bank("models-any")
    errors = [tuple(range(place, place + len(bank.labels))) for place in range(5)]
    table = scored(errors, list(bank.labels), kind="nll")
    table["verdict"] = ["attm", "undecided", "novel", "novel", "attm"]
    row = summary_row(table, bank)
    assert (row["percent_undecided"], row["percent_novel"]) == (20, 40)
    assert row["percent_attm"] == 100
