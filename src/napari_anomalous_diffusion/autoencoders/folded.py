"""The autoencoders of `networks`, folded: the same numbers from fewer and larger products.

- The decoder is affine but for its unpoolings, so each stretch between them is one affine map, into
  which the norms are folded (in float64).
- A convolution is affine too, and each point it makes sees a few points only. Features are laid out
  as (points, channels, windows), so that what a point sees is one block of rows, wherever it
  stands. A layer multiplies one small matrix with these blocks where they are: nothing is copied,
  and nothing is multiplied with the zeros beyond the ends of a window.
- The index of a max-pool is 1 or 0, for the later or the earlier neighbour, and unpooling a product
  with it.

The reference is `networks`: this form is checked against it, never the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from napari_anomalous_diffusion.autoencoders.affine import (
    Affine,
    Layer,
    Scaling,
    chain,
    fixed_norm,
    linear_map,
    point_by_point,
)
from napari_anomalous_diffusion.autoencoders.networks import (
    TIE_TOLERANCE,
    LongAutoencoder,
    ShortAutoencoder,
)

WIDTHS = (16, 32, 64)
"""Channels of the encoder's blocks."""

Map = Callable[[Tensor], Tensor]
Stretch = Callable[[int], Affine]


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
        self.weight = _stored(affine.weight, device)
        self.constant = _stored(affine.constant, device)

    def __call__(self, features: Tensor) -> Tensor:
        """Map features, shape (..., windows), to shape (points, channels, windows)."""
        rows = features.view(-1, features.shape[-1])
        made = torch.mm(self.weight, rows).add_(self.constant)
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
        constant = affine.constant.view(len(weights), -1, 1).repeat_interleave(copies, 0)
        self.constant = _stored(constant.flatten(0, 1), device)
        self.shape = constant.shape[:2]
        self.points, self.step = points, together * channels
        self.copies = copies.tolist()
        self.parts = []
        for number, (weight, copy) in enumerate(zip(weights, self.copies, strict=True)):
            first = max(together * number - reach, 0)
            last = min(together * (number + 1) + reach, told)
            seen = _stored(weight[:, first * channels : last * channels], device)
            beyond = points - told if number > len(copies) // 2 else 0
            start, size = (first + beyond) * channels, seen.shape[1]
            near = slice(start, start + size + (copy - 1) * self.step)
            self.parts.append((near, seen.expand(copy, -1, -1)))

    def __call__(self, features: Tensor) -> Tensor:
        """Map features, shape (points, channels, windows) in and out."""
        rows = features.flatten(0, 1)
        made = rows.new_empty(*self.shape, rows.shape[1])
        places = torch.split_with_sizes(made, self.copies)
        for (near, weight), place in zip(self.parts, places, strict=True):
            seen = rows[near].unfold(0, weight.shape[2], self.step).transpose(1, 2)
            torch.bmm(weight, seen, out=place)
        made = made.flatten(0, 1).add_(self.constant)
        return made.view(self.points, -1, rows.shape[1])


class Block:
    """Convolutions of an encoder, each followed by its ReLU, and the factor of the norm after them.

    What the norm adds is left to whatever comes next: no maximum hangs on it.

    Parameters
    ----------
    layers : list of callable
    factor : Tensor of float64, shape (channels, 1)
    residual : bool
        Whether what the first layer makes is added to what the last one makes.
    device : torch.device
    """

    def __init__(
        self, layers: list[Map], factor: Tensor, residual: bool, device: torch.device
    ) -> None:
        self.first, *self.middle, self.last = layers
        self.factor = _stored(factor, device)
        self.residual = residual

    def __call__(self, features: Tensor) -> Tensor:
        """Map features, shape (points, channels, windows) in and out."""
        features = first = self.first(features).relu_()
        for layer in self.middle:
            features = layer(features).relu_()
        features = self.last(features)
        if self.residual:
            features.add_(first)
        return features.relu_().mul_(self.factor)


class FoldedAutoencoder:
    """An autoencoder in evaluation mode, for scoring only.

    Parameters
    ----------
    network : ShortAutoencoder or LongAutoencoder
        With batch-norms or none.
    device : torch.device
    """

    def __init__(self, network: ShortAutoencoder | LongAutoencoder, device: torch.device) -> None:
        self.blocks, offset = _blocks(network, device)
        pooling = _pooling(network)
        self.pooling = _stored(pooling, device)
        self.latent = _latent(network, offset, len(pooling), device)
        self.begin, self.stretches = _decoder(network, device)

    def __call__(self, windows: Tensor) -> Tensor:
        """Reconstruct windows that stand in columns: shape (length, windows) in and out."""
        features, choices = windows.unsqueeze(1), []
        for number, block in enumerate(self.blocks):
            features = block(features)
            if number < len(self.stretches):
                features, later = pool(features)
                choices.append(later)
        features = self.pooling @ features.flatten(1)
        features = features.view(-1, windows.shape[1])
        for layer in self.latent:
            features = layer(features).relu_()
        features = self.begin(features)
        for stretch in self.stretches:
            features = stretch(unpool(features, choices.pop()))
        return features.view_as(windows)


def fold(network: nn.Module, device: torch.device) -> FoldedAutoencoder | None:
    """Fold a network, where that gives the same numbers.

    Parameters
    ----------
    network : Module
    device : torch.device
        Where windows will be.

    Returns
    -------
    FoldedAutoencoder or None
        None for a network that is no autoencoder of `networks`, or whose norms hang on what they
        are given.
    """
    if not isinstance(network, ShortAutoencoder | LongAutoencoder) or network.training:
        return None
    norms = (*network.encoder_norms, *network.decoder_norms)
    fixed = all(isinstance(norm, nn.BatchNorm1d | nn.Identity) for norm in norms)
    return FoldedAutoencoder(network, device) if fixed else None


def pool(features: Tensor) -> tuple[Tensor, Tensor]:
    """Halve the points as `networks.max_pool` does.

    Parameters
    ----------
    features : Tensor of float32, shape (2 points, channels, windows)

    Returns
    -------
    pooled : Tensor of float32, shape (points, channels, windows)
    later : Tensor of float32, shape (points, channels, windows)
        1 where the later neighbour was kept, else 0.
    """
    first, second = features[0::2], features[1::2]
    later = torch.sub(second, first).gt_(TIE_TOLERANCE)
    # At a weight of 0 or 1 this is one of both, to the last bit.
    return torch.lerp(first, second, later), later


def unpool(features: Tensor, later: Tensor) -> Tensor:
    """Double the points as `networks.max_unpool` does: the neighbour of each value is zero.

    Parameters
    ----------
    features, later : Tensor of float32, shape (points, channels, windows)

    Returns
    -------
    Tensor of float32, shape (2 points, channels, windows)
    """
    points, channels, windows = features.shape
    doubled = features.new_empty(points, 2, channels, windows)
    second = torch.mul(features, later, out=doubled[:, 1])
    torch.sub(features, second, out=doubled[:, 0])
    return doubled.flatten(0, 1)


def _blocks(
    network: ShortAutoencoder | LongAutoencoder, device: torch.device
) -> tuple[list[Block], Tensor]:
    """Fold the encoder's blocks; also return what its last norm adds, shape (channels, 1)."""
    points, blocks = network.length, []
    before: list[Layer] = []
    convolutions = (network.encoder_1, network.encoder_2, network.encoder_3)
    for block, norm, width in zip(convolutions, network.encoder_norms, WIDTHS, strict=True):
        first, *others = _layers(block)
        layers = [[*before, first], *([other] for other in others)]
        folded: list[Map] = [_banded(layer, points, device) for layer in layers]
        scaling = fixed_norm(norm, width)
        residual = isinstance(network, LongAutoencoder)
        blocks.append(Block(folded, scaling.factor, residual, device))
        before = [Scaling(torch.ones_like(scaling.factor), scaling.offset)]
        points //= 2
    return blocks, scaling.offset


def _pooling(network: ShortAutoencoder | LongAutoencoder) -> Tensor:
    """Averages of points before the latent space, shape (averages, points)."""
    if isinstance(network, LongAutoencoder):
        return network.pooling.T
    points = network.length // 4
    return torch.full((1, points), 1 / points)


def _latent(
    network: ShortAutoencoder | LongAutoencoder,
    offset: Tensor,
    averages: int,
    device: torch.device,
) -> list[Map]:
    """Fold the layers to the latent space, and what the last norm adds into the first of them."""
    first, second = (linear_map(layer) for layer in network.to_latent)
    # The reference flattens channel by channel; here, features stand average by average.
    weight = first.weight.view(len(first.weight), -1, averages).transpose(1, 2).flatten(1)
    constant = first.constant + weight @ offset.repeat(averages, 1)
    return [Dense(Affine(weight, constant), device), Dense(second, device)]


def _decoder(
    network: ShortAutoencoder | LongAutoencoder, device: torch.device
) -> tuple[Map, list[Map]]:
    """Fold what leads to the first unpooling, and the stretch after each unpooling."""
    norms = [
        fixed_norm(norm, width)
        for norm, width in zip(network.decoder_norms, reversed(WIDTHS), strict=True)
    ]
    blocks = [_layers(block) for block in (network.decoder_1, network.decoder_2, network.decoder_3)]
    if isinstance(network, LongAutoencoder):
        # Each norm stands before an unpooling,
        begin: list[Layer] = [norms[0]]
        stretches = [[*blocks[0], norms[1]], [*blocks[1], norms[2]], blocks[2]]
    else:
        # and here after it, where the first one has none to stand after.
        begin = [norms[0], *blocks[0]]
        stretches = [[norms[1], *blocks[1]], [norms[2], *blocks[2]]]
    points = network.length // 2 ** len(stretches)
    first, second = (linear_map(layer) for layer in network.from_latent)
    start = chain(begin, points) @ point_by_point(second, points) @ first
    return Dense(start, device, points), [
        _banded(stretch, points * 2**number, device) for number, stretch in enumerate(stretches, 1)
    ]


def _banded(layers: list[Layer], points: int, device: torch.device) -> Banded:
    """Fold layers that follow each other, at least one of them a convolution."""
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv1d)]
    reach = sum(convolution.kernel_size[0] // 2 for convolution in convolutions)
    # Products of one row are slow, and windows are always a multiple of 4 points.
    together = 4 if convolutions[-1].out_channels == 1 else 1
    return Banded(lambda points: chain(layers, points), points, reach, device, together)


def _layers(block: Iterable[nn.Module]) -> list[Layer]:
    return [layer for layer in block if isinstance(layer, nn.Conv1d)]


def _stored(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.to(torch.float32).to(device).contiguous()
