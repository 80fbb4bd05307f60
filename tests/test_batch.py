"""Batches, of real beads: 20 to 30 frames of 96 x 96 pixels of the packaged movie."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_anomalous_diffusion import InputError, score
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.batch import (
    BatchParameters,
    BatchReport,
    BatchStep,
    CalibrationOptions,
    batch_in_steps,
    core,
    find_scores,
    run_batch,
)
from napari_anomalous_diffusion.batch.inputs import find_inputs, result_names
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.linking import LinkingParameters, link
from napari_anomalous_diffusion.tracks.movies import open_movie

NUCLEI = Path(__file__).parent / "data" / "nuclear_tracks.csv"
LINKING = LinkingParameters(minimum_mass=200, dark_on_light=True, minimum_length=15)
needs_cluster = pytest.mark.skipif(find_spec("distributed") is None, reason="needs Dask")


@pytest.fixture(scope="session")
def beads() -> np.ndarray:
    return tifffile.imread(sample_path("beads").with_suffix(".tif"))


@pytest.fixture
def crop(beads: np.ndarray, tmp_path: Path) -> Callable[..., Path]:
    """Write a part of the packaged movie into the folder `movies`."""

    def write(name: str, frame: int = 0, corner: int = 0, frames: int = 20) -> Path:
        path = tmp_path / "movies" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = slice(corner, corner + 96)
        part = beads[frame : frame + frames, rows, rows]
        tifffile.imwrite(path, part, photometric="minisblack")
        return path

    return write


@pytest.fixture
def movies(crop: Callable[..., Path]) -> Path:
    """Make a folder with two movies, one that is damaged, one without beads, and tracks."""
    folder = crop("early.tif").parent
    whole = crop("late.tif", frame=30).read_bytes()
    (folder / "damaged.tif").write_bytes(whole[: len(whole) // 2])
    tifffile.imwrite(folder / "empty.tif", np.zeros((20, 64, 64), np.uint8))
    (folder / "nuclei.csv").write_bytes(NUCLEI.read_bytes())
    (folder / "notes.pdf").write_bytes(b"%PDF-1.7\0")
    return folder


@pytest.fixture
def parameters(tiny_bank: Bank) -> BatchParameters:
    return BatchParameters(bank=str(tiny_bank.folder), device="cpu", linking=LINKING)


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def contents(folder: Path) -> dict[str, bytes]:
    """Everything that a batch has left in its folder, but for the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def program(folder: Path, output: Path, bank: Bank, *options: str) -> list[str]:
    start = "from napari_anomalous_diffusion.cli import main; main()"
    linking = "--minimum-mass=200", "--invert", "--minimum-length=15", "--device=cpu"
    arguments = "batch", str(folder), "-o", str(output), "--bank", str(bank.folder), *linking
    return [sys.executable, "-c", start, *arguments, *options]


def test_every_input_gets_its_tables_and_failures_are_reported(
    movies: Path, tmp_path: Path, parameters: BatchParameters
) -> None:
    report = run_batch([movies], tmp_path / "out", parameters)
    assert names(report.finished) == ["early.tif", "late.tif", "nuclei.csv"]
    assert names(list(report.failed)) == ["damaged.tif", "empty.tif"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("early-scores.csv", "early-tracks.csv", "late-scores.csv", "late-tracks.csv"),
        *("nuclei-scores.csv", "summary.csv", "failed.csv", "records"),
    }
    failed = pd.read_csv(tmp_path / "out" / "failed.csv")
    assert failed["file"].tolist() == [str(movies / "damaged.tif"), str(movies / "empty.tif")]
    assert "truncated TIFF" in failed["sentence"][0]
    assert "no spot was found in 20 frames" in failed["sentence"][1]


def test_tables_are_those_of_linking_and_scoring_one_by_one(
    crop: Callable[..., Path], tmp_path: Path, parameters: BatchParameters
) -> None:
    movie = crop("beads.tif")
    run_batch([movie, NUCLEI], tmp_path / "out", parameters)
    linked = link(open_movie(movie), LINKING)
    for name, tracks in (("beads", linked.trajectories), ("nuclear_tracks", NUCLEI)):
        table = pd.read_csv(tmp_path / "out" / f"{name}-scores.csv")
        expected = score(tracks, parameters.bank, device="cpu").table
        numbers = expected.select_dtypes("number").columns
        pd.testing.assert_frame_equal(table[numbers], expected[numbers], check_dtype=False)
        assert table["verdict"].tolist() == expected["verdict"].tolist()
    points = pd.read_csv(tmp_path / "out" / "beads-tracks.csv")
    assert list(points.columns[:5]) == ["track_id", "frame", "y", "x", "mass"]
    pd.testing.assert_frame_equal(points, linked.to_frame(), check_dtype=False)
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert summary["file"].tolist() == sorted([str(movie), str(NUCLEI)])
    assert summary.set_index("name")["tracks"]["beads"] == len(linked.trajectories)


def test_what_is_finished_is_left_alone(
    movies: Path, tmp_path: Path, parameters: BatchParameters
) -> None:
    run_batch([movies], tmp_path / "out", parameters)
    before = contents(tmp_path / "out")
    written = (tmp_path / "out" / "early-scores.csv").stat().st_mtime_ns
    report = run_batch([movies], tmp_path / "out", parameters)
    assert names(report.kept) == ["early.tif", "late.tif", "nuclei.csv"]
    assert not report.finished
    assert contents(tmp_path / "out") == before
    assert (tmp_path / "out" / "early-scores.csv").stat().st_mtime_ns == written


def test_what_has_changed_is_said_and_done_again(
    movies: Path, tmp_path: Path, parameters: BatchParameters
) -> None:
    run_batch([movies], tmp_path / "out", parameters)

    def said(changed: BatchParameters) -> dict[str, str]:
        steps = batch_in_steps([movies], tmp_path / "out", changed)
        return {step.file.name: step.sentence for step in steps if step.stage == "changed"}

    longer = parameters.model_copy(update={"linking": LINKING.model_copy(update={"memory": 2})})
    # Tracks that are given do not depend on how movies are linked.
    memory = "memory was 3 and is 2"
    assert said(longer) == {"early.tif": memory, "late.tif": memory}
    os.utime(movies / "late.tif", ns=(1, 1))
    (tmp_path / "out" / "early-tracks.csv").unlink()
    assert said(longer) == {"early.tif": "a table is missing", "late.tif": "the file was changed"}
    assert said(longer) == {}


def test_results_that_no_longer_hold_are_gone_when_the_new_attempt_fails(
    crop: Callable[..., Path], tmp_path: Path, parameters: BatchParameters
) -> None:
    movie, output = crop("beads.tif"), tmp_path / "out"
    run_batch([movie], output, parameters)
    movie.write_bytes(b"II*\0 and no more")
    report = run_batch([movie], output, parameters)
    assert list(report.failed) == [movie]
    assert not list(output.glob("beads-*"))
    assert pd.read_csv(output / "summary.csv").empty


def test_a_closed_batch_goes_on_later(
    movies: Path, tmp_path: Path, parameters: BatchParameters
) -> None:
    steps = batch_in_steps([movies], tmp_path / "stopped", parameters)
    seen = [next(step for step in steps if step.stage == "finished")]
    seen.append(next(step for step in steps if step.stage == "linking"))
    steps.close()
    assert (seen[1].done, seen[1].total) == (1, 20)
    assert pd.read_csv(tmp_path / "stopped" / "summary.csv")["name"].tolist() == ["early"]
    run_batch([movies], tmp_path / "stopped", parameters)
    run_batch([movies], tmp_path / "whole", parameters)
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_batch_goes_on_and_ends_with_the_same_bytes(
    movies: Path, tmp_path: Path, tiny_bank: Bank, parameters: BatchParameters, seed: int
) -> None:
    records = tmp_path / "killed" / "records"
    batch = subprocess.Popen(program(movies, tmp_path / "killed", tiny_bank))
    while not list(records.glob("*.json")):
        assert batch.poll() is None
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0, 0.5))
    batch.kill()
    batch.wait()
    report = run_batch([movies], tmp_path / "killed", parameters)
    assert report.kept
    run_batch([movies], tmp_path / "whole", parameters)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_a_failure_that_nobody_foresaw_is_tried_twice(
    movies: Path, tmp_path: Path, parameters: BatchParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def out_of_reach(path: Path, parameters: BatchParameters) -> object:
        tried.append(path.name)
        if path.name == "late.tif" or tried.count("early.tif") == 1:
            raise RuntimeError("the server is\naway.")
        return opened(path, parameters)

    opened = core.open_input
    monkeypatch.setattr(core, "open_input", out_of_reach)
    report = run_batch([movies / "early.tif", movies / "late.tif"], tmp_path / "out", parameters)
    assert tried == ["early.tif", "early.tif", "late.tif", "late.tif"]
    late = movies / "late.tif"
    assert report.failed == {late: f"{late}: RuntimeError: the server is away."}


def test_a_second_batch_does_not_write_into_the_same_folder(
    movies: Path, tmp_path: Path, parameters: BatchParameters
) -> None:
    steps = batch_in_steps([movies], tmp_path / "out", parameters)
    next(steps)
    with pytest.raises(InputError, match="another batch is writing there"):
        run_batch([movies], tmp_path / "out", parameters)
    steps.close()


def test_what_a_killed_run_was_writing_is_cleared_away(
    tmp_path: Path, parameters: BatchParameters
) -> None:
    (tmp_path / "out" / "records").mkdir(parents=True)
    partial = tmp_path / "out" / f".{'0af3' * 8}.csv"
    own = tmp_path / "out" / ".mine.csv"
    for path in (partial, own):
        path.touch()
    (tmp_path / "out" / "records" / "nuclear_tracks.json").write_text('{"file": ')
    report = run_batch([NUCLEI], tmp_path / "out", parameters)
    assert report.finished == [NUCLEI]
    assert own.exists()
    assert not partial.exists()


def test_results_never_replace_an_input(tmp_path: Path, parameters: BatchParameters) -> None:
    named_alike = tmp_path / "nuclear_tracks-scores.csv"
    named_alike.write_bytes(NUCLEI.read_bytes())
    with pytest.raises(InputError, match="would replace this input"):
        run_batch([NUCLEI, named_alike], tmp_path, parameters)
    assert named_alike.read_bytes() == NUCLEI.read_bytes()


def test_a_calibration_that_is_given_comes_before_that_of_the_file(
    beads: np.ndarray, tmp_path: Path, parameters: BatchParameters
) -> None:
    metadata = {"axes": "TYX", "unit": "um", "finterval": 0.5}
    movie = tmp_path / "beads.tif"
    tifffile.imwrite(
        movie, beads[:20, :96, :96], imagej=True, resolution=(10, 10), metadata=metadata
    )
    given = parameters.model_copy(update={"calibration": CalibrationOptions(frame_interval=2)})
    opened = core.open_input(movie, given)
    assert opened.calibration.pixel_size == pytest.approx(0.1)
    assert (opened.calibration.length_unit, opened.calibration.time_unit) == ("µm", "s")
    assert opened.calibration.frame_interval == 2
    tracks = core.open_input(NUCLEI, given).calibration
    assert (tracks.pixel_size, tracks.length_unit, tracks.frame_interval) == (1, "px", 2)


def test_a_folder_of_images_is_one_movie(
    beads: np.ndarray, tmp_path: Path, parameters: BatchParameters
) -> None:
    for number, frame in enumerate(beads[:20, :96, :96]):
        path = tmp_path / "cell" / f"image{number}.tif"
        path.parent.mkdir(exist_ok=True)
        tifffile.imwrite(path, frame, photometric="minisblack")
    report = run_batch([tmp_path / "cell"], tmp_path / "out", parameters)
    assert report.finished == [tmp_path / "cell"]
    assert (tmp_path / "out" / "cell-tracks.csv").is_file()


TRACKMATE = """<?xml version="1.0" encoding="UTF-8"?>
<Tracks nTracks="1" spaceUnits="µm" frameInterval="0.5" timeUnits="s">
<particle nSpots="2"><detection t="0" x="1.0" y="2.0" z="0.0"/>
<detection t="1" x="1.5" y="2.5" z="0.0"/></particle>
</Tracks>
"""


def test_tracks_are_known_by_their_content(tmp_path: Path, parameters: BatchParameters) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tracks.xml").write_text(TRACKMATE, encoding="utf-8")
    (tmp_path / "data" / "settings.xml").write_text("<Settings/>", encoding="utf-8")
    report = run_batch([tmp_path / "data"], tmp_path / "out", parameters)
    assert names(report.finished) == ["tracks.xml"]
    assert not report.failed


def test_paths_that_stand_for_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.tif: there is no such file"):
        find_inputs([NUCLEI, "nowhere.tif"])
    with pytest.raises(InputError, match="this folder holds no movies or tables"):
        find_inputs([tmp_path])


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/a/cell.tif", "/b/Cell.tif", "/b/other.tif"], ["a-cell", "b-Cell", "other"]),
        (["/x/a/cell.tif", "/y/a/cell.tif"], ["x-a-cell", "y-a-cell"]),
        (["/a/cell.tif", "/a/cell.csv", "/b/cell.tif"], ["cell-tif", "cell-csv", "cell"]),
        (["/a/b-c.tif", "/a/b/c.tif", "/x/c.tif"], ["a-b-c", "a-b-c-2", "x-c"]),
    ],
)
def test_no_two_inputs_have_results_of_one_name(paths: list[str], expected: list[str]) -> None:
    inputs = [Path(path) for path in paths]
    named = result_names(inputs, {})
    assert list(named.values()) == expected
    # An input keeps the name that its results have, whatever else there is.
    for path, name in named.items():
        assert result_names(inputs, {path: name}) == named


def test_an_input_of_another_folder_does_not_replace_what_is_there(
    crop: Callable[..., Path], tmp_path: Path, parameters: BatchParameters
) -> None:
    first, second = crop("one/cell.tif"), crop("two/cell.tif", frame=30)
    for movie in (first, second, first):
        run_batch([movie], tmp_path / "out", parameters)
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert dict(zip(summary["file"], summary["name"], strict=True)) == {
        str(first): "cell",
        str(second): "cell-2",
    }


def test_scores_of_a_batch_are_found(
    movies: Path, tmp_path: Path, parameters: BatchParameters
) -> None:
    parquet = parameters.model_copy(update={"format": "parquet"})
    run_batch([movies / "early.tif", movies / "nuclei.csv"], tmp_path / "out", parquet)
    assert names(find_scores([tmp_path / "out"])) == [
        "early-scores.parquet",
        "nuclei-scores.parquet",
    ]
    with pytest.raises(InputError, match="holds no tables of scores"):
        find_scores([movies])


@pytest.fixture
def spreading() -> Iterator[None]:
    """Take back what Dask changes in this process."""
    import logging

    levels = {name: logging.getLogger(name).level for name in ("distributed", "bokeh")}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@needs_cluster
@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
@pytest.mark.usefixtures("spreading")
def test_tasks_that_kill_their_workers_are_tried_again_alone(tmp_path: Path) -> None:
    from napari_anomalous_diffusion.batch.cluster import WorkerDiedError, spread

    def work(number: int, report: object, folder: Path = tmp_path) -> int:
        with (folder / str(number)).open("a") as file:
            file.write("tried\n")
        tries = (folder / str(number)).read_text().count("tried")
        # Two that die at the same moment: the first always, the second when it is not alone.
        until = time.monotonic() + 30
        while number < 2 and tries == 1 and time.monotonic() < until:
            if (folder / str(1 - number)).exists():
                break
            time.sleep(0.05)
        if number == 0 or (number == 1 and tries == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        return 10 * number

    results = dict(spread(work, range(6), workers=3))
    assert isinstance(results.pop(0), WorkerDiedError)
    assert results == {number: 10 * number for number in range(1, 6)}
    tries = [(tmp_path / str(number)).read_text().count("tried") for number in range(2)]
    assert tries == [2, 2]


@needs_cluster
@pytest.mark.usefixtures("spreading")
def test_three_workers_of_which_one_is_killed_write_the_same_tables(
    movies: Path, crop: Callable[..., Path], tmp_path: Path, parameters: BatchParameters
) -> None:
    import psutil

    for number in range(4):
        crop(f"more{number}.tif", frame=10 * number, corner=30 * number)
    killed: list[psutil.Process] = []

    def kill_one(step: BatchStep) -> None:
        if killed:
            return
        children = psutil.Process().children(recursive=True)
        workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        assert len(workers) == 3
        workers[0].kill()
        killed.append(workers[0])

    report = run_batch([movies], tmp_path / "out", parameters, workers=3, progress=kill_one)
    alone = run_batch([movies], tmp_path / "alone", parameters)
    assert not killed[0].is_running()
    assert (len(report.finished), report.failed) == (7, alone.failed)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


@needs_cluster
@pytest.mark.usefixtures("spreading")
def test_a_cluster_that_is_there_is_used(
    movies: Path, tmp_path: Path, parameters: BatchParameters
) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        report = run_batch(
            [movies], tmp_path / "out", parameters, scheduler=cluster.scheduler_address
        )
    assert len(report.finished) == 3
    here: BatchReport = run_batch([movies], tmp_path / "here", parameters)
    assert here.failed == report.failed
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


@needs_cluster
@pytest.mark.usefixtures("spreading")
def test_a_scheduler_that_does_not_answer_is_said(
    tmp_path: Path, parameters: BatchParameters
) -> None:
    import dask

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:9: no Dask scheduler answers"),
    ):
        run_batch([NUCLEI], tmp_path / "out", parameters, scheduler="tcp://127.0.0.1:9")


def test_without_dask_one_sentence_says_what_to_install(
    tmp_path: Path, parameters: BatchParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"napari-anomalous-diffusion\[cluster\]"):
        run_batch([NUCLEI], tmp_path / "out", parameters, workers=2)


def test_progress_counts_frames_tracks_and_files(
    crop: Callable[..., Path], tmp_path: Path, parameters: BatchParameters
) -> None:
    steps: list[BatchStep] = []
    run_batch([crop("beads.tif"), NUCLEI], tmp_path / "out", parameters, progress=steps.append)
    linking = [(step.done, step.total) for step in steps if step.stage == "linking"]
    assert linking == [(frame, 20) for frame in range(1, 21)]
    assert [(step.settled, step.files) for step in steps if step.stage == "finished"] == [
        (1, 2),
        (2, 2),
    ]


@needs_cluster
@pytest.mark.usefixtures("spreading")
def test_progress_counts_frames_in_other_processes_too(
    crop: Callable[..., Path], tmp_path: Path, parameters: BatchParameters
) -> None:
    steps: list[BatchStep] = []
    movies = [crop("one.tif"), crop("two.tif", frame=30)]
    run_batch(movies, tmp_path / "out", parameters, workers=2, progress=steps.append)
    for movie in movies:
        own = [step for step in steps if step.file == movie]
        assert (own[0].stage, own[0].total) == ("linking", 20)
        assert own[-1].stage == "finished"
        done = [step.done for step in own if step.stage == "linking"]
        assert done == sorted(done)


@needs_cluster
@pytest.mark.usefixtures("spreading")
@pytest.mark.parametrize("workers", [None, 1])
def test_what_should_be_known_of_an_input_is_told(
    tmp_path: Path, parameters: BatchParameters, workers: int | None
) -> None:
    path = tmp_path / "spots.csv"  # as TrackMate writes them
    rows = [
        f"ID{frame},{frame},0,{frame**0.5},{frame**0.7},0,{frame},{frame}" for frame in range(30)
    ]
    rows.append("ID30,30,,5,5,0,3,3")
    names = "LABEL,ID,TRACK_ID,POSITION_X,POSITION_Y,POSITION_Z,POSITION_T,FRAME"
    path.write_text("\n".join([names, *rows]))
    steps: list[BatchStep] = []
    run_batch([path], tmp_path / "out", parameters, workers=workers, progress=steps.append)
    assert [step.stage for step in steps][-1] == "finished"
    assert steps[-1].notices == (f"{path}: 1 spot is in no track, and left out.",)


def test_the_exposure_and_the_channel_are_those_of_the_parameters(
    beads: np.ndarray, tmp_path: Path, parameters: BatchParameters
) -> None:
    path = tmp_path / "two.tif"
    movie = beads[:20, :100, :100]
    tifffile.imwrite(
        path, np.stack([np.zeros_like(movie), movie], axis=1), metadata={"axes": "TCYX"}
    )
    linking = parameters.linking.model_copy(update={"exposure": 1.0})
    report = run_batch([path], tmp_path / "out", parameters.model_copy(update={"linking": linking}))
    assert "has 2 channels; split it, or name the channel" in report.failed[path]
    chosen = parameters.model_copy(update={"linking": linking.model_copy(update={"channel": 1})})
    run_batch([path], tmp_path / "out", chosen)
    alone = tmp_path / "one.tif"
    tifffile.imwrite(alone, movie)
    run_batch([alone], tmp_path / "out", parameters.model_copy(update={"linking": linking}))
    run_batch([alone], tmp_path / "closed", parameters)
    both = [pd.read_csv(tmp_path / "out" / f"{name}-scores.csv") for name in ("two", "one")]
    pd.testing.assert_frame_equal(*both)
    closed = pd.read_csv(tmp_path / "closed" / "one-scores.csv")
    known = both[0]["alpha"].notna()
    assert known.sum() > 3
    assert (both[0]["alpha"][known] < closed["alpha"][known]).all()
    assert core.open_input(NUCLEI, chosen).calibration.exposure == 1
    assert chosen.deciding(movie=False)["exposure"] == 1
