"""How a table in a text file is laid out: what stands above it, and between its fields."""

from __future__ import annotations

import codecs
import csv
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

SEPARATORS = "\t;,"
COMMENTS = ("#", "%", "//")
SAMPLED_ROWS = 50

DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*")
DECIMAL_POINT = re.compile(r"\s*[-+]?\d*\.\d+([eE][-+]?\d+)?\s*")
CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f\x7f]")
WINDOWS = "cp1252"
"""What Fiji and spreadsheets write where Windows speaks a Western language: µ is one byte."""


@dataclass(frozen=True)
class Layout:
    """How to read a table.

    Attributes
    ----------
    names : tuple of str
        The names of the columns.
    separator : str
        Tab, semicolon, comma, or a blank for any white space.
    decimal : str
        Point or comma.
    encoding : str
    first_row : int
        How many lines stand before the first row of values.
    rows : tuple of tuple of str
        Some of the rows after the names.
    """

    names: tuple[str, ...]
    separator: str
    decimal: str
    encoding: str
    first_row: int
    rows: tuple[tuple[str, ...], ...]

    def read(
        self, path: Path, places: Sequence[int], *, skip: int = 0, text: Sequence[int] = ()
    ) -> pd.DataFrame:
        """Read some of the columns.

        Parameters
        ----------
        path : Path
        places : sequence of int
            Which columns, counted from 0.
        skip : int
            How many rows to leave out at the beginning.
        text : sequence of int
            Which columns to leave as they are written.

        Returns
        -------
        DataFrame
            These columns by name, in the order of the file.

        Raises
        ------
        InputError
            If it is no table.
        """
        import pandas as pd

        try:
            # Opened here, so that lines end in \n: pandas before 3.1 can take up all memory over a
            # blank line that ends in \r.
            with path.open(encoding=self.encoding) as file, warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                table = pd.read_csv(
                    file,
                    sep=r"\s+" if self.separator == " " else self.separator,
                    decimal=self.decimal,
                    header=None,
                    names=list(range(len(self.names))),
                    usecols=sorted(places),
                    skiprows=self.first_row + skip,
                    index_col=False,
                    dtype=dict.fromkeys(text, str),
                    low_memory=False,
                )
        except UnicodeDecodeError as error:
            raise _not_text(path) from error
        except (ValueError, OverflowError, pd.errors.ParserWarning) as error:
            raise InputError(
                f"{path}: is not a table that can be read ({one_line(error)}); correct it there."
            ) from error
        return table.rename(columns=dict(enumerate(self.names)))


def find_layout(path: Path, beginning: bytes) -> Layout:
    """Find out how a table is laid out.

    Parameters
    ----------
    path : Path
    beginning : bytes
        The first of its bytes.

    Returns
    -------
    Layout

    Raises
    ------
    InputError
        If the file is no text, is empty, or does not name its columns.
    """
    text, encoding = _decoded(path, beginning)
    lines = re.split(r"\r\n|\r|\n", text)
    first, header, comment = _find_header(lines)
    if header is None:
        raise InputError(f"{path}: the file is empty; give a table of tracks.")
    below = [line for line in lines[first + 1 :] if line.strip()][:SAMPLED_ROWS]
    try:
        names, separator = _split(header)
        rows = [_fields(line, separator) for line in below]
        if all(map(_is_number, names)) and comment is not None:
            named, _ = _split(comment.lstrip("#%/ \t"), separator)
            if len(named) == len(names):
                names, rows, first = named, [names, *rows], first - 1
    except csv.Error as error:
        raise _not_text(path) from error
    _check_header(names, rows, path)
    sampled = [field for row in rows for field in row]
    comma = any(map(DECIMAL_COMMA.fullmatch, sampled)) and not any(
        map(DECIMAL_POINT.fullmatch, sampled)
    )
    return Layout(
        names=tuple(names),
        separator=separator,
        decimal="," if comma else ".",
        encoding=encoding,
        first_row=first + 1,
        rows=tuple(map(tuple, rows)),
    )


def one_line(error: Exception) -> str:
    """Return what an error says, as a part of a sentence."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _decoded(path: Path, beginning: bytes) -> tuple[str, str]:
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        attempts = [("utf-16", 4)]
    elif CONTROL.search(beginning):
        raise _not_text(path)
    else:
        attempts = [("utf-8-sig", 4), (WINDOWS, 1)]
    # The last character may be cut in two.
    for encoding, end in attempts:
        for cut in range(end):
            try:
                return beginning[: len(beginning) - cut].decode(encoding), encoding
            except UnicodeDecodeError:
                continue
    raise _not_text(path)


def _not_text(path: Path) -> InputError:
    return InputError(
        f"{path}: is not a table in UTF-8 text, nor of another format of tracks that is known "
        "here; save it as CSV."
    )


def _find_header(lines: Sequence[str]) -> tuple[int, str | None, str | None]:
    """Return the place of the first line that says something, the line, and the comment above."""
    comment = None
    for place, line in enumerate(lines):
        if line.lstrip().startswith(COMMENTS):
            comment = line.strip()
        elif line.strip():
            return place, line, comment
    return len(lines), None, None


def _split(line: str, separator: str | None = None) -> tuple[list[str], str]:
    """Split the names of columns, by the separator that is there most often if none is given."""
    if separator is None:
        separator = max(SEPARATORS, key=line.count)
        if separator not in line:
            separator = " "
    return _fields(line, separator), separator


def _fields(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    return next(csv.reader([line], delimiter=separator), [])


def _check_header(names: Sequence[str], rows: Sequence[Sequence[str]], path: Path) -> None:
    if sum(map(_is_number, names)) > len(names) / 2:
        raise InputError(
            f"{path}: the first line must name the columns, but it holds the numbers "
            f"{', '.join(names[:5])}; put a line such as track_id,frame,y,x above it."
        )
    longest = max(map(_filled, rows), default=0)
    if longest > len(names):
        raise InputError(
            f"{path}: its rows have {longest} fields, but its first line names {len(names)} "
            "columns; name every column there."
        )


def _filled(row: Sequence[str]) -> int:
    """Count the fields of a row up to the last that is not blank."""
    return max((place for place, field in enumerate(row, 1) if field.strip()), default=0)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
