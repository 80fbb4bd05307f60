"""Affine maps of many windows at once, as matrix products.

Features stand point by point, with the windows in columns, as `folded` explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from napari_anomalous_diffusion.autoencoders.affine import Affine
from napari_anomalous_diffusion.autoencoders.workspace import Workspace

Stretch = Callable[[int], Affine]
"""Gives an affine map for any number of points."""


class Dense:
    """An affine map as one product.

    Parameters
    ----------
    affine : Affine
    device : torch.device
    points : int
        Into so many points the features that come out are parted.
    """

    def __init__(self, affine: Affine, device: torch.device, points: int = 1) -> None:
        self.points = points
        self.weight = stored(affine.weight, device)
        self.constant = stored(affine.constant, device)

    def __call__(self, features: Tensor, space: Workspace, name: str) -> Tensor:
        """Map features, shape (..., windows), to shape (points, channels, windows)."""
        rows = features.view(-1, features.shape[-1])
        made = space.empty(name, len(self.weight), rows.shape[1])
        torch.addmm(self.constant, self.weight, rows, out=made)
        return made.view(self.points, -1, rows.shape[1])


class Banded:
    """An affine map under which points see those near them only, each in the same way.

    Parameters
    ----------
    stretch : callable
        Gives the map for any number of points.
    points : int
    reach : int
        How far a point sees.
    device : torch.device
    together : int
        So many neighbours are made in one product.
    """

    def __init__(
        self, stretch: Stretch, points: int, reach: int, device: torch.device, together: int = 1
    ) -> None:
        edge = -(-reach // together)
        # So few points tell all: those that miss a neighbour at either end, and one that does not.
        told = min(points, together * (2 * edge + 1))
        affine = stretch(told)
        channels = affine.weight.shape[1] // told
        weights = affine.weight.view(told // together, -1, told * channels)
        copies = torch.ones(len(weights), dtype=torch.int64)
        copies[len(copies) // 2] += (points - told) // together
        self.points, self.step = points, together * channels
        self.copies = copies.tolist()
        constants = stored(affine.constant.view(len(weights), 1, -1, 1), device)
        self.constants = [
            constant.expand(copy, -1, -1)
            for constant, copy in zip(constants, self.copies, strict=True)
        ]
        self.shape = sum(self.copies), constants.shape[2]
        self.parts = []
        for number, (weight, copy) in enumerate(zip(weights, self.copies, strict=True)):
            first = max(together * number - reach, 0)
            last = min(together * (number + 1) + reach, told)
            seen = stored(weight[:, first * channels : last * channels], device)
            beyond = points - told if number > len(copies) // 2 else 0
            start, size = (first + beyond) * channels, seen.shape[1]
            near = slice(start, start + size + (copy - 1) * self.step)
            self.parts.append((near, seen.expand(copy, -1, -1)))

    def __call__(self, features: Tensor, space: Workspace, name: str) -> Tensor:
        """Map features, shape (points, channels, windows) in and out."""
        rows = features.flatten(0, 1)
        made = space.empty(name, *self.shape, rows.shape[1])
        for constant, product in zip(self.constants, self._products(rows, made), strict=True):
            place, weight, seen = product
            # In one go, and not by another passage over all that was made.
            torch.baddbmm(constant, weight, seen, out=place)
        return made.view(self.points, -1, rows.shape[1])

    def add_to(self, made: Tensor, features: Tensor) -> Tensor:
        """Add what the map makes of features, but for its constant, to other features."""
        whole = made.view(*self.shape, features.shape[-1])
        for place, weight, seen in self._products(features.flatten(0, 1), whole):
            place.baddbmm_(weight, seen)
        return made

    def _products(self, rows: Tensor, made: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield where products go, and of what."""
        places = torch.split_with_sizes(made, self.copies)
        for (near, weight), place in zip(self.parts, places, strict=True):
            yield place, weight, rows[near].unfold(0, weight.shape[2], self.step).transpose(1, 2)


def stored(tensor: Tensor, device: torch.device) -> Tensor:
    """Bring numbers to where they are used, in the precision in which they are."""
    return tensor.to(torch.float32).to(device).contiguous()
