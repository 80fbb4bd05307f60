"""One colour a label, the same in every picture, table and layer."""

from __future__ import annotations

from collections.abc import Sequence

MODEL_COLOURS = {
    "attm": "#E69F00",
    "ctrw": "#CC79A7",
    "fbm": "#009E73",
    "lw": "#D55E00",
    "sbm": "#0072B2",
    "bm": "#56B4E9",
}
"""Okabe and Ito's colours, told apart by colour-blind eyes too; most unlike where most confused."""

VERDICT_COLOURS = {
    "immobile": "#767676",
    "too short": "#B4B4B4",
    "undecided": "#F0E442",
    "novel": "#FFFFFF",
}
"""Shades for what is not a label."""


def label_colours(labels: Sequence[str]) -> dict[str, str]:
    """Give each label of a bank its colour.

    Parameters
    ----------
    labels : sequence of str
        Diffusion models have colours of their own; other labels (exponents, mixtures, models of
        the user's own) are spread over the colour map viridis in their order.

    Returns
    -------
    dict of str to str
        Colours as ``#RRGGBB``.
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    others = [label for label in labels if label not in MODEL_COLOURS]
    places = {label: place / max(len(others) - 1, 1) for place, label in enumerate(others)}
    return {
        label: MODEL_COLOURS.get(label) or to_hex(colormaps["viridis"](places[label])).upper()
        for label in labels
    }
