"""The commands that score tracks: `demo`, `score` and `banks`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

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
    progress_bar,
    said_notices,
)
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.scores.scoring import Scores


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the tables and pictures.")
    ] = Path("anomalous-diffusion-demo"),
    bank: BankOption = "models-20",
    device: DeviceOption = Device.auto,
) -> None:
    """Score the packaged samples: beads in water, and a simulated field of known models."""
    from napari_anomalous_diffusion.scores.demo import run_demo

    with progress_bar("Scoring the samples", "tracks") as progress:
        found = run_demo(output, bank=bank, device=device.value, progress=progress)
    for line in found:
        typer.echo(line)
    typer.echo(f"Tables and pictures are in {output}.")


def score(
    tracks: Annotated[Path, typer.Argument(help="CSV, Parquet, TrackMate, HDF5 or GEFF.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="CSV or Parquet by its ending. \\[default: TRACKS-scores.csv here]",
        ),
    ] = None,
    bank: BankOption = "models-20",
    device: DeviceOption = Device.auto,
    level: LevelOption = 0.05,
    false_discoveries: FalseDiscoveriesOption = False,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw the scored tracks: .png, .pdf or .svg.")
    ] = None,
    track: TrackOption = None,
    frame: FrameOption = None,
    axes: AxesOption = None,
    localisation_error: LocalisationErrorOption = "0",
    pixel_size: PixelSizeOption = None,
    unit: UnitOption = None,
    frame_interval: FrameIntervalOption = None,
    time_unit: TimeUnitOption = None,
    exposure: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of the frame interval during which the shutter is open, from 0 to 1: alpha "
            "and D are corrected for the blur of what moves meanwhile.",
            rich_help_panel=CALIBRATION,
        ),
    ] = 0.0,
) -> None:
    """Score every track of a file: a row a track, an error for every label of the bank."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.scores import scoring
    from napari_anomalous_diffusion.scores.localisation import localisation_error_of
    from napari_anomalous_diffusion.tracks.files import read_tracks, write_table

    target = output or Path(f"{tracks.stem}-scores.csv")
    if target.resolve() == tracks.resolve():
        raise InputError(f"{tracks}: the scores would replace the tracks; name another file.")
    given = localisation_error_given(localisation_error)
    worth = calibration_given(pixel_size, unit, frame_interval, time_unit)
    opened = load_bank(bank)
    with said_notices():
        trajectories = read_tracks(tracks, track=track, frame=frame, axes=axis_names(axes))
        calibration = worth.over(trajectories.calibration).exposed(exposure)
        trajectories = replace(trajectories, calibration=calibration)
        error = localisation_error_of(trajectories, given)
    with progress_bar("Scoring", "tracks") as progress:
        scores = scoring.score(
            trajectories,
            opened,
            localisation_error=error,
            level=level,
            false_discoveries=false_discoveries,
            device=device.value,
            progress=progress,
        )
    write_table(scores.table, target)
    if picture is not None:
        from napari_anomalous_diffusion.scores.plots import summary_figure, write_figure

        write_figure(summary_figure(trajectories, scores), picture)
    _say_verdicts(scores)
    typer.echo(f"Scores of {len(scores)} tracks are in {target}.")


def banks(
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every file and open every network.")
    ] = False,
) -> None:
    """List the installed banks: what they tell apart, where they are, how they were trained."""
    from napari_anomalous_diffusion.autoencoders.bank import installed_banks, load_bank
    from napari_anomalous_diffusion.autoencoders.places import own_banks_folder

    names = installed_banks(None)
    if not names:
        raise InputError("No bank is installed: install napari-anomalous-diffusion again.")
    problems = []
    for name in names:
        try:
            _say_bank(load_bank(name), verify)
        except InputError as error:
            problems.append(str(error))
    typer.echo(f"Banks of your own are looked for in {own_banks_folder()}")
    if problems:
        raise InputError(" ".join(problems))


def _say_bank(bank: Bank, verify: bool) -> None:
    typer.echo(f"{bank.folder.name}: {bank.contents.description}")
    typer.echo(f"  folder: {bank.folder}")
    versions = ", ".join(f"{what} {which}" for what, which in bank.contents.versions.items())
    if versions:
        typer.echo(f"  trained with {versions}, by the recipe.toml beside its weights")
    for label in bank.contents.labels:
        errors = [member.own_error for member in label.members if member.own_error is not None]
        if not errors:
            typer.echo(f"  {label.name}: {len(label.members)} imported members")
            continue
        spread = (max(errors) - min(errors)) / abs(sum(errors) / len(errors))
        typer.echo(
            f"  {label.name}: {len(errors)} members on {label.windows} windows each; own error "
            f"{min(errors):.4f} to {max(errors):.4f} (spread {spread:.0%})"
        )
    if verify:
        count = sum(len(members) for members in bank.networks)
        typer.echo(f"  verified: {count} networks are as they were made")


def _say_verdicts(scores: Scores) -> None:
    counts = scores.table["verdict"].value_counts()
    table = Table("verdict", "tracks", "share", box=None)
    for verdict, count in counts.items():
        table.add_row(str(verdict), str(count), f"{count / len(scores):.1%}")
    console.print(table)
    if scores.table["p_value"].notna().any():
        console.print(
            f"Were all tracks of the bank's labels, about {scores.expected_novel:.0f} would "
            "be called novel by chance.",
            soft_wrap=True,
        )
    if (right := scores.how_often_right()) is not None:
        console.print(
            f"Of simulated tracks as long as these, {right:.0%} get the right label, all labels "
            "being equally frequent.",
            soft_wrap=True,
        )
