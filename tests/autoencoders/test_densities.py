import math

import pytest
import torch
from torch import Tensor

from napari_anomalous_diffusion.autoencoders import densities
from napari_anomalous_diffusion.autoencoders.densities import (
    Density,
    Steps,
    look_back,
    negative_log_likelihoods,
    past_vectors,
)


def brownian_steps(number: int = 4, n_steps: int = 30, dimensions: int = 2) -> Steps:
    values = torch.randn(number, n_steps, dimensions, generator=torch.Generator().manual_seed(1))
    ones = torch.ones(number, n_steps)
    return Steps(values, ones, torch.full((number,), n_steps), torch.zeros(number))


def shaken(seed: int = 0) -> Density:
    """Make a network whose every answer depends on the past."""
    torch.manual_seed(seed)
    network = Density().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return network


def replace(steps: Steps, values: Tensor) -> Steps:
    return Steps(values, steps.frames, steps.counts, steps.level)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_turning_and_mirroring_a_track_changes_nothing(dimensions: int) -> None:
    steps, network = brownian_steps(dimensions=dimensions), shaken()
    turn, _ = torch.linalg.qr(torch.randn(dimensions, dimensions))
    turned = network(replace(steps, steps.values @ turn))
    torch.testing.assert_close(turned, network(steps), rtol=1e-4, atol=1e-4)


def test_a_step_depends_on_the_steps_before_it_only() -> None:
    steps, network = brownian_steps(), shaken()
    changed = steps.values.clone()
    changed[:, 20:] += 1
    before, after = network(steps), network(replace(steps, changed))
    torch.testing.assert_close(before[:, :20], after[:, :20])
    assert (before[:, 20:] != after[:, 20:]).all()


def test_padding_counts_for_nothing() -> None:
    steps, network = brownian_steps(n_steps=12), shaken()
    padded = Steps(
        torch.nn.functional.pad(steps.values, (0, 0, 0, 9)),
        torch.nn.functional.pad(steps.frames, (0, 9), value=1.0),
        steps.counts,
        steps.level,
    )
    assert network(padded)[:, 12:].eq(0).all()
    torch.testing.assert_close(
        negative_log_likelihoods(network, padded), negative_log_likelihoods(network, steps)
    )


def test_probabilities_of_all_next_steps_add_up_to_one() -> None:
    network, steps = shaken(), brownian_steps(1, 6, 1)
    grid = torch.arange(-100_000, 100_001) * 1e-3
    many = steps.values.expand(len(grid), -1, -1).clone()
    many[:, -1, 0] = grid
    ones = torch.ones(len(grid), 6)
    with torch.inference_mode():
        density = network(Steps(many, ones, 6 * ones[:, 0], 0 * ones[:, 0]))[:, -1].exp()
    rest = density[grid == 0].item()
    moving = density[grid != 0].sum().item() * 1e-3
    assert 0 < rest < 1
    assert moving + rest == pytest.approx(1, abs=5e-3)


def test_vectors_of_the_past_have_unit_size_for_brownian_motion() -> None:
    values = torch.randn(2000, 200, 2, generator=torch.Generator().manual_seed(0))
    sizes = past_vectors(values)[:, -1].square().mean((0, 2)).sqrt()
    assert sizes.tolist() == pytest.approx([1.0] * len(sizes), abs=0.05)


def test_the_first_step_is_answered_without_a_past() -> None:
    assert past_vectors(brownian_steps().values)[:, 0].eq(0).all()
    assert past_vectors(brownian_steps().values)[:, 1, 0].ne(0).all()


def test_the_past_is_summed_up_step_by_step_however_many_go_into_one_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = brownian_steps(n_steps=50).values
    vectors = past_vectors(values)
    monkeypatch.setattr(densities, "STEPS_IN_ONE", 7)
    torch.testing.assert_close(past_vectors(values), vectors)
    mean, total = torch.zeros(4, 2), torch.zeros(4, 2)
    for time in range(50):
        # The running mean over the shortest time is the fourth vector, after three displacements.
        torch.testing.assert_close(vectors[:, time, 3], mean * 3**0.5 / 2)
        torch.testing.assert_close(vectors[:, time, -1], total / max(time, 1) ** 0.5)
        for lag in range(1, min(time, 3) + 1):
            assert vectors[:, time, lag - 1].equal(values[:, time - lag])
        mean, total = mean / 2 + values[:, time], total + values[:, time]


def test_a_long_track_takes_little_memory() -> None:
    # A product of all steps with all steps would take 90 GB.
    assert past_vectors(torch.ones(1, 50_000, 1))[0, -1, -1, 0].item() == pytest.approx(
        49_999**0.5, rel=1e-4
    )


def test_several_networks_look_back_once() -> None:
    steps, network = brownian_steps(), shaken()
    assert network(steps, look_back(steps)).equal(network(steps))


def test_training_on_brownian_motion_reaches_its_entropy() -> None:
    torch.manual_seed(0)
    network = Density(hidden=16)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(60):
        values = torch.randn(100, 20, 2)
        steps = Steps(values, torch.ones(100, 20), torch.full((100,), 20), torch.zeros(100))
        loss = negative_log_likelihoods(network, steps).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    entropy = 1 + math.log(2 * math.pi)  # of two coordinates of unit variance
    assert loss.item() == pytest.approx(entropy, abs=0.08)
