"""The command `anomalous-diffusion`: a thin shell around what Python offers.

Whatever costs time to import is imported by the command that needs it.
"""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from napari_anomalous_diffusion.cli.batch import batch
from napari_anomalous_diffusion.cli.comparison import compare
from napari_anomalous_diffusion.cli.methods import methods
from napari_anomalous_diffusion.cli.populations import import_checkpoint, population
from napari_anomalous_diffusion.cli.scoring import banks, demo, score
from napari_anomalous_diffusion.cli.shared import console
from napari_anomalous_diffusion.cli.training import calibrate, figure, simulate, train
from napari_anomalous_diffusion.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Which model of anomalous diffusion explains each track best.",
)
for command in (
    demo,
    score,
    batch,
    compare,
    population,
    methods,
    banks,
    import_checkpoint,
    simulate,
    train,
    calibrate,
    figure,
):
    app.command()(command)


def main() -> None:
    """Run the command; a mistake that the user can mend is one sentence and exit code 2."""
    try:
        app()
    except InputError as error:
        console.print(f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)
