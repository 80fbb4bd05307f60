"""What a whole population is: the protocol of the paper, on banks of the published form.

The published networks share their batch-norms between encoder and decoder and are evaluated as they
are trained, with the statistics of the batch at hand. Where all tracks of a batch are of one kind,
these statistics tell the kind; a single track's error depends on its company. So a population has
an answer here (Figs. 2 to 6 of the paper), and a track has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.autoencoders.bank import Bank, load_bank
from napari_anomalous_diffusion.autoencoders.windows import cut, to_unit_deviation
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.files import read_tracks

if TYPE_CHECKING:
    import torch

    from napari_anomalous_diffusion.tracks.table import Trajectories

DEFAULT_POPULATION_BANK = "paper-subdiffusive-20"

FEWEST_WINDOWS = 64
"""With fewer, the statistics of the batch are ruled by single windows."""

LARGEST_BATCH = 10_000
"""Larger populations are scored in equal random parts, so that memory stays flat."""


class TooFewWindowsError(InputError):
    """A population is too small to be asked what it is."""


@dataclass(frozen=True, eq=False)
class PopulationAnswer:
    """What a bank of the published form says of a population.

    Attributes
    ----------
    table : DataFrame
        A row a label: ``label``; ``mse``, the mean over windows and members, in squared units of
        the displacements' standard deviation; ``members``, the standard deviation between the
        members, as the shaded area of Fig. 2a.
    best : str
        The label with the lowest ``mse``.
    n_tracks, n_windows : int
        Tracks in which a window fits, and windows (tracks times coordinates that vary).
    bank : Bank
    """

    table: pd.DataFrame
    best: str
    n_tracks: int
    n_windows: int
    bank: Bank

    @property
    def candidates(self) -> list[str]:
        """The best label, and those that its members cannot tell from it, by rising error.

        Their error, less the standard deviation of their members, is not above the best one's and
        the standard deviation of its members. One member a label tells nothing of that.
        """
        table = self.table.sort_values("mse")
        reach = table["mse"].iloc[0] + table["members"].iloc[0]
        return table.loc[table["mse"] - table["members"] <= reach, "label"].tolist()


def ask_population(
    tracks: Any, bank: Bank | str = DEFAULT_POPULATION_BANK, *, seed: int = 0, device: str = "auto"
) -> PopulationAnswer:
    """Ask what a population of tracks is, taken as a whole.

    Of each track the first window is taken, as the paper crops its trajectories; each coordinate is
    a window of its own.

    Parameters
    ----------
    tracks : Trajectories, napari array, DataFrame or path, or list of these
        Whatever `read_tracks` takes, of one population: one cell, one condition.
    bank : Bank or str
        A bank of the published form.
    seed : int
        Decides the parts of a population of more than 10,000 windows.
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    PopulationAnswer

    Raises
    ------
    TooFewWindowsError
        If there are fewer than 64 windows.
    InputError
        If the bank scores track by track, or tracks cannot be read.
    """
    opened = load_bank(bank)
    _check_published(opened)
    parts = [read_tracks(part) for part in (tracks if isinstance(tracks, list) else [tracks])]
    cuts = [population_windows(part, opened.length) for part in parts]
    windows = np.concatenate([values for values, _ in cuts])
    n_tracks = sum(number for _, number in cuts)
    if len(windows) < FEWEST_WINDOWS:
        sources = ", ".join(dict.fromkeys(part.source for part in parts))
        raise TooFewWindowsError(
            f"{sources}: {len(windows)} windows of {opened.length} points (tracks times"
            f" coordinates) are too few for a population, whose own statistics enter its errors; "
            f"give at least {FEWEST_WINDOWS}, or score the tracks one by one with another bank."
        )
    errors = population_errors(opened, windows, seed=seed, device=device)
    members = opened.by_label(errors.mean(axis=0))
    table = pd.DataFrame({
        "label": opened.labels,
        "mse": np.nanmean(members, axis=1),
        "members": np.nanstd(members, axis=1),
    })  # fmt: skip
    best = str(table["label"][table["mse"].argmin()])
    return PopulationAnswer(table, best, n_tracks, len(windows), opened)


def population_table(answers: Mapping[str, PopulationAnswer]) -> pd.DataFrame:
    """Put the answers of one bank into a table.

    Parameters
    ----------
    answers : mapping of str to PopulationAnswer
        By the names of the populations.

    Returns
    -------
    DataFrame
        A row a population: ``population``; ``n_tracks`` and ``n_windows``; ``best`` and
        ``runner_up``, the labels of the two lowest errors (no runner-up, where there is one label);
        ``candidates``, see `PopulationAnswer.candidates`, separated by semicolons; ``margin``, the
        gap between the two errors as a share of the second; ``mse_<label>``, see
        `PopulationAnswer`, then ``members_<label>``, the standard deviation between its members.
    """
    rows = []
    for name, answer in answers.items():
        errors = answer.table.set_index("label")
        order = errors["mse"].sort_values()
        second = order.iloc[1] if len(order) > 1 else np.nan
        rows.append(
            {
                "population": name, "n_tracks": answer.n_tracks, "n_windows": answer.n_windows,
                "best": answer.best, "candidates": ";".join(answer.candidates),
                "runner_up": order.index[1] if len(order) > 1 else None,
                "margin": 1 - order.iloc[0] / second,
            }
            | {f"mse_{label}": value for label, value in errors["mse"].items()}
            | {f"members_{label}": value for label, value in errors["members"].items()}
        )  # fmt: skip
    return pd.DataFrame(rows)


def population_windows(trajectories: Trajectories, length: int) -> tuple[NDArray[np.float32], int]:
    """Cut the first window of every track, brought to displacements of unit standard deviation.

    Returns
    -------
    windows : ndarray of float32, shape (n_windows, length)
        Without those whose displacements are all the same.
    n_tracks : int
        Tracks that have such a window.
    """
    windows = cut(trajectories, length)
    chosen = windows.first()
    values, varies = to_unit_deviation(windows.values[chosen])
    return values[varies], len(np.unique(windows.track[chosen][varies]))


def population_errors(
    bank: Bank, windows: NDArray[np.float32], *, seed: int = 0, device: str = "auto"
) -> NDArray[np.float64]:
    """Compute the errors of a population's windows, with the statistics of the population.

    Parameters
    ----------
    bank : Bank
        Of the published form.
    windows : ndarray of float32, shape (n_windows, length)
        All of one population, as `population_windows` gives them.
    seed : int
        See `ask_population`.
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    ndarray of float64, shape (n_windows, n_networks)
        Eq. (2) of the paper; a column a network, label by label and member by member. They mean
        something as a whole only.

    Raises
    ------
    InputError
        If the bank is not of the published form.
    """
    import torch

    from napari_anomalous_diffusion.autoencoders.engine import choose_device
    from napari_anomalous_diffusion.autoencoders.networks import reconstruction_errors

    _check_published(bank)
    where = choose_device(device)
    order = np.random.default_rng(seed).permutation(len(windows))
    parts = np.array_split(order, max(-(-len(windows) // LARGEST_BATCH), 1))
    networks = [network for members in bank.networks for network in members]
    errors = np.empty((len(windows), len(networks)))
    for column, network in enumerate(networks):
        with batch_statistics(network.to(where)), torch.no_grad():
            for part in parts:
                batch = torch.from_numpy(windows[part]).to(where)
                errors[part, column] = reconstruction_errors(network, batch).cpu().numpy()
    return errors


def _check_published(bank: Bank) -> None:
    if bank.protocol != "population":
        raise InputError(
            f"The bank {bank.name} scores track by track, and not whole populations: choose one of "
            "the published form, such as paper-subdiffusive-20."
        )


@contextmanager
def batch_statistics(network: torch.nn.Module) -> Iterator[None]:
    """Let a network of the published form take the statistics of its batch, and keep none of them.

    Parameters
    ----------
    network : Module
    """
    before = {name: value.clone() for name, value in network.named_buffers()}
    network.train()
    try:
        yield
    finally:
        for name, value in network.named_buffers():
            value.copy_(before[name])
        network.eval()
