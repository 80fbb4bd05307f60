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
    "undecided": "#DCCF14",
    "novel": "#A033FF",
}
"""What is not a label: seen on black, on white and on pictures, and told from every model's."""

SPREAD = ("plasma", 0.16, 0.79)
"""Colour map of what has an order, and the part of it that has a contrast of 2:1 both with black
and with white. Between these limits plasma tells more steps apart than viridis does, above all for
colour-blind eyes."""

DARK, LIGHT = 0.055, 0.47
"""Luminances with a contrast of 2:1 with black, and with white."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of full red, green and blue."""

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ"}


def label_colours(labels: Sequence[str]) -> dict[str, str]:
    """Give each label of a bank its colour.

    Parameters
    ----------
    labels : sequence of str
        Diffusion models have colours of their own; mixtures those of their place on the plane, see
        `on_plane`; other labels (exponents, models of the user's own) are spread over one colour
        map in their order, see `spread`.

    Returns
    -------
    dict of str to str
        Colours as ``#RRGGBB``.
    """
    from matplotlib.colors import to_hex

    others = [label for label in labels if label not in MODEL_COLOURS]
    places = [place for label in others if (place := mixture(label)) is not None]
    if places and len(places) == len(others):
        colours = on_plane(places)
    else:
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


def mixture(label: str) -> tuple[float, float] | None:
    """Read gamma and beta of a label such as ``gamma=0.2,beta=0.4``; None of any other."""
    parts = [part.partition("=") for part in label.split(",")]
    if [name for name, _, _ in parts] != ["gamma", "beta"]:
        return None
    gamma, beta = (float(value) for _, _, value in parts)
    return gamma, beta


def on_plane(places: Any) -> NDArray[np.float64]:
    """Return the colours of places on a plane: hue tells the first coordinate, lightness the other.

    Parameters
    ----------
    places : sequence of pairs of float, length n
        Each from 0 to 1.

    Returns
    -------
    ndarray of float64, shape (n, 4)
        RGBA.
    """
    import numpy as np

    first, second = np.asarray(places, float).T
    # What the eye takes for even steps of lightness is a cube root of the light.
    wanted = (np.cbrt(DARK) + (np.cbrt(LIGHT) - np.cbrt(DARK)) * second) ** 3
    linear = spread(first)[:, :3] ** 2.2
    light = linear @ LUMINANCE
    blacked = linear * (wanted / light)[:, None]
    whitened = 1 - (1 - linear) * ((1 - wanted) / (1 - light))[:, None]
    mixed = np.where((wanted < light)[:, None], blacked, whitened) ** (1 / 2.2)
    return np.column_stack([mixed, np.ones(len(mixed))])


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
