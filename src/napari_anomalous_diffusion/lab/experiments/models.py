"""Networks and tracks of different models and exponents: Figs. 1, 2 and 3 of the paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.lab.experiments.protocols import (
    errors_of_windows,
    mean_errors,
    mean_of_members,
    prepared_windows,
    reconstructions,
)
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import seed_from
from napari_anomalous_diffusion.lab.simulation import as_trajectories, simulate
from napari_anomalous_diffusion.lab.sources import Source
from napari_anomalous_diffusion.scores.populations import population_windows

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A track, and what networks make of it.

    Attributes
    ----------
    model : str
    alpha : float
        The exponent it was simulated with.
    window : ndarray of float32, shape (length,)
        The normalised track.
    output : ndarray of float32, shape (n_members, length)
        What each member of the label makes of it.
    mse : float
        Its error, the mean over the members.
    mean_mse : float
        Mean error of all the tracks that it was chosen from.
    """

    model: str
    alpha: float
    window: NDArray[np.float32]
    output: NDArray[np.float32]
    mse: float
    mean_mse: float


def typical_reconstructions(
    bank: Bank, label: str, inputs: Iterable[tuple[str, float]], n_tracks: int, seed: int = 0
) -> list[Reconstruction]:
    """Redraw one typical track of each kind: Fig. 1c and d of the paper.

    Of `n_tracks` tracks, the one is taken whose error is nearest to the mean.

    Parameters
    ----------
    bank : Bank
    label : str
        Whose networks redraw them.
    inputs : iterable of (model, alpha)
    n_tracks : int
        Tracks of each kind; under a bank of the published form, a population.
    seed : int

    Returns
    -------
    list of Reconstruction
        One an input.
    """
    made = []
    for model, alpha in inputs:
        tracks = simulate(model, [alpha], n_tracks, bank.length, seed=seed_from(seed, model, "one"))
        windows = prepared_windows(bank, tracks)
        outputs = reconstructions(bank, windows, label)
        errors = ((outputs - windows) ** 2).mean(axis=(0, 2))
        typical = int(np.abs(errors - errors.mean()).argmin())
        made.append(
            Reconstruction(
                model, alpha, windows[typical], outputs[:, typical], float(errors[typical]),
                float(errors.mean()),
            )
        )  # fmt: skip
    return made


def errors_on_models(
    bank: Bank,
    sources: Mapping[str, Source],
    n_tracks: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the error of every network on tracks of every model: Fig. 2a of the paper.

    Parameters
    ----------
    bank : Bank
        Of the published form, the tracks of a model with all its exponents are one population, as
        the networks were trained on them.
    sources : mapping of str to Source
        What the tracks of each model are, such as the labels of the bank's recipe.
    n_tracks : int
        Tracks for each model and exponent.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``network, member, mse, model``; a row a network and model.
    """
    parts = []
    for name, source in sources.items():
        tracks = simulate_source(source, n_tracks, bank.length, seed=seed_from(seed, name))
        parts.append(mean_errors(bank, tracks).assign(model=name))
    return pd.concat(parts, ignore_index=True)


def errors_by_exponent(
    bank: Bank,
    models: Sequence[str],
    exponents: Sequence[float],
    n_tracks: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the error of every network on every model at every exponent: Figs. 2b-e and 3.

    Parameters
    ----------
    bank : Bank
        Of the published form, the tracks of one model at one exponent are one population.
    models : sequence of str
    exponents : sequence of float
    n_tracks : int
        Tracks for each model and exponent.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``network, member, mse, model, alpha``; a row a network, model and exponent.
    """
    pairs = [(model, float(alpha)) for model in models for alpha in exponents]
    parts = []
    for model, alpha in pairs:
        its_seed = seed_from(seed, model, f"{alpha:g}")
        tracks = simulate(model, [alpha], n_tracks, bank.length, seed=its_seed)
        parts.append(mean_errors(bank, tracks).assign(model=model, alpha=alpha))
    return pd.concat(parts, ignore_index=True)


def excursions(
    model: str, exponents: Sequence[float], n_tracks: int, length: int = 20, seed: int = 0
) -> pd.Series:
    """Measure how far tracks of unit displacement variance go, by their exponent.

    Parameters
    ----------
    model : str
    exponents : sequence of float
    n_tracks : int
        Tracks for each exponent.
    length : int
    seed : int

    Returns
    -------
    Series of float
        Mean squared position, over all points of all tracks, by alpha.
    """
    sizes = {}
    for alpha in exponents:
        tracks = simulate(model, [alpha], n_tracks, length, seed=seed_from(seed, f"{alpha:g}"))
        windows = population_windows(as_trajectories(tracks), length)[0]
        sizes[float(alpha)] = float(np.mean(windows**2))
    return pd.Series(sizes)


ABLATIONS = {
    "one kind": "each batch holds tracks of one kind, as published",
    "guests": "a batch of the network's own kind, with one track in twenty of the other kind",
    "same size": "one kind, after its tracks were brought to the excursions of the network's own",
    "all kinds": "one batch of all kinds in equal shares",
    "per track": "networks whose norms know no batch",
}
"""What `separate_batch_from_excursions` compares."""

GUESTS = 0.05


def separate_batch_from_excursions(
    bank: Bank,
    per_track: Bank,
    sources: Mapping[str, Source],
    n_tracks: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Ask what sets FBM apart in Fig. 2a: the batch, or the small excursions of its tracks.

    Parameters
    ----------
    bank : Bank
        Of the published form.
    per_track : Bank
        With the same labels, scoring track by track.
    sources : mapping of str to Source
        The tracks of each label.
    n_tracks : int
        Tracks for each label and exponent.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``condition`` (see `ABLATIONS`), ``network, model, mse``: mean over tracks and
        members. Where tracks were brought to another size, errors are those at that size.
    """
    tracks = {
        name: simulate_source(source, n_tracks, bank.length, seed=seed_from(seed, name, "ablation"))
        for name, source in sources.items()
    }
    windows = {name: prepared_windows(bank, positions) for name, positions in tracks.items()}
    size = {name: float(np.mean(values**2)) for name, values in windows.items()}
    # Tracks of CTRW that never move are left out: equal shares for all.
    fewest = min(map(len, windows.values()))
    random = np.random.default_rng(seed)
    windows = {name: random.permutation(values)[:fewest] for name, values in windows.items()}
    everything = mean_of_members(
        bank, errors_of_windows(bank, np.concatenate(list(windows.values())))
    )
    mixed = dict(zip(windows, np.split(everything, len(windows)), strict=True))

    rows = []
    for model, values in windows.items():
        alone = mean_of_members(bank, errors_of_windows(bank, values)).mean(axis=0)
        by_itself = prepared_windows(per_track, tracks[model])
        single = mean_of_members(per_track, errors_of_windows(per_track, by_itself)).mean(axis=0)
        few = values[: max(round(GUESTS * fewest), 1)]
        for place, network in enumerate(bank.labels):
            scale = np.float32(np.sqrt(size[network] / size[model]))
            hosts = np.concatenate([few, windows[network][len(few) :]])
            guests = mean_of_members(bank, errors_of_windows(bank, hosts))[: len(few), place]
            resized = mean_of_members(bank, errors_of_windows(bank, values * scale))[:, place]
            its_own = per_track.labels.index(network)
            for condition, mse in {
                "one kind": alone[place],
                "guests": guests.mean(),
                "same size": resized.mean(),
                "all kinds": mixed[model][:, place].mean(),
                "per track": single[its_own],
            }.items():
                rows.append((condition, network, model, float(mse)))
    return pd.DataFrame(rows, columns=["condition", "network", "model", "mse"])
