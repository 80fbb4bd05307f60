"""Calibrating a bank: what its own tracks look like under it, in all circumstances.

For every length, dimension and localisation error, tracks of every label are simulated anew and
scored; `scores.calibration` tells what is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import nn

from napari_anomalous_diffusion.autoencoders.bank import Bank, StoredFile
from napari_anomalous_diffusion.autoencoders.storage import checksum
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import CalibrationRecipe, digest, read_recipe, seed_from
from napari_anomalous_diffusion.lab.simulation import as_trajectories
from napari_anomalous_diffusion.lab.sources import AnySource
from napari_anomalous_diffusion.scores.calibration import (
    PROBABILITIES,
    Calibration,
    judged_errors,
    label_p_values,
    log_probabilities,
    network_inputs,
)
from napari_anomalous_diffusion.scores.profiles import (
    Circumstances,
    Profiles,
    join_profiles,
    profiles_in_steps,
)
from napari_anomalous_diffusion.steps import finish
from napari_anomalous_diffusion.writing import whole_file

FILE = "calibration.safetensors"

HIDDEN = 64
ROUNDS = 30
BATCH = 1_000


def calibrate_bank(
    bank: Bank,
    recipe: CalibrationRecipe | None = None,
    *,
    cache: str | Path = ".training",
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Calibrate a bank; called again after an interruption, go on.

    Parameters
    ----------
    bank : Bank
        Its folder gets the file `FILE`, and ``bank.json`` speaks of it.
    recipe : CalibrationRecipe, optional
        What the bank's own recipe says, where none is given.
    cache : path
        Where the profiles of tracks are kept that were scored already.
    device : {"auto", "cpu", "cuda", "mps"}
    progress : callable, optional
        Called with the circumstances done, and all of them.
    """
    whole = read_recipe(bank.folder / "recipe.toml")
    recipe = recipe or whole.calibration
    # In shorter tracks no window of the bank fits.
    lengths = sorted({max(length, bank.length) for length in recipe.lengths})
    recipe = recipe.model_copy(update={"lengths": lengths})
    sources = dict(whole.labels)
    labels = (*bank.contents.labels, *bank.contents.others)
    sums = [member.sha256 for label in labels for member in label.members]
    cells = list(product(recipe.dimensions, recipe.lengths, recipe.noise))
    samples: dict[tuple[int, int, float], Sample] = {}
    for number, cell in enumerate(cells):
        key = digest(sums, sources, recipe.tracks, recipe.seed, list(cell))
        path = Path(cache) / f"calibration-{key}.npz"
        samples[cell] = _sample(bank, sources, recipe, cell, path, device)
        if progress is not None:
            progress(number + 1, len(cells))
    data = save(_arrays(_condense(bank, recipe, samples)))
    with whole_file(bank.folder / FILE) as partial:
        partial.write_bytes(data)
    stored = StoredFile(file=FILE, sha256=checksum(data))
    bank.contents.model_copy(update={"calibration": stored}).write(bank.folder)


class Sample:
    """Profiles of simulated tracks in the same circumstances, and their labels.

    Parameters
    ----------
    profiles : Profiles
        Of tracks that were scored, all of them.
    label : ndarray of int64, shape (n_tracks,)
        The place of each track's own label among those of the bank.
    """

    def __init__(self, profiles: Profiles, label: NDArray[np.int64]) -> None:
        self.profiles = profiles
        self.label = label


def _sample(
    bank: Bank,
    sources: dict[str, AnySource],
    recipe: CalibrationRecipe,
    cell: tuple[int, int, float],
    path: Path,
    device: str,
) -> Sample:
    if path.exists():
        with np.load(path) as kept:
            return _as_sample(**kept)
    parts, labels = [], []
    for number, name in enumerate(bank.labels):
        profiles = _score_own(bank, sources[name], recipe, cell, seed_from(name, *map(str, cell)),
                              device)  # fmt: skip
        profiles = profiles.select(profiles.scored)
        parts.append(profiles)
        labels.append(np.full(len(profiles.fits), number))
    joined, label = join_profiles(parts), np.concatenate(labels)
    where = joined.circumstances
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            member_errors=joined.member_errors,
            other_errors=joined.other_errors,
            circumstances=np.stack([where.size, where.dimensions, where.level]),
            label=label,
        )
    return Sample(joined, label)


def _score_own(
    bank: Bank,
    source: AnySource,
    recipe: CalibrationRecipe,
    cell: tuple[int, int, float],
    seed: int,
    device: str,
) -> Profiles:
    """Simulate tracks of a label, blur them, and score them."""
    dimensions, length, noise = cell
    positions = simulate_source(
        source, max(recipe.tracks // source.shares, 1), length, dimensions, seed=recipe.seed + seed
    )
    localisation_error = noise * np.diff(positions, axis=1).std(axis=(1, 2))
    random = np.random.default_rng(recipe.seed + seed)
    positions += localisation_error[:, None, None] * random.standard_normal(positions.shape)
    return finish(
        profiles_in_steps(
            as_trajectories(positions), bank, localisation_error=localisation_error, device=device
        )
    )


def _as_sample(
    member_errors: NDArray[np.float64],
    other_errors: NDArray[np.float64],
    circumstances: NDArray[np.float64],
    label: NDArray[np.int64],
) -> Sample:
    size, dimensions, level = circumstances
    ones = np.ones(len(label), dtype=np.int64)
    where = Circumstances(size, dimensions.astype(np.int64), level)
    return Sample(Profiles(member_errors, other_errors, ones, ones > 0, ones == 0, where), label)


def _condense(
    bank: Bank, recipe: CalibrationRecipe, samples: dict[tuple[int, int, float], Sample]
) -> Calibration:
    """Make tables of quantiles, and the network that needs all tracks."""
    sizes = [_typical(recipe, samples, "size", length=length) for length in recipe.lengths]
    levels = [_typical(recipe, samples, "level", noise=noise) for noise in recipe.noise]
    shape = (max(recipe.dimensions), len(sizes), len(levels))
    n_labels, n_quantiles = len(bank.labels), len(PROBABILITIES)
    right = np.zeros(shape, dtype=np.float32)
    calibration = Calibration(
        sizes=np.array(sizes),
        levels=np.array(levels),
        errors=np.zeros((*shape, n_labels, n_quantiles), dtype=np.float32),
        largest=np.zeros((*shape, n_quantiles), dtype=np.float32),
        shares=np.zeros((*shape, n_labels, n_quantiles), dtype=np.float32),
        network={},
        right=right,
    )
    for place, sample in _places(recipe, samples):
        judged = judged_errors(sample.profiles)
        calibration.errors[place] = _by_label(judged, sample.label, n_labels)
        right[place] = _mean_recall(sample)
    calibration.network.update(_train_network(list(samples.values()), bank.kind, sizes[-1]))
    for place, sample in _places(recipe, samples):
        profiles, label = sample.profiles, sample.label
        largest = label_p_values(calibration, profiles).max(axis=1)
        calibration.largest[place] = _weighted_quantiles(largest, label)
        shares = log_probabilities(calibration, profiles, bank.kind)
        calibration.shares[place] = _by_label(shares, label, n_labels)
    return calibration


def _places(
    recipe: CalibrationRecipe, samples: dict[tuple[int, int, float], Sample]
) -> Iterator[tuple[tuple[int, int, int], Sample]]:
    """Yield the sample for each place in the tables, from the nearest dimension that there is."""
    for dimensions in range(1, max(recipe.dimensions) + 1):
        nearest = min(recipe.dimensions, key=lambda there: abs(there - dimensions))
        for (i, length), (j, noise) in product(enumerate(recipe.lengths), enumerate(recipe.noise)):
            yield (dimensions - 1, i, j), samples[nearest, length, noise]


def _typical(
    recipe: CalibrationRecipe,
    samples: dict[tuple[int, int, float], Sample],
    what: str,
    length: int | None = None,
    noise: float | None = None,
) -> float:
    """Median size of tracks of a length, or median level of tracks with a localisation error."""
    chosen = [
        getattr(sample.profiles.circumstances, what)
        for (_, its_length, its_noise), sample in samples.items()
        if length in (None, its_length) and noise in (None, its_noise)
    ]
    return float(np.median(np.concatenate(chosen)))


def _by_label(
    values: NDArray[np.float64], label: NDArray[np.int64], n_labels: int
) -> NDArray[np.float64]:
    """Quantiles of each label's own column among its own tracks, (n_labels, n_probabilities)."""
    return np.stack([
        np.quantile(values[label == own, own], PROBABILITIES) for own in range(n_labels)
    ])  # fmt: skip


def _mean_recall(sample: Sample) -> float:
    """How often the lowest error names the right label, every label with the same weight."""
    right = sample.profiles.errors.argmin(axis=1) == sample.label
    return float(np.mean(np.bincount(sample.label, right) / np.bincount(sample.label)))


def _weighted_quantiles(
    values: NDArray[np.float64], label: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Quantiles over all tracks, every label with the same weight."""
    order = np.argsort(values, kind="stable")
    weights = 1 / np.bincount(label)[label[order]]
    below = np.cumsum(weights) - weights / 2
    return np.asarray(np.interp(PROBABILITIES, below / weights.sum(), values[order]))


def _train_network(
    samples: list[Sample], kind: str, largest_size: float
) -> dict[str, NDArray[np.float32]]:
    """Train the network that tells how probable each label is, given a profile."""
    torch.manual_seed(0)
    inputs = np.concatenate([
        network_inputs(sample.profiles, kind, largest_size) for sample in samples
    ])  # fmt: skip
    labels = [torch.from_numpy(sample.label) for sample in samples]
    # Every label has the same weight in all circumstances: the less of it moves, the more each.
    weight = torch.cat([1 / label.bincount()[label] for label in labels])
    label = torch.cat(labels)
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    values = torch.from_numpy(np.clip((inputs - centre) / spread, -6, 6)).float()
    network = nn.Sequential(
        nn.Linear(values.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(),
        nn.Linear(HIDDEN, int(label.max()) + 1),
    )  # fmt: skip
    _fit(network, values, label, weight / weight.mean())
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    arrays = {"centre": centre.astype(np.float32), "spread": spread.astype(np.float32)}
    for number, layer in enumerate(layers, start=1):
        arrays[f"weight_{number}"] = np.ascontiguousarray(layer.weight.detach().numpy().T)
        arrays[f"bias_{number}"] = layer.bias.detach().numpy()
    return arrays


def _fit(
    network: nn.Module, values: torch.Tensor, label: torch.Tensor, weight: torch.Tensor
) -> None:
    optimiser = torch.optim.Adam(network.parameters(), 3e-3, weight_decay=1e-5)
    batches = -(-len(values) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=ROUNDS * batches)
    random = torch.Generator().manual_seed(0)
    for _ in range(ROUNDS):
        for chosen in torch.split(torch.randperm(len(values), generator=random), BATCH):
            losses = nn.functional.cross_entropy(
                network(values[chosen]), label[chosen], reduction="none"
            )
            loss = (losses * weight[chosen]).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()


def _arrays(calibration: Calibration) -> dict[str, NDArray[np.float32] | NDArray[np.float64]]:
    network = {f"network.{name}": array for name, array in calibration.network.items()}
    return network | {
        name: getattr(calibration, name)
        for name in ("sizes", "levels", "errors", "largest", "shares", "right")
    }
