"""The whole tracks that a density is trained on, cut, blurred and thinned anew for every batch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from napari_anomalous_diffusion.autoencoders.densities import Steps
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.recipes import TracksRecipe
from napari_anomalous_diffusion.lab.sources import AnySource


class TrackPool:
    """Simulated tracks of one source, by length and dimension.

    Parameters
    ----------
    source : Source, Mixture or OwnModel
    recipe : TracksRecipe
    seed : int

    Attributes
    ----------
    groups : list of Tensor of float32, shape (n_tracks, length, D)
        Positions in units of the root mean square displacement.
    """

    def __init__(self, source: AnySource, recipe: TracksRecipe, seed: int) -> None:
        self.recipe = recipe
        kinds = [
            (length, space) for length in sorted(recipe.lengths) for space in recipe.dimensions
        ]
        self.groups = [
            _simulate(source, recipe.steps // len(kinds), length, space, seed + number)
            for number, (length, space) in enumerate(kinds)
        ]

    def __len__(self) -> int:
        """Count the tracks."""
        return sum(len(group) for group in self.groups)

    def batch(self, n_steps: int, random: Generator) -> Steps:
        """Draw tracks of one dimension, cut short at random, with noise and gaps.

        Parameters
        ----------
        n_steps : int
            About so many steps in all.
        random : torch.Generator
        """
        group = self.groups[_integer(len(self.groups), random)]
        longest = group.shape[1]
        shorter = [length for length in self.recipe.lengths if length < longest]
        shortest = max(shorter, default=self.recipe.shortest)
        length = shortest + _integer(longest - shortest + 1, random)
        chosen = torch.randint(len(group), (max(n_steps // length, 1),), generator=random)
        positions, level = self._blur(group[chosen, :length], random)
        steps = to_steps(positions, self._frames(length, random), level)
        # Cut short, every track of a small batch may be at rest.
        return steps if len(steps.values) else self.batch(n_steps, random)

    def _blur(self, positions: Tensor, random: Generator) -> tuple[Tensor, Tensor]:
        """Add a localisation error; return positions and its size, in their unit."""
        noise = self.recipe.noise * torch.rand(len(positions), generator=random)
        if torch.rand((), generator=random) < self.recipe.clean:
            noise = torch.zeros(len(positions))
        level = noise * positions.diff(dim=1).std(dim=(1, 2))
        errors = torch.randn(positions.shape, generator=random)
        return positions + level[:, None, None] * errors, level

    def _frames(self, length: int, random: Generator) -> Tensor:
        """Choose the frames of a batch, at least three of them, always with the first."""
        missing = torch.rand(length, generator=random) < self.recipe.missing
        missing[:3] = False
        if torch.rand((), generator=random) < 0.5:
            missing[:] = False
        return (~missing).nonzero().squeeze(1)


def to_steps(positions: Tensor, frames: Tensor, level: Tensor) -> Steps:
    """Make steps of tracks that share their frames, without those that do not move.

    Parameters
    ----------
    positions : Tensor of float32, shape (n_tracks, length, D)
        At every frame.
    frames : Tensor of int64, shape (n_frames,)
        The frames that are there.
    level : Tensor of float32, shape (n_tracks,)
        Localisation error in the unit of the positions.
    """
    values = positions[:, frames].diff(dim=1)
    scale = values.square().mean((1, 2)).sqrt()
    moves = scale > 0
    values, scale, level = values[moves], scale[moves], level[moves]
    return Steps(
        values=values / scale[:, None, None],
        frames=frames.diff().float().expand(len(values), -1),
        counts=torch.full((len(values),), values.shape[1]),
        level=level / scale,
    )


def _simulate(source: AnySource, n_steps: int, length: int, dimensions: int, seed: int) -> Tensor:
    each = max(n_steps // (length - 1) // source.shares, 1)
    positions = simulate_source(source, each, length, dimensions, seed=seed)
    return torch.from_numpy(_unit_steps(positions))


def _unit_steps(positions: NDArray[np.float64]) -> NDArray[np.float32]:
    scale = np.sqrt(np.mean(np.diff(positions, axis=1) ** 2, axis=(1, 2)))
    moves = scale > 0
    return (positions[moves] / scale[moves, None, None]).astype(np.float32)


def _integer(limit: int, random: Generator) -> int:
    return int(torch.randint(limit, (), generator=random))
