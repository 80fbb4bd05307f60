from __future__ import annotations

import ast
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import napari_anomalous_diffusion as package

ROOT = Path(__file__).parents[1]
HEAVY = {"andi_datasets", "matplotlib", "napari", "numpy", "pandas", "pyarrow", "qtpy", "torch"}


def python(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith((".", "__"))}


def test_importing_loads_nothing_heavy():
    loaded = python(
        "import sys; import napari_anomalous_diffusion; "
        "print({name.partition('.')[0] for name in sys.modules})"
    )
    assert not HEAVY & ast.literal_eval(loaded)


@pytest.mark.parametrize("name", package.__all__)
def test_every_public_name_is_there(name):
    assert getattr(package, name) is not None
    assert name in dir(package)


def test_public_names_are_those_that_have_a_home():
    assert {*package._ROOMS, "__version__"} == set(package.__all__)


def test_a_misspelt_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'load_banks'"):
        _ = package.load_banks


def test_version_is_that_of_the_installed_package():
    assert importlib.metadata.version("napari-anomalous-diffusion") == package.__version__


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
def test_what_is_tested_is_the_wheel_and_not_the_checkout():
    folder = Path(package.__file__).parent
    assert ROOT / "src" not in folder.parents
    assert (folder / "py.typed").is_file()
    assert names(folder / "weights") == names(ROOT / "weights")
    assert names(folder / "data") == names(ROOT / "src/napari_anomalous_diffusion/data")
