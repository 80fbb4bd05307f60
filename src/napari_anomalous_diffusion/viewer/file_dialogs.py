"""Files that the user chooses; what is wrong with them is said in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari.utils.notifications import show_error
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_anomalous_diffusion.errors import InputError

TABLES = "Tables (*.csv *.parquet)"
PICTURES = "Pictures (*.png *.pdf *.svg)"
PARAMETERS = "Parameters (*.toml)"

Complain = Callable[[str], None]


def save_as(
    parent: QWidget,
    title: str,
    name: str,
    kinds: str,
    write: Callable[[str], object],
    complain: Complain = show_error,
) -> None:
    """Ask for a file, and write it.

    Parameters
    ----------
    parent : QWidget
    title : str
        Of the dialog.
    name : str
        Proposed for the file.
    kinds : str
        In Qt's way: "Tables (*.csv *.parquet)".
    write : callable
        Called with the path, if there is one.
    complain : callable
        Called with the sentence of an `InputError`.
    """
    path, _ = QFileDialog.getSaveFileName(parent, title, name, kinds)
    _attempt(write, path, complain)


def save_parameters(
    parent: QWidget, write: Callable[[str], object], complain: Complain = show_error
) -> None:
    """Ask for a file of parameters, and write it; one without an ending is a ``.toml``."""

    def write_with_ending(path: str) -> None:
        write(path if Path(path).suffix else f"{path}.toml")

    save_as(parent, "Save parameters", "linking.toml", PARAMETERS, write_with_ending, complain)


def load_parameters(
    parent: QWidget, read: Callable[[str], object], complain: Complain = show_error
) -> None:
    """Ask for a file of parameters, and read it."""
    kinds = f"{PARAMETERS};;All files (*)"
    path, _ = QFileDialog.getOpenFileName(parent, "Load parameters", "", kinds)
    _attempt(read, path, complain)


def _attempt(action: Callable[[str], object], path: str, complain: Complain) -> None:
    if not path:
        return
    try:
        action(path)
    except InputError as error:
        complain(str(error))
