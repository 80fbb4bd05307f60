"""What the commands share: the way they speak, and the options that several of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.words import ESTIMATE, MEASURED, FromTracks
from napari_anomalous_diffusion.tracks.notices import noted

if TYPE_CHECKING:
    from napari_anomalous_diffusion.batch import CalibrationOptions

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

LevelOption = Annotated[
    float,
    typer.Option(
        "--level",
        min=0,
        max=1,
        help="Share of each label's own tracks that may be called novel, or denied their label "
        "(banks that were calibrated).",
    ),
]
FalseDiscoveriesOption = Annotated[
    bool,
    typer.Option(
        "--false-discoveries",
        help="Let the level be the share of false ones among the tracks called novel.",
    ),
]
LocalisationErrorOption = Annotated[
    str,
    typer.Option(
        "--localisation-error",
        help="Standard deviation of a coordinate's error, in the unit of length (pixels where no "
        "other is known); 'measured' where it came with the points (trackpy's column ep), or "
        "'estimate' to take it from the tracks of each file. Only banks of probabilities use it.",
    ),
]

CALIBRATION = "Calibration (before what a file says)"
PixelSizeOption = Annotated[
    float | None,
    typer.Option(
        "--pixel-size",
        help="Length of a pixel, or of one unit of the positions.",
        rich_help_panel=CALIBRATION,
    ),
]
UnitOption = Annotated[
    str | None,
    typer.Option(
        "--unit", help="Unit of --pixel-size. \\[default: µm]", rich_help_panel=CALIBRATION
    ),
]
FrameIntervalOption = Annotated[
    float | None,
    typer.Option("--frame-interval", help="Time from frame to frame.", rich_help_panel=CALIBRATION),
]
TimeUnitOption = Annotated[
    str | None,
    typer.Option(
        "--time-unit", help="Unit of --frame-interval. \\[default: s]", rich_help_panel=CALIBRATION
    ),
]


def calibration_given(
    pixel_size: float | None, unit: str | None, frame_interval: float | None, time_unit: str | None
) -> CalibrationOptions:
    """Check what the options say of pixels and frames."""
    from napari_anomalous_diffusion.batch import CalibrationOptions

    given = {
        "pixel_size": pixel_size,
        "length_unit": unit,
        "frame_interval": frame_interval,
        "time_unit": time_unit,
    }
    return CalibrationOptions.from_entries(given, "the options")


def localisation_error_given(text: str) -> float | FromTracks:
    """Read what the option ``--localisation-error`` was given."""
    if text == ESTIMATE:
        return ESTIMATE
    if text == MEASURED:
        return MEASURED
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise InputError(
            f"--localisation-error {text} is no length: give a number from 0 on, 'measured' or "
            "'estimate'."
        )
    return number


def axis_names(axes: str | None) -> tuple[str, ...] | None:
    """Part the names that the option ``--axes`` was given."""
    return None if axes is None else tuple(name.strip() for name in axes.split(","))


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
