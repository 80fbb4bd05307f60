"""The commands of the lab: `simulate`, `train`, `calibrate` and `figure`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_anomalous_diffusion.cli.shared import Device, DeviceOption, console, progress_bar


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
    from napari_anomalous_diffusion.lab.simulation import simulate_table
    from napari_anomalous_diffusion.lab.sources import exponent_range
    from napari_anomalous_diffusion.tracks.files import write_table

    names = [name.strip().lower() for name in models.split(",")]
    with progress_bar("Simulating", "models") as progress:
        table, skipped = simulate_table(
            names, exponent_range(exponents), tracks, length, dimensions, noise, seed, progress
        )
    write_table(table, output)
    for model in dict.fromkeys(model for model, _ in skipped):
        left_out = ", ".join(f"{alpha:g}" for name, alpha in skipped if name == model)
        console.print(f"Skipped: {model.upper()} cannot have alpha {left_out}.", soft_wrap=True)
    typer.echo(f"{table['track_id'].nunique()} tracks are in {output}.")


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe.toml, such as the one in a bank.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="The bank's folder. \\[default: its name, in the folder of one's own banks]",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Networks trained side by side.")] = 1,
    cache: Annotated[
        Path, typer.Option(help="Where checkpoints lie: a training that was stopped goes on.")
    ] = Path(".training"),
) -> None:
    """Train a bank (needs the extra 'train'). Stop it at will, and start it again to go on."""
    from napari_anomalous_diffusion.autoencoders.places import own_banks_folder
    from napari_anomalous_diffusion.lab.recipes import read_recipe
    from napari_anomalous_diffusion.lab.training import train_bank

    folder = output or own_banks_folder() / read_recipe(recipe).name
    with progress_bar("Training", "rounds") as progress:
        train_bank(recipe, folder, cache=cache, workers=workers, progress=progress)
    typer.echo(f"The bank is in {folder}.")


def calibrate(
    bank: Annotated[Path, typer.Argument(help="A bank's folder, with its recipe.toml.")],
    device: DeviceOption = Device.auto,
    cache: Annotated[
        Path, typer.Option(help="Where scored tracks lie: what was stopped goes on.")
    ] = Path(".training"),
) -> None:
    """Learn what a bank's own tracks look like under it: p-values, candidates, confidence."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.lab.calibrating import calibrate_bank

    with progress_bar("Calibrating", "circumstances") as progress:
        calibrate_bank(
            load_bank(bank),
            cache=cache,
            device=device.value,
            progress=progress,
        )
    typer.echo(f"The bank in {bank} is calibrated.")


def figure(
    names: Annotated[
        list[str], typer.Argument(help="Such as 2a, 3a..3f, 3 (all its panels), or all.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the pictures.")] = Path(
        "figures"
    ),
    small: Annotated[
        bool, typer.Option("--small", help="With a tenth of the tracks: directions only.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same tracks.")] = 0,
) -> None:
    """Draw figures of the paper from the shipped banks (needs the extra 'train')."""
    from napari_anomalous_diffusion.lab.figures import draw_figures

    with progress_bar("Drawing", "figures") as progress:
        drawn = draw_figures(
            names, output, size="small" if small else "full", seed=seed, progress=progress
        )
    typer.echo(f"{len(drawn)} pictures are in {output}.")
