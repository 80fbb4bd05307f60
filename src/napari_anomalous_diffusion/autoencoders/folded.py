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

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_anomalous_diffusion.autoencoders.affine import (
    Affine,
    Layer,
    Scaling,
    chain,
    fixed_norm,
    follow,
    linear_map,
    point_by_point,
)
from napari_anomalous_diffusion.autoencoders.networks import (
    LongAutoencoder,
    ShortAutoencoder,
)
from napari_anomalous_diffusion.autoencoders.products import Banded, Dense, Stretch, stored
from napari_anomalous_diffusion.autoencoders.workspace import Workspace

WIDTHS = (16, 32, 64)
"""Channels of the encoder's blocks."""

FEWEST_COLUMNS = 16
"""Fewer windows than these take longer: libraries of matrix products have no fast way for them."""


class Unpooled:
    """The affine map after the first unpooling, whose features are affine in the latent space.

    With features ``v`` and an index ``later``, what is unpooled is ``v - v * later`` in the earlier
    places and ``v * later`` in the later ones. So a map of it is one of ``v``, and by that of the
    latent space, which is small, and one of ``v * later``: half as many features as are unpooled.

    Parameters
    ----------
    layers : sequence of Layer
        What follows the unpooling.
    points : int
        Points before it.
    begin : Affine
        From the latent space to `v`.
    device : torch.device
    """

    def __init__(
        self, layers: Sequence[Layer], points: int, begin: Affine, device: torch.device
    ) -> None:
        self.begin = Dense(begin, device, points)
        straight = follow(_in_earlier_places(begin, points), layers, 2 * points)
        self.straight = Dense(straight, device, 2 * points)
        stretch, reach = _stretch(layers), -(-_reach(layers) // 2)
        self.later = Banded(
            lambda pairs: _later_less_earlier(stretch(2 * pairs), pairs), points, reach, device
        )

    def __call__(self, latent: Tensor, later: Tensor, space: Workspace) -> Tensor:
        """Map the latent space, shape (size, windows), to features after the unpooling."""
        features = self.begin(latent, space, "pooled").mul_(later)
        return self.later.add_to(self.straight(latent, space, "made"), features)


class Block:
    """Convolutions of an encoder, each followed by its ReLU, and the factor of the norm after them.

    What the norm adds is left to whatever comes next: no maximum hangs on it.

    Parameters
    ----------
    layers : list of Banded
        The size of the factor is in the last of them.
    factor : Tensor of float64, shape (channels, 1)
    skipped : Tensor of float32, shape (channels, 1), optional
        By so much is multiplied what the first layer makes, before it is added to what the last one
        makes; None if it is not added.
    """

    def __init__(self, layers: list[Banded], factor: Tensor, skipped: Tensor | None) -> None:
        self.first, *self.middle, self.last = layers
        self.negative = (factor[:, 0] < 0).nonzero()[:, 0].tolist()
        self.skipped = skipped

    def __call__(self, features: Tensor, space: Workspace) -> Tensor:
        """Map features, shape (points, channels, windows) in and out."""
        features = first = self.first(features, space, "first").relu_()
        for layer in self.middle:
            features = layer(features, space, "middle").relu_()
        features = self.last(features, space, "last")
        if self.skipped is not None:
            features.addcmul_(first, self.skipped)
        features.relu_()
        for channel in self.negative:
            features[:, channel].neg_()
        return features


class FoldedAutoencoder:
    """An autoencoder in evaluation mode, for scoring only.

    Parameters
    ----------
    network : ShortAutoencoder or LongAutoencoder
        With batch-norms or none.
    device : torch.device
    """

    def __init__(self, network: ShortAutoencoder | LongAutoencoder, device: torch.device) -> None:
        self.tie_tolerance = network.tie_tolerance
        self.blocks, offset = _blocks(network, device)
        pooling = _pooling(network)
        self.pooling = stored(pooling, device)
        self.latent = _latent(network, offset, len(pooling), device)
        self.begin, self.stretches = _decoder(network, device)

    def __call__(self, windows: Tensor, space: Workspace | None = None) -> Tensor:
        """Reconstruct windows that stand in columns: shape (length, windows) in and out.

        What is returned is lost as soon as the workspace, where one is given, is used again.
        """
        space = space or Workspace(windows.device)
        lacking = FEWEST_COLUMNS - windows.shape[1]
        if lacking > 0:
            return self(F.pad(windows, (0, lacking)), space)[:, :-lacking]
        features, choices = windows.unsqueeze(1), []
        for number, block in enumerate(self.blocks):
            features = block(features, space)
            if number <= len(self.stretches):
                features, later = pool(features, self.tie_tolerance, space, f"choice {number}")
                choices.append(later)
        features = self.pooling @ features.flatten(1)
        features = features.view(-1, windows.shape[1])
        for number, layer in enumerate(self.latent):
            features = layer(features, space, f"latent {number}").relu_()
        features = self.begin(features, choices.pop(), space)
        for stretch in self.stretches:
            features = stretch(unpool(features, choices.pop(), space), space, "made")
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


def pool(features: Tensor, tolerance: float, space: Workspace, name: str) -> tuple[Tensor, Tensor]:
    """Halve the points as `networks.max_pool` does.

    Parameters
    ----------
    features : Tensor of float32, shape (2 points, channels, windows)
    tolerance : float
        Neighbours closer than this are a tie.
    space : Workspace
    name : str
        Where in the workspace the index is kept.

    Returns
    -------
    pooled : Tensor of float32, shape (points, channels, windows)
    later : Tensor of float32, shape (points, channels, windows)
        1 where the later neighbour was kept, else 0.
    """
    first, second = features[0::2], features[1::2]
    later = torch.sub(second, first, out=space.empty(name, *first.shape)).gt_(tolerance)
    # At a weight of 0 or 1 this is one of both, to the last bit.
    pooled = torch.lerp(first, second, later, out=space.empty("pooled", *first.shape))
    return pooled, later


def unpool(features: Tensor, later: Tensor, space: Workspace) -> Tensor:
    """Double the points as `networks.max_unpool` does: the neighbour of each value is zero.

    Parameters
    ----------
    features, later : Tensor of float32, shape (points, channels, windows)
    space : Workspace

    Returns
    -------
    Tensor of float32, shape (2 points, channels, windows)
    """
    points, channels, windows = features.shape
    doubled = space.empty("unpooled", points, 2, channels, windows)
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
        scaling = fixed_norm(norm, width)
        size, nothing = scaling.factor.abs(), torch.zeros_like(scaling.factor)
        *middle, last = ([other] for other in others)
        layers: list[Sequence[Layer]]
        layers = [[*before, first], *middle, [*last, Scaling(size, nothing)]]
        folded = [_banded(layer, points, device) for layer in layers]
        skipped = stored(size, device) if isinstance(network, LongAutoencoder) else None
        blocks.append(Block(folded, scaling.factor, skipped))
        before = [Scaling(torch.ones_like(size), scaling.offset)]
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
) -> list[Dense]:
    """Fold the layers to the latent space, and what the last norm adds into the first of them."""
    first, second = (linear_map(layer) for layer in network.to_latent)
    # The reference flattens channel by channel; here, features stand average by average.
    weight = first.weight.view(len(first.weight), -1, averages).transpose(1, 2).flatten(1)
    constant = first.constant + weight @ offset.repeat(averages, 1)
    return [Dense(Affine(weight, constant), device), Dense(second, device)]


def _decoder(
    network: ShortAutoencoder | LongAutoencoder, device: torch.device
) -> tuple[Unpooled, list[Banded]]:
    """Fold what leads through the first unpooling, and the stretch after each other unpooling."""
    norms = [
        fixed_norm(norm, width)
        for norm, width in zip(network.decoder_norms, reversed(WIDTHS), strict=True)
    ]
    blocks = [_layers(block) for block in (network.decoder_1, network.decoder_2, network.decoder_3)]
    if isinstance(network, LongAutoencoder):
        # Each norm stands before an unpooling,
        start: list[Layer] = [norms[0]]
        stretches: list[Sequence[Layer]] = [
            [*blocks[0], norms[1]],
            [*blocks[1], norms[2]],
            blocks[2],
        ]
    else:
        # and here after it, where the first one has none to stand after.
        start = [norms[0], *blocks[0]]
        stretches = [[norms[1], *blocks[1]], [norms[2], *blocks[2]]]
    points = network.length // 2 ** len(stretches)
    first, second = (linear_map(layer) for layer in network.from_latent)
    begin = chain(start, points) @ point_by_point(second, points) @ first
    unpooled, *others = stretches
    return Unpooled(unpooled, points, begin, device), [
        _banded(stretch, points * 2**number, device) for number, stretch in enumerate(others, 2)
    ]


def _in_earlier_places(affine: Affine, points: int) -> Affine:
    """Unpool what a map makes as if no neighbour were later."""

    def doubled(rows: Tensor) -> Tensor:
        earlier = rows.view(points, 1, -1, rows.shape[1])
        return torch.cat([earlier, torch.zeros_like(earlier)], 1).view(-1, rows.shape[1])

    return Affine(doubled(affine.weight), doubled(affine.constant))


def _later_less_earlier(affine: Affine, pairs: int) -> Affine:
    """Of a map of what is unpooled, tell what changes where a value moves to the later place."""
    weight = affine.weight.view(len(affine.weight), pairs, 2, -1)
    change = (weight[:, :, 1] - weight[:, :, 0]).flatten(1)
    return Affine(change, torch.zeros_like(affine.constant))


def _banded(layers: Sequence[Layer], points: int, device: torch.device) -> Banded:
    """Fold layers that follow each other, at least one of them a convolution."""
    # Products of one row are slow, and windows are always a multiple of 4 points.
    together = 4 if _layers(layers)[-1].out_channels == 1 else 1
    return Banded(_stretch(layers), points, _reach(layers), device, together)


def _stretch(layers: Sequence[Layer]) -> Stretch:
    return lambda points: chain(layers, points)


def _reach(layers: Sequence[Layer]) -> int:
    """Tell how far a point sees through convolutions that follow each other."""
    return sum(convolution.kernel_size[0] // 2 for convolution in _layers(layers))


def _layers(block: Iterable[Any]) -> list[nn.Conv1d]:
    return [layer for layer in block if isinstance(layer, nn.Conv1d)]
