"""What packages, hubs and workflows say of the project, held against each other."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = yaml.safe_load((ROOT / "conda" / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (ROOT / ".github" / "workflows").glob("*.yml")
}
ON_CONDA = {"matplotlib": "matplotlib-base", "torch": "pytorch"}


def test_the_conda_recipe_asks_for_what_the_wheel_asks_for() -> None:
    wanted = {
        re.sub(r"^[\w-]+", lambda name: ON_CONDA.get(name[0], name[0]), requirement)
        for requirement in PROJECT["dependencies"]
    }
    python, *others = RECIPE["requirements"]["run"]
    assert {requirement.replace(" ", "") for requirement in others} == wanted
    assert python == "python >=${{ python_min }}"
    assert f">={RECIPE['context']['python_min']}" == PROJECT["requires-python"]
    assert RECIPE["context"]["version"] == version("napari-anomalous-diffusion")
    (entry,) = RECIPE["build"]["python"]["entry_points"]
    assert dict([entry.split(" = ")]) == PROJECT["scripts"]


def test_every_python_that_is_named_is_tested() -> None:
    named = [
        text.rpartition(" ")[2]
        for text in PROJECT["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", text)
    ]
    matrix = WORKFLOWS["test"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == named == ["3.11", "3.12", "3.13", "3.14"]
    assert len(matrix["os"]) == 3


def test_only_the_publishing_job_may_ask_for_an_identity() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    assert WORKFLOWS["release"]["permissions"] == {"contents": "read"}
    with_identity = [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})]
    assert with_identity == ["publish"]
    assert jobs["publish"]["needs"] == ["test", "build"]
    assert "secrets." not in (ROOT / ".github" / "workflows" / "release.yml").read_text()


def test_the_wheel_is_small_enough_for_pypi() -> None:
    kept = [*(ROOT / "weights").rglob("*"), *(ROOT / "src").rglob("*")]
    size = sum(path.stat().st_size for path in kept if path.is_file() and path.suffix != ".pyc")
    assert size < 100e6  # weights are numbers that no compression makes smaller


def test_the_hub_finds_what_it_shows() -> None:
    assert "Framework :: napari" in PROJECT["classifiers"]
    assert {"Source Code", "Bug Tracker", "Documentation", "User Support"} <= {*PROJECT["urls"]}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", readme)
    base = "https://raw.githubusercontent.com/napari-anomalous-diffusion/napari-anomalous-diffusion/main/"
    assert pictures
    for picture in pictures:
        assert picture.startswith(base)
        assert (ROOT / picture.removeprefix(base)).is_file()
    here = "https://github.com/napari-anomalous-diffusion/napari-anomalous-diffusion/blob/main/"
    for link in re.findall(r"\]\((" + re.escape(here) + r"[^)#]*)", readme):
        assert (ROOT / link.removeprefix(here)).is_file(), link
