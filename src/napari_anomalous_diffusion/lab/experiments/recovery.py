"""What a bank gets right, measured on fresh simulated tracks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.lab.simulation import as_trajectories, simulate
from napari_anomalous_diffusion.lab.sources import Source
from napari_anomalous_diffusion.scores.scoring import score


@dataclass(frozen=True, eq=False)
class Recovery:
    """How the tracks of known models were scored.

    Attributes
    ----------
    confusion : DataFrame
        A row a model, a column a label: the share of the model's tracks that were given the label,
        among those that move.
    errors : DataFrame
        A row a model, a column a label: mean error of the model's tracks under the label.
    typical_errors : DataFrame
        The same with the geometric mean, which a few badly redrawn tracks do not rule.
    immobile : Series
        Share of each model's tracks in which nothing moves; they are left out of all else.
    """

    confusion: pd.DataFrame
    errors: pd.DataFrame
    typical_errors: pd.DataFrame
    immobile: pd.Series

    @property
    def recalls(self) -> pd.Series:
        """Share of each model's moving tracks that were given their own label."""
        own = [self.confusion.loc[model, model] for model in self.confusion.index]
        return pd.Series(own, index=self.confusion.index)

    @property
    def accuracy(self) -> float:
        """Mean of the recalls."""
        return float(self.recalls.mean())


def recover(
    bank: Bank,
    sources: Mapping[str, Source],
    n_tracks: int,
    length: int,
    dimensions: int = 1,
    noise: float = 0.0,
    seed: int = 0,
    device: str = "auto",
) -> Recovery:
    """Score fresh tracks of every label of a bank of diffusion models.

    Parameters
    ----------
    bank : Bank
    sources : mapping of str to Source
        Where the tracks of each label come from; the labels of the bank's recipe, as a rule.
    n_tracks : int
        Tracks for each model and exponent.
    length : int
        Frames of a track.
    dimensions : {1, 2, 3}
    noise : float
        Localisation error in units of the displacements' standard deviation.
    seed : int
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    Recovery
    """
    confusion, errors, typical_errors, immobile = {}, {}, {}, {}
    for number, (name, source) in enumerate(sources.items()):
        tracks = simulate(
            source.model, source.exponents, n_tracks, length, dimensions, noise, seed + number
        )
        scores = score(as_trajectories(tracks), bank, device=device)
        moving = scores.table["best"].notna()
        counts = scores.table["best"][moving].value_counts(normalize=True)
        confusion[name] = counts.reindex(list(bank.labels), fill_value=0.0)
        its_errors = pd.DataFrame(scores.errors[moving], columns=list(bank.labels))
        errors[name] = its_errors.mean()
        typical_errors[name] = np.exp(np.log(its_errors).mean())
        immobile[name] = 1 - float(moving.mean())
    return Recovery(
        pd.DataFrame(confusion).T,
        pd.DataFrame(errors).T,
        pd.DataFrame(typical_errors).T,
        pd.Series(immobile),
    )
