import re

import pytest

from napari_anomalous_diffusion.scores.palette import (
    MODEL_COLOURS,
    VERDICT_COLOURS,
    display_name,
    label_colours,
    verdict_colours,
)

MODELS = ["attm", "ctrw", "fbm", "lw", "sbm"]
EXPONENTS = [f"alpha={tenths / 10:g}" for tenths in range(1, 11)]


def test_a_model_has_the_same_colour_in_every_bank() -> None:
    assert label_colours(MODELS)["sbm"] == label_colours(["sbm", "my model"])["sbm"]
    assert label_colours(MODELS) == {model: MODEL_COLOURS[model] for model in MODELS}


@pytest.mark.parametrize("labels", [MODELS, EXPONENTS, ["fbm", "my model", "yours"], ["one"]])
def test_no_two_verdicts_share_a_colour(labels: list[str]) -> None:
    colours = verdict_colours(labels)
    assert list(colours) == [*labels, *VERDICT_COLOURS]
    assert len(set(colours.values())) == len(colours)
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in colours.values())


def test_other_labels_go_from_dark_to_light_in_their_order() -> None:
    colours = list(label_colours(EXPONENTS).values())
    assert (colours[0], colours[-1]) == ("#440154", "#FDE725")  # the ends of viridis
    brightness = [
        sum(
            weight * int(colour[place : place + 2], 16)
            for weight, place in [(0.3, 1), (0.6, 3), (0.1, 5)]
        )
        for colour in colours
    ]
    assert brightness == sorted(brightness)


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
