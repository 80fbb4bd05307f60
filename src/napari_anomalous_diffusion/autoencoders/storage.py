"""Weights on disk: one safetensors file a network, in full or in half precision.

Half precision keeps kernels and matrices as float16, and everything computes with float32. Networks
that were trained from one start differ by a few hundredths of their weights, and their errors by as
little: rounding the weights themselves would move a track in forty from one label to the next. So
what they have in common is stored once, and of each what is its own, which loses a fraction of
that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from napari_anomalous_diffusion.writing import whole_file

if TYPE_CHECKING:
    from torch import Tensor

Precision = Literal["full", "half"]

Weights = Mapping[str, "Tensor"]


def checksum(data: bytes) -> str:
    """Compute the SHA-256 of a file's contents, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_weights(data: bytes, common: bytes | None = None) -> dict[str, Tensor]:
    """Read the weights of one network.

    Parameters
    ----------
    data : bytes
        What `write_weights` wrote.
    common : bytes, optional
        What `write_weights` wrote of the part in common, where there is one.

    Returns
    -------
    dict of str to Tensor
        Those that were stored as float16 are float32.
    """
    import torch
    from safetensors.torch import load

    weights: dict[str, Tensor] = {
        name: value.float() if value.dtype == torch.float16 else value
        for name, value in load(data).items()
    }
    for name, shared in ({} if common is None else load(common)).items():
        weights[name] = weights[name] + shared.float()
    return weights


def write_weights(
    path: str | Path,
    weights: Weights,
    precision: Precision = "full",
    *,
    common: Weights | None = None,
    facts: Mapping[str, str] | None = None,
) -> str:
    """Write the weights of one network.

    Parameters
    ----------
    path : path
    weights : mapping of str to Tensor
        The state of a network.
    precision : {"full", "half"}
        ``half`` stores kernels and matrices as float16. Biases and norms, one number in forty, stay
        as they are: the variances that a norm has met may be beyond float16's range.
    common : mapping of str to Tensor, optional
        What `common_part` found: of each of its entries only the difference is stored.
    facts : mapping of str to str, optional
        Kept in the file's header.

    Returns
    -------
    str
        The file's checksum.
    """
    from safetensors.torch import save

    stored = dict(weights)
    for name, shared in (common or {}).items():
        stored[name] = stored[name] - shared.float()
    if precision == "half":
        stored = {
            name: value.half() if _is_matrix(value) else value for name, value in stored.items()
        }
    contiguous = {name: value.contiguous() for name, value in stored.items()}
    data = save(contiguous, None if facts is None else dict(facts))
    with whole_file(path) as partial:
        partial.write_bytes(data)
    return checksum(data)


def common_part(networks: Sequence[Weights]) -> dict[str, Tensor]:
    """Find what networks have in common: the mean of each kernel and matrix, as float16.

    That it is rounded loses nothing, as the differences are taken from the rounded values.
    """
    import torch

    return {
        name: torch.stack([weights[name] for weights in networks]).mean(0).half()
        for name, value in networks[0].items()
        if _is_matrix(value)
    }


def _is_matrix(value: Tensor) -> bool:
    return value.is_floating_point() and value.ndim > 1
