from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from napari_anomalous_diffusion.autoencoders import engine, folded, networks
from napari_anomalous_diffusion.autoencoders.bank import Bank, installed_banks, load_bank
from napari_anomalous_diffusion.autoencoders.networks import max_pool, reconstruction_errors
from napari_anomalous_diffusion.autoencoders.windows import cut, normalise
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.samples import SAMPLES, sample_path
from napari_anomalous_diffusion.tracks.files import read_tracks
from napari_anomalous_diffusion.tracks.notices import Notice

BANKS = [name for name in installed_banks("track") if load_bank(name).kind == "mse"]

ROUNDING = 1e-5
"""What rounding may do to the difference of two features, as a share of the largest one."""


@pytest.fixture
def windows() -> np.ndarray:
    positions = np.random.default_rng(1).normal(size=(300, 20)).cumsum(axis=1)
    return normalise(positions)[0]


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def windows_of_all_kinds(length: int) -> np.ndarray:
    """Cut about 200 windows from the samples; make some that rest and some that fly straight."""
    samples = [cut(read_tracks(sample_path(name)), length).values for name in SAMPLES]
    generator = np.random.default_rng(4)
    # Waits and flights as long as a power law of exponent 0.5 has them.
    durations = np.ceil(generator.uniform(size=(30, length)) ** -2).clip(max=length)
    steps = np.zeros((60, length))
    for rest, flight, lasting in zip(steps[:30], steps[30:], durations.astype(int), strict=True):
        jumps = np.cumsum(lasting)
        rest[jumps[jumps < length]] = generator.normal(size=(jumps < length).sum())
        flight[:] = np.repeat(generator.choice([-0.37, 0.37], size=length), lasting)[:length]
    made, scale = normalise(steps.cumsum(axis=1) + 50)
    measured = np.concatenate(samples)
    chosen = measured[:: -(-len(measured) // 200)]
    return np.unique(np.concatenate([chosen, made[scale > 0]]), axis=0)


def errors_of_the_reference(bank: Bank, windows: np.ndarray) -> np.ndarray:
    there = torch.from_numpy(windows)
    with torch.inference_mode():
        both = [
            [reconstruction_errors(network, sign * there) for sign in (1, -1)]
            for members in bank.networks
            for network in members
        ]
    return np.stack([torch.stack(errors).mean(0).numpy() for errors in both], axis=1)


def best(bank: Bank, errors: np.ndarray) -> list[int]:
    return np.nanmean(bank.by_label(errors.astype(np.float64)), axis=2).argmin(axis=1).tolist()


class Choices:
    """Watches which neighbours the reference and the folded form keep, and how close it was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reference: list[torch.Tensor] = []
        self.ours: list[torch.Tensor] = []
        self.ties: list[torch.Tensor] = []
        fold_pool = folded.pool

        def reference_pool(features: torch.Tensor, tolerance: float) -> tuple[torch.Tensor, ...]:
            first, second = features[..., 0::2], features[..., 1::2]
            rounding = ROUNDING * features.abs().amax((1, 2), keepdim=True).clamp(min=1)
            self.ties.append((second - first - tolerance).abs() < rounding)
            pooled, later = max_pool(features, tolerance)
            self.reference.append(later)
            return pooled, later

        def our_pool(*arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
            pooled, later = fold_pool(*arguments)
            self.ours.append(later.permute(2, 1, 0).bool())
            return pooled, later

        monkeypatch.setattr(networks, "max_pool", reference_pool)
        monkeypatch.setattr(folded, "pool", our_pool)

    def compare(self) -> tuple[torch.Tensor, bool]:
        """Tell for which windows all were the same, and whether all others were ties; forget."""
        same, ties = torch.tensor(True), True
        for theirs, ours, tie in zip(self.reference, self.ours, self.ties, strict=True):
            same = same & (theirs == ours).flatten(1).all(1)
            ties &= bool(tie[theirs != ours].all())
        for kept in (self.reference, self.ours, self.ties):
            kept.clear()
        return same, ties


@pytest.mark.parametrize("name", BANKS)
def test_every_bank_gives_the_numbers_of_the_reference(name: str) -> None:
    bank = load_bank(name)
    windows = windows_of_all_kinds(bank.length)
    errors = engine.window_errors(bank, windows, "cpu")
    expected = errors_of_the_reference(bank, windows)
    # Far from what a network has learnt errors reach 1e5, of which float32 keeps seven digits.
    close = np.isclose(errors, expected, rtol=1e-5, atol=1e-5)
    # Long windows have ten times as many neighbours, and positions ten times as far from zero.
    assert close.mean() > (0.999 if bank.length <= 20 else 0.98)
    assert best(bank, errors) == best(bank, expected)


@pytest.mark.parametrize("name", BANKS)
def test_only_ties_come_out_different_from_the_reference(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = load_bank(name)
    windows = torch.from_numpy(windows_of_all_kinds(bank.length))
    choices = Choices(monkeypatch)
    for members in bank.networks:
        network = members[0]
        with torch.inference_mode():
            expected = reconstruction_errors(network, windows)
            made = folded.fold(network, torch.device("cpu"))(windows.T.contiguous()).T
            errors = (made - windows).square().mean(1)
        same, ties = choices.compare()
        assert ties
        # Long windows reach positions ten times as large, which float32 rounds as much more.
        limit = 1e-5 if bank.length <= 20 else 3e-5
        torch.testing.assert_close(errors[same], expected[same], rtol=limit, atol=limit)
        assert same.float().mean() > 0.7


def test_a_column_for_each_network(tiny_bank: Bank, windows: np.ndarray) -> None:
    errors = engine.window_errors(tiny_bank, windows, "cpu")
    assert errors.shape == (300, 6)
    network = tiny_bank.networks[1][0]
    with torch.no_grad():
        there, mirrored = (network(torch.from_numpy(sign * windows)).numpy() for sign in (1, -1))
    expected = (((there - windows) ** 2).mean(1) + ((mirrored + windows) ** 2).mean(1)) / 2
    np.testing.assert_allclose(errors[:, 2], expected, rtol=1e-4)


def test_errors_do_not_hang_on_the_direction_of_the_axis(
    tiny_bank: Bank, windows: np.ndarray
) -> None:
    errors = engine.window_errors(tiny_bank, windows)
    np.testing.assert_allclose(engine.window_errors(tiny_bank, -windows), errors, rtol=1e-5)


@pytest.mark.parametrize("points", [1, 150, 100_000])
def test_errors_do_not_hang_on_the_chunk(
    tiny_bank: Bank, windows: np.ndarray, points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = engine.window_errors(tiny_bank, windows, "cpu")
    monkeypatch.setitem(engine.POINTS_AT_ONCE, "cpu", points)
    monkeypatch.setattr(engine, "FEWEST_AT_ONCE", 1)
    np.testing.assert_allclose(engine.window_errors(tiny_bank, windows, "cpu"), expected, rtol=1e-5)


def test_errors_do_not_hang_on_the_order(tiny_bank: Bank, windows: np.ndarray) -> None:
    order = np.random.default_rng(2).permutation(len(windows))
    errors = engine.window_errors(tiny_bank, windows)
    np.testing.assert_allclose(
        engine.window_errors(tiny_bank, windows[order]), errors[order], rtol=1e-5
    )


@pytest.mark.parametrize("threads", [2, 3])
def test_errors_are_the_same_for_any_number_of_threads_which_stays_as_it_is(
    tiny_bank: Bank, windows: np.ndarray, threads: int, one_thread: None
) -> None:
    errors = engine.window_errors(tiny_bank, windows, "cpu")
    torch.set_num_threads(threads)
    assert engine.window_errors(tiny_bank, windows, "cpu").tolist() == errors.tolist()
    assert torch.get_num_threads() == threads


def test_doubles_and_mirror_images_go_through_the_networks_once(
    tiny_bank: Bank, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    compute = engine._mirrored_errors

    def counted(networks: list, values: np.ndarray, *others: Any) -> np.ndarray:
        seen.append(len(values))
        return compute(networks, values, *others)

    monkeypatch.setattr(engine, "_mirrored_errors", counted)
    some = windows[:5]
    errors = engine.window_errors(tiny_bank, np.concatenate([some, -some, some[::-1]]), "cpu")
    assert seen == [5] * 6  # once under each of six networks
    assert errors[5:10].tolist() == errors[:5].tolist()
    assert errors[10:].tolist() == errors[4::-1].tolist()


def test_chunks_are_halved_until_they_fit_the_memory(
    tiny_bank: Bank, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch, one_thread: None
) -> None:
    expected = engine.window_errors(tiny_bank, windows, "cpu")
    sizes = []
    compute = engine._mirrored_errors

    def in_little_memory(networks: list, values: np.ndarray, *others: Any) -> np.ndarray:
        sizes.append(len(values))
        if len(values) > 60:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return compute(networks, values, *others)

    monkeypatch.setattr(engine, "_mirrored_errors", in_little_memory)
    errors = engine.window_errors(tiny_bank, windows, "cpu")
    np.testing.assert_allclose(errors, expected, rtol=1e-5)
    once = [*[37] * 8, 4]
    assert sizes == [300, 150, 75, *once * 6]  # for six networks


def test_other_errors_of_the_networks_are_not_taken_for_a_lack_of_memory(
    tiny_bank: Bank, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*parts: object) -> np.ndarray:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(engine, "_mirrored_errors", broken)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        engine.window_errors(tiny_bank, windows, "cpu")


def test_no_windows_no_errors(tiny_bank: Bank) -> None:
    nothing = np.empty((0, 20), dtype=np.float32)
    assert engine.window_errors(tiny_bank, nothing).shape == (0, 6)


def test_reconstructions_come_from_the_members_of_the_label(
    tiny_bank: Bank, windows: np.ndarray
) -> None:
    members = engine.reconstruct(tiny_bank, windows[:4], "sbm")
    assert members.shape == (2, 4, 20)
    with torch.no_grad():
        expected = tiny_bank.networks[2][1](torch.from_numpy(windows[:4])).numpy()
    np.testing.assert_allclose(members[1], expected, rtol=1e-4, atol=1e-5)


def test_an_unknown_device_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(InputError, match=r"no device 'tpu': choose auto or one of .*cpu"):
        engine.choose_device("tpu")


def test_the_cpu_stands_in_for_what_is_not_there_and_this_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    engine._say_that_the_cpu_computes.cache_clear()
    with pytest.warns(Notice, match="no cuda, or torch cannot use it: the CPU computes") as said:
        devices = [engine.choose_device("cuda") for _ in range(3)]
    assert devices == [torch.device("cpu")] * 3
    assert len(said) == 1
