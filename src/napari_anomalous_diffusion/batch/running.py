"""The batch itself: what is finished is left alone, everything else is done, come what may."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_anomalous_diffusion import __version__
from napari_anomalous_diffusion.batch.core import Outcome, Step, attempt_in_steps, process_file
from napari_anomalous_diffusion.batch.inputs import (
    find_inputs,
    fingerprint,
    is_to_link,
    result_names,
)
from napari_anomalous_diffusion.batch.parameters import BatchParameters
from napari_anomalous_diffusion.batch.results import Record, Results
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.steps import changed, finish

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank

Stage = Literal["kept", "changed", "linking", "scoring", "finished", "failed"]


@dataclass(frozen=True)
class BatchStep:
    """What has just happened to one input.

    Attributes
    ----------
    file : Path
        The input.
    stage : {"kept", "changed", "linking", "scoring", "finished", "failed"}
        ``kept``: it was finished before and nothing has changed since. ``changed``: it was finished
        before and will be done again, for the reasons in `sentence`. ``failed``: with the reason in
        `sentence`.
    settled, files : int
        Inputs that are kept, finished or failed by now, and all of them.
    done, total : int
        Frames or tracks that are linked or scored, and all of the input's.
    sentence : str
        For people.
    notices : tuple of str
        What should be known of an input that is ``finished``: what was left out or guessed.
    """

    file: Path
    stage: Stage
    settled: int
    files: int
    done: int = 0
    total: int = 0
    sentence: str = ""
    notices: tuple[str, ...] = ()


@dataclass
class BatchReport:
    """How a batch ended.

    Attributes
    ----------
    folder : Path
        Where its tables are.
    kept, finished : list of Path
        Inputs that were finished before, and those that are now.
    failed : dict of Path to str
        What went wrong, by input.
    """

    folder: Path
    kept: list[Path] = field(default_factory=list)
    finished: list[Path] = field(default_factory=list)
    failed: dict[Path, str] = field(default_factory=dict)

    @property
    def settled(self) -> int:
        """Number of inputs there is nothing more to do for."""
        return len(self.kept) + len(self.finished) + len(self.failed)


def run_batch(
    paths: Iterable[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    parameters: BatchParameters | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[BatchStep], object] | None = None,
) -> BatchReport:
    """Link and score many movies and track files, each into tables of its own.

    A run that was stopped, in whatever way, goes on where it was when it is started again: what is
    finished is kept as long as the input, the parameters, the bank and the version of this package
    are the same. What goes wrong with an input is reported, and the others go on.

    Parameters
    ----------
    paths : iterable of path
        Movies, tables of tracks, and folders of them: see `find_inputs`.
    folder : path
        For ``NAME-scores.csv`` (see `Scores.table`) and, of movies, ``NAME-tracks.csv`` (a row a
        point), ``summary.csv`` (a row an input), ``failed.csv`` (what went wrong) and ``records``
        (what is finished).
    parameters : BatchParameters, optional
    workers : int, optional
        Processes to work in, on this machine (needs the extra ``cluster``); the calling process
        where none is given. A script that asks for workers must be one that can be imported, with
        what it does under ``if __name__ == "__main__":``.
    scheduler : str, optional
        Address of a Dask scheduler whose workers, on machines that find the inputs under the same
        paths, do the work (needs the extra ``cluster``). Only the calling process writes.
    progress : callable, optional
        Called with a `BatchStep` whenever something happens. What it raises stops the batch.

    Returns
    -------
    BatchReport

    Raises
    ------
    InputError
        If there is no such input, bank or device, the folder cannot be written to or is in use by
        another batch, or no workers are to be had.
    """
    steps = batch_in_steps(paths, folder, parameters, workers=workers, scheduler=scheduler)
    with closing(steps):
        return finish(steps, progress)


def batch_in_steps(
    paths: Iterable[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    parameters: BatchParameters | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Generator[BatchStep, None, BatchReport]:
    """Do what `run_batch` does step by step, for callers that may stop: close the generator.

    Parameters are those of `run_batch`.

    Yields
    ------
    BatchStep

    Returns
    -------
    BatchReport
        As the generator's value.
    """
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.scores.profiles import check_labels_tracks

    parameters = parameters or BatchParameters()
    inputs, bank = find_inputs(paths), load_bank(parameters.bank)
    check_labels_tracks(bank)
    if scheduler is None:
        _check_device(parameters.device)
    with Results(Path(folder)).opened() as results:
        batch = _Batch(inputs, results, parameters, bank)
        _refuse_to_overwrite(inputs, batch)
        try:
            yield from batch.plan()
            if workers is None and scheduler is None:
                yield from batch.work_here()
            elif batch.pending:
                yield from batch.work_on_cluster(workers, scheduler)
        finally:
            results.write_summary({str(file): why for file, why in batch.report.failed.items()})
        return batch.report


class _Batch:
    """The state of one run."""

    def __init__(
        self, inputs: list[Path], results: Results, parameters: BatchParameters, bank: Bank
    ) -> None:
        self.inputs = inputs
        self.results = results
        self.parameters = parameters
        self.bank = bank
        self.report = BatchReport(results.folder)
        known = {Path(record.file): name for name, record in results.records.items()}
        # A name whose input is gone may be had by another.
        self.names = result_names(inputs, {file: known[file] for file in known if file.exists()})
        self.expected = {file: self._expected(file) for file in inputs}
        self.pending: list[Path] = []

    def plan(self) -> Generator[BatchStep]:
        """Tell what is finished from what is to be done."""
        for file in self.inputs:
            name, expected = self.names[file], self.expected[file]
            if self.results.is_finished(name, expected):
                self.report.kept.append(file)
                yield self._step(file, "kept")
                continue
            self.pending.append(file)
            if name in self.results.records:
                reasons = self.results.records[name].differences(expected)
                yield self._step(file, "changed", "; ".join(reasons or ["a table is missing"]))

    def work_here(self) -> Generator[BatchStep]:
        """Process what is to be done, one after the other, in this process."""
        for file in self.pending:
            steps = attempt_in_steps(file, self.parameters, self.bank)
            result = yield from changed(steps, partial(self._underway, file))
            yield self._settle(file, result)

    def _underway(self, file: Path, step: Step) -> BatchStep:
        return self._step(file, step.stage, done=step.done, total=step.total)

    def work_on_cluster(self, workers: int | None, scheduler: str | None) -> Generator[BatchStep]:
        """Process what is to be done in other processes, and write what comes back."""
        from napari_anomalous_diffusion.batch.cluster import WorkerDiedError, spread

        function = partial(process_file, parameters=self.parameters, bank_folder=self.bank.folder)
        with closing(spread(function, self.pending, workers=workers, scheduler=scheduler)) as done:
            for file, result in done:
                if isinstance(result, Step):
                    yield self._underway(file, result)
                    continue
                if isinstance(result, WorkerDiedError):
                    result = (
                        f"{file}: the processes that worked on it died, for lack of memory perhaps;"
                        " try it with fewer workers."
                    )
                elif isinstance(result, Exception):
                    result = f"{file}: {type(result).__name__}: {result}."
                yield self._settle(file, result)

    def _settle(self, file: Path, result: Outcome | str) -> BatchStep:
        """Write what came of an input; its record comes last, and makes it finished."""
        name = self.names[file]
        self.results.forget(name)
        if isinstance(result, str):
            self.report.failed[file] = result
            return self._step(file, "failed", result)
        tables = self.results.write(name, self.parameters.format, result.scores, result.tracks)
        record = self.expected[file].model_copy(
            update={"tables": tables, "summary": result.summary}
        )
        self.results.finish(name, record)
        self.report.finished.append(file)
        return replace(self._step(file, "finished"), notices=result.notices)

    def _expected(self, file: Path) -> Record:
        from napari_anomalous_diffusion.autoencoders.storage import checksum

        return Record(
            file=str(file),
            fingerprint=fingerprint(file),
            parameters=self.parameters.deciding(is_to_link(file)),
            bank=self.bank.name,
            bank_checksum=checksum((self.bank.folder / "bank.json").read_bytes()),
            version=__version__,
        )

    def _step(
        self, file: Path, stage: Stage, sentence: str = "", done: int = 0, total: int = 0
    ) -> BatchStep:
        settled, files = self.report.settled, len(self.inputs)
        return BatchStep(file, stage, settled, files, done, total, sentence)


def _check_device(device: str) -> None:
    from napari_anomalous_diffusion.autoencoders.engine import choose_device

    choose_device(device)


def _refuse_to_overwrite(inputs: list[Path], batch: _Batch) -> None:
    ending, folder = batch.parameters.format, batch.results
    for name in batch.names.values():
        for path in (folder.scores_path(name, ending), folder.tracks_path(name, ending)):
            if path.absolute() in inputs:
                raise InputError(
                    f"{path}: results would replace this input; name another folder for them."
                )
