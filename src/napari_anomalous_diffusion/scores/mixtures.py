"""Mixtures of three models, Eq. (3) of the paper: what scores say of them, and how far to trust it.

Model 1 weighs gamma * beta, model 2 weighs 1 - gamma, model 3 weighs 1 - beta.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.palette import mixture
from napari_anomalous_diffusion.tracks.files import read_table

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.scores.scoring import Scores

RECOVERY_FILE = "recovery.csv"
"""The table of `recovery_of`, in the folder of a bank of mixtures."""

RECOVERY_COLUMNS = ["gamma", "beta", "named_gamma", "named_beta", "share", "mse"]


def plane_of_labels(labels: Sequence[str]) -> pd.DataFrame:
    """Read gamma and beta of labels such as ``gamma=0.2,beta=0.4``, a row a label."""
    return pd.DataFrame([mixture(label) for label in labels], columns=["gamma", "beta"])


def mixtures_of(scores: Scores) -> pd.DataFrame:
    """Average the errors of all scored tracks, and count their minima: Fig. 7a and b of the paper.

    Parameters
    ----------
    scores : Scores
        By a bank of mixtures.

    Returns
    -------
    DataFrame
        Columns ``gamma, beta, share, mse``, a row a mixture: the share of the scored tracks whose
        lowest error it has, and their mean error under it.
    """
    labels = list(scores.labels)
    best = scores.table["best"].dropna().value_counts(normalize=True)
    scored = scores.errors[scores.table["n_windows"].to_numpy() > 0]
    return plane_of_labels(labels).assign(
        share=best.reindex(labels, fill_value=0.0).to_numpy(), mse=scored.mean(axis=0)
    )


def mixed_models(bank: Bank) -> tuple[str, ...]:
    """Read from a bank's recipe which models it mixes: 1, 2 and 3 of Eq. (3).

    Raises
    ------
    InputError
        If the recipe is missing or says nothing of it.
    """
    path = bank.folder / "recipe.toml"
    try:
        models = tomllib.loads(path.read_text(encoding="utf-8"))["grid"]["models"]
        first, second, third = map(str, models)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} does not say which three models the bank mixes: install it again."
        ) from error
    return first, second, third


def recovery_of(bank: Bank) -> pd.DataFrame | None:
    """Read how well a bank names simulated mixtures, where that was measured.

    Parameters
    ----------
    bank : Bank

    Returns
    -------
    DataFrame or None
        Columns ``gamma, beta, named_gamma, named_beta, share, mse``: of fresh tracks of the bank's
        length, simulated at the first two, the share whose lowest error is under the label of the
        other two, and the mean of their errors under it. A row for every pair of mixtures. None
        where the bank has no such table.

    Raises
    ------
    InputError
        If the table is damaged.
    """
    path = bank.folder / RECOVERY_FILE
    if not path.is_file():
        return None
    table = read_table(path)
    if not set(RECOVERY_COLUMNS) <= set(table) or len(table) != len(bank.labels) ** 2:
        raise InputError(f"{path} is no table of recovered mixtures: install the bank again.")
    return table


@dataclass(frozen=True)
class Trust:
    """How well a bank names simulated mixtures.

    Attributes
    ----------
    right, chance : float
        Share of single tracks that are given the right mixture, and what guessing would give.
    apart, chance_apart : float
        How far the mixture that a single track is given lies from the right one in the mean, in
        gamma and beta, and what guessing would give.
    means_right : int
        Mixtures whose lowest mean error is their own.
    means_apart : float
        How far the lowest mean error of a mixture lies from it in the mean.
    n_mixtures : int
    """

    right: float
    chance: float
    apart: float
    chance_apart: float
    means_right: int
    means_apart: float
    n_mixtures: int

    @property
    def sentence(self) -> str:
        """What should be known by whoever looks at a map of mixtures."""
        return (
            f"On simulated mixtures, {100 * self.right:.1f} % of single tracks of one window are "
            f"given the right one (chance {100 * self.chance:.1f} %), and the mean error is lowest "
            f"at the right one for {self.means_right} of {self.n_mixtures}: trust no single point."
        )


def trust(recovery: pd.DataFrame) -> Trust:
    """Sum up a table of `recovery_of`."""
    named = recovery[["named_gamma", "named_beta"]].to_numpy()
    apart = np.hypot(*(named - recovery[["gamma", "beta"]].to_numpy()).T)
    mixtures = recovery.reset_index(drop=True).groupby(["gamma", "beta"])
    own = apart < 1e-9
    lowest = apart[mixtures["mse"].idxmin()]
    return Trust(
        right=float(recovery.loc[own, "share"].mean()),
        chance=1 / len(mixtures),
        apart=float((apart * recovery["share"]).sum() / len(mixtures)),
        chance_apart=float(apart.mean()),
        means_right=int((lowest < 1e-9).sum()),
        means_apart=float(lowest.mean()),
        n_mixtures=len(mixtures),
    )
