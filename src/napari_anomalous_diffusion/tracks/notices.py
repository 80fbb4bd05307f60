"""What a user should know of what was read, though nothing is wrong."""

from __future__ import annotations

import warnings


class Notice(UserWarning):
    """Something was left out or changed on the way in, as it should be."""


def notice(text: str) -> None:
    """Tell the user something in one sentence; whoever reads files decides where it is shown."""
    # Said of the line that asked for the file, which is a few rooms away from any that reads it.
    warnings.warn(text, Notice, stacklevel=4)


def counted(number: int, one: str, several: str | None = None) -> str:
    """Put a number before a noun: ``1 spot``, ``1,200 spots``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
