"""Tables that the figures are drawn from and the statements are checked on, each made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from napari_anomalous_diffusion.autoencoders.bank import installed_banks, load_bank
from napari_anomalous_diffusion.lab import experiments
from napari_anomalous_diffusion.lab.recipes import read_recipe
from napari_anomalous_diffusion.lab.sources import exponent_range

if TYPE_CHECKING:
    import pandas as pd

    from napari_anomalous_diffusion.autoencoders.bank import Bank

Size = Literal["full", "small"]

SUBDIFFUSIVE = "0.1:1.0:0.1"
FULL_RANGE = "0.1:1.9:0.1"
SUBDIFFUSIVE_MODELS = ("attm", "ctrw", "fbm", "sbm")

PURE = ("ctrw", "attm", "sbm")
"""The models 1, 2 and 3 of Fig. 5."""

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of FBM, in place of the concentrations of a hormone."""


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

    def sizes(self) -> pd.Series:
        """Measure how far tracks of FBM go."""
        return self.of(
            ("sizes",),
            lambda: experiments.excursions(
                "fbm", exponent_range(FULL_RANGE), self.tracks(3000, 600), seed=self.seed
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

    def models_banks(self) -> dict[str, str]:
        """Name the installed banks of models for Fig. 6a and b, by what figures are called."""
        banks = {"": "paper-models-200", "-track": "models-200", "-20": "models-20"}
        installed = installed_banks(None)
        return {name: bank for name, bank in banks.items() if bank in installed}

    def exponent_banks(self, length: int) -> dict[str, str]:
        """Name the installed banks of exponents of a length for Fig. 6c and d, by their models."""
        names = {model: f"exponents-{model}-{length}" for model in ("fbm", "attm")}
        installed = installed_banks()
        return {model: name for model, name in names.items() if name in installed}

    def exponent_lengths(self) -> dict[str, int]:
        """List the lengths of the installed banks of exponents, by what figures are called."""
        lengths = {"": 200, "-20": 20}
        return {name: length for name, length in lengths.items() if self.exponent_banks(length)}

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
