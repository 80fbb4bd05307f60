"""Which model of anomalous diffusion explains a track best, told by autoencoders.

>>> from napari_anomalous_diffusion import load_bank, read_tracks, score
>>> scores = score(read_tracks("tracks.csv"), load_bank("models-20"))  # doctest: +SKIP

A name is fetched from the room it lives in when it is first asked for, so that importing the
package costs next to nothing: numpy, pandas and torch are loaded only by what needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import installed_banks, load_bank
    from napari_anomalous_diffusion.errors import InputError
    from napari_anomalous_diffusion.scores.scoring import Scores, score
    from napari_anomalous_diffusion.tracks.files import read_tracks
    from napari_anomalous_diffusion.tracks.table import Trajectories

__version__ = "0.1.0"

__all__ = [
    "InputError",
    "Scores",
    "Trajectories",
    "__version__",
    "installed_banks",
    "load_bank",
    "read_tracks",
    "score",
]

_ROOMS = {
    "InputError": "errors",
    "Scores": "scores.scoring",
    "Trajectories": "tracks.table",
    "installed_banks": "autoencoders.bank",
    "load_bank": "autoencoders.bank",
    "read_tracks": "tracks.files",
    "score": "scores.scoring",
}

if not TYPE_CHECKING:  # a type checker would take any misspelt name for one that exists

    def __getattr__(name: str) -> object:
        if name not in _ROOMS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
