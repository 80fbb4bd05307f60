"""One colour and one name a label, the same in every picture, table and layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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

SPREAD = ("plasma", 0.16, 0.79)
"""Colour map of what has an order, and the part of it that has a contrast of 2:1 both with black
and with white. Between these limits plasma tells more steps apart than viridis does, above all for
colour-blind eyes."""

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ"}


def label_colours(labels: Sequence[str]) -> dict[str, str]:
    """Give each label of a bank its colour.

    Parameters
    ----------
    labels : sequence of str
        Diffusion models have colours of their own; other labels (exponents, mixtures, models of
        the user's own) are spread over one colour map in their order, see `spread`.

    Returns
    -------
    dict of str to str
        Colours as ``#RRGGBB``.
    """
    from matplotlib.colors import to_hex

    others = [label for label in labels if label not in MODEL_COLOURS]
    colours = spread([place / max(len(others) - 1, 1) for place in range(len(others))])
    made = {label: to_hex(colour).upper() for label, colour in zip(others, colours, strict=True)}
    return {label: MODEL_COLOURS.get(label) or made[label] for label in labels}


def spread(shares: Any) -> NDArray[np.float64]:
    """Return the colours of shares of a range, legible on black and on white.

    Parameters
    ----------
    shares : sequence of float, length n
        From 0 to 1.

    Returns
    -------
    ndarray of float64, shape (n, 4)
        RGBA.
    """
    import numpy as np
    from matplotlib import colormaps

    name, low, high = SPREAD
    colours: NDArray[np.float64] = colormaps[name](low + (high - low) * np.asarray(shares, float))
    return colours


def verdict_colours(labels: Sequence[str]) -> dict[str, str]:
    """Give each verdict that a bank of these labels can reach its colour.

    Parameters
    ----------
    labels : sequence of str
        The bank's labels.

    Returns
    -------
    dict of str to str
        Colours as ``#RRGGBB``: the labels in their order, then what is not a label.
    """
    return label_colours(labels) | VERDICT_COLOURS


def display_name(verdict: str) -> str:
    """Write a label or another verdict as it stands in pictures.

    Diffusion models are in upper case as in the paper, parameters are Greek letters:
    ``ATTM``, ``α = 0.3``, ``γ = 0.2, β = 0.4``, ``too short``.
    """
    if verdict in MODEL_COLOURS:
        return verdict.upper()
    for word, letter in GREEK.items():
        verdict = verdict.replace(f"{word}=", f"{letter} = ")
    return verdict.replace(",", ", ")
