"""A paragraph for the methods of a paper, with everything that a reader needs to do it again."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from napari_anomalous_diffusion import __version__
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.autoencoders.storage import checksum
from napari_anomalous_diffusion.scores.words import ESTIMATE, MEASURED, FromTracks

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.calibration import Calibration
    from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

PAPER = (
    "G. Muñoz-Gil, G. Guigó i Corominas and M. Lewenstein, Unsupervised learning of anomalous "
    "diffusion data, J. Phys. A: Math. Theor. 54, 504001 (2021)"
)

CLASSICAL = (
    "Exponents and diffusion coefficients, with 95 % intervals, are those of fractional Brownian "
    "motion seen with a localisation error, from the likelihood of a track's displacements."
)


def methods_paragraph(
    bank: Bank,
    *,
    level: float = 0.05,
    localisation_error: float | FromTracks = 0.0,
    linking: LinkingParameters | None = None,
    calibration: Calibration | None = None,
    n_tracks: int | None = None,
) -> str:
    """Describe how tracks were linked and scored.

    Parameters
    ----------
    bank : Bank
        What the tracks were scored with.
    level : float
    localisation_error : float, "estimate" or "measured"
        As in `score`; "estimate" where it was taken from the tracks of each input.
    linking : LinkingParameters, optional
        How the tracks were linked, where that was done by this package.
    calibration : Calibration, optional
        What a pixel and a frame were worth.
    n_tracks : int, optional
        How many tracks were scored.

    Returns
    -------
    str
        Sentences in the past tense, with the versions that ran here.
    """
    parts = [
        *([] if linking is None else [_linked(linking)]),
        _scored(bank, n_tracks),
        _measured(bank),
        _judged(bank, level),
        _blurred(localisation_error, calibration),
        CLASSICAL,
        _calibrated(calibration),
        f"[1] {PAPER}.",
    ]
    return " ".join(part for part in parts if part)


def _linked(linking: LinkingParameters) -> str:
    height = f" ({linking.diameter_z} planes high)" if linking.diameter_z else ""
    reach = f" ({linking.search_range_z:g} planes along z)" if linking.search_range_z else ""
    channel = f" in channel {linking.channel} (counted from 0)" if linking.channel >= 0 else ""
    drift = (
        " The motion that all tracks have in common was subtracted."
        if linking.subtract_drift
        else ""
    )
    shade = "Dark" if linking.dark_on_light else "Bright"
    return (
        f"{shade} spots{channel} were found and linked with "
        f"trackpy {_installed('trackpy')}: diameter {linking.diameter} pixels{height}, minimum "
        f"mass {linking.minimum_mass:g}, percentile {linking.percentile:g}, search range "
        f"{linking.search_range:g} pixels{reach}, memory {linking.memory} frames; tracks of fewer "
        f"than {linking.minimum_length} points were left out.{drift}"
    )


def _scored(bank: Bank, n_tracks: int | None) -> str:
    contents = bank.contents
    members = sorted({len(label.members) for label in contents.labels})
    counted = " to ".join(str(number) for number in {members[0]: None, members[-1]: None})
    generator = contents.versions.get("andi-datasets")
    simulated = f" by andi-datasets {generator}" if generator else ""
    fingerprint = checksum((bank.folder / "bank.json").read_bytes())[:12]
    return (
        f"{'Tracks' if n_tracks is None else f'{n_tracks:,} tracks'} were scored with "
        f"napari-anomalous-diffusion {__version__} (PyTorch {_installed('torch')}), which follows "
        f"Ref. [1], using the bank {bank.name} (SHA-256 of its bank.json {fingerprint}...): "
        f"{counted} neural network{'' if members == [1] else 's'} for each of the labels "
        f"{', '.join(bank.labels)}, trained without labels on tracks simulated{simulated}."
    )


def _measured(bank: Bank) -> str:
    if bank.kind == "probability":
        return (
            "The error of a track under a label is the negative log-likelihood of its "
            "displacements, in nats a step, averaged over the label's networks."
        )
    mean = "geometric" if bank.contents.average == "geometric" else "arithmetic"
    return (
        f"Each coordinate was cut into windows of {bank.length} points at strides of 1, 2, 4, ... "
        "frames, their displacements divided by their root mean square; the error of a track "
        f"under a network is the {mean} mean over its windows and coordinates of the mean squared "
        "error of the reconstruction, under a label the arithmetic mean over its networks."
    )


def _judged(bank: Bank, level: float) -> str:
    calibrated = (
        f" By the bank's calibration on its own simulated tracks, a track is called novel where no "
        f"label's own tracks look so, and undecided where another label could not be excluded, at "
        f"the level {level:g}."
        if bank.contents.calibration is not None
        else ""
    )
    return (
        "Each track was given the label of the lowest error, independently of all other tracks; "
        "where nothing moved in any window, or no window fitted, it was given none."
        f"{calibrated}"
    )


def _blurred(error: float | FromTracks, calibration: Calibration | None) -> str:
    if error == ESTIMATE:
        return (
            "The localisation error of each file was estimated from the anticorrelation of its "
            "neighbouring displacements, and taken into account."
        )
    if error == MEASURED:
        return (
            "The static localisation error that was measured with each point was taken into "
            "account, as its root mean square over each track."
        )
    unit = "in the unit of the coordinates" if calibration is None else calibration.length_unit
    return f"A localisation error of {error:g} {unit} was taken into account." if error else ""


def _calibrated(calibration: Calibration | None) -> str:
    if calibration is None:
        return ""
    size = calibration.pixel_size
    sizes = " x ".join(f"{value:g}" for value in (size if isinstance(size, tuple) else (size,)))
    shutter = f", {calibration.exposure:g} of it exposed" if calibration.exposure else ""
    return (
        f"One pixel was {sizes} {calibration.length_unit}, one frame "
        f"{calibration.frame_interval:g} {calibration.time_unit}{shutter}."
    )


def _installed(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "(not installed here)"
