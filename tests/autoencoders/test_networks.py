import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_anomalous_diffusion.autoencoders.networks import (
    TIE_TOLERANCE,
    LongAutoencoder,
    ShortAutoencoder,
    max_pool,
    max_unpool,
    reconstruction_errors,
)


def random_walks(number: int, length: int = 20, seed: int = 0) -> torch.Tensor:
    steps = torch.randn(number, length - 1, generator=torch.Generator().manual_seed(seed))
    return torch.cat((torch.zeros(number, 1), steps.cumsum(1)), 1)


def trained_a_little(normalisation: str = "batch") -> ShortAutoencoder:
    torch.manual_seed(0)
    network = ShortAutoencoder(20, normalisation)
    network.train()
    for seed in range(5):  # so that the batch-norms hold statistics of their own
        network(random_walks(64, seed=seed))
    return network.eval()


def test_the_larger_neighbour_passes_and_returns_to_its_place() -> None:
    pooled, later = max_pool(torch.tensor([[1.0, 5.0, 4.0, -2.0]]))
    assert pooled.tolist() == [[5.0, 4.0]]
    assert later.tolist() == [[True, False]]
    assert max_unpool(pooled, later).tolist() == [[0.0, 5.0, 4.0, 0.0]]


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=8), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_rounding_decides_no_tie(rests: list[float], seed: int) -> None:
    at_rest = torch.tensor(rests).repeat_interleave(2)
    generator = torch.Generator().manual_seed(seed)
    noise = (torch.rand(len(at_rest), generator=generator) - 0.5) * 0.1 * TIE_TOLERANCE
    _, later = max_pool(at_rest + noise)
    assert not later.any()


def test_size_is_that_of_the_published_network() -> None:
    network = ShortAutoencoder(20, "none")
    assert sum(parameter.numel() for parameter in network.parameters()) == 63_141
    latent, choices = network.encode(random_walks(3))
    assert latent.shape == (3, 4)
    assert [choice.shape for choice in choices] == [(3, 16, 10), (3, 32, 5)]


@pytest.mark.parametrize("length", [4, 20, 40])
def test_windows_come_back_in_their_shape(length: int) -> None:
    windows = random_walks(7, length)
    assert ShortAutoencoder(length)(windows).shape == windows.shape


def test_a_length_that_cannot_be_halved_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 4, but got 21"):
        ShortAutoencoder(21)


def test_no_latent_unit_starts_dead() -> None:
    for seed in range(5):
        torch.manual_seed(seed)
        latent, _ = ShortAutoencoder(20).encode(random_walks(256))
        assert (latent > 0).float().mean(0).min() > 0.9


@pytest.mark.parametrize("normalisation", ["batch", "track", "none"])
def test_an_error_does_not_depend_on_the_company(normalisation: str) -> None:
    network, windows = trained_a_little(normalisation), random_walks(50, seed=9)
    together = reconstruction_errors(network, windows)
    alone = torch.cat([reconstruction_errors(network, window) for window in windows.split(1)])
    torch.testing.assert_close(alone, together, rtol=1e-5, atol=1e-6)


def test_the_decoder_is_affine_where_the_choices_are_fixed() -> None:
    network = trained_a_little()
    _, choices = network.encode(random_walks(1))
    first, second = torch.rand(2, 1, 4)
    between = network.decode(0.3 * first + 0.7 * second, choices)
    expected = 0.3 * network.decode(first, choices) + 0.7 * network.decode(second, choices)
    torch.testing.assert_close(between, expected, rtol=1e-4, atol=1e-5)


def test_the_error_is_equation_2() -> None:
    network, windows = trained_a_little(), random_walks(3)
    with torch.no_grad():
        gaps = (network(windows) - windows).numpy()
        errors = reconstruction_errors(network, windows)
    assert errors.tolist() == pytest.approx([sum(gap**2) / 20 for gap in gaps], rel=1e-5)


def test_size_of_the_long_network_is_that_of_the_published_one() -> None:
    network = LongAutoencoder(200, "shared")
    assert sum(parameter.numel() for parameter in network.parameters()) == 274_933
    windows = random_walks(3, 200)
    latent, choices = network.encode(windows)
    assert latent.shape == (3, 20)
    assert [choice.shape for choice in choices] == [(3, 16, 100), (3, 32, 50), (3, 64, 25)]
    assert network(windows).shape == windows.shape


def test_a_length_that_cannot_be_halved_three_times_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 8, but got 100"):
        LongAutoencoder(100)


def test_the_first_layer_of_a_block_is_added_to_the_third() -> None:
    network = LongAutoencoder(16, "none")
    for layer in network.encoder_1:  # each passes its first channel on, and drops the others
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        with torch.no_grad():
            layer.weight[0, 0, layer.kernel_size[0] // 2] = 1
    second_block: list[torch.Tensor] = []
    network.encoder_2[0].register_forward_hook(lambda _, given, __: second_block.append(given[0]))
    windows = torch.arange(16.0).unsqueeze(0)
    network.encode(windows)
    assert torch.equal(second_block[0][0, 0], 2 * windows[0, 1::2])


@pytest.mark.parametrize("make", [ShortAutoencoder, LongAutoencoder])
def test_shared_norms_are_the_encoders_turned_round_and_saved_once(
    make: type[ShortAutoencoder | LongAutoencoder],
) -> None:
    own, shared = make(40, "batch"), make(40, "shared")
    encoder = list(shared.encoder_norms)
    assert all(a is b for a, b in zip(encoder[::-1], shared.decoder_norms, strict=True))
    assert len(own.state_dict()) - len(shared.state_dict()) == 3 * 5
    assert not any("decoder_norms" in key for key in shared.state_dict())


def test_the_published_form_scores_by_the_company() -> None:
    torch.manual_seed(0)
    network = ShortAutoencoder(20, "shared").train()
    windows = random_walks(64)
    with torch.no_grad():
        among_its_kind = network(windows)[0]
        among_others = network(torch.cat((windows, 10 * windows)))[0]
    assert not torch.allclose(among_its_kind, among_others, rtol=0.1)
