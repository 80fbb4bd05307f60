"""What the commands share: the way they speak, and the options that several of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from napari_anomalous_diffusion.tracks.notices import noted

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

AxesOption = Annotated[
    str | None,
    typer.Option("--axes", help="Names of the columns of coordinates: x, or y,x, or z,y,x."),
]


def axis_names(axes: str | None) -> list[str] | None:
    """Part the names that the option ``--axes`` was given."""
    return None if axes is None else [name.strip() for name in axes.split(",")]


@contextmanager
def said_notices() -> Iterator[None]:
    """Say what should be known of a file that is read, a line each."""
    with noted() as texts:
        yield
    for text in texts:
        console.print(escape(text), soft_wrap=True)


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar for one piece of work, and give the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn(unit), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
