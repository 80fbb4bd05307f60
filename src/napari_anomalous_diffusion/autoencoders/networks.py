"""The autoencoders of the paper, plain and readable: the reference for every faster form.

Munoz-Gil, Guigo i Corominas and Lewenstein, "Unsupervised learning of anomalous diffusion data"
(2021), Appendix A and Fig. 1b. Encoder convolutions are followed by a ReLU, the decoder is affine
but for its unpooling, and the unpooling puts every value back where the encoder found its maximum:
these choices pass the bottleneck, and the method lives on them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Normalisation = Literal["batch", "track", "none", "shared"]

TIE_TOLERANCE = 1e-4
"""Neighbours closer than this are a tie, and the earlier one is kept."""

LATENT_BIAS = 1.0
"""Where latent units start: at zero, many of them die under their ReLU in the first steps."""


def max_pool(features: Tensor, tolerance: float = TIE_TOLERANCE) -> tuple[Tensor, Tensor]:
    """Halve the time axis, keeping the larger of each pair of neighbours.

    Where a particle rests, neighbours are equal but for rounding. So the later one is taken only
    when it is larger by more than a tolerance, and no choice hangs on rounding.

    Parameters
    ----------
    features : Tensor, shape (..., 2 n)
    tolerance : float

    Returns
    -------
    pooled : Tensor, shape (..., n)
    later : Tensor of bool, shape (..., n)
        True where the later neighbour was kept.
    """
    first, second = features[..., 0::2], features[..., 1::2]
    later = second - first > tolerance
    return torch.where(later, second, first), later


def max_unpool(features: Tensor, later: Tensor) -> Tensor:
    """Double the time axis: each value goes where `max_pool` had found it, its neighbour is zero.

    Parameters
    ----------
    features : Tensor, shape (..., n)
    later : Tensor of bool, shape (..., n)

    Returns
    -------
    Tensor, shape (..., 2 n)
    """
    nothing = features.new_zeros(())
    first = torch.where(later, nothing, features)
    second = torch.where(later, features, nothing)
    return torch.stack((first, second), dim=-1).flatten(-2)


class Autoencoder(nn.Module, ABC):
    """What the short and the long autoencoder have in common.

    Parameters
    ----------
    length : int
        Points of a window.
    normalisation : {"batch", "track", "none", "shared"}
        ``"batch"``: batch-norms, the decoder's its own. In evaluation mode they are fixed affine
        maps, so that a window's error does not depend on what is scored with it.
        ``"track"``: each window is normalised by itself (one group over channels and time).
        ``"none"``: no normalisation.
        ``"shared"``: batch-norms that encoder and decoder share, as published. They only work in
        training mode, on a batch of one kind: see `scores.populations`.

    Attributes
    ----------
    multiple_of : int
        What the length has to be a multiple of.
    tie_tolerance : float
        See `max_pool`. Networks that were trained elsewhere know of none.
    """

    multiple_of: ClassVar[int]
    tie_tolerance: float = TIE_TOLERANCE

    encoder_norms: nn.ModuleList
    decoder_norms: Iterable[nn.Module]

    def __init__(self, length: int, normalisation: Normalisation) -> None:
        super().__init__()
        if length < self.multiple_of or length % self.multiple_of:
            raise ValueError(
                f"length should be a positive multiple of {self.multiple_of}, but got {length}"
            )
        self.length = length
        self.encoder_norms = _norms(normalisation, 16, 32, 64)
        if normalisation == "shared":
            # A plain list: what is shared is saved once.
            self.decoder_norms = list(reversed(self.encoder_norms))
        else:
            self.decoder_norms = _norms(normalisation, 64, 32, 16)

    @abstractmethod
    def encode(self, windows: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Compress windows to the latent space.

        Parameters
        ----------
        windows : Tensor of float32, shape (n, length)

        Returns
        -------
        latent : Tensor of float32, shape (n, latent size)
        choices : list of Tensor of bool, shapes (n, channels, points)
            Which neighbour each max-pool kept.
        """

    @abstractmethod
    def decode(self, latent: Tensor, choices: list[Tensor]) -> Tensor:
        """Build windows, shape (n, length), from what `encode` returned."""

    def forward(self, windows: Tensor) -> Tensor:
        """Reconstruct windows: shape (n, length) in and out."""
        return self.decode(*self.encode(windows))


class ShortAutoencoder(Autoencoder):
    """Autoencoder for short windows: two convolutions a block, latent space of 4 (Appendix A).

    Parameters
    ----------
    length : int
        Points of a window, a multiple of 4. The paper uses 20.
    normalisation : {"batch", "track", "none", "shared"}
        See `Autoencoder`.

    Raises
    ------
    ValueError
        If `length` is not a positive multiple of 4.
    """

    multiple_of = 4

    def __init__(self, length: int = 20, normalisation: Normalisation = "batch") -> None:
        super().__init__(length, normalisation)
        self.encoder_1 = nn.ModuleList([_convolution(1, 16, 5), _convolution(16, 16, 3)])
        self.encoder_2 = nn.ModuleList([_convolution(16, 32, 5), _convolution(32, 32, 3)])
        self.encoder_3 = nn.ModuleList([_convolution(32, 64, 3), _convolution(64, 64, 3)])
        self.to_latent = nn.ModuleList([nn.Linear(64, 32), _latent_layer(32, 4)])
        self.from_latent = nn.Sequential(nn.Linear(4, 32), nn.Linear(32, 64 * (length // 4)))
        self.decoder_1 = nn.Sequential(_convolution(64, 64, 3), _convolution(64, 32, 3))
        self.decoder_2 = nn.Sequential(_convolution(32, 32, 3), _convolution(32, 16, 5))
        self.decoder_3 = nn.Sequential(_convolution(16, 16, 3), _convolution(16, 1, 5))

    def encode(self, windows: Tensor) -> tuple[Tensor, list[Tensor]]:
        """See `Autoencoder.encode`; the latent space has 4 dimensions."""
        features = _rectified(self.encoder_1, windows.unsqueeze(1))
        features, choice_1 = max_pool(self.encoder_norms[0](features), self.tie_tolerance)
        features = _rectified(self.encoder_2, features)
        features, choice_2 = max_pool(self.encoder_norms[1](features), self.tie_tolerance)
        features = self.encoder_norms[2](_rectified(self.encoder_3, features))
        return _rectified(self.to_latent, features.mean(-1)), [choice_1, choice_2]

    def decode(self, latent: Tensor, choices: list[Tensor]) -> Tensor:
        """See `Autoencoder.decode`."""
        features = self.from_latent(latent).unflatten(-1, (64, self.length // 4))
        norm_1, norm_2, norm_3 = self.decoder_norms
        features = self.decoder_1(norm_1(features))
        features = norm_2(max_unpool(features, choices[1]))
        features = norm_3(max_unpool(self.decoder_2(features), choices[0]))
        return self.decoder_3(features).squeeze(1)


class LongAutoencoder(Autoencoder):
    """Autoencoder for long windows: three convolutions a block, latent space of 20 (Appendix A).

    In each block of the encoder, the output of the first convolution is added to that of the third.

    Parameters
    ----------
    length : int
        Points of a window, a multiple of 8. The paper uses 200.
    normalisation : {"batch", "track", "none", "shared"}
        See `Autoencoder`.

    Raises
    ------
    ValueError
        If `length` is not a positive multiple of 8.
    """

    multiple_of = 8

    def __init__(self, length: int = 200, normalisation: Normalisation = "batch") -> None:
        super().__init__(length, normalisation)
        self.encoder_1 = _three_convolutions((1, 16, 16, 16), (5, 3, 3))
        self.encoder_2 = _three_convolutions((16, 32, 32, 32), (5, 3, 3))
        self.encoder_3 = _three_convolutions((32, 64, 64, 64), (5, 3, 3))
        self.pooling: Tensor
        self.register_buffer("pooling", _averages(length // 8, 4), persistent=False)
        self.to_latent = nn.ModuleList([nn.Linear(256, 96), _latent_layer(96, 20)])
        self.from_latent = nn.Sequential(nn.Linear(20, 96), nn.Linear(96, 64 * (length // 8)))
        self.decoder_1 = nn.Sequential(*_three_convolutions((64, 64, 64, 32), (3, 3, 5)))
        self.decoder_2 = nn.Sequential(*_three_convolutions((32, 32, 32, 16), (3, 3, 5)))
        self.decoder_3 = nn.Sequential(*_three_convolutions((16, 16, 16, 1), (3, 3, 5)))

    def encode(self, windows: Tensor) -> tuple[Tensor, list[Tensor]]:
        """See `Autoencoder.encode`; the latent space has 20 dimensions."""
        features, choices = windows.unsqueeze(1), []
        blocks = (self.encoder_1, self.encoder_2, self.encoder_3)
        for block, norm in zip(blocks, self.encoder_norms, strict=True):
            features, choice = max_pool(norm(_residual(block, features)), self.tie_tolerance)
            choices.append(choice)
        return _rectified(self.to_latent, (features @ self.pooling).flatten(1)), choices

    def decode(self, latent: Tensor, choices: list[Tensor]) -> Tensor:
        """See `Autoencoder.decode`."""
        features = self.from_latent(latent).unflatten(-1, (64, self.length // 8))
        blocks = (self.decoder_1, self.decoder_2, self.decoder_3)
        for block, norm, choice in zip(blocks, self.decoder_norms, reversed(choices), strict=True):
            features = block(max_unpool(norm(features), choice))
        return features.squeeze(1)


def reconstruction_errors(network: nn.Module, windows: Tensor) -> Tensor:
    """Mean squared error of each window under one network: Eq. (2) of the paper.

    Parameters
    ----------
    network : Module
        Maps windows to their reconstructions.
    windows : Tensor of float32, shape (n, length)
        In units of the root mean square displacement.

    Returns
    -------
    Tensor of float32, shape (n,)
    """
    return (network(windows) - windows).square().mean(-1)


def _convolution(channels_in: int, channels_out: int, kernel: int) -> nn.Conv1d:
    # A transposed convolution of stride 1 is a convolution with the kernel turned round: one
    # module serves encoder and decoder.
    return nn.Conv1d(channels_in, channels_out, kernel, padding=kernel // 2)


def _three_convolutions(channels: Sequence[int], kernels: Sequence[int]) -> nn.ModuleList:
    return nn.ModuleList(
        _convolution(before, after, kernel)
        for (before, after), kernel in zip(pairwise(channels), kernels, strict=True)
    )


def _averages(points: int, bins: int) -> Tensor:
    """Average `points` in `bins` that overlap where they must: adaptive pooling as a matrix.

    Not every device has a pooling layer for sizes that do not divide each other.
    """
    identity = torch.eye(points).unsqueeze(0)
    return F.adaptive_avg_pool1d(identity, bins).squeeze(0)


def _latent_layer(features: int, size: int) -> nn.Linear:
    layer = nn.Linear(features, size)
    nn.init.constant_(layer.bias, LATENT_BIAS)
    return layer


def _norms(normalisation: Normalisation, *channels: int) -> nn.ModuleList:
    makers: dict[str, Callable[[int], nn.Module]] = {
        "batch": nn.BatchNorm1d,
        "track": lambda width: nn.GroupNorm(1, width),
        "none": lambda width: nn.Identity(),
        "shared": nn.BatchNorm1d,
    }
    if normalisation not in makers:
        raise ValueError(f"normalisation should be one of {list(makers)}, got {normalisation!r}")
    return nn.ModuleList(makers[normalisation](width) for width in channels)


def _rectified(layers: nn.ModuleList, features: Tensor) -> Tensor:
    for layer in layers:
        features = F.relu(layer(features))
    return features


def _residual(layers: nn.ModuleList, features: Tensor) -> Tensor:
    """Three convolutions, the first one's output added before the third's ReLU."""
    first, second, third = layers
    skipped = F.relu(first(features))
    return F.relu(third(F.relu(second(skipped))) + skipped)
