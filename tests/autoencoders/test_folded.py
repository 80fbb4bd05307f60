import pytest
import torch
from torch import nn

from napari_anomalous_diffusion.autoencoders import folded
from napari_anomalous_diffusion.autoencoders.networks import (
    TIE_TOLERANCE,
    Autoencoder,
    LongAutoencoder,
    ShortAutoencoder,
    max_pool,
    max_unpool,
)
from napari_anomalous_diffusion.autoencoders.workspace import Workspace

CPU = torch.device("cpu")


def trained(network: Autoencoder) -> Autoencoder:
    """Give every norm statistics and a scale of its own, of either sign."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.3, 3)
                module.weight.normal_()
                module.bias.normal_()
    return network.eval().requires_grad_(False)


def random_windows(number: int, length: int) -> torch.Tensor:
    return torch.randn(number, length).cumsum(1) / 2


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(8)


@pytest.mark.parametrize("normalisation", ["batch", "none"])
@pytest.mark.parametrize(
    ("architecture", "length"),
    [
        *((ShortAutoencoder, length) for length in (4, 8, 20, 48)),
        *((LongAutoencoder, length) for length in (8, 16, 24, 200)),
    ],
)
def test_reconstructions_are_those_of_the_reference(
    architecture: type[Autoencoder], length: int, normalisation: str
) -> None:
    network = trained(architecture(length, normalisation))
    windows = random_windows(30, length)
    fold = folded.fold(network, CPU)
    made = fold(windows.T.contiguous()).T
    # In float64, so that no rounding decides a tie but the folded network's own.
    expected = network.double()(windows.double()).float()
    close = torch.isclose(made, expected, rtol=1e-5, atol=1e-5).all(dim=1)
    assert close.sum() >= 29


@pytest.mark.parametrize(
    ("architecture", "length"), [(ShortAutoencoder, 20), (LongAutoencoder, 24)]
)
def test_few_windows_are_reconstructed_as_many_are(
    architecture: type[Autoencoder], length: int
) -> None:
    fold = folded.fold(trained(architecture(length)), CPU)
    windows = random_windows(folded.FEWEST_COLUMNS, length).T.contiguous()
    many = fold(windows).clone()
    for number in (1, 3):
        few = fold(windows[:, :number].contiguous())
        torch.testing.assert_close(few, many[:, :number], rtol=1e-5, atol=1e-5)


def test_pooling_keeps_the_rule_of_ties_to_the_last_bit() -> None:
    just_above = torch.nextafter(torch.tensor(TIE_TOLERANCE), torch.tensor(1.0)).item()
    pairs = torch.tensor([
        [0, TIE_TOLERANCE], [0, just_above], [1, 1], [1, 1 + 5e-5], [1, 1 + 2e-4], [3, 2], [2, 3e8]
    ])  # fmt: skip
    pooled, later = folded.pool(pairs.T[:, None], TIE_TOLERANCE, Workspace(CPU), "later")
    expected, expected_later = max_pool(pairs)
    assert pooled.flatten().tolist() == expected.flatten().tolist()
    assert later.flatten().bool().tolist() == expected_later.flatten().tolist()
    assert later.flatten().tolist() == [0, 1, 0, 0, 1, 0, 1]


def test_unpooling_puts_values_back() -> None:
    features = torch.randn(3, 4, 5)
    later = torch.randint(2, (3, 4, 5)).float()
    unpooled = folded.unpool(features, later, Workspace(CPU))
    expected = max_unpool(features.permute(2, 1, 0), later.permute(2, 1, 0).bool())
    assert unpooled.permute(2, 1, 0).tolist() == expected.tolist()


def test_networks_whose_norms_hang_on_what_they_are_given_are_left_as_they_are() -> None:
    assert folded.fold(ShortAutoencoder(20, "track").eval(), CPU) is None
    assert folded.fold(ShortAutoencoder(20, "batch").train(), CPU) is None
    assert folded.fold(nn.Identity().eval(), CPU) is None


def test_a_network_s_own_tolerance_of_ties_is_kept() -> None:
    network = trained(ShortAutoencoder(20, "batch"))
    network.tie_tolerance = 0.3
    windows = random_windows(30, 20)
    made = folded.fold(network, CPU)(windows.T.contiguous()).T
    close = torch.isclose(made, network(windows), rtol=1e-4, atol=1e-4).all(dim=1)
    assert close.sum() >= 29


def test_a_workspace_is_used_again_and_changes_nothing() -> None:
    networks = [trained(ShortAutoencoder(20, "batch")) for _ in range(2)]
    first, second = (folded.fold(network, CPU) for network in networks)
    space, windows = Workspace(CPU), random_windows(30, 20).T.contiguous()
    expected = first(windows), second(windows[:, :7].contiguous())
    assert first(windows, space).tolist() == expected[0].tolist()
    before = space.empty("made", 1).data_ptr()
    assert second(windows[:, :7].contiguous(), space).tolist() == expected[1].tolist()
    assert space.empty("made", 1).data_ptr() == before
