"""What all tests share."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# A machine under load is slow, and that is no fault of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

LAB = Path(__file__).parent / "lab"

# Whole folders that an environment cannot import; tox asks for the marker `lab` by name and fails
# where nothing bears it, so none of them is passed over in silence.
collect_ignore = [
    folder
    for folder, needed in {"lab": "andi_datasets", "viewer": "napari"}.items()
    if find_spec(needed) is None
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if LAB in item.path.parents:
            item.add_marker(pytest.mark.lab)
