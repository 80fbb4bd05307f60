"""What a user should know of what was read, though nothing is wrong."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class Notice(UserWarning):
    """Something was left out or changed on the way in, as it should be."""


def notice(text: str) -> None:
    """Tell the user something in one sentence; whoever reads files decides where it is shown."""
    # Said of the line that asked for the file, which is a few rooms away from any that reads it.
    warnings.warn(text, Notice, stacklevel=4)


@contextmanager
def noted() -> Iterator[list[str]]:
    """Collect what is told meanwhile, so that it can be shown; other warnings go their way."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Notice)
        yield texts
    for warning in caught:
        if issubclass(warning.category, Notice):
            texts.append(str(warning.message))
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def counted(number: int, one: str, several: str | None = None) -> str:
    """Put a number before a noun: ``1 spot``, ``1,200 spots``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
