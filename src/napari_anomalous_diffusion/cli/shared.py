"""What the commands share: the way they speak, and the options that several of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(stderr=True, highlight=False)


class Device(StrEnum):
    """Where the networks run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


BankOption = Annotated[str, typer.Option("--bank", help="A bank's name, or its folder.")]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where the networks run.")]
TrackOption = Annotated[
    str | None, typer.Option("--track", help="Name of the column of track ids.")
]
FrameOption = Annotated[str | None, typer.Option("--frame", help="Name of the column of frames.")]


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar for one piece of work, and give the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn(unit), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
