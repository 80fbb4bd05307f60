"""The command `batch`: many movies and track files, on one machine or on many."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from napari_anomalous_diffusion.cli.shared import (
    CALIBRATION,
    AxesOption,
    BankOption,
    Device,
    DeviceOption,
    FalseDiscoveriesOption,
    FrameIntervalOption,
    FrameOption,
    LevelOption,
    LocalisationErrorOption,
    PixelSizeOption,
    TimeUnitOption,
    TrackOption,
    UnitOption,
    axis_names,
    calibration_given,
    console,
    localisation_error_given,
)
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

if TYPE_CHECKING:
    from napari_anomalous_diffusion.batch import BatchReport, BatchStep

SHORT_NAMES = {
    "minimum_mass": "--minmass",
    "dark_on_light": "--invert",
    "subtract_drift": "--drift",
}
"""What trackpy calls a parameter, or what is quicker to type, beside its own name."""


class Format(StrEnum):
    """What tables are written as."""

    csv = "csv"
    parquet = "parquet"


def with_linking_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `**linking` an option for each of the `LinkingParameters`."""
    own = inspect.signature(command, eval_str=True)
    kept = [entry for entry in own.parameters.values() if entry.kind is not entry.VAR_KEYWORD]
    options = map(_linking_option, LinkingParameters.model_fields)
    command.__signature__ = own.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    return command


def _linking_option(name: str) -> inspect.Parameter:
    field = LinkingParameters.model_fields[name]
    flag, short = f"--{name.replace('_', '-')}", SHORT_NAMES.get(name)
    if isinstance(field.default, bool):
        names, default = [f"{flag}/--no-{flag[2:]}"], "yes" if field.default else "no"
    else:
        names, default = [flag], f"{field.default:g}"
    option = typer.Option(
        None,
        *names,
        *([short] if short else []),
        help=f"{field.description} \\[default: {default}{f'; also {short}' if short else ''}]",
        rich_help_panel=CALIBRATION
        if name == "exposure"
        else "Linking (movies only; before what --parameters says)",
    )
    kind = type(field.default) | None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)


@with_linking_options
def batch(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="Movies, files of tracks (CSV, Parquet, TrackMate, HDF5, GEFF), folders of them.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the results.", show_default=False)
    ],
    bank: BankOption = "models-20",
    device: DeviceOption = Device.auto,
    parameters: Annotated[
        Path | None,
        typer.Option(help="TOML file of linking parameters, such as the dock saves."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes to work in (extra 'cluster'). \\[default: this one]"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler to use instead: tcp://... ."),
    ] = None,
    format: Annotated[Format, typer.Option(help="Of the tables of each input.")] = Format.csv,
    track: TrackOption = None,
    frame: FrameOption = None,
    axes: AxesOption = None,
    level: LevelOption = 0.05,
    false_discoveries: FalseDiscoveriesOption = False,
    localisation_error: LocalisationErrorOption = "0",
    pixel_size: PixelSizeOption = None,
    unit: UnitOption = None,
    frame_interval: FrameIntervalOption = None,
    time_unit: TimeUnitOption = None,
    **linking: Any,
) -> None:
    """Link and score many movies, and score track files. Stop it at will: it goes on from there.

    Exit code 0: all succeeded; 1: some failed; 2: a mistake in the call.
    """
    from napari_anomalous_diffusion.batch import BatchParameters, run_batch

    asked = BatchParameters(
        bank=bank,
        device=device.value,
        linking=_linking_parameters(parameters, linking),
        calibration=calibration_given(pixel_size, unit, frame_interval, time_unit),
        track=track,
        frame=frame,
        axes=axis_names(axes),
        level=level,
        false_discoveries=false_discoveries,
        localisation_error=localisation_error_given(localisation_error),
        format=format.value,
    )
    with _shown() as show:
        report = run_batch(
            paths, output, asked, workers=workers, scheduler=scheduler, progress=show
        )
    _say_report(report)
    if report.failed:
        raise typer.Exit(1)


def _linking_parameters(file: Path | None, options: dict[str, Any]) -> LinkingParameters:
    """Take what was given as options, then what the file says, then the defaults."""
    given = {name: value for name, value in options.items() if value is not None}
    if file is not None:
        given = LinkingParameters.from_file(file).model_dump() | given
    return LinkingParameters.from_entries(given, "the options")


@contextmanager
def _shown() -> Iterator[Callable[[BatchStep], None]]:
    """Show a bar for the files, and one for the frames or tracks of each file at work."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[unit]}"), TimeRemainingColumn(),
                  console=console) as bars:  # fmt: skip
        view = _View(bars)
        yield view.show
        view.say_changes()


class _View:
    """What is on the screen while a batch runs."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.files = bars.add_task("Batch", total=None, unit="files", visible=False)
        self.within: dict[Path, tuple[str, TaskID]] = {}
        self.changes: Counter[str] = Counter()

    def show(self, step: BatchStep) -> None:
        """Take in what has just happened."""
        self.bars.update(self.files, completed=step.settled, total=step.files, visible=True)
        if step.stage == "changed":
            self.changes[step.sentence] += 1
            return
        self.say_changes()
        if step.stage == "failed":
            self.bars.console.print(f"[red]Failed:[/] {escape(step.sentence)}", soft_wrap=True)
        for text in step.notices:
            self.bars.console.print(escape(text), soft_wrap=True)
        if step.stage in ("linking", "scoring"):
            self._show_within(step)
        elif step.file in self.within:
            self.bars.remove_task(self.within.pop(step.file)[1])

    def say_changes(self) -> None:
        """Say once for all inputs alike why they are done again."""
        for why, count in self.changes.items():
            inputs = "1 input is" if count == 1 else f"{count} inputs are"
            self.bars.console.print(f"{inputs} done again: {escape(why)}.", soft_wrap=True)
        self.changes.clear()

    def _show_within(self, step: BatchStep) -> None:
        stage, bar = self.within.get(step.file, ("", None))
        if bar is not None and stage != step.stage:
            self.bars.remove_task(bar)
        if stage != step.stage:
            linking = step.stage == "linking"
            bar = self.bars.add_task(
                f"{'Linking' if linking else 'Scoring'} {escape(step.file.name)}",
                unit="frames" if linking else "tracks",
                total=step.total,
            )
            self.within[step.file] = (step.stage, bar)
        self.bars.update(self.within[step.file][1], completed=step.done)


def _say_report(report: BatchReport) -> None:
    counts = f"{len(report.finished)} finished"
    if report.kept:
        counts += f", {len(report.kept)} finished before"
    if report.failed:
        counts += f", {len(report.failed)} failed (see failed.csv)"
    typer.echo(f"{counts}; tables and summary.csv are in {report.folder}.")
