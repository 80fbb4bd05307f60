import numpy as np
import pytest
import torch

from napari_anomalous_diffusion.autoencoders import engine
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.autoencoders.windows import normalise
from napari_anomalous_diffusion.errors import InputError


@pytest.fixture
def windows() -> np.ndarray:
    positions = np.random.default_rng(1).normal(size=(300, 20)).cumsum(axis=1)
    return normalise(positions)[0]


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


@pytest.mark.parametrize("chunk", [1, 7, 300])
def test_errors_do_not_hang_on_the_chunk(
    tiny_bank: Bank, windows: np.ndarray, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = engine.window_errors(tiny_bank, windows)
    monkeypatch.setattr(engine, "CHUNK", chunk)
    np.testing.assert_allclose(engine.window_errors(tiny_bank, windows), expected, rtol=1e-4)


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
    with pytest.raises(InputError, match=r"no device 'tpu' here: choose auto or one of .*cpu"):
        engine.choose_device("tpu")
