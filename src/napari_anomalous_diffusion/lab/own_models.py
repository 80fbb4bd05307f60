"""Models of one's own: a Python function that simulates tracks, named by a recipe.

Only training runs such a function. A bank that was trained with it holds a copy of its file, to
read and to train again, but opening the bank and scoring with it execute nothing.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.writing import whole_file

Simulation = Callable[[int, int, int, int], NDArray[np.float64]]
"""``function(n_tracks, length, dimensions, seed)`` returns positions of just that shape."""

TRIED_TRACKS = 8


def source_code(name: str, folder: str | Path) -> str:
    """Read the Python file in which a function stands.

    Parameters
    ----------
    name : str
        ``my_model.py:confined``, a file beside the recipe and a function in it; or
        ``my_package.models:confined``, a module that Python can import.
    folder : path
        Where the recipe is.

    Returns
    -------
    str
        The whole file, since what a function calls often stands beside it.

    Raises
    ------
    InputError
        If there is no such file or module.
    """
    place, _, function = name.rpartition(":")
    elsewhere = is_file(name) and Path(place).name != place
    if not place or not function.isidentifier() or elsewhere:
        raise InputError(
            f"{name!r} names no function: write file.py:function, the file being beside the "
            "recipe, or module:function."
        )
    try:
        if is_file(name):
            return (Path(folder) / place).read_text(encoding="utf-8")
        return inspect.getsource(import_module(place))
    except (OSError, TypeError, ValueError) as error:
        raise InputError(
            f"{name}: its Python file cannot be read ({error}); put it beside the recipe."
        ) from error
    except ImportError as error:
        raise InputError(
            f"{name}: Python cannot import it ({error}); install the module, or name a file "
            "beside the recipe as file.py:function."
        ) from error


def is_file(name: str) -> bool:
    """Tell whether a function is named by its file."""
    return name.rpartition(":")[0].endswith(".py")


def keep_code(name: str, code: str, folder: Path) -> None:
    """Write a file with a function to the folder of the bank that was trained with it."""
    if is_file(name):
        with whole_file(folder / name.rpartition(":")[0]) as partial:
            partial.write_text(code, encoding="utf-8")


def simulate_own(
    name: str, code: str, n_tracks: int, length: int, dimensions: int, seed: int
) -> NDArray[np.float64]:
    """Simulate tracks by a function of one's own, and check them.

    Parameters
    ----------
    name, code : str
        As in `source_code`; a file is run as it was read.
    n_tracks, length, dimensions, seed : int
        What the function is called with.

    Returns
    -------
    ndarray of float64, shape (n_tracks, length, dimensions)
        Positions in any unit: training and scoring leave the size of a track out.

    Raises
    ------
    InputError
        If there is no such function, it fails, or what it returns is not what is asked for.
    """
    function = _function(name, code)
    with _told_in_one_sentence(name):
        returned = function(n_tracks, length, dimensions, seed)
    try:
        positions = np.asarray(returned, dtype=np.float64)
    except (TypeError, ValueError) as error:
        kind = type(returned).__name__
        raise InputError(f"{name} must return an array of numbers, not {kind}.") from error
    expected = (n_tracks, length, dimensions)
    if positions.shape != expected:
        raise InputError(
            f"{name} returned an array of shape {positions.shape}, but (n_tracks, length, "
            f"dimensions) was {expected}; mend the function."
        )
    if not np.isfinite(positions).all():
        track, frame, _ = np.argwhere(~np.isfinite(positions))[0]
        raise InputError(
            f"{name} returned a position that is no number (track {track}, frame {frame}, counted "
            "from 0); mend the function."
        )
    return positions


def try_function(name: str, code: str, lengths: Iterable[int], dimensions: Iterable[int]) -> None:
    """Call a function for a few tracks, so that a mistake shows before hours of training.

    Parameters
    ----------
    name, code : str
        As in `simulate_own`.
    lengths, dimensions : iterable of int
        Every pair of them is tried.

    Raises
    ------
    InputError
        Also if none of the tracks moves, or the seed does not decide them.
    """
    for length, space in product(lengths, dimensions):
        first, again, other = (
            simulate_own(name, code, TRIED_TRACKS, length, space, seed) for seed in (1, 1, 2)
        )
        if not np.ptp(first, axis=1).any():
            raise InputError(f"{name} returned tracks of which none moves; mend the function.")
        if not np.array_equal(first, again):
            raise InputError(
                f"{name} returned other tracks for the same seed; draw all random numbers from "
                "numpy.random.default_rng(seed)."
            )
        if np.array_equal(first, other):
            raise InputError(
                f"{name} returned the same tracks for another seed; draw all random numbers from "
                "numpy.random.default_rng(seed)."
            )


def _function(name: str, code: str) -> Simulation:
    place, _, wanted = name.rpartition(":")
    if is_file(name):
        module = ModuleType(Path(place).stem)
        module.__file__ = place
        with _told_in_one_sentence(name):
            exec(compile(code, place, "exec"), module.__dict__)
    else:
        module = import_module(place)
    function = getattr(module, wanted, None)
    if not callable(function):
        raise InputError(f"{name}: there is no function {wanted} in {place}; correct the name.")
    found: Simulation = function
    return found


@contextmanager
def _told_in_one_sentence(name: str) -> Iterator[None]:
    """Turn whatever goes wrong in a user's own code into an `InputError` that names the line."""
    try:
        yield
    except SyntaxError as error:
        raise _failure(name, error, error.lineno) from error
    except Exception as error:
        place = name.rpartition(":")[0]
        entries = traceback.extract_tb(error.__traceback__)
        lines = [entry.lineno for entry in entries if entry.filename == place]
        raise _failure(name, error, lines[-1] if lines else None) from error


def _failure(name: str, error: Exception, line: int | None) -> InputError:
    where = f" in line {line}" if line else ""
    return InputError(f"{name} failed{where} ({type(error).__name__}: {error}); mend the function.")
