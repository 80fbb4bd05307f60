"""Simulated tracks of known models, from andi-datasets, with its traps handled.

Munoz-Gil et al., "Objective comparison of methods to decode anomalous diffusion", Nat. Commun. 12
(2021), is the source of the generators. What is corrected here:

* fractional Brownian motion draws from a random source of its own: both sources are seeded;
* three-dimensional ATTM forgets to cumulate its segments and three-dimensional CTRW has steps that
  are not Gaussian: both are put together here from the definition and from correct pieces.

Tracks start their process at the first frame. Real ones began long before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.table import Trajectories

if TYPE_CHECKING:
    import pandas as pd

EXPONENT_RANGES = {
    "attm": (0.05, 1.0),
    "ctrw": (0.05, 1.0),
    "fbm": (0.05, 1.95),
    "lw": (1.0, 1.95),
    "sbm": (0.05, 2.0),
}
"""The exponents alpha each model can have; Levy walks at exactly 1 have no finite mean flight."""


def simulate(
    model: str,
    exponents: Iterable[float],
    n_tracks: int,
    length: int,
    dimensions: int = 1,
    noise: float = 0.0,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Simulate tracks of one model.

    Parameters
    ----------
    model : {"attm", "ctrw", "fbm", "lw", "sbm"}
    exponents : iterable of float
        Anomalous exponents alpha, Eq. (1) of the paper.
    n_tracks : int
        Tracks for each exponent.
    length : int
        Frames of a track.
    dimensions : {1, 2, 3}
    noise : float
        Localisation error: standard deviation of the Gaussian added to each coordinate, in units of
        the standard deviation of the track's displacements.
    seed : int
        The same seed gives the same tracks.

    Returns
    -------
    ndarray of float64, shape (n_exponents * n_tracks, length, dimensions)
        Positions, exponent by exponent, from the origin on.

    Raises
    ------
    InputError
        If there is no such model, or it cannot have one of the exponents.
    """
    generator = _generator(model, dimensions)
    tracks = []
    with _seeded(seed):
        for exponent in exponents:
            _check_exponent(model, exponent)
            for _ in range(n_tracks):
                flat = np.asarray(generator(length, exponent), dtype=np.float64)
                tracks.append(flat.reshape(dimensions, length).T)
        positions = np.stack(tracks) if tracks else np.empty((0, length, dimensions))
        return add_localisation_error(positions, noise, np.random.default_rng(seed))


def as_trajectories(positions: NDArray[np.float64]) -> Trajectories:
    """Make Trajectories of simulated positions, shape (n_tracks, length, dimensions)."""
    n_tracks, length, dimensions = positions.shape
    return Trajectories.from_points(
        np.repeat(np.arange(n_tracks), length),
        np.tile(np.arange(length), n_tracks),
        positions.reshape(-1, dimensions),
        source="simulated tracks",
    )


def add_localisation_error(
    positions: NDArray[np.float64],
    noise: float | NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Add Gaussian localisation error to tracks.

    Parameters
    ----------
    positions : ndarray of float64, shape (n_tracks, length, dimensions)
    noise : float or ndarray of float64, shape (n_tracks,)
        Standard deviation in units of the standard deviation of each track's displacements.
    random : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (n_tracks, length, dimensions)
    """
    if not np.any(noise):
        return positions
    spread = noise * np.diff(positions, axis=1).std(axis=(1, 2))
    return positions + spread[:, None, None] * random.standard_normal(positions.shape)


def simulate_table(
    models: Iterable[str],
    exponents: Iterable[float],
    n_tracks: int,
    length: int,
    dimensions: int = 2,
    noise: float = 0.0,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[pd.DataFrame, list[tuple[str, float]]]:
    """Simulate tracks of several models into one table.

    Parameters
    ----------
    models, exponents, n_tracks, length, dimensions, noise, seed
        As in `simulate`; `n_tracks` for each model and exponent.
    progress : callable, optional
        Called with the number of pairs of a model and an exponent done, and of all.

    Returns
    -------
    table : DataFrame
        Columns ``track_id, frame, (z), (y), x, model, alpha``, a row a point.
    skipped : list of (model, exponent)
        The pairs that a model cannot have.

    Raises
    ------
    InputError
        If there is no such model, or no pair is left.
    """
    import pandas as pd

    pairs = [(model, float(alpha)) for model in models for alpha in exponents]
    skipped = [pair for pair in pairs if not can_have(*pair)]
    kept = [pair for pair in pairs if pair not in skipped]
    if not kept:
        raise InputError(
            "None of the models can have any of these exponents: ATTM and CTRW need alpha up to 1, "
            "LW alpha above 1."
        )
    seeds = np.random.SeedSequence(seed).generate_state(len(kept))
    axes = ("z", "y", "x")[-dimensions:]
    parts = []
    for number, ((model, alpha), its_seed) in enumerate(zip(kept, seeds, strict=True)):
        tracks = simulate(model, [alpha], n_tracks, length, dimensions, noise, int(its_seed))
        columns: dict[str, Any] = {
            "track_id": np.repeat(np.arange(n_tracks) + number * n_tracks, length),
            "frame": np.tile(np.arange(length), n_tracks),
        }
        columns |= {axis: tracks[:, :, index].ravel() for index, axis in enumerate(axes)}
        parts.append(pd.DataFrame(columns | {"model": model, "alpha": alpha}))
        if progress is not None:
            progress(number + 1, len(kept))
    return pd.concat(parts, ignore_index=True), skipped


def can_have(model: str, exponent: float) -> bool:
    """Whether a model can have an exponent alpha.

    Raises
    ------
    InputError
        If there is no such model.
    """
    if model not in EXPONENT_RANGES:
        raise InputError(f"There is no model {model!r}: choose from {', '.join(EXPONENT_RANGES)}.")
    lowest, highest = EXPONENT_RANGES[model]
    return lowest <= exponent <= highest and (model, exponent) != ("lw", 1.0)


def _check_exponent(model: str, exponent: float) -> None:
    if not can_have(model, exponent):
        lowest, highest = EXPONENT_RANGES[model]
        raise InputError(
            f"{model.upper()} cannot have the exponent {exponent:g}: choose one from {lowest:g} to "
            f"{highest:g}."
        )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the two random sources that andi-datasets draws from, and leave numpy's as it was."""
    import stochastic.random

    state = np.random.get_state()  # noqa: NPY002 - andi-datasets draws from numpy's global source
    np.random.seed(seed)  # noqa: NPY002
    stochastic.random.use_generator(np.random.default_rng(seed))
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _generator(model: str, dimensions: int) -> Any:
    """Pick the function (length, exponent) -> positions, one coordinate after the other."""
    can_have(model, 1.0)
    try:
        from andi_datasets.models_theory import models_theory
    except ImportError as error:
        raise InputError(
            "Simulating tracks needs andi-datasets: install it with "
            "`pip install 'napari-anomalous-diffusion[train]'` (Python 3.11 or 3.12)."
        ) from error

    spaces = {1: models_theory._oneD, 2: models_theory._twoD, 3: models_theory._threeD}
    if dimensions not in spaces:
        raise InputError(f"Tracks have 1, 2 or 3 dimensions, not {dimensions}.")
    corrected = {("attm", 3): _attm_3d, ("ctrw", 3): _ctrw_3d}
    return corrected.get((model, dimensions)) or getattr(spaces[dimensions](), model)


def _ctrw_3d(length: int, exponent: float) -> NDArray[np.float64]:
    """CTRW in space: one sequence of waiting times, three Gaussian coordinates."""
    from andi_datasets.models_theory import models_theory
    from andi_datasets.utils_trajectories import regularize

    times, _ = models_theory._oneD().ctrw(length, exponent, regular_time=False)
    jumps = np.random.standard_normal((3, len(times)))  # noqa: NPY002 - seeded with the rest
    walks = np.cumsum(jumps, axis=1) - jumps[:, :1]
    return np.concatenate([regularize(walk, times, length) for walk in walks])


def _attm_3d(length: int, exponent: float) -> NDArray[np.float64]:
    """ATTM in space: Brownian segments of random diffusivity, shared by three coordinates.

    Massignan et al., Phys. Rev. Lett. 112, 150603 (2014), regime 1, drawn as in andi-datasets:
    diffusivity D = u^(1 / sigma) for u from 0.01 to 0.9, kept for D^-gamma frames, where
    alpha = sigma / gamma and sigma <= gamma <= sigma + 1.
    """
    random = np.random.mtrand._rand  # numpy's global source, seeded with the rest
    sigma = 3 * random.uniform(0.01, 1.1)
    while sigma / exponent > sigma + 1:
        sigma = 3 * random.uniform(0.01, 1.1)
    spreads: list[NDArray[np.float64]] = []
    frames = 0
    while frames < length - 1:
        diffusivity = (1 - random.uniform(0.1, 0.99)) ** (1 / sigma)
        stay = int(min(diffusivity ** (-sigma / exponent), length))
        spreads.append(np.full(stay, np.sqrt(2 * diffusivity)))
        frames += stay
    steps = np.concatenate(spreads)[: length - 1] * random.standard_normal((3, length - 1))
    return np.cumsum(np.pad(steps, ((0, 0), (1, 0))), axis=1).ravel()
