"""Tracks that come with the package: beads in water, molecules in nuclei, a simulated field."""

from __future__ import annotations

from pathlib import Path

from napari_anomalous_diffusion.errors import InputError

SAMPLES = {
    "beads": "beads.csv",
    "field": "field.csv",
    "nuclei": "nuclei.csv",
}
"""The samples and their files; ``data/README.md`` says what they are and where they come from."""


def sample_path(name: str) -> Path:
    """Find the file of a packaged sample.

    Parameters
    ----------
    name : {"beads", "field", "nuclei"}
        ``beads``: latex beads of 1 micrometre in water, followed in a movie. ``field``: simulated
        tracks of five models, with the model and exponent of each in the columns ``model`` and
        ``alpha``. ``nuclei``: single molecules in the nuclei of living cells.

    Returns
    -------
    Path
        A CSV file with the columns ``track_id, frame, y, x``, positions in pixels.

    Raises
    ------
    InputError
        If there is no such sample.
    """
    if name not in SAMPLES:
        raise InputError(f"There is no sample {name!r}: choose from {', '.join(SAMPLES)}.")
    return Path(__file__).resolve().parent / "data" / SAMPLES[name]
