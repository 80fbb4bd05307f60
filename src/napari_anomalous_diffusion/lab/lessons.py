"""What networks are shown in training: windows for autoencoders, whole tracks for densities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Generator, Tensor, nn

from napari_anomalous_diffusion.autoencoders.densities import negative_log_likelihoods
from napari_anomalous_diffusion.autoencoders.networks import reconstruction_errors
from napari_anomalous_diffusion.lab.recipes import TracksRecipe, WindowsRecipe, seed_from
from napari_anomalous_diffusion.lab.sources import AnySource
from napari_anomalous_diffusion.lab.training_tracks import TrackPool
from napari_anomalous_diffusion.lab.training_windows import (
    published_windows,
    simulate_windows,
    whole_tracks,
)

LOSS_FLOOR = 1e-3
"""Added to a window's error before its logarithm is taken: a perfect window is not worth more."""

HELD_OUT = 4000
"""Windows or tracks on which a network's own error is measured."""


class Lessons(Protocol):
    """What one network is trained on.

    Attributes
    ----------
    longest_gradient : float or None
        Where gradients are cut.
    """

    longest_gradient: float | None

    def __len__(self) -> int:
        """Count the windows or tracks."""

    def loss(self, network: nn.Module, batch: int, random: Generator) -> Tensor:
        """Draw a batch of about this size, and compute its loss."""

    def own_error(self, network: nn.Module) -> float:
        """Mean error over held-out windows or tracks of the network's own kind."""


class WindowLessons:
    """Windows for an autoencoder, mirrored at random.

    Parameters
    ----------
    sources : dict of str to Source, Mixture or OwnModel
    recipe : WindowsRecipe
    length : int
        Points of a window.
    seed : int
    log : bool
        Whether the loss is the mean logarithm of the errors, or their mean.
    published : bool
        Whether the network is of the published form: see `BankFile.protocol`.
    """

    longest_gradient: float | None = None

    def __init__(
        self, sources: Mapping[str, AnySource], recipe: WindowsRecipe, length: int, seed: int,
        log: bool, published: bool,
    ) -> None:  # fmt: skip
        self.sources, self.length, self.log, self.published = sources, length, log, published
        self.noise = recipe.noise
        parts = []
        for name, source in sources.items():
            its_seed = seed_from(seed, name, "windows")
            if published:
                parts.append(published_windows(source, recipe.number, length, its_seed))
            else:
                parts.append(simulate_windows(source, recipe, length, its_seed))
        self.windows = torch.from_numpy(np.concatenate(parts))

    def __len__(self) -> int:
        return len(self.windows)

    def loss(self, network: nn.Module, batch: int, random: Generator) -> Tensor:
        """Mean error, or logarithm of the error, of some windows."""
        chosen = torch.randint(len(self.windows), (batch,), generator=random)
        signs = torch.randint(2, (batch, 1), generator=random) * 2 - 1
        errors = reconstruction_errors(network, self.windows[chosen] * signs)
        return ((errors + LOSS_FLOOR).log() if self.log else errors).mean()

    def own_error(self, network: nn.Module) -> float:
        """Mean error over whole held-out tracks of the network's own kind."""
        # The published form knows no other statistics than those of the batch it is shown.
        network.train(self.published)
        share = HELD_OUT // len(self.sources)
        parts = []
        for name, source in self.sources.items():
            its_seed = seed_from(name, "held out")
            if self.published:
                parts.append(published_windows(source, share, self.length, its_seed))
            else:
                parts.append(whole_tracks(source, share, self.length, its_seed, noise=self.noise))
        with torch.inference_mode():
            windows = torch.from_numpy(np.concatenate(parts))
            return reconstruction_errors(network, windows).mean().item()


class TrackLessons:
    """Whole tracks for a density.

    Parameters
    ----------
    sources : dict of str to Source, Mixture or OwnModel
    recipe : TracksRecipe
    seed : int
    """

    longest_gradient: float | None = 1.0

    def __init__(self, sources: Mapping[str, AnySource], recipe: TracksRecipe, seed: int) -> None:
        self.sources, self.recipe = sources, recipe
        self.pools = [
            TrackPool(source, recipe, seed_from(seed, name, "tracks"))
            for name, source in sources.items()
        ]

    def __len__(self) -> int:
        return sum(len(pool) for pool in self.pools)

    def loss(self, network: nn.Module, batch: int, random: Generator) -> Tensor:
        """Mean negative log-likelihood of a step, over about `batch` steps."""
        pool = self.pools[int(torch.randint(len(self.pools), (), generator=random))]
        steps = pool.batch(batch, random)
        likelihoods = negative_log_likelihoods(network, steps)
        # In every dimension the same weight: a step in space has three times the nats.
        return likelihoods.mean() / steps.values.shape[-1]

    def own_error(self, network: nn.Module) -> float:
        """Mean negative log-likelihood of a step over clean one-dimensional held-out tracks."""
        network.eval()
        held_out = TracksRecipe(
            steps=HELD_OUT * 20, lengths=[20], dimensions=[1], clean=1, missing=0
        )
        errors = []
        with torch.inference_mode():
            for name, source in self.sources.items():
                pool = TrackPool(source, held_out, seed_from(name, "held out"))
                steps = pool.batch(HELD_OUT * 20, Generator().manual_seed(0))
                errors.append(negative_log_likelihoods(network, steps).mean().item())
        return float(np.mean(errors))
