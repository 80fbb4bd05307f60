from pathlib import Path

import pytest

RECIPE = """
name = "tiny-20"
description = "Two models, hardly trained."
axis = "model"
members = 2
seed = 7

[windows]
number = 800
long_tracks = [40]

[training]
batch = 32
round = 320
shared_rounds = 2
own_rounds = 2

[labels]
ctrw = { model = "ctrw", exponents = "0.2:1.0:0.4" }
fbm = { model = "fbm", exponents = "0.5,1.0" }
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Write the recipe of a bank that is trained in a second."""
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path
