"""The layers of the autoencoders as affine maps, exact enough to be multiplied with each other.

Features stand point by point: the channels of the first point, then those of the second. All
numbers are float64, on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import matmul
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, eq=False)
class Affine:
    """The map ``x -> weight @ x + constant`` of features that stand point by point.

    Attributes
    ----------
    weight : Tensor of float64, shape (features out, features in)
    constant : Tensor of float64, shape (features out, 1)
    """

    weight: Tensor
    constant: Tensor

    def __matmul__(self, earlier: Affine) -> Affine:
        """Let this map follow another."""
        return Affine(self.weight @ earlier.weight, self.weight @ earlier.constant + self.constant)


@dataclass(frozen=True, eq=False)
class Scaling:
    """A norm with fixed statistics: each channel times a factor, plus an offset.

    Attributes
    ----------
    factor, offset : Tensor of float64, shape (channels, 1)
    """

    factor: Tensor
    offset: Tensor

    def affine(self, points: int) -> Affine:
        """Write it as a matrix."""
        return Affine(self.factor.repeat(points, 1).flatten().diag(), self.offset.repeat(points, 1))


Layer = nn.Conv1d | Scaling


def chain(layers: Sequence[Layer], points: int) -> Affine:
    """Make one map of layers that follow each other, the first one first."""
    affine = [
        convolution_map(layer, points) if isinstance(layer, nn.Conv1d) else layer.affine(points)
        for layer in layers
    ]
    return reduce(matmul, reversed(affine))


def follow(earlier: Affine, layers: Sequence[Layer], points: int) -> Affine:
    """Let layers follow a map of few features, as which they need not be written as matrices.

    Parameters
    ----------
    earlier : Affine
    layers : sequence of Layer
    points : int
        Of the features between.
    """
    nothing = torch.zeros_like(earlier.constant)
    columns = torch.cat([earlier.weight, earlier.constant, nothing], 1)
    features = columns.view(points, -1, columns.shape[1]).permute(2, 1, 0)
    for layer in layers:
        if isinstance(layer, nn.Conv1d):
            weight, bias = _exact(layer.weight), _exact(layer.bias)
            features = F.conv1d(features, weight, bias, padding=layer.kernel_size[0] // 2)
        else:
            features = features * layer.factor + layer.offset
    made = features.permute(2, 1, 0).flatten(0, 1)
    return Affine(made[:, :-2] - made[:, -1:], made[:, -2:-1])


def convolution_map(layer: nn.Conv1d, points: int) -> Affine:
    """Write a convolution as a matrix; beyond the ends there is nothing."""
    kernel = _exact(layer.weight)
    weight = kernel.new_zeros(points, layer.out_channels, points, layer.in_channels)
    for place in range(kernel.shape[2]):
        offset = place - layer.kernel_size[0] // 2
        if abs(offset) < points:
            weight.diagonal(offset, 0, 2).copy_(kernel[:, :, place, None])
    weight = weight.view(points * layer.out_channels, -1)
    return Affine(weight, _exact(layer.bias).repeat(points)[:, None])


def linear_map(layer: nn.Module) -> Affine:
    """Write a linear layer as a map."""
    return Affine(_exact(layer.weight), _exact(layer.bias)[:, None])


def point_by_point(affine: Affine, points: int) -> Affine:
    """Put the features that come out channel by channel in the order of their points."""
    order = torch.arange(len(affine.weight)).view(-1, points).T.flatten()
    return Affine(affine.weight[order], affine.constant[order])


def fixed_norm(norm: nn.Module, channels: int) -> Scaling:
    """Write a norm with fixed statistics as what it does to each channel."""
    if isinstance(norm, nn.Identity):
        one = torch.ones(channels, 1, dtype=torch.float64)
        return Scaling(one, torch.zeros_like(one))
    variance = _exact(norm.running_var) + _exact(norm.eps)
    factor = _exact(norm.weight) / variance.sqrt()
    offset = _exact(norm.bias) - factor * _exact(norm.running_mean)
    return Scaling(factor[:, None], offset[:, None])


def _exact(numbers: Any) -> Tensor:
    return torch.as_tensor(numbers).detach().cpu().double()
