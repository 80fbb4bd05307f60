"""A supervised reference: a network that is shown the labels, which the banks never are.

It tells how much of a track's model could be known at all. Its kind, a recurrent network that reads
a track's normalised displacements, is the one that was most common in the AnDi challenge
(Munoz-Gil et al., Nat. Commun. 12, 6253, 2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.simulation import add_localisation_error
from napari_anomalous_diffusion.lab.sources import AnySource

BATCH = 256
HIDDEN = 64


class Classifier(nn.Module):
    """Two recurrent layers that read a track, and one that names its label.

    Parameters
    ----------
    dimensions : int
    n_labels : int
    """

    def __init__(self, dimensions: int, n_labels: int) -> None:
        super().__init__()
        self.read = nn.GRU(dimensions + 2, HIDDEN, num_layers=2, batch_first=True)
        self.name = nn.Linear(HIDDEN, n_labels)

    def forward(self, steps: Tensor) -> Tensor:
        """Map displacements, shape (n_tracks, n_steps, D), to logits of the labels."""
        lengths = steps.square().mean(-1, keepdim=True)
        features = [steps, (lengths + 1e-4).log() / 4, (lengths == 0).float()]
        states, _ = self.read(torch.cat(features, dim=-1))
        logits: Tensor = self.name(states[:, -1])
        return logits


def labelled_steps(
    sources: Mapping[str, AnySource],
    n_tracks: int,
    length: int,
    dimensions: int,
    noise: Sequence[float] = (0.0,),
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Simulate displacements whose labels are known, without tracks that never move.

    Parameters
    ----------
    sources : mapping of str to Source, Mixture or OwnModel
    n_tracks : int
        For each label, in equal shares for its exponents.
    length, dimensions : int
    noise : sequence of float
        Localisation errors over the standard deviation of a track's displacements: each track has
        one of them.
    seed : int

    Returns
    -------
    steps : Tensor of float32, shape (n_moving, length - 1, D)
        In units of the track's root mean square displacement.
    labels : Tensor of int64, shape (n_moving,)
    """
    random = np.random.default_rng(seed)
    parts, labels = [], []
    for number, source in enumerate(sources.values()):
        each = max(n_tracks // source.shares, 1)
        positions = simulate_source(source, each, length, dimensions, seed=seed + number)
        levels = random.choice(np.asarray(noise, dtype=np.float64), len(positions))
        steps = np.diff(add_localisation_error(positions, levels, random), axis=1)
        size = np.sqrt(np.mean(steps**2, axis=(1, 2)))
        moving = size > 0
        parts.append(steps[moving] / size[moving, None, None])
        labels.append(np.full(moving.sum(), number))
    steps = np.concatenate(parts).astype(np.float32)
    return torch.from_numpy(steps), torch.from_numpy(np.concatenate(labels))


def train_classifier(steps: Tensor, labels: Tensor, rounds: int, seed: int = 0) -> Classifier:
    """Train a classifier on tracks whose labels are known, every label with the same weight.

    Parameters
    ----------
    steps, labels
        From `labelled_steps`.
    rounds : int
        How often each track is shown, mirrored and turned at random.
    seed : int

    Returns
    -------
    Classifier
    """
    torch.manual_seed(seed)
    counts = labels.bincount().float()
    network = Classifier(steps.shape[-1], len(counts))
    optimiser = torch.optim.Adam(network.parameters())
    batches = -(-len(steps) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=rounds * batches)
    weight = len(labels) / len(counts) / counts
    for _ in range(rounds):
        for chosen in torch.split(torch.randperm(len(steps)), BATCH):
            turned = steps[chosen] @ _rotation(steps.shape[-1])
            loss = nn.functional.cross_entropy(network(turned), labels[chosen], weight)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network.eval()


def recalls(network: Classifier, steps: Tensor, labels: Tensor) -> NDArray[np.float64]:
    """Share of each label's tracks that a classifier names rightly.

    Returns
    -------
    ndarray of float64, shape (n_labels,)
    """
    with torch.inference_mode():
        named = torch.cat([network(part).argmax(1) for part in torch.split(steps, BATCH)])
    right = (named == labels).float()
    sums = labels.bincount(right)
    return (sums / labels.bincount()).double().numpy()


def _rotation(dimensions: int) -> Tensor:
    """Draw a rotation, or a rotation and a mirror."""
    return torch.linalg.qr(torch.randn(dimensions, dimensions))[0]
