"""The command `anomalous-diffusion`: a thin shell around what Python offers.

Whatever costs time to import is imported by the command that needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from napari_anomalous_diffusion.scores.scoring import Scores

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Which model of anomalous diffusion explains each track best.",
)
console = Console(stderr=True, highlight=False)


class Device(StrEnum):
    """Where the networks run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


BankOption = Annotated[str, typer.Option("--bank", help="A bank's name, or its folder.")]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where the networks run.")]


def main() -> None:
    """Run the command; a mistake that the user can mend is one sentence and exit code 2."""
    try:
        app()
    except InputError as error:
        console.print(f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)


@app.command()
def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the tables and pictures.")
    ] = Path("anomalous-diffusion-demo"),
    bank: BankOption = "models-20",
    device: DeviceOption = Device.auto,
) -> None:
    """Score the packaged samples: beads in water, and a simulated field of known models."""
    from napari_anomalous_diffusion.scores.demo import run_demo

    with _progress("Scoring the samples", "tracks") as progress:
        found = run_demo(output, bank=bank, device=device.value, progress=progress)
    for line in found:
        typer.echo(line)
    typer.echo(f"Tables and pictures are in {output}.")


@app.command()
def score(
    tracks: Annotated[Path, typer.Argument(help="A CSV or Parquet file of tracks.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="CSV or Parquet by its ending. [default: TRACKS-scores.csv here]"
        ),
    ] = None,
    bank: BankOption = "models-20",
    device: DeviceOption = Device.auto,
    level: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Level of the verdicts 'novel' and 'undecided'. No bank gives them yet.",
        ),
    ] = 0.05,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw the scored tracks: .png, .pdf or .svg.")
    ] = None,
    track: Annotated[str | None, typer.Option(help="Name of the column of track ids.")] = None,
    frame: Annotated[str | None, typer.Option(help="Name of the column of frames.")] = None,
) -> None:
    """Score every track of a file: a row a track, an error for every label of the bank."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.scores import scoring
    from napari_anomalous_diffusion.tracks.files import read_tracks, write_table

    target = output or Path(f"{tracks.stem}-scores.csv")
    if target.resolve() == tracks.resolve():
        raise InputError(f"{tracks}: the scores would replace the tracks; name another file.")
    opened = load_bank(bank)
    trajectories = read_tracks(tracks, track=track, frame=frame)
    with _progress("Scoring", "tracks") as progress:
        scores = scoring.score(trajectories, opened, device=device.value, progress=progress)
    write_table(scores.table, target)
    if picture is not None:
        from napari_anomalous_diffusion.scores.plots import summary_figure, write_figure

        write_figure(summary_figure(trajectories, scores), picture)
    _say_verdicts(scores)
    typer.echo(f"Scores of {len(scores)} tracks are in {target}.")


@app.command()
def banks(
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every file and open every network.")
    ] = False,
) -> None:
    """List the installed banks: what they tell apart, where they are, how they were trained."""
    from napari_anomalous_diffusion.autoencoders.bank import installed_banks, load_bank

    names = installed_banks()
    if not names:
        raise InputError("No bank is installed: install napari-anomalous-diffusion again.")
    for name in names:
        bank = load_bank(name)
        typer.echo(f"{name}: {bank.contents.description}")
        typer.echo(f"  folder: {bank.folder}")
        versions = ", ".join(f"{what} {which}" for what, which in bank.contents.versions.items())
        typer.echo(f"  trained with {versions}, by the recipe.toml beside its weights")
        for label in bank.contents.labels:
            errors = [member.own_error for member in label.members]
            spread = (max(errors) - min(errors)) / (sum(errors) / len(errors))
            typer.echo(
                f"  {label.name}: {len(errors)} members on {label.windows} windows each; own error "
                f"{min(errors):.4f} to {max(errors):.4f} (spread {spread:.0%})"
            )
        if verify:
            count = sum(len(members) for members in bank.networks)
            typer.echo(f"  verified: {count} networks are as they were made")


@app.command()
def simulate(
    output: Annotated[Path, typer.Argument(help="CSV or Parquet by its ending.")],
    models: Annotated[str, typer.Option(help="Some of attm,ctrw,fbm,lw,sbm.")],
    exponents: Annotated[
        str, typer.Option(help="start:stop:step, both ends included, or a list: 0.3,0.6.")
    ],
    tracks: Annotated[int, typer.Option(min=1, help="Tracks for each model and exponent.")] = 100,
    length: Annotated[int, typer.Option(min=2, help="Frames of a track.")] = 100,
    dimensions: Annotated[int, typer.Option(min=1, max=3)] = 2,
    noise: Annotated[
        float,
        typer.Option(min=0, help="Localisation error over the displacements' standard deviation."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same tracks.")] = 0,
) -> None:
    """Simulate tracks of known models (needs the extra 'train')."""
    from napari_anomalous_diffusion.lab.recipes import exponent_range
    from napari_anomalous_diffusion.lab.simulation import simulate_table
    from napari_anomalous_diffusion.tracks.files import write_table

    names = [name.strip().lower() for name in models.split(",")]
    with _progress("Simulating", "models") as progress:
        table, skipped = simulate_table(
            names, exponent_range(exponents), tracks, length, dimensions, noise, seed, progress
        )
    write_table(table, output)
    for model in dict.fromkeys(model for model, _ in skipped):
        left_out = ", ".join(f"{alpha:g}" for name, alpha in skipped if name == model)
        console.print(f"Skipped: {model.upper()} cannot have alpha {left_out}.", soft_wrap=True)
    typer.echo(f"{table['track_id'].nunique()} tracks are in {output}.")


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe.toml, such as the one in a bank.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The bank's folder.")],
    workers: Annotated[int, typer.Option(min=1, help="Networks trained side by side.")] = 1,
    cache: Annotated[
        Path, typer.Option(help="Where checkpoints lie: a training that was stopped goes on.")
    ] = Path(".training"),
) -> None:
    """Train a bank (needs the extra 'train'). Stop it at will, and start it again to go on."""
    from napari_anomalous_diffusion.lab.training import train_bank

    with _progress("Training", "rounds") as progress:
        train_bank(recipe, output, cache=cache, workers=workers, progress=progress)
    typer.echo(f"The bank is in {output}.")


@contextmanager
def _progress(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn(unit), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _say_verdicts(scores: Scores) -> None:
    counts = scores.table["verdict"].value_counts()
    table = Table("verdict", "tracks", "share", box=None)
    for verdict, count in counts.items():
        table.add_row(str(verdict), str(count), f"{count / len(scores):.1%}")
    console.print(table)
