from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from napari_anomalous_diffusion.autoencoders.networks import ShortAutoencoder
from napari_anomalous_diffusion.autoencoders.storage import (
    checksum,
    common_part,
    read_weights,
    write_weights,
)


def network(seed: int = 0) -> dict[str, Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return ShortAutoencoder(20).state_dict()


def related(number: int) -> list[dict[str, Tensor]]:
    """Networks that have gone their own way for a few steps from one start."""
    start, random = network(), torch.Generator().manual_seed(1)
    return [
        {
            name: value + 2e-3 * torch.randn(value.shape, generator=random)
            if value.is_floating_point()
            else value
            for name, value in start.items()
        }
        for _ in range(number)
    ]


def farthest(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    assert set(one) == set(other)
    return max(
        float((value.float() - other[name].float()).abs().max()) for name, value in one.items()
    )


def test_full_precision_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "full.safetensors"
    sha256 = write_weights(path, network(), facts={"facts": "kept"})
    assert sha256 == checksum(path.read_bytes())
    assert farthest(read_weights(path.read_bytes()), network()) == 0
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"facts": "kept"}


def test_half_precision_halves_kernels_and_matrices_and_nothing_else(tmp_path: Path) -> None:
    weights = network()
    weights["encoder_norms.0.running_var"].fill_(1e6)  # beyond float16
    path = tmp_path / "half.safetensors"
    write_weights(path, weights, "half")
    full = sum(value.nbytes for value in weights.values())
    assert path.stat().st_size < 0.56 * full
    stored = load_file(path)
    for name, value in weights.items():
        assert stored[name].dtype == (torch.float16 if value.ndim > 1 else value.dtype)
    read = read_weights(path.read_bytes())
    assert not any(value.dtype == torch.float16 for value in read.values())
    assert 0 < farthest(read, weights) < 3e-4


def test_of_networks_of_one_start_the_difference_is_rounded(tmp_path: Path) -> None:
    networks = related(4)
    share = common_part(networks)
    common, alone, together = (tmp_path / f"{name}.safetensors" for name in ("c", "a", "t"))
    write_weights(common, share)
    for weights in networks:
        write_weights(alone, weights, "half")
        write_weights(together, weights, "half", common=share)
        assert together.stat().st_size == alone.stat().st_size
        lost = farthest(read_weights(alone.read_bytes()), weights)
        lost_together = farthest(read_weights(together.read_bytes(), common.read_bytes()), weights)
        assert lost_together < lost / 20


def test_what_was_read_can_be_stored_again_without_loss(tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    write_weights(first, network(), "half")
    read = read_weights(first.read_bytes())
    write_weights(second, read, "half")
    assert first.read_bytes() == second.read_bytes()


def test_a_common_part_of_another_network_is_noticed(tmp_path: Path) -> None:
    path, common = tmp_path / "a.safetensors", tmp_path / "c.safetensors"
    write_weights(path, network())
    write_weights(common, {"another.weight": torch.ones(2, 2)})
    with pytest.raises(KeyError):
        read_weights(path.read_bytes(), common.read_bytes())


def test_the_common_part_is_the_mean() -> None:
    networks = [
        {"weight": torch.full((2, 2), value), "bias": torch.ones(2)} for value in (1.0, 2.0)
    ]
    share = common_part(networks)
    assert list(share) == ["weight"]
    np.testing.assert_array_equal(share["weight"], np.full((2, 2), 1.5, np.float16))
