"""Which exponent tracks have after they were redrawn: Fig. 4 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.lab.experiments.protocols import prepared_windows, reconstructions
from napari_anomalous_diffusion.lab.recipes import seed_from
from napari_anomalous_diffusion.lab.simulation import simulate

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank

LONGEST_LAG = 0.25
"""Lags of the time-averaged MSD, as a share of the window: longer ones are averages of little."""


def reconstructed_exponents(
    bank: Bank,
    exponents: Sequence[float],
    n_tracks: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Fit the exponent of redrawn tracks: Fig. 4 of the paper.

    Parameters
    ----------
    bank : Bank
        Labels such as ``fbm-0.3``: a model, and the exponent that it was trained at.
    exponents : sequence of float
        Of the tracks that are redrawn, each by the networks of its own model.
    n_tracks : int
        Tracks for each model and exponent.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``network, member, model, trained, alpha, fitted, fitted_input, mse``: the exponent
        fitted to what comes out and to what goes in, from the ensemble average of the MSD for CTRW
        (whose time average knows no exponent) and from the time average for others.
    """
    models = sorted({label.split("-")[0] for label in bank.labels})
    pairs = [(model, float(alpha)) for model in models for alpha in exponents]
    rows = []
    for model, alpha in pairs:
        its_seed = seed_from(seed, model, f"{alpha:g}", "exponents")
        tracks = simulate(model, [alpha], n_tracks, bank.length, seed=its_seed)
        windows = prepared_windows(bank, tracks)
        fit = ensemble_exponent if model == "ctrw" else time_averaged_exponent
        before = fit(windows)
        for label in bank.labels:
            name, trained = label.split("-")
            if name != model:
                continue
            for member, output in enumerate(reconstructions(bank, windows, label)):
                mse = float(((output - windows) ** 2).mean())
                rows.append(
                    (label, member + 1, model, float(trained), alpha, fit(output), before, mse)
                )
    columns = ["network", "member", "model", "trained", "alpha", "fitted", "fitted_input", "mse"]
    return pd.DataFrame(rows, columns=columns)


def ensemble_exponent(windows: NDArray[np.float32]) -> float:
    """Fit the exponent of the ensemble average of the squared displacement from the start.

    Parameters
    ----------
    windows : ndarray of float32, shape (n_windows, length)

    Returns
    -------
    float
        Slope of a straight line through the logarithms, Eq. (1) of the paper, over lags that are
        evenly spread on that scale.
    """
    moved = windows - windows[:, :1]
    return _slope(np.mean(moved.astype(np.float64) ** 2, axis=0)[1:])


def time_averaged_exponent(windows: NDArray[np.float32]) -> float:
    """Fit the exponent of the time average of the squared displacement, averaged over windows.

    Parameters
    ----------
    windows : ndarray of float32, shape (n_windows, length)

    Returns
    -------
    float
        As for `ensemble_exponent`, over lags up to a quarter of the window.
    """
    values = windows.astype(np.float64)
    longest = max(int(LONGEST_LAG * values.shape[1]), 2)
    lags = range(1, longest + 1)
    return _slope(np.array([np.mean((values[:, lag:] - values[:, :-lag]) ** 2) for lag in lags]))


def _slope(msd: NDArray[np.float64]) -> float:
    """Fit a power law to a mean squared displacement at lags 1, 2, 3, ..."""
    # As many points in each octave: else the many long lags would rule the fit.
    lags = np.unique(np.geomspace(1, len(msd), 20).round().astype(int))
    return float(np.polyfit(np.log(lags), np.log(msd[lags - 1]), 1)[0])
