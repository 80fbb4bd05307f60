from pathlib import Path

import numpy as np
import pytest

from napari_anomalous_diffusion.autoencoders.bank import load_bank
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.calibrating import calibrate_bank
from napari_anomalous_diffusion.lab.mixtures import simulate_source
from napari_anomalous_diffusion.lab.own_models import try_function
from napari_anomalous_diffusion.lab.recipes import CalibrationRecipe, read_recipe
from napari_anomalous_diffusion.lab.simulation import as_trajectories
from napari_anomalous_diffusion.lab.sources import OwnModel
from napari_anomalous_diffusion.lab.training import train_bank
from napari_anomalous_diffusion.scores.scoring import score

CODE = """
import numpy as np

def walk(n_tracks, length, dimensions, seed):
    random = np.random.default_rng(seed)
    return random.normal(size=(n_tracks, length, dimensions)).cumsum(axis=1)
"""

NAME = "own.py:walk"


@pytest.fixture
def own_recipe(recipe: Path) -> Path:
    """Replace FBM in the tiny recipe by a function in a file beside it."""
    text = recipe.read_text()
    start = text.index("fbm =")
    recipe.write_text(text[:start] + f'walk = {{ function = "{NAME}" }}\n')
    recipe.with_name("own.py").write_text(CODE)
    return recipe


def test_a_function_is_a_source_like_any_other() -> None:
    source = OwnModel(function=NAME, code=CODE)
    tracks = simulate_source(source, 500, 30, 2, seed=3)
    assert tracks.shape == (500, 30, 2)
    assert np.diff(tracks, axis=1).std() == pytest.approx(1, rel=0.02)
    blurred = simulate_source(source, 500, 30, 2, noise=1.0, seed=3)
    assert np.diff(blurred, axis=1).std() == pytest.approx(np.sqrt(3), rel=0.02)


def test_a_function_may_stand_in_a_module(own_recipe: Path, monkeypatch) -> None:
    own_recipe.with_name("own_module_of_test.py").write_text(CODE)
    own_recipe.write_text(own_recipe.read_text().replace("own.py", "own_module_of_test"))
    monkeypatch.syspath_prepend(own_recipe.parent)
    source = read_recipe(own_recipe).labels["walk"]
    assert simulate_source(source, 5, 7, 3).shape == (5, 7, 3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def walk", "def stroll", "there is no function walk in own.py; correct the name"),
        ("size=(n_tracks", "size=(2 * n_tracks", r"shape \(16, 20, 1\), but .* was \(8, 20, 1\)"),
        ("cumsum(axis=1)", "cumsum(axis=1) * np.nan", r"no number \(track 0, frame 0, counted"),
        ("return random", "return 'walk' or random", "array of numbers, not str"),
        ("return random", "return 0 * random", "of which none moves"),
        ("default_rng(seed)", "default_rng()", "other tracks for the same seed"),
        ("default_rng(seed)", "default_rng(0)", "the same tracks for another seed"),
        ("default_rng(seed)", "no_such(seed)", r"failed in line 5 \(AttributeError: "),
        ("return random", "return (random", r"failed in line 6 \(SyntaxError: "),
        ("import numpy", "import nunpy", r"failed in line 2 \(ModuleNotFoundError: "),
    ],
)
def test_what_is_wrong_with_a_function_is_said_in_one_sentence(
    old: str, new: str, said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        try_function(NAME, CODE.replace(old, new), [20, 40], [1, 2])
    assert str(caught.value).startswith(NAME)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('function = "missing.py:walk"', "missing.py:walk: its Python file cannot be read"),
        ('function = "no_such_module:walk"', "Python cannot import it"),
        ('function = "own.py"', "names no function: write file.py:function"),
        ('function = "../own.py:walk"', "names no function: .* beside the"),
        ('function = "own.py:walk", code = ""', "brings no code itself"),
        ('function = "own.py:walk", exponents = "1"', "exponents"),
    ],
)
def test_a_recipe_that_names_no_function_is_refused(
    own_recipe: Path, entry: str, said: str
) -> None:
    own_recipe.write_text(own_recipe.read_text().replace(f'function = "{NAME}"', entry))
    with pytest.raises(InputError, match=said):
        read_recipe(own_recipe)


def test_a_bank_of_ones_own_model_is_trained_and_trained_again(
    own_recipe: Path, tmp_path: Path
) -> None:
    train_bank(own_recipe, tmp_path / "bank", cache=tmp_path / "cache")
    bank = load_bank(tmp_path / "bank")
    assert bank.labels == ("ctrw", "walk")
    assert NAME in bank.contents.versions
    assert (bank.folder / "own.py").read_text() == CODE
    made = {path.name for path in (tmp_path / "cache").iterdir()}
    again = bank.folder / "recipe.toml"
    train_bank(again, tmp_path / "again", cache=tmp_path / "cache")
    assert {path.name for path in (tmp_path / "cache").iterdir()} == made
    assert load_bank(tmp_path / "again").contents == bank.contents


def test_a_bank_of_ones_own_model_is_calibrated(own_recipe: Path, tmp_path: Path) -> None:
    train_bank(own_recipe, tmp_path / "bank", cache=tmp_path / "cache")
    recipe = CalibrationRecipe(tracks=60, lengths=[10, 40], dimensions=[1], noise=[0.0])
    calibrate_bank(load_bank(tmp_path / "bank"), recipe, cache=tmp_path / "cache")
    bank = load_bank(tmp_path / "bank")
    tracks = simulate_source(OwnModel(function=NAME, code=CODE), 50, 40, 1, seed=5)
    table = score(as_trajectories(tracks), bank, device="cpu").table
    assert table["p_value"].between(0, 1).all()
    assert table["p_value"].median() > 0.2


def test_a_changed_function_is_trained_anew(own_recipe: Path, tmp_path: Path) -> None:
    train_bank(own_recipe, tmp_path / "bank", cache=tmp_path / "cache")
    before = load_bank(tmp_path / "bank").contents
    own_recipe.with_name("own.py").write_text(CODE.replace("cumsum(axis=1)", "round(1)"))
    train_bank(own_recipe, tmp_path / "bank", cache=tmp_path / "cache")
    after = load_bank(tmp_path / "bank").contents
    assert before.versions[NAME] != after.versions[NAME]
    assert before.labels[1].members[0].sha256 != after.labels[1].members[0].sha256


def test_a_wrong_function_stops_before_anything_is_trained(
    own_recipe: Path, tmp_path: Path
) -> None:
    own_recipe.with_name("own.py").write_text(CODE.replace("(seed)", "()"))
    with pytest.raises(InputError, match="for the same seed"):
        train_bank(own_recipe, tmp_path / "bank", cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_opening_a_bank_runs_nothing_in_it(own_recipe: Path, tmp_path: Path) -> None:
    train_bank(own_recipe, tmp_path / "bank", cache=tmp_path / "cache")
    (tmp_path / "bank" / "own.py").write_text("raise SystemExit('I was run')")
    bank = load_bank(tmp_path / "bank")
    assert len(bank.networks) == 2


def test_every_length_and_dimension_is_tried() -> None:
    flat = CODE.replace("dimensions)", "min(dimensions, 2))")
    try_function(NAME, flat, [30], [1, 2])
    with pytest.raises(InputError, match=r"was \(8, 30, 3\)"):
        try_function(NAME, flat, [30], [1, 2, 3])
    short = CODE.replace("cumsum(axis=1)", "cumsum(axis=1)[:, :40]")
    with pytest.raises(InputError, match=r"was \(8, 80, 1\)"):
        try_function(NAME, short, [20, 40, 80], [1, 2])
