"""The figures of the paper, from the shipped banks: which experiment, which bank, which picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab import experiments
from napari_anomalous_diffusion.lab.gallery import check_statements, statements_table
from napari_anomalous_diffusion.lab.results import (
    FULL_RANGE,
    PURE,
    SUBDIFFUSIVE,
    SUBDIFFUSIVE_MODELS,
    Results,
    Size,
)
from napari_anomalous_diffusion.scores.plots import paper, planes, write_figure
from napari_anomalous_diffusion.tracks.files import write_table

ORDER_OF_PANELS = ("attm", "fbm", "ctrw", "sbm")

STATEMENTS = "statements"
"""The name by which the table of statements is asked for."""

RANGES = {
    "a": ("fullrange-20", "fbm", (0.1, 1.9)),
    "b": ("fullrange-20", "sbm", (0.1, 1.9)),
    "c": ("subdiffusive-20", "fbm", (0.1, 1.0)),
    "d": ("subdiffusive-20", "sbm", (0.1, 1.0)),
    "e": ("superdiffusive-20", "fbm", (1.0, 1.9)),
    "f": ("superdiffusive-20", "sbm", (1.0, 1.9)),
}
"""Panels of Fig. 3: bank, network, exponents of its training."""

MIXED = ("ctrw", "attm", "fbm")
"""The models 1, 2 and 3 of Fig. 7."""

CONDITIONS = {
    "one kind": "batch of one kind\n(as published)",
    "all kinds": "batch of all kinds",
    "guests": "guests, 1 in 20,\nin a batch of FBM",
    "same size": "batch of one kind,\nsize of FBM",
    "per track": "per track",
}
"""Names of `experiments.models.ABLATIONS` in the picture of the network of FBM."""


@dataclass(frozen=True)
class PaperFigure:
    """One picture that the command can draw.

    Attributes
    ----------
    title : str
    draw : callable
        Draws into an empty figure.
    size : tuple of float
        Inches.
    """

    title: str
    draw: Callable[[Figure, Results], None]
    size: tuple[float, float] = (4.6, 3.0)


def draw_figures(
    names: Iterable[str],
    folder: str | Path,
    *,
    size: Size = "full",
    seed: int = 0,
    dpi: float = 110,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Draw figures of the paper from the shipped banks.

    Parameters
    ----------
    names : iterable of str
        Names such as ``2a``, ranges such as ``3a..3f``, whole figures such as ``3`` (all their
        panels), or ``all``. See `FIGURES`. ``statements`` is the table of what the paper states,
        checked one by one, ``statements.csv``; it needs all experiments.
    folder : path
        Where ``figure-2a.png``, ... are written; it is made if need be.
    size : {"full", "small"}
        ``small`` has a tenth of the tracks.
    seed : int
        Decides every simulated track.
    dpi : float
        Pixels an inch.
    progress : callable, optional
        Called with the number of figures done, and of all.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        If there is no such figure, a bank is not installed, or a file cannot be written.
    """
    chosen = expand(names)
    results = Results(size, seed)
    paths = []
    for number, name in enumerate(chosen):
        if name == STATEMENTS:
            path = Path(folder) / "statements.csv"
            write_table(statements_table(check_statements(results)), path)
        else:
            path = Path(folder) / f"figure-{name}.png"
            write_figure(compose(name, results), path, dpi)
        paths.append(path)
        if progress is not None:
            progress(number + 1, len(chosen))
    return paths


def compose(name: str, results: Results) -> Figure:
    """Draw one figure, by its name in `FIGURES`."""
    chosen = FIGURES[name]
    figure = Figure(figsize=chosen.size, layout="constrained")
    chosen.draw(figure, results)
    figure.suptitle(chosen.title, fontsize="medium")
    return figure


def expand(names: Iterable[str]) -> list[str]:
    """Turn ranges and whole figures into the names of single ones, in the order of `FIGURES`.

    Raises
    ------
    InputError
        If a name is none of a figure.
    """
    wanted: set[str] = set()
    for name in names:
        found = _expand(name.strip().lower())
        if not found:
            raise InputError(
                f"There is no figure {name!r}: choose from {', '.join(FIGURES)}, a range such as "
                f"3a..3f, a whole figure such as 3, {STATEMENTS}, or all."
            )
        wanted.update(found)
    return [name for name in (*FIGURES, STATEMENTS) if name in wanted]


def _expand(name: str) -> list[str]:
    if name == "all":
        return list(FIGURES)
    if name in FIGURES or name == STATEMENTS:
        return [name]
    if name.isdigit():
        return [known for known in FIGURES if re.match(rf"{name}\D", known)]
    match = re.fullmatch(r"(\d)([a-z])(?:\.\.|-)(?:\1)?([a-z])", name)
    if match is None:
        return []
    number, first, last = match.groups()
    panels = [f"{number}{chr(code)}" for code in range(ord(first), ord(last) + 1)]
    return panels if all(panel in FIGURES for panel in panels) else []


def _redrawn(bank: str, label: str, inputs: list[tuple[str, float]]) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        made = experiments.typical_reconstructions(
            results.bank(bank), label, inputs, results.tracks(500), results.seed
        )
        panels = figure.subplots(1, len(made), sharey=True)
        for axes, one in zip(panels, made, strict=True):
            title = f"{one.model.upper()}, α = {one.alpha:g}"
            is_own = (one.model, one.alpha) == ("fbm", 0.5)
            paper.redrawn_track(axes, one.window, one.output, title, one.mse, own=is_own)
        protocol = results.bank(bank).protocol
        unit = paper.PROTOCOLS[protocol].removeprefix("MSE, ").replace("\n", " ")
        panels[0].set_ylabel("position, normalised", fontsize="small")
        panels[-1].legend(fontsize="x-small", frameon=False)
        figure.supxlabel(f"MSE {unit}", fontsize="x-small")

    return draw


def _on_models(bank: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.on_models(bank)
        paper.errors_on_models(figure.subplots(), table, results.bank(bank).protocol)

    return draw


def _by_exponent(
    bank: str,
    network: str,
    models: Sequence[str],
    exponents: str,
    trained: tuple[float, float] | None,
) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.by_exponent(bank, models, exponents)
        protocol = results.bank(bank).protocol
        paper.errors_by_exponent(figure.subplots(), table, network, protocol, trained)

    return draw


def _ablation(figure: Figure, results: Results) -> None:
    paper.ablation(figure.subplots(), results.ablation(), "fbm", CONDITIONS)


def _fitted(trained: float) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        paper.fitted_exponents(figure.subplots(), results.exponents(), trained)

    return draw


def _away(trained: float) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.exponents()
        paper.errors_away_from_trained(figure.subplots(), table, trained, "population")

    return draw


def _plane(bank: str, network: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.plane(bank)
        its_own = table[table["network"] == network]
        planes.errors_on_plane(figure.subplots(), its_own, results.bank(bank).protocol, PURE)

    return draw


def _sample(suffix: str, panel: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        banks = results.models_banks()
        opened = results.bank(banks.get(suffix) or banks["-20"])
        table = results.of_samples(opened.name, [results.stand_in(panel, opened.length)])
        axes = figure.subplots()
        paper.errors_of_samples(axes, table, opened.protocol)
        axes.set_title(f"{opened.length} points", fontsize="small")

    return draw


def _sample_exponents(panel: str, longest: int) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        length = max(size for size in results.exponent_lengths().values() if size <= longest)
        samples = [results.stand_in(panel, length)]
        tables = {
            model: results.of_samples(bank, samples)
            for model, bank in results.exponent_banks(length).items()
        }
        axes = figure.subplots()
        paper.errors_by_trained_exponent(axes, tables, "track")
        axes.set_title(f"{samples[0].name} (simulated), {length} points", fontsize="small")

    return draw


def _by_share(bank: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.of_samples(bank, results.shares())
        paper.errors_by_share(figure.subplots(), table, results.bank(bank).protocol)

    return draw


def _maps(column: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.mixtures()
        groups = list(table.groupby("sample", sort=False))
        panels = figure.subplots(2, -(-len(groups) // 2)).ravel()
        for axes in panels[len(groups) :]:
            axes.set_axis_off()
        for axes, (name, rows) in zip(panels, groups, strict=False):
            real = bool(rows["real"].iloc[0])
            if column == "mse":
                planes.errors_on_plane(axes, rows, "track", MIXED, unit=False)
            else:
                planes.shares_on_plane(axes, rows, MIXED)
            title = f"real: {name}" if real else f"simulated: {name} FBM"
            axes.set_title(title, fontsize="small", pad=20)
        if column == "mse":
            figure.supxlabel("MSE in units of the squared rms displacement", fontsize="small")

    return draw


def _recovery(picture: Callable[..., None], **options: Any) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        picture(figure.subplots(), results.recovery(), MIXED, **options)

    return draw


WIDE, SQUARE, MAPS = (7.0, 2.8), (4.2, 3.6), (12.5, 6.4)
PROTOCOLS = (("", "paper-"), ("-track", ""))
"""What a figure is called in each protocol, and its banks."""


def _registry() -> dict[str, PaperFigure]:
    made = _figure_1() | _figure_2() | _figure_3() | _figure_4()
    made |= _figure_5() | _figure_6() | _figure_7()
    return {name: made[name] for name in sorted(made, key=_order)}


def _figure_1() -> dict[str, PaperFigure]:
    models = [("attm", 0.5), ("fbm", 0.5), ("sbm", 0.5)]
    exponents = [("fbm", 0.3), ("fbm", 0.5), ("fbm", 0.9)]
    made = {}
    for name, inputs in (("1c", models), ("1d", exponents)):
        track = _redrawn("exponents-fbm-20", "alpha=0.5", inputs)
        made[name] = PaperFigure(f"{name}  Redrawn by networks of FBM at α = 0.5", track, WIDE)
        title = f"{name}  Redrawn by networks of FBM, α from 0.1 to 1"
        population = _redrawn("paper-subdiffusive-20", "fbm", inputs)
        made[f"{name}-population"] = PaperFigure(title, population, WIDE)
    return made


def _figure_2() -> dict[str, PaperFigure]:
    made = {"2a-ablation": PaperFigure("2a  What sets FBM apart", _ablation, (5.8, 3.0))}
    for suffix, kind in PROTOCOLS:
        bank = f"{kind}subdiffusive-20"
        made[f"2a{suffix}"] = PaperFigure("2a  MSE by the model of the tracks", _on_models(bank))
        for panel, network in zip("bcde", ORDER_OF_PANELS, strict=True):
            draw = _by_exponent(bank, network, SUBDIFFUSIVE_MODELS, SUBDIFFUSIVE, None)
            made[f"2{panel}{suffix}"] = PaperFigure(f"2{panel}  MSE by exponent", draw)
    return made


def _figure_3() -> dict[str, PaperFigure]:
    made = {}
    for panel, (bank, network, trained) in RANGES.items():
        for suffix, kind in PROTOCOLS:
            draw = _by_exponent(f"{kind}{bank}", network, ("fbm", "sbm"), FULL_RANGE, trained)
            made[f"3{panel}{suffix}"] = PaperFigure(f"3{panel}  MSE by exponent", draw)
    return made


def _figure_4() -> dict[str, PaperFigure]:
    made = {}
    for trained, first, second in ((0.3, "a", "d"), (0.6, "b", "e"), (0.9, "c", "f")):
        made[f"4{first}"] = PaperFigure(f"4{first}  Exponent of redrawn tracks", _fitted(trained))
        made[f"4{second}"] = PaperFigure(f"4{second}  MSE by exponent", _away(trained))
    return made


def _figure_5() -> dict[str, PaperFigure]:
    return {
        f"5{panel}{suffix}": PaperFigure(
            f"5{panel}  Mixtures, network of {network.upper()}",
            _plane(f"{kind}subdiffusive-20", network),
            SQUARE,
        )
        for suffix, kind in PROTOCOLS
        for panel, network in zip("bcd", PURE, strict=True)
    }


def _figure_6() -> dict[str, PaperFigure]:
    made = {}
    for first, second, who in (("a", "c", "telomeres"), ("b", "d", "receptors")):
        for suffix in ("", "-track", "-20"):
            title = f"6{first}  In place of {who}"
            made[f"6{first}{suffix}"] = PaperFigure(title, _sample(suffix, first))
        for suffix, length in (("", 200), ("-20", 20)):
            title = f"6{second}  In place of {who}"
            made[f"6{second}{suffix}"] = PaperFigure(title, _sample_exponents(second, length))
    for suffix, kind in PROTOCOLS:
        draw = _by_share(f"{kind}subdiffusive-20")
        made[f"6e{suffix}"] = PaperFigure("6e  A growing share of FBM", draw, (5.6, 3.2))
    return made


def _figure_7() -> dict[str, PaperFigure]:
    lowest = _recovery(planes.recovered_mixtures, by="mse")
    single = _recovery(planes.recovered_mixtures)
    attraction = _recovery(planes.attracted_mixtures)
    return {
        "7a": PaperFigure("7a  MSE over the plane of mixtures", _maps("mse"), MAPS),
        "7a-recovery": PaperFigure("7a  Where each mixture errs least", lowest, SQUARE),
        "7b": PaperFigure("7b  Where each track errs least", _maps("share"), MAPS),
        "7b-recovery": PaperFigure("7b  What most tracks are given", single, SQUARE),
        "7b-attraction": PaperFigure("7b  Which mixtures attract", attraction, SQUARE),
    }


def _order(name: str) -> tuple[str, bool, str]:
    """Put panels in their order, each before its companions."""
    panel, _, companion = name.partition("-")
    return panel, bool(companion), companion


FIGURES = _registry()
"""The figures by their names. What has ``-track`` is scored per track, where the paper averages
over a population; ``-20`` are tracks of 20 points instead of 200, which Fig. 6a to d fall back
to where the banks of 200 points are not installed."""
