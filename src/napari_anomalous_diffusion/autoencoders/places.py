"""Where banks are: those that come with the package, and the user's own beside them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OWN_BANKS_VARIABLE = "ANOMALOUS_DIFFUSION_BANKS"


def bank_folders() -> list[Path]:
    """List the folders in which a bank is looked for by its name; the first that has it counts."""
    return [weights_folder(), own_banks_folder()]


def weights_folder() -> Path:
    """Find the folder of the shipped banks: inside a package, beside ``src`` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "weights"
    return inside if inside.is_dir() else package.parents[1] / "weights"


def own_banks_folder() -> Path:
    """Find the folder of the user's own banks, which need not be there.

    It is what the environment variable ``ANOMALOUS_DIFFUSION_BANKS`` says, or
    ``napari-anomalous-diffusion/banks`` in the place where the platform keeps a user's data:
    ``%LOCALAPPDATA%``, ``~/Library/Application Support``, or ``$XDG_DATA_HOME`` (by default
    ``~/.local/share``).
    """
    named = os.environ.get(OWN_BANKS_VARIABLE)
    if named:
        return Path(named).expanduser()
    return _data_folder() / "napari-anomalous-diffusion" / "banks"


def _data_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
