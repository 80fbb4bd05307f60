"""The words and numbers of verdicts that tables, pictures and the dock share."""

from __future__ import annotations

from typing import Final, Literal

IMMOBILE = "immobile"
TOO_SHORT = "too short"
NOVEL = "novel"
UNDECIDED = "undecided"

SEPARATOR = ";"
"""Between candidates, since labels of mixtures hold commas."""

DEFAULT_LEVEL = 0.05
"""Share of each label's own tracks that may be called novel, or denied their label."""

ESTIMATE: Final = "estimate"
"""Stands for a localisation error that is to be taken from the tracks themselves."""

MEASURED: Final = "measured"
"""Stands for a localisation error that came with the points, as trackpy's column ``ep``."""

FromTracks = Literal["estimate", "measured"]
"""How tracks themselves tell their localisation error."""
