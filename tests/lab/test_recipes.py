from pathlib import Path

import pytest

from napari_anomalous_diffusion.autoencoders.bank import installed_banks, load_bank
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.recipes import digest, read_recipe


def test_a_recipe_is_read(recipe: Path) -> None:
    contents = read_recipe(recipe)
    assert contents.labels["ctrw"].exponents == [0.2, 0.6, 1.0]
    assert contents.normalisation == "batch"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("members = 2", "members = 0", "members"),
        ("own_rounds = 2", "own_rounds = 'x'", r"training\.own_rounds"),
        ('"0.2:1.0:0.4"', '"0.2:1.4:0.4"', r"labels\.ctrw\.model: .*cannot have the exponent 1\.4"),
        ('model = "fbm"', 'model = "walk"', "There is no model 'walk'"),
        ("seed = 7", "seed = 7\nmembres = 3", "membres"),
        ("seed = 7", "seed = ", "cannot be read as a TOML file"),
        ("[windows]", "[windows]\nnoise = -1", r"windows\.noise"),
        (
            "[windows]",
            'normalisation = "shared"\n[windows]\nnoise = 1',
            "of the published form are trained without noise",
        ),
    ],
)
def test_a_recipe_that_makes_no_bank_is_refused(
    recipe: Path, old: str, new: str, where: str
) -> None:
    recipe.write_text(recipe.read_text().replace(old, new))
    with pytest.raises(InputError, match=where):
        read_recipe(recipe)


def with_grid(recipe: Path, grid: str) -> Path:
    text = recipe.read_text()
    recipe.write_text(text[: text.index("[labels]")] + "[grid]\n" + grid)
    return recipe


def test_a_grid_of_exponents_is_a_label_each(recipe: Path) -> None:
    labels = read_recipe(with_grid(recipe, 'model = "fbm"\nexponents = "0.5:1.5:0.5"')).labels
    assert {name: source.exponents for name, source in labels.items()} == {
        "alpha=0.5": [0.5], "alpha=1": [1.0], "alpha=1.5": [1.5],
    }  # fmt: skip


def test_a_grid_of_mixtures_is_a_label_for_every_pair_of_weights(recipe: Path) -> None:
    grid = 'models = ["ctrw", "attm", "fbm"]\nexponents = "0.8"\ngamma = "0,1"\nbeta = "0:1:0.5"'
    labels = read_recipe(with_grid(recipe, grid)).labels
    assert list(labels)[:3] == ["gamma=0,beta=0", "gamma=0,beta=0.5", "gamma=0,beta=1"]
    assert labels["gamma=1,beta=0.5"].weights == (0.5, 0.0, 0.5)
    assert labels["gamma=1,beta=1"].weights == (1.0, 0.0, 0.0)
    assert labels["gamma=0,beta=0"].weights == (0.0, 1.0, 1.0)


def test_equal_settings_have_equal_digests(recipe: Path) -> None:
    first = read_recipe(recipe)
    recipe.write_text(recipe.read_text().replace('"0.5,1.0"', "[0.5, 1.0]"))
    again = read_recipe(recipe)
    assert digest(first, 1) == digest(again, 1) != digest(first, 2)


def test_every_shipped_bank_is_described_by_its_recipe() -> None:
    for name in installed_banks():
        bank = load_bank(name)
        recipe = read_recipe(bank.folder / "recipe.toml")
        assert (recipe.name, recipe.axis, recipe.length) == (bank.name, bank.axis, bank.length)
        assert tuple(recipe.labels) == bank.labels
        assert {recipe.members} == {len(label.members) for label in bank.contents.labels}
