"""How fast each normalisation is, as it stands and with its decoder folded: docs/method.md.

    python benchmarks/folding.py

The decoder is affine between its unpoolings, so that every stretch is one matrix. Fixed norms are
part of a stretch; norms of a window's own end it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from napari_anomalous_diffusion.autoencoders.networks import (
    Normalisation,
    ShortAutoencoder,
    max_unpool,
)

WINDOWS = 1024
Map = Callable[[Tensor], Tensor]


def main() -> None:
    torch.set_num_threads(1)
    windows = torch.randn(WINDOWS, 20).cumsum(1)
    print("| normalisation | windows/s, module by module | decoder folded | ratio |")
    print("|---|---|---|---|")
    choices: list[Normalisation] = ["batch", "track", "none"]
    for normalisation in choices:
        network = ShortAutoencoder(20, normalisation).eval()
        folded = fold_decoder(network, fixed_norms=normalisation != "track")
        with torch.inference_mode():
            torch.testing.assert_close(folded(windows), network(windows), rtol=1e-3, atol=1e-3)
            plain, fast = rate(network, windows), rate(folded, windows)
        print(f"| {normalisation} | {plain:,.0f} | {fast:,.0f} | {fast / plain:.2f} |")


def fold_decoder(network: ShortAutoencoder, *, fixed_norms: bool) -> Map:
    """Return the network with one matrix for each affine stretch of its decoder."""
    norms = list(network.decoder_norms)
    start = chain(network.from_latent, lambda flat: flat.unflatten(-1, (64, 5)))
    convolutions: list[Map] = [network.decoder_1, network.decoder_2, network.decoder_3]
    shapes = [(64, 5), (32, 10), (16, 20)]
    outputs = [(32, 5), (16, 10), (20,)]
    if fixed_norms:
        first = [matrix(chain(start, norms[0], network.decoder_1), (4,))]
        later = [
            matrix(chain(norm, convolution), shape)
            for norm, convolution, shape in zip(
                norms[1:], convolutions[1:], shapes[1:], strict=True
            )
        ]
        stretches = first + later
    else:
        begin = chain(matrix(start, (4,)), lambda flat: norms[0](flat.unflatten(-1, (64, 5))))
        maps = [matrix(part, shape) for part, shape in zip(convolutions, shapes, strict=True)]
        stretches = [
            chain(begin, flat, maps[0]),
            chain(norms[1], flat, maps[1]),
            chain(norms[2], flat, maps[2]),
        ]

    def reconstruct(windows: Tensor) -> Tensor:
        features, choices = network.encode(windows)
        for stretch, shape, choice in zip(
            stretches, outputs, [choices[1], choices[0], None], strict=True
        ):
            features = stretch(flat(features) if fixed_norms else features).unflatten(-1, shape)
            if choice is not None:
                features = max_unpool(features, choice)
        return features

    return reconstruct


def matrix(stretch: Map, shape: tuple[int, ...]) -> torch.nn.Linear:
    """Turn an affine map of features of this shape into one linear layer of the flat features."""
    size = torch.Size(shape).numel()
    with torch.inference_mode():
        offset = stretch(torch.zeros(1, *shape)).flatten()
        weight = stretch(torch.eye(size).unflatten(1, shape)).flatten(1) - offset
        layer = torch.nn.Linear(size, len(offset))
        layer.weight.copy_(weight.T)
        layer.bias.copy_(offset)
    return layer


def chain(*maps: Map) -> Map:
    def all_maps(features: Tensor) -> Tensor:
        for one in maps:
            features = one(features)
        return features

    return all_maps


def flat(features: Tensor) -> Tensor:
    return features.flatten(1)


def rate(network: Map, windows: Tensor, repeats: int = 20) -> float:
    network(windows)
    start = time.perf_counter()
    for _ in range(repeats):
        network(windows)
    return repeats * WINDOWS / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
