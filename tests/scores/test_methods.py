import re

import pytest

from napari_anomalous_diffusion import __version__, load_bank
from napari_anomalous_diffusion.autoencoders.storage import checksum
from napari_anomalous_diffusion.scores.methods import methods_paragraph
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters


def test_what_a_reader_needs_is_said() -> None:
    bank = load_bank("models-20")
    text = methods_paragraph(
        bank,
        linking=LinkingParameters(minimum_mass=200, dark_on_light=True, subtract_drift=True),
        calibration=Calibration(
            pixel_size=0.351, length_unit="µm", frame_interval=0.0417, time_unit="s"
        ),
        n_tracks=1234,
    )
    for part in (
        "Dark spots were found and linked with trackpy 0.",
        "diameter 11 pixels, minimum mass 200, percentile 64, search range 5 pixels, memory 3",
        "tracks of fewer than 20 points were left out. The motion that all tracks have in common",
        f"1,234 tracks were scored with napari-anomalous-diffusion {__version__} (PyTorch 2.",
        f"the bank models-20 (SHA-256 of its bank.json "
        f"{checksum((bank.folder / 'bank.json').read_bytes())[:12]}...): 5 neural networks",
        "labels attm, ctrw, fbm, lw, sbm, trained without labels on tracks simulated by andi-data",
        "windows of 20 points at strides of 1, 2, 4, ... frames",
        "geometric mean over its windows",
        "One pixel was 0.351 µm, one frame 0.0417 s.",
        "504001 (2021).",
    ):
        assert part in text, part
    assert "\n" not in text
    assert "  " not in text


def test_every_parameter_of_linking_is_in_it() -> None:
    changed = LinkingParameters(
        diameter=13, diameter_z=7, minimum_mass=321, percentile=55, search_range=8.5,
        search_range_z=2.5, memory=9, minimum_length=31, channel=6,
    )  # fmt: skip
    text = methods_paragraph(load_bank("models-20"), linking=changed)
    for name, value in changed.model_dump(exclude={"dark_on_light", "subtract_drift"}).items():
        assert re.search(rf"\b{value:g}\b", text), name
    assert "Bright spots" in text
    assert "in common" not in text


def test_what_was_not_done_is_not_said() -> None:
    text = methods_paragraph(load_bank("models-20"))
    assert text.startswith("Tracks were scored with")
    assert "trackpy" not in text
    assert "pixel was" not in text
    assert "localisation error was taken into account" not in text
    assert "estimated" not in text


def test_a_bank_of_probabilities_is_described_as_such() -> None:
    text = methods_paragraph(load_bank("models-any"), localisation_error=0.3)
    assert "negative log-likelihood" in text
    assert "windows of" not in text
    assert "A localisation error of 0.3 in the unit of the coordinates was taken into" in text
    assert "1 neural network for each" in text


def test_a_localisation_error_is_told_with_its_unit_or_that_it_was_estimated() -> None:
    bank, worth = load_bank("models-any"), Calibration(pixel_size=0.1, length_unit="µm")
    text = methods_paragraph(bank, localisation_error=0.03, calibration=worth)
    assert "A localisation error of 0.03 µm was taken into account." in text
    text = methods_paragraph(bank, localisation_error="estimate")
    assert "The localisation error of each file was estimated from" in text
    text = methods_paragraph(bank, localisation_error="measured")
    assert "localisation error that was measured with each point was taken into account" in text


def test_a_plane_of_pixels_that_are_not_square() -> None:
    worth = Calibration(
        pixel_size=(0.2, 0.1), length_unit="µm", frame_interval=0.05, time_unit="s", exposure=0.8
    )
    text = methods_paragraph(load_bank("models-20"), calibration=worth)
    assert "One pixel was 0.2 x 0.1 µm, one frame 0.05 s, 0.8 of it exposed." in text


@pytest.mark.parametrize("bank", ["exponents-fbm-20", "mixtures-20", "subdiffusive-20"])
def test_it_reads_well_for_every_kind_of_bank(bank: str) -> None:
    text = methods_paragraph(load_bank(bank))
    assert "..." in text
    assert ".." not in text.replace("...", "")
