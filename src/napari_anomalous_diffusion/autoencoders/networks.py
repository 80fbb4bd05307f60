"""The autoencoders of the paper, plain and readable: the reference for every faster form.

Munoz-Gil, Guigo i Corominas and Lewenstein, "Unsupervised learning of anomalous diffusion data"
(2021), Appendix A and Fig. 1b. Encoder convolutions are followed by a ReLU, the decoder is affine
but for its unpooling, and the unpooling puts every value back where the encoder found its maximum:
these choices pass the bottleneck, and the method lives on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Normalisation = Literal["batch", "track", "none"]

TIE_TOLERANCE = 1e-4
"""Neighbours closer than this are a tie, and the earlier one is kept."""

LATENT_BIAS = 1.0
"""Where latent units start: at zero, many of them die under their ReLU in the first steps."""


def max_pool(features: Tensor) -> tuple[Tensor, Tensor]:
    """Halve the time axis, keeping the larger of each pair of neighbours.

    Where a particle rests, neighbours are equal but for rounding. So the later one is taken only
    when it is larger by more than `TIE_TOLERANCE`, and no choice hangs on rounding.

    Parameters
    ----------
    features : Tensor, shape (..., 2 n)

    Returns
    -------
    pooled : Tensor, shape (..., n)
    later : Tensor of bool, shape (..., n)
        True where the later neighbour was kept.
    """
    first, second = features[..., 0::2], features[..., 1::2]
    later = second - first > TIE_TOLERANCE
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


class ShortAutoencoder(nn.Module):
    """Autoencoder for short windows: two convolutions a block, latent space of 4 (Appendix A).

    Parameters
    ----------
    length : int
        Points of a window, a multiple of 4. The paper uses 20.
    normalisation : {"batch", "track", "none"}
        ``"batch"``: batch-norms, the decoder's its own. In evaluation mode they are fixed affine
        maps, so that a window's error does not depend on what is scored with it.
        ``"track"``: each window is normalised by itself (one group over channels and time).
        ``"none"``: no normalisation.

    Raises
    ------
    ValueError
        If `length` is not a positive multiple of 4.
    """

    def __init__(self, length: int = 20, normalisation: Normalisation = "batch") -> None:
        super().__init__()
        if length < 4 or length % 4:
            raise ValueError(f"length should be a positive multiple of 4, but got {length}")
        self.length = length
        self.encoder_1 = nn.ModuleList([_convolution(1, 16, 5), _convolution(16, 16, 3)])
        self.encoder_2 = nn.ModuleList([_convolution(16, 32, 5), _convolution(32, 32, 3)])
        self.encoder_3 = nn.ModuleList([_convolution(32, 64, 3), _convolution(64, 64, 3)])
        self.encoder_norms = _norms(normalisation, 16, 32, 64)
        self.to_latent = nn.ModuleList([nn.Linear(64, 32), _latent_layer(32, 4)])
        self.from_latent = nn.Sequential(nn.Linear(4, 32), nn.Linear(32, 64 * (length // 4)))
        self.decoder_1 = nn.Sequential(_convolution(64, 64, 3), _convolution(64, 32, 3))
        self.decoder_2 = nn.Sequential(_convolution(32, 32, 3), _convolution(32, 16, 5))
        self.decoder_3 = nn.Sequential(_convolution(16, 16, 3), _convolution(16, 1, 5))
        self.decoder_norms = _norms(normalisation, 64, 32, 16)

    def encode(self, windows: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Compress windows to the latent space.

        Parameters
        ----------
        windows : Tensor of float32, shape (n, length)

        Returns
        -------
        latent : Tensor of float32, shape (n, 4)
        choices : list of Tensor of bool, shapes (n, 16, length / 2) and (n, 32, length / 4)
            Which neighbour each max-pool kept.
        """
        features = _rectified(self.encoder_1, windows.unsqueeze(1))
        features, choice_1 = max_pool(self.encoder_norms[0](features))
        features = _rectified(self.encoder_2, features)
        features, choice_2 = max_pool(self.encoder_norms[1](features))
        features = self.encoder_norms[2](_rectified(self.encoder_3, features))
        return _rectified(self.to_latent, features.mean(-1)), [choice_1, choice_2]

    def decode(self, latent: Tensor, choices: list[Tensor]) -> Tensor:
        """Build windows, shape (n, length), from what `encode` returned."""
        features = self.from_latent(latent).unflatten(-1, (64, self.length // 4))
        features = self.decoder_1(self.decoder_norms[0](features))
        features = self.decoder_norms[1](max_unpool(features, choices[1]))
        features = self.decoder_2(features)
        features = self.decoder_norms[2](max_unpool(features, choices[0]))
        return self.decoder_3(features).squeeze(1)

    def forward(self, windows: Tensor) -> Tensor:
        """Reconstruct windows: shape (n, length) in and out."""
        return self.decode(*self.encode(windows))


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


def _latent_layer(features: int, size: int) -> nn.Linear:
    layer = nn.Linear(features, size)
    nn.init.constant_(layer.bias, LATENT_BIAS)
    return layer


def _norms(normalisation: Normalisation, *channels: int) -> nn.ModuleList:
    makers: dict[str, Callable[[int], nn.Module]] = {
        "batch": nn.BatchNorm1d,
        "track": lambda width: nn.GroupNorm(1, width),
        "none": lambda width: nn.Identity(),
    }
    if normalisation not in makers:
        raise ValueError(f"normalisation should be one of {list(makers)}, got {normalisation!r}")
    return nn.ModuleList(makers[normalisation](width) for width in channels)


def _rectified(layers: nn.ModuleList, features: Tensor) -> Tensor:
    for layer in layers:
        features = F.relu(layer(features))
    return features
