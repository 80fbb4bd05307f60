"""The figures of the paper, from the shipped banks: which experiment, which bank, which picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.figure import Figure

from napari_anomalous_diffusion.autoencoders.bank import installed_banks, load_bank
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab import experiments
from napari_anomalous_diffusion.lab.recipes import exponent_range, read_recipe
from napari_anomalous_diffusion.scores.plots import paper, write_figure

if TYPE_CHECKING:
    import pandas as pd

    from napari_anomalous_diffusion.autoencoders.bank import Bank

Size = Literal["full", "small"]

SUBDIFFUSIVE = "0.1:1.0:0.1"
SUPERDIFFUSIVE = "1.0:1.9:0.1"
FULL_RANGE = "0.1:1.9:0.1"

SUBDIFFUSIVE_MODELS = ("attm", "ctrw", "fbm", "sbm")
ORDER_OF_PANELS = ("attm", "fbm", "ctrw", "sbm")

RANGES = {
    "a": ("fullrange-20", "fbm", FULL_RANGE, (0.1, 1.9)),
    "b": ("fullrange-20", "sbm", FULL_RANGE, (0.1, 1.9)),
    "c": ("subdiffusive-20", "fbm", FULL_RANGE, (0.1, 1.0)),
    "d": ("subdiffusive-20", "sbm", FULL_RANGE, (0.1, 1.0)),
    "e": ("superdiffusive-20", "fbm", FULL_RANGE, (1.0, 1.9)),
    "f": ("superdiffusive-20", "sbm", FULL_RANGE, (1.0, 1.9)),
}
"""Panels of Fig. 3: bank, network, exponents of the tracks, exponents of the training."""

PURE = ("ctrw", "attm", "sbm")
MIXED = ("ctrw", "attm", "fbm")
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)

CONDITIONS = {
    "one kind": "batch of one kind\n(as published)",
    "all kinds": "batch of all kinds",
    "guests": "guests, 1 in 20,\nin a batch of FBM",
    "same size": "batch of one kind,\nsize of FBM",
    "per track": "per track",
}
"""Names of `experiments.models.ABLATIONS` in the picture of the network of FBM."""


class Results:
    """Tables that several figures share: each is made once.

    Parameters
    ----------
    size : {"full", "small"}
        ``small`` has a tenth of the tracks, and shows directions only.
    seed : int
    """

    def __init__(self, size: Size = "full", seed: int = 0) -> None:
        self.size = size
        self.seed = seed
        self._made: dict[tuple[object, ...], Any] = {}

    def tracks(self, full: int, fewest: int = 60) -> int:
        """Count the tracks that stand for so many in full size."""
        return full if self.size == "full" else max(full // 10, fewest)

    def of(self, key: tuple[object, ...], make: Callable[[], Any]) -> Any:
        """Return what was made under this key, or make it."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def bank(self, name: str) -> Bank:
        """Open a bank."""
        bank: Bank = self.of(("bank", name), lambda: load_bank(name))
        return bank

    def on_models(self, bank: str) -> pd.DataFrame:
        """Make the table of Fig. 2a."""
        opened = self.bank(bank)
        sources: Any = read_recipe(opened.folder / "recipe.toml").labels
        return self.of(
            ("on models", bank),
            lambda: experiments.errors_on_models(opened, sources, self.tracks(500), self.seed),
        )

    def by_exponent(self, bank: str, models: Sequence[str], exponents: str) -> pd.DataFrame:
        """Make the table of Figs. 2b-e and 3."""
        return self.of(
            ("by exponent", bank, exponents),
            lambda: experiments.errors_by_exponent(
                self.bank(bank), models, exponent_range(exponents), self.tracks(1000), self.seed
            ),
        )

    def ablation(self) -> pd.DataFrame:
        """Make the table that separates the batch from the excursions."""
        bank = self.bank("paper-subdiffusive-20")
        sources: Any = read_recipe(bank.folder / "recipe.toml").labels
        return self.of(
            ("ablation",),
            lambda: experiments.separate_batch_from_excursions(
                bank, self.bank("subdiffusive-20"), sources, self.tracks(300, 30), self.seed
            ),
        )

    def exponents(self) -> pd.DataFrame:
        """Make the table of Fig. 4."""
        return self.of(
            ("exponents",),
            lambda: experiments.reconstructed_exponents(
                self.bank("paper-exponents-200"), exponent_range(SUBDIFFUSIVE), self.tracks(1000),
                self.seed,
            ),
        )  # fmt: skip

    def plane(self, bank: str) -> pd.DataFrame:
        """Make the table of Fig. 5."""
        grid = exponent_range("0:1:0.125" if self.size == "full" else "0:1:0.25")
        return self.of(
            ("plane", bank),
            lambda: experiments.errors_over_plane(
                self.bank(bank), PURE, exponent_range(SUBDIFFUSIVE), grid, grid,
                self.tracks(200, 30), self.seed,
            ),
        )  # fmt: skip

    def stand_in(self, panel: str, length: int) -> experiments.Sample:
        """Simulate the telomeres (panels a and c) or the receptors (panels b and d) of Fig. 6."""
        make = experiments.telomere_like if panel in "ac" else experiments.receptor_like
        n_tracks = self.tracks(1000, 100)
        sample: experiments.Sample = self.of(
            ("stand-in", make, length), lambda: make(n_tracks, length, self.seed)
        )
        return sample

    def shares(self) -> list[experiments.Sample]:
        """Simulate the samples of Figs. 6e and 7, and read the real ones."""
        samples: list[experiments.Sample] = self.of(
            ("shares",),
            lambda: [
                *experiments.growing_share(SHARES, self.tracks(1000, 100), 20, self.seed),
                *experiments.real_samples(),
            ],
        )
        return samples

    def of_samples(self, bank: str, samples: list[experiments.Sample]) -> pd.DataFrame:
        """Make the tables of Fig. 6."""
        key = ("of samples", bank, *(sample.name for sample in samples))
        return self.of(key, lambda: experiments.errors_of_samples(self.bank(bank), samples))

    def exponent_banks(self) -> list[tuple[str, int]]:
        """List the lengths of the banks of exponents for Fig. 6c and d, and what they are called.

        Those of 200 points are passed over where they are not installed.
        """
        installed = set(installed_banks())
        lengths = [("", 200), ("-20", 20)]
        return [pair for pair in lengths if f"exponents-fbm-{pair[1]}" in installed]

    def mixtures(self) -> pd.DataFrame:
        """Make the table of Fig. 7."""
        return self.of(
            ("mixtures",),
            lambda: experiments.named_mixtures(self.bank("mixtures-20"), self.shares()),
        )

    def recovery(self) -> pd.DataFrame:
        """Make the table of how well mixtures are recovered."""
        return self.of(
            ("recovery",),
            lambda: experiments.recover_mixtures(self.bank("mixtures-20"), self.tracks(400, 20)),
        )


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
        panels), or ``all``. See `FIGURES`.
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
                "3a..3f, a whole figure such as 3, or all."
            )
        wanted.update(found)
    return [name for name in FIGURES if name in wanted]


def _expand(name: str) -> list[str]:
    if name == "all":
        return list(FIGURES)
    if name in FIGURES:
        return [name]
    if name.isdigit():
        return [known for known in FIGURES if re.match(rf"{name}\D", known)]
    match = re.fullmatch(r"(\d)([a-z])(?:\.\.|-)(?:\1)?([a-z])", name)
    if match is None:
        return []
    number, first, last = match.groups()
    panels = [f"{number}{chr(code)}" for code in range(ord(first), ord(last) + 1)]
    return panels if all(panel in FIGURES for panel in panels) else []


def _redrawn(bank: str, label: str, inputs: list[tuple[str, float]], own: tuple[str, float]) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        made = experiments.typical_reconstructions(
            results.bank(bank), label, inputs, results.tracks(500), results.seed
        )
        panels = figure.subplots(1, len(made), sharey=True)
        for axes, one in zip(panels, made, strict=True):
            title = f"{one.model.upper()}, α = {one.alpha:g}"
            is_own = (one.model, one.alpha) == own
            paper.redrawn_track(axes, one.window, one.output, title, one.mse, own=is_own)
        protocol = results.bank(bank).protocol
        unit = paper.PROTOCOLS[protocol].removeprefix("MSE, ").replace("\n", " ")
        panels[0].set_ylabel("position", fontsize="small")
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
        paper.errors_on_plane(figure.subplots(), its_own, results.bank(bank).protocol, PURE)

    return draw


def _sample(bank: str, panel: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        opened = results.bank(bank)
        table = results.of_samples(bank, [results.stand_in(panel, opened.length)])
        paper.errors_of_samples(figure.subplots(), table, opened.protocol)

    return draw


def _sample_exponents(panel: str, length: int) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        samples = [results.stand_in(panel, length)]
        tables = {
            model: results.of_samples(f"exponents-{model}-{length}", samples)
            for model in ("fbm", "attm")
        }
        paper.errors_by_trained_exponent(figure.subplots(), tables, "track")

    return draw


def _by_share(bank: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.of_samples(bank, results.shares())
        paper.errors_by_share(figure.subplots(), table, results.bank(bank).protocol)

    return draw


def _mixture_maps(column: str) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        table = results.mixtures()
        groups = list(table.groupby("sample", sort=False))
        panels = figure.subplots(2, -(-len(groups) // 2)).ravel()
        for axes in panels[len(groups) :]:
            axes.set_axis_off()
        for axes, (name, rows) in zip(panels, groups, strict=False):
            real = bool(rows["real"].iloc[0])
            if column == "mse":
                paper.errors_on_plane(axes, rows, "track", MIXED, unit=False)
            else:
                paper.shares_on_plane(axes, rows, MIXED)
            title = f"real: {name}" if real else f"simulated: {name} FBM"
            axes.set_title(title, fontsize="small", pad=20)
        if column == "mse":
            figure.supxlabel("MSE in units of the squared rms displacement", fontsize="small")

    return draw


def _recovery(picture: Callable[..., None], **options: Any) -> Any:
    def draw(figure: Figure, results: Results) -> None:
        picture(figure.subplots(), results.recovery(), MIXED, **options)

    return draw


def _registry() -> dict[str, PaperFigure]:  # noqa: C901 - a list, not a way through it
    three = [("attm", 0.5), ("fbm", 0.5), ("sbm", 0.5)]
    exponents = [("fbm", 0.3), ("fbm", 0.5), ("fbm", 0.9)]
    own = ("fbm", 0.5)
    wide, square, maps = (7.0, 2.8), (4.2, 3.6), (12.5, 6.4)
    made: dict[str, PaperFigure] = {}

    def add(name: str, title: str, draw: Any, size: tuple[float, float] = (4.6, 3.0)) -> None:
        made[name] = PaperFigure(f"{name.split('-')[0]}  {title}", draw, size)

    for panel, inputs in (("1c", three), ("1d", exponents)):
        what = "Redrawn by networks of FBM"
        track = _redrawn("exponents-fbm-20", "alpha=0.5", inputs, own)
        add(panel, f"{what} at α = 0.5", track, wide)
        population = _redrawn("paper-subdiffusive-20", "fbm", inputs, own)
        add(f"{panel}-population", f"{what}, α from 0.1 to 1", population, wide)
    for suffix, kind in (("", "paper-"), ("-track", "")):
        bank = f"{kind}subdiffusive-20"
        add(f"2a{suffix}", "MSE against the model of the tracks", _on_models(bank))
        if not suffix:
            add("2a-ablation", "What sets FBM apart", _ablation, (5.8, 3.0))
        for panel, network in zip("bcde", ORDER_OF_PANELS, strict=True):
            draw = _by_exponent(bank, network, SUBDIFFUSIVE_MODELS, SUBDIFFUSIVE, None)
            add(f"2{panel}{suffix}", "MSE against α", draw)
    for panel, (name, network, alphas, trained) in RANGES.items():
        for suffix, kind in (("", "paper-"), ("-track", "")):
            draw = _by_exponent(f"{kind}{name}", network, ("fbm", "sbm"), alphas, trained)
            add(f"3{panel}{suffix}", "MSE against α", draw)
    for trained_at, fit, away in ((0.3, "a", "d"), (0.6, "b", "e"), (0.9, "c", "f")):
        add(f"4{fit}", "Exponent of redrawn tracks", _fitted(trained_at))
        add(f"4{away}", "MSE against α", _away(trained_at))
    for suffix, kind in (("", "paper-"), ("-track", "")):
        for panel, network in zip("bcd", PURE, strict=True):
            title = f"Mixtures, network of {network.upper()}"
            add(f"5{panel}{suffix}", title, _plane(f"{kind}subdiffusive-20", network), square)
    for panel, who in (("a", "telomeres"), ("b", "receptors")):
        add(f"6{panel}", f"In place of {who}", _sample("paper-models-200", panel))
        add(f"6{panel}-track", f"In place of {who}", _sample("models-20", panel))
    for panel, who in (("c", "telomeres"), ("d", "receptors")):
        for suffix, length in (("", 200), ("-20", 20)):
            draw = _sample_exponents(panel, length)
            add(f"6{panel}{suffix}", f"In place of {who}, {length} points", draw)
    add("6e", "A growing share of FBM", _by_share("paper-subdiffusive-20"), (5.6, 3.2))
    add("6e-track", "A growing share of FBM", _by_share("subdiffusive-20"), (5.6, 3.2))
    add("7a", "MSE over the plane of mixtures", _mixture_maps("mse"), maps)
    add("7b", "Where the lowest error is, track by track", _mixture_maps("share"), maps)
    lowest = _recovery(paper.recovered_mixtures, by="mse")
    add("7a-recovery", "Where the mean error of each mixture is lowest", lowest, square)
    single = _recovery(paper.recovered_mixtures)
    add("7b-recovery", "What most tracks of each mixture are given", single, square)
    add("7b-attraction", "Which mixtures attract", _recovery(paper.attracted_mixtures), square)
    return {name: made[name] for name in sorted(made, key=_order)}


def _order(name: str) -> tuple[str, bool, str]:
    """Put panels in their order, each before its companions."""
    panel, _, companion = name.partition("-")
    return panel, bool(companion), companion


FIGURES = _registry()
"""The figures by their names. What has ``-track`` is scored per track, where the paper averages
over a population; ``-20`` are tracks of 20 points instead of 200."""
