"""Units of length and time as files and layers spell them, made into one calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from napari_anomalous_diffusion.tracks.calibration import Calibration

LENGTHS = {
    "pm": 1e-12,
    "å": 1e-10,
    "nm": 1e-9,
    "µm": 1e-6,
    "mm": 1e-3,
    "cm": 1e-2,
    "m": 1.0,
}
"""Units of length in metres; inches come from printers and screens, so that they say nothing."""

TIMES = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
"""Units of time in seconds."""

SPELLINGS = {
    "pm": ("picometer", "picometre"),
    "å": ("angstrom",),
    "nm": ("nanometer", "nanometre"),
    "µm": ("um", "micron", "microns", "micrometer", "micrometre", "\\u00b5m"),
    "mm": ("millimeter", "millimetre"),
    "cm": ("centimeter", "centimetre"),
    "m": ("meter", "metre"),
    "ns": ("nanosecond",),
    "µs": ("us", "microsecond"),
    "ms": ("msec", "millisecond", "milliseconds"),
    "s": ("sec", "second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
}
"""Other ways to write them; the fourth of µm is what ImageJ writes where it can't write µ."""


def calibration_of(
    sizes: Sequence[float],
    length_units: Sequence[object],
    interval: float = 0.0,
    time_unit: object = "s",
) -> Calibration:
    """Make a calibration of what is known of pixels and frames.

    Parameters
    ----------
    sizes : sequence of float
        Size of a pixel along each axis of a frame.
    length_units : sequence
        Their units.
    interval : float
        Time from one frame to the next; 0 if it is not known.
    time_unit
        Its unit.

    Returns
    -------
    Calibration
        All pixel sizes in the unit of the last. Sizes and intervals without a known unit, and
        those that are not positive, count as unknown.
    """
    known: dict[str, Any] = {}
    units = [spelled(unit) for unit in length_units]
    usable = all(math.isfinite(size) and size > 0 for size in sizes)
    if usable and all(unit in LENGTHS for unit in units):
        lengths = [
            # Unchanged where the unit is the same, to the last digit.
            size if own == units[-1] else size * LENGTHS[own] / LENGTHS[units[-1]]
            for size, own in zip(sizes, units, strict=True)
        ]
        known["pixel_size"] = lengths[0] if len(set(lengths)) == 1 else tuple(lengths)
        known["length_unit"] = units[-1]
    if math.isfinite(interval) and interval > 0 and spelled(time_unit) in TIMES:
        known["frame_interval"] = interval
        known["time_unit"] = spelled(time_unit)
    return Calibration(**known)


def spelled(unit: object) -> str:
    """Spell a unit in one way, whether it is known or not."""
    # The Greek letter and the micro sign are two characters.
    plain = str(unit or "").strip().lower().replace("\u03bc", "µ")
    return next((unit for unit, others in SPELLINGS.items() if plain in others), plain)
