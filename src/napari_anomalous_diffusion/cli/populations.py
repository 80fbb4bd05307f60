"""The commands about whole populations: `population` and `import-checkpoint`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from napari_anomalous_diffusion.cli.shared import (
    AxesOption,
    Device,
    DeviceOption,
    FrameOption,
    TrackOption,
    axis_names,
    console,
    progress_bar,
    said_notices,
)
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from napari_anomalous_diffusion.scores.populations import PopulationAnswer
    from napari_anomalous_diffusion.tracks.table import Trajectories


def population(
    tracks: Annotated[list[Path], typer.Argument(help="CSV, Parquet, TrackMate, HDF5 or GEFF.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="CSV or Parquet by its ending.")
    ] = Path("populations.csv"),
    by: Annotated[
        str,
        typer.Option(
            help="'file' for a population a file, or a column of the tables that names populations."
        ),
    ] = "file",
    bank: Annotated[
        str,
        typer.Option("--bank", help="A bank of the published form: its name, or its folder."),
    ] = "paper-subdiffusive-20",
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Where to draw them: .png, .pdf or .svg. \\[default: beside the table, as .png]"
        ),
    ] = None,
    device: DeviceOption = Device.auto,
    track: TrackOption = None,
    frame: FrameOption = None,
    axes: AxesOption = None,
) -> None:
    """Ask what each population is as a whole, by the protocol of the paper; it labels no track."""
    from napari_anomalous_diffusion.scores.plots import write_figure
    from napari_anomalous_diffusion.scores.plots.populations import populations_figure
    from napari_anomalous_diffusion.scores.populations import population_table
    from napari_anomalous_diffusion.tracks.files import write_table

    if output.absolute() in (path.absolute() for path in tracks):
        raise InputError(f"{output}: the answers would replace the tracks; name another file.")
    columns = {"track": track, "frame": frame, "axes": axis_names(axes)}
    with said_notices():
        found = _read_populations(tracks, by, columns)
    answers = _ask(found, bank, device.value)
    write_table(population_table(answers), output)
    drawn = picture or output.with_suffix(".png")
    write_figure(populations_figure(answers), drawn)
    _say_answers(answers)
    typer.echo(f"The answers are in {output}, their picture in {drawn}.")


def import_checkpoint(
    checkpoints: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Checkpoints of the published form.")
    ],
    labels: Annotated[
        str,
        typer.Option(
            help="What each was trained on, in their order: attm,ctrw or alpha=0.3,alpha=0.6; "
            "equal labels become members."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The bank's folder.")],
) -> None:
    """Make a bank that asks what populations are of published torch checkpoints."""
    from napari_anomalous_diffusion.autoencoders.checkpoints import import_checkpoints

    names = [name.strip() for name in re.split(r",(?!\s*beta=)", labels)]
    import_checkpoints(checkpoints, names, output)
    typer.echo(
        f"{len(checkpoints)} networks are in {output}: ask them by `population --bank {output}`."
    )


def _read_populations(
    paths: list[Path], by: str, columns: dict[str, Any]
) -> dict[str, list[Trajectories]]:
    """Read the tracks of each population, which may lie in several files."""
    from napari_anomalous_diffusion.tracks.files import read_table, read_tracks
    from napari_anomalous_diffusion.tracks.table import Trajectories

    if by == "file":
        names = [path.stem for path in paths]
        unique = len(set(names)) == len(names)
        return {
            name if unique else str(path): [read_tracks(path, **columns)]
            for name, path in zip(names, paths, strict=True)
        }
    found: dict[str, list[Trajectories]] = {}
    for path in paths:
        table = read_table(path)
        if by not in table:
            raise InputError(
                f"{path}: has no column {by} that names populations; its columns are "
                f"{', '.join(map(str, table.columns))}."
            )
        for value, rows in table.groupby(by, sort=False):
            part = Trajectories.from_frame(rows, source=f"{path}, {by} {value}", **columns)
            found.setdefault(str(value), []).append(part)
    return found


def _ask(
    found: dict[str, list[Trajectories]], bank: str, device: str
) -> dict[str, PopulationAnswer]:
    """Ask about each population; those that are too small are named, and left out."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.scores.populations import TooFewWindowsError, ask_population

    opened = load_bank(bank)
    answers = {}
    with progress_bar("Asking", "populations") as progress:
        for number, (name, parts) in enumerate(found.items()):
            try:
                answers[name] = ask_population(parts, opened, device=device)
            except TooFewWindowsError as error:
                if len(found) == 1 or (not answers and number == len(found) - 1):
                    raise
                console.print(f"Left out: {escape(str(error))}", soft_wrap=True)
            progress(number + 1, len(found))
    return answers


def _say_answers(answers: dict[str, PopulationAnswer]) -> None:
    from napari_anomalous_diffusion.scores.palette import display_name

    table = Table("population", "tracks", "windows", "is", "or", "MSE", box=None)
    for name, answer in answers.items():
        names = [display_name(label) for label in answer.candidates]
        table.add_row(
            escape(name), str(answer.n_tracks), str(answer.n_windows), names[0],
            " or ".join(names[1:]), f"{answer.table['mse'].min():.3g}",
        )  # fmt: skip
    console.print(table)
