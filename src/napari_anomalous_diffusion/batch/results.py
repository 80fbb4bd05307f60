"""The folder of a batch: tables, and a record of each finished input that is written last."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.writing import whole_file

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = "summary.csv"
FAILED = "failed.csv"
RECORDS = "records"
PARTIAL = re.compile(r"\.[0-9a-f]{32}(\.\w+)?")


class Record(BaseModel):
    """What a finished input was, what was done with it, and its row of the summary.

    Attributes
    ----------
    file : str
        The input, as an absolute path.
    fingerprint : str
        See `inputs.fingerprint`.
    parameters : dict
        See `BatchParameters.deciding`.
    bank, bank_checksum : str
        Name of the bank, and SHA-256 of its ``bank.json``, which holds those of the weights.
    version : str
        Of this package.
    tables : list of str
        Names of the files that were written.
    summary : dict
        See `comparison.summary_row`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    fingerprint: str
    parameters: dict[str, Any]
    bank: str
    bank_checksum: str
    version: str
    tables: list[str] = []
    summary: dict[str, Any] = {}

    def differences(self, other: Record) -> list[str]:
        """Say, a sentence's part each, why this record's results are not those of `other`."""
        found = []
        if self.fingerprint != other.fingerprint or self.file != other.file:
            found.append("the file was changed")
        if self.bank != other.bank:
            found.append(f"the bank was {self.bank} and is {other.bank}")
        elif self.bank_checksum != other.bank_checksum:
            found.append(f"the bank {self.bank} was changed")
        if self.version != other.version:
            found.append(f"version {self.version} is now {other.version}")
        for name in dict.fromkeys([*self.parameters, *other.parameters]):
            before, after = self.parameters.get(name), other.parameters.get(name)
            if before != after:
                found.append(f"{name} was {_plain(before)} and is {_plain(after)}")
        return found


def find_scores(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """List the tables of scores that paths stand for: files themselves, folders all of theirs.

    Raises
    ------
    InputError
        If there is nothing at a path, or a folder holds no scores.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder; correct the path.")
        tables = sorted(path.glob("*-scores.*")) if path.is_dir() else [path]
        tables = [table for table in tables if table.suffix in (".csv", ".parquet")]
        if not tables:
            raise InputError(f"{path}: holds no tables of scores; name the folder of a batch.")
        found += tables
    return found


def scores_of(tracks: Path) -> tuple[Path, str] | None:
    """Find the scores that a batch wrote beside the tracks of a movie.

    Parameters
    ----------
    tracks : Path
        A file; any other than ``NAME-tracks.csv`` or ``.parquet`` of a batch has none.

    Returns
    -------
    (Path, str) or None
        The table of scores, and the name of the bank.
    """
    name = tracks.stem.removesuffix("-tracks")
    record_path = tracks.parent / RECORDS / f"{name}.json"
    if name == tracks.stem or not record_path.is_file():
        return None
    try:
        record = Record.model_validate_json(record_path.read_bytes())
    except ValidationError:
        return None
    scores = Results(tracks.parent).scores_path(name, tracks.suffix.removeprefix("."))
    vouched_for = {tracks.name, scores.name} <= set(record.tables) and scores.is_file()
    return (scores, record.bank) if vouched_for else None


def read_records(folder: Path) -> list[Record]:
    """Read how each finished input in the folder of a batch was made."""
    return [record for _, record in Results(folder)._read_records()]


def _plain(value: object) -> str:
    return "not given" if value is None else str(value)


class Results:
    """The folder that a batch writes to.

    Parameters
    ----------
    folder : Path
        It is made if need be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: dict[str, Record] = {}

    @contextmanager
    def opened(self) -> Iterator[Results]:
        """Keep other batches out of the folder, and read what stands in it.

        Raises
        ------
        InputError
            If another batch is at work there, or the folder cannot be written to.
        """
        from filelock import FileLock, Timeout

        try:
            (self.folder / RECORDS).mkdir(parents=True, exist_ok=True)
            # The lock is one of the system's: it ends with the process, however that ends.
            with FileLock(self.folder / RECORDS / ".lock", blocking=False):
                self._remove_partial_files()
                self.records = dict(self._read_records())
                yield self
        except Timeout as error:
            raise InputError(
                f"{self.folder}: another batch is writing there; wait for it, or name another "
                "folder."
            ) from error
        except PermissionError as error:
            raise InputError(
                f"{self.folder}: cannot be written to ({error.strerror}); name another folder."
            ) from error

    def scores_path(self, name: str, ending: str) -> Path:
        """Where the scores of an input are."""
        return self.folder / f"{name}-scores.{ending}"

    def tracks_path(self, name: str, ending: str) -> Path:
        """Where the linked tracks of a movie are."""
        return self.folder / f"{name}-tracks.{ending}"

    def is_finished(self, name: str, expected: Record) -> bool:
        """Tell whether an input's tables are there, and are what the batch would make of it."""
        record = self.records.get(name)
        return (
            record is not None
            and not record.differences(expected)
            and all((self.folder / table).is_file() for table in record.tables)
        )

    def forget(self, name: str) -> None:
        """Remove what a former run made of an input: first the record, which vouches for it."""
        self._record_path(name).unlink(missing_ok=True)
        self.records.pop(name, None)
        for ending in ("csv", "parquet"):
            self.scores_path(name, ending).unlink(missing_ok=True)
            self.tracks_path(name, ending).unlink(missing_ok=True)

    def write(
        self, name: str, ending: str, scores: pd.DataFrame, tracks: pd.DataFrame | None
    ) -> list[str]:
        """Write an input's tables and return the names of their files."""
        from napari_anomalous_diffusion.tracks.files import write_table

        tables = {self.scores_path(name, ending): scores}
        if tracks is not None:
            tables[self.tracks_path(name, ending)] = tracks
        for path, table in tables.items():
            write_table(table, path)
        return [path.name for path in tables]

    def finish(self, name: str, record: Record) -> None:
        """Vouch for the tables of an input."""
        with whole_file(self._record_path(name)) as partial:
            partial.write_text(record.model_dump_json(indent=1), encoding="utf-8")
        # Read back, so that the summary is the same whether a run was interrupted or not.
        self.records[name] = Record.model_validate_json(self._record_path(name).read_bytes())

    def write_summary(self, failed: dict[str, str]) -> None:
        """Write a row for each finished input of the folder, and one for each that failed.

        Parameters
        ----------
        failed : dict of str to str
            What went wrong, by the input's path.
        """
        import pandas as pd

        from napari_anomalous_diffusion.tracks.files import write_table

        ordered = sorted(self.records.items(), key=lambda item: (item[1].file, item[0]))
        rows = [{"file": record.file, "name": name} | record.summary for name, record in ordered]
        summary = pd.DataFrame(rows) if rows else pd.DataFrame(columns=["file", "name"])
        write_table(summary, self.folder / SUMMARY)
        failures = pd.DataFrame(sorted(failed.items()), columns=["file", "sentence"])
        write_table(failures, self.folder / FAILED)

    def _record_path(self, name: str) -> Path:
        return self.folder / RECORDS / f"{name}.json"

    def _read_records(self) -> Iterator[tuple[str, Record]]:
        for path in sorted((self.folder / RECORDS).glob("*.json")):
            # A record that cannot be read vouches for nothing: its input is done again.
            try:
                yield path.stem, Record.model_validate_json(path.read_bytes())
            except ValidationError:
                continue

    def _remove_partial_files(self) -> None:
        """Remove what a killed run had not finished writing."""
        for folder in (self.folder, self.folder / RECORDS):
            for path in folder.iterdir():
                if PARTIAL.fullmatch(path.name):
                    path.unlink(missing_ok=True)
