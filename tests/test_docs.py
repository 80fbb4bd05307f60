"""Every command and code block of README and documentation, run on sample data.

A fence tells what becomes of its block:

* ``python`` is executed; the blocks of a page share their names and an empty folder with samples;
* ``bash``, or no language, holds commands of ``anomalous-diffusion``, which are run;
* ``bash skip: why`` is not run (it installs, or takes hours). Its commands are parsed all the same,
  and `SKIPPED` counts such blocks, so that they do not spread unseen.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import typer

from napari_anomalous_diffusion import cli, score
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = "anomalous-diffusion"
LAB = {"simulate", "train", "figure", "calibrate"}
SHOWN = {"toml", "text", "yaml", "json"}
"""What is there to be looked at only."""

SKIPPED = {
    "README": 2,
    "accuracy": 1,
    "batch": 2,
    "gallery": 1,
    "how-sure": 1,
    "install": 3,
    "method": 2,
    "own-bank": 2,
}
"""Blocks of a page that are not run."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    skip: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def commands(self) -> list[list[str]]:
        """The words of each line of a block of commands, without its comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        language, _, skip = found[1].strip().partition(" skip: ")
        if language.startswith("{"):  # a picture, or another of Sphinx's directives
            continue
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, language, skip, found[2])


BLOCKS = {page: list(blocks_of(page)) for page in PAGES}
WITH_BLOCKS = [page for page in PAGES if BLOCKS[page]]


def needs_the_lab(page: Path) -> bool:
    """Tell whether a page runs what only the lab's environment has."""
    return any(
        words[0] == COMMAND and words[1] in LAB
        for block in BLOCKS[page]
        if block.language in ("", "bash") and not block.skip
        for words in block.commands
    )


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make what the pages call the user's own files."""
    folder = tmp_path_factory.mktemp("samples")
    table = pd.read_csv(sample_path("field"))
    table = table[table["track_id"] < 80][["track_id", "frame", "y", "x"]]
    table.to_csv(folder / "tracks.csv", index=False)
    names = {"track_id": "cell", "frame": "image", "y": "y_corrected", "x": "x_corrected"}
    table.rename(columns=names).to_csv(folder / "cells.csv", index=False)
    scores = score(folder / "tracks.csv", device="cpu").table
    scores[::2].to_csv(folder / "control-scores.csv", index=False)
    scores[1::2].to_csv(folder / "treated-scores.csv", index=False)
    for number, condition in enumerate(("control", "treated")):
        (folder / f"{condition}-results").mkdir()
        scores[number::2].to_csv(folder / f"{condition}-results" / "one-scores.csv", index=False)
    LinkingParameters(minimum_mass=200, dark_on_light=True).to_file(folder / "linking.toml")
    (folder / "movies").mkdir()
    shutil.copy(sample_path("beads").with_name("beads.tif"), folder / "movies")
    for number, condition in enumerate(("control", "treated")):
        (folder / condition).mkdir()
        for cell, rows in table.groupby(table["track_id"] % 4):
            if cell % 2 == number:
                rows.to_csv(folder / condition / f"cell{cell}.csv", index=False)
    points = table.sort_values("frame").drop(columns="track_id")
    points = points.assign(id=range(len(points)), y=50 * points["y"], x=50 * points["x"])
    points = points.rename(columns={"y": "y [nm]", "x": "x [nm]"})
    points.to_csv(folder / "localisations.csv", index=False)
    return folder


@pytest.fixture
def here(samples: Path, tiny_bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a fresh folder with these files, where the bank of own-bank.md is installed."""
    shutil.copytree(samples, tmp_path / "here")
    shutil.copytree(tiny_bank.folder, tmp_path / "banks" / "confined-20")
    monkeypatch.setenv("ANOMALOUS_DIFFUSION_BANKS", str(tmp_path / "banks"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


# trackpy 0.7 uses what pandas will give up.
@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame:DeprecationWarning")
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=[pytest.mark.lab] if needs_the_lab(page) else [])
        for page in WITH_BLOCKS
    ],
)
def test_the_blocks_of_a_page_run(page: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for block in BLOCKS[page]:
        if block.skip or block.language in SHOWN:
            continue
        if block.language == "python":
            exec(compile(block.text, block.place, "exec"), names)
            continue
        assert block.language in ("", "bash"), f"{block.place}: what is {block.language}?"
        for words in block.commands:
            assert words[0] == COMMAND, (
                f"{block.place}: {words[0]} is not run here; skip it, or text"
            )
            run(words, block, monkeypatch)


def run(words: list[str], block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command in this process."""
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code, f"{block.place}: {shlex.join(words)}"


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.stem)
def test_what_is_skipped_is_counted_and_can_be_parsed(page: Path) -> None:
    skipped = [block for block in BLOCKS[page] if block.skip]
    assert len(skipped) == SKIPPED.get(page.stem, 0), [block.place for block in skipped]
    commands = typer.main.get_command(cli.app).commands
    for block in skipped:
        assert block.language in ("bash", "python"), block.place
        if block.language == "python":
            compile(block.text, block.place, "exec")
            continue
        for words in block.commands:
            if words[0] == COMMAND:
                commands[words[1]].make_context(words[1], words[2:])
            for word in words[1:] if words[0].startswith("python") else []:
                assert not word.endswith(".py") or (ROOT / word).is_file(), f"{block.place}: {word}"


def test_the_example_on_the_page_is_the_example_in_the_folder() -> None:
    (function,) = (
        block for block in BLOCKS[ROOT / "docs" / "own-bank.md"] if "def confined" in block.text
    )
    shown: dict[str, object] = {}
    exec(function.text.split("print(")[0], shown)
    kept: dict[str, object] = {}
    exec((ROOT / "examples" / "confined.py").read_text(encoding="utf-8"), kept)
    one, other = (names["confined"](5, 30, 2, 7) for names in (shown, kept))  # type: ignore[operator]
    assert (one == other).all()
    recipe = (ROOT / "examples" / "confined.toml").read_text(encoding="utf-8")
    (labels,) = (
        block.text for block in BLOCKS[ROOT / "docs" / "own-bank.md"] if block.language == "toml"
    )
    assert labels in recipe
