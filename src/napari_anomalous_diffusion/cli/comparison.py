"""The command `compare`: scored populations side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_anomalous_diffusion.errors import InputError


def compare(
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="OUT", help="Tables of scores, and folders of batches for all of theirs."
        ),
    ],
    by: Annotated[
        str,
        typer.Option(
            help="'file' for a population a table, 'folder' for one a folder of tables (or of a "
            "batch), whose intervals resample its files, or a column that names populations."
        ),
    ] = "file",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="CSV or Parquet by its ending.")
    ] = Path("comparison.csv"),
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Where to draw them: .png, .pdf or .svg. \\[default: beside the table, as .png]"
        ),
    ] = None,
) -> None:
    """Compare populations: mean error and share of best tracks by label, with intervals."""
    from napari_anomalous_diffusion.batch import find_scores
    from napari_anomalous_diffusion.scores.comparison import compare_files
    from napari_anomalous_diffusion.scores.plots import comparison_figure, write_figure
    from napari_anomalous_diffusion.tracks.files import write_table

    tables = find_scores(scores)
    if output.absolute() in (table.absolute() for table in tables):
        raise InputError(f"{output}: the comparison would replace scores; name another file.")
    comparison = compare_files(tables, by=by)
    write_table(comparison.table, output)
    drawn = picture or output.with_suffix(".png")
    write_figure(comparison_figure(comparison), drawn)
    typer.echo(f"The comparison is in {output}, its picture in {drawn}.")
