"""What the user prefers, as set in napari under Preferences > Anomalous Diffusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_anomalous_diffusion.autoencoders.bank import DEFAULT_BANK

if TYPE_CHECKING:
    from napari.settings import PluginSettings

PLUGIN = "napari-anomalous-diffusion"


@dataclass(frozen=True)
class Preferences:
    """What a panel starts with.

    Attributes
    ----------
    bank : str
        A bank's name or folder.
    device : {"auto", "cpu", "cuda", "mps"}
        Where the networks run.
    level : float
        The share of tracks of a label that may be called novel by chance.
    """

    bank: str = DEFAULT_BANK
    device: str = "auto"
    level: float = 0.05


def preferences() -> Preferences:
    """Read the preferences; where napari keeps none for this plugin, they are the defaults."""
    settings = _settings()
    if settings is None:
        return Preferences()
    scoring = settings.scoring
    return Preferences(scoring.bank.strip() or DEFAULT_BANK, scoring.device, scoring.level)


def _settings() -> PluginSettings | None:
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # before napari 0.9
        return None
    try:
        return get_plugin_settings(PLUGIN)
    except KeyError:  # a widget that was added by hand, while the plugin is disabled
        return None
