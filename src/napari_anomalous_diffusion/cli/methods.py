"""The command `methods`: a paragraph to paste into a paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_anomalous_diffusion.cli.shared import localisation_error_given
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from napari_anomalous_diffusion.batch.results import Record


def methods(
    results: Annotated[
        Path | None, typer.Argument(help="Folder of a batch, which knows how it was made.")
    ] = None,
    bank: Annotated[
        str, typer.Option("--bank", help="Without a batch: a bank's name, or its folder.")
    ] = "models-20",
    linking: Annotated[
        Path | None,
        typer.Option(help="Without a batch: the parameters that movies were linked by."),
    ] = None,
    level: Annotated[
        float, typer.Option(min=0, max=1, help="Without a batch: the level of the verdicts.")
    ] = 0.05,
    localisation_error: Annotated[
        str, typer.Option(help="Without a batch: as it was given to the command score.")
    ] = "0",
) -> None:
    """Write the methods of a paper: versions, bank, and every parameter of linking and scoring."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.scores.methods import methods_paragraph
    from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

    if results is None:
        known: dict[str, Any] = {
            "bank": load_bank(bank),
            "linking": None if linking is None else LinkingParameters.from_file(linking),
            "level": level,
            "localisation_error": localisation_error_given(localisation_error),
        }
    else:
        known = _of_batch(results)
    typer.echo(methods_paragraph(**known))


def _of_batch(folder: Path) -> dict[str, Any]:
    """Collect what a batch was made with."""
    from napari_anomalous_diffusion.autoencoders.bank import load_bank
    from napari_anomalous_diffusion.autoencoders.storage import checksum
    from napari_anomalous_diffusion.batch.parameters import CalibrationOptions
    from napari_anomalous_diffusion.batch.results import read_records
    from napari_anomalous_diffusion.tracks.calibration import UNCALIBRATED
    from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

    records = read_records(folder)
    if not records:
        raise InputError(f"{folder}: no finished batch is in this folder; name another.")
    bank = load_bank(_common(records, folder, "bank", lambda record: record.bank))
    theirs = _common(records, folder, "bank", lambda record: record.bank_checksum)
    if checksum((bank.folder / "bank.json").read_bytes()) != theirs:
        raise InputError(f"{folder}: its bank {bank.name} is not the one installed here.")
    linked = [record for record in records if "diameter" in record.parameters]
    chosen = {
        kind: _common(made, folder, "parameters", lambda record, kind=kind: _part(record, kind))
        for kind, made in ((LinkingParameters, linked), (CalibrationOptions, records))
        if made
    }
    judged = _common(records, folder, "parameters", _judging)
    exposure = _common(records, folder, "exposure", lambda record: record.parameters["exposure"])
    linking, worth = chosen.get(LinkingParameters), chosen[CalibrationOptions]
    calibration = CalibrationOptions(**worth).over(UNCALIBRATED).exposed(exposure)
    return {
        "bank": bank,
        "linking": None if linking is None else LinkingParameters(**linking),
        "calibration": None if calibration == UNCALIBRATED else calibration,
        **judged,
        "n_tracks": sum(int(record.summary["tracks"]) for record in records),
    }


def _part(record: Record, kind: Any) -> dict[str, Any]:
    return {name: record.parameters[name] for name in kind.model_fields}


def _judging(record: Record) -> dict[str, Any]:
    return {name: record.parameters[name] for name in ("level", "localisation_error")}


def _common(records: list[Record], folder: Path, what: str, value: Any) -> Any:
    """Return what all records agree on."""
    first = value(records[0])
    if any(value(record) != first for record in records):
        raise InputError(
            f"{folder}: its inputs were not all made with the same {what}; run the batch again, or "
            "name the bank and the parameters as options."
        )
    return first
