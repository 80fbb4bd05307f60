import re

import numpy as np
import pytest

from napari_anomalous_diffusion.scores.palette import (
    MODEL_COLOURS,
    VERDICT_COLOURS,
    display_name,
    label_colours,
    verdict_colours,
)

MODELS = ["attm", "ctrw", "fbm", "lw", "sbm"]
MIXTURES = [f"gamma={gamma / 5:g},beta={beta / 5:g}" for gamma in range(6) for beta in range(6)]
EXPONENTS = [f"alpha={tenths / 10:g}" for tenths in range(1, 11)]


def test_a_model_has_the_same_colour_in_every_bank() -> None:
    assert label_colours(MODELS)["sbm"] == label_colours(["sbm", "my model"])["sbm"]
    assert label_colours(MODELS) == {model: MODEL_COLOURS[model] for model in MODELS}


@pytest.mark.parametrize(
    "labels", [MODELS, EXPONENTS, MIXTURES, ["fbm", "my model", "yours"], ["one"]]
)
def test_no_two_verdicts_share_a_colour(labels: list[str]) -> None:
    colours = verdict_colours(labels)
    assert list(colours) == [*labels, *VERDICT_COLOURS]
    assert len(set(colours.values())) == len(colours)
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in colours.values())


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    shares = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_other_labels_go_from_dark_to_light_in_their_order() -> None:
    light = [luminance(colour) for colour in label_colours(EXPONENTS).values()]
    assert light == sorted(light)


def test_mixtures_have_their_hue_from_gamma_and_their_lightness_from_beta() -> None:
    light = np.array([luminance(colour) for colour in label_colours(MIXTURES).values()])
    by_beta = light.reshape(6, 6)
    assert (np.diff(by_beta, axis=1) > 0.02).all()
    assert np.ptp(by_beta, axis=0).max() < 0.05


@pytest.mark.parametrize("labels", [EXPONENTS, MIXTURES])
def test_other_labels_are_legible_on_black_and_on_white(labels: list[str]) -> None:
    for colour in label_colours(labels).values():
        assert (luminance(colour) + 0.05) / 0.05 > 1.95
        assert 1.05 / (luminance(colour) + 0.05) > 1.95


@pytest.mark.parametrize(("verdict", "contrast"), [("novel", 4), ("undecided", 1.5)])
def test_what_is_no_label_is_seen_on_black_and_on_white(verdict: str, contrast: float) -> None:
    light = luminance(VERDICT_COLOURS[verdict]) + 0.05
    assert min(light / 0.05, 1.05 / light) > contrast


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        ("attm", "ATTM"),
        ("bm", "BM"),
        ("alpha=0.3", "α = 0.3"),
        ("gamma=0.2,beta=0.4", "γ = 0.2, β = 0.4"),
        ("too short", "too short"),
        ("my model", "my model"),
    ],
)
def test_names_are_those_of_the_paper(verdict: str, name: str) -> None:
    assert display_name(verdict) == name
