"""The statements of the paper, checked one by one: the table of docs/gallery.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from napari_anomalous_diffusion.lab.experiments import statements as check
from napari_anomalous_diffusion.lab.experiments.statements import Statement
from napari_anomalous_diffusion.lab.results import FULL_RANGE, SUBDIFFUSIVE, SUBDIFFUSIVE_MODELS

if TYPE_CHECKING:
    from napari_anomalous_diffusion.lab.results import Results

TWO = ("fbm", "sbm")


def check_statements(results: Results) -> list[Statement]:
    """Check every statement of the paper that the figures show, in their order."""
    return [
        *_models(results),
        *_ranges(results),
        *_exponents(results),
        *_plane(results),
        *_samples(results),
        *_mixtures(results),
    ]


def statements_table(found: list[Statement]) -> pd.DataFrame:
    """Put statements into a table, a row each: figure, statement, verdict, number, command."""
    return pd.DataFrame({
        "figure": [one.figure for one in found],
        "statement": [one.claim for one in found],
        "verdict": [one.verdict for one in found],
        "number": [one.number for one in found],
        "command": [f"anomalous-diffusion figure {one.figure}" for one in found],
    })  # fmt: skip


def _models(results: Results) -> list[Statement]:
    found = []
    for suffix, kind in (("", "paper-"), ("-track", "")):
        table = results.on_models(f"{kind}subdiffusive-20")
        for one in (check.own_model, check.attm_and_sbm_alike, check.fbm_apart):
            found.append(one(table, f"2a{suffix}"))
    found.append(check.what_sets_fbm_apart(results.ablation(), "2a-ablation"))
    for suffix, kind in (("", "paper-"), ("-track", "")):
        bank = f"{kind}subdiffusive-20"
        table = results.by_exponent(bank, SUBDIFFUSIVE_MODELS, SUBDIFFUSIVE)
        found.append(check.models_meet_at_one(table, f"2b{suffix}"))
    return found


def _ranges(results: Results) -> list[Statement]:
    found = []
    for suffix, kind in (("", "paper-"), ("-track", "")):

        def table(name: str, kind: str = kind) -> pd.DataFrame:
            return results.by_exponent(f"{kind}{name}-20", TWO, FULL_RANGE)

        full = table("fullrange")
        found += [
            check.preferred_exponent(full, f"3a{suffix}"),
            check.sbm_beats_fbm_below_one(full, f"3a{suffix}"),
            check.sbm_indifferent(full, f"3b{suffix}"),
            check.only_its_own_range(table("subdiffusive"), (0.1, 1.0), f"3c{suffix}"),
            check.any_range(table("subdiffusive"), f"3d{suffix}"),
            check.only_its_own_range(table("superdiffusive"), (1.0, 1.9), f"3e{suffix}"),
            check.any_range(table("superdiffusive"), f"3f{suffix}"),
        ]
    sizes = results.sizes()
    for panel, name, trained in (
        ("a", "fullrange", (0.1, 1.9)), ("c", "subdiffusive", (0.1, 1.0)),
        ("e", "superdiffusive", (1.0, 1.9)),
    ):  # fmt: skip
        errors = results.by_exponent(f"paper-{name}-20", TWO, FULL_RANGE)
        found.append(check.preference_is_size(errors, sizes, trained, f"3{panel}"))
    return found


def _exponents(results: Results) -> list[Statement]:
    table = results.exponents()
    return [
        check.ctrw_keeps_its_exponent(table, "4a"),
        check.fbm_imposes_its_exponent(table, "4a"),
        check.error_rises(table, "ctrw", "4d"),
        check.error_rises(table, "fbm", "4d"),
    ]


def _plane(results: Results) -> list[Statement]:
    found = []
    for suffix, kind in (("", "paper-"), ("-track", "")):
        table = results.plane(f"{kind}subdiffusive-20")
        found += [
            check.own_corner(table, "ctrw", f"5b{suffix}"),
            check.pure_rather_than_mixed(table, f"5b{suffix}"),
            check.own_corner(table, "attm", f"5c{suffix}"),
            check.own_corner(table, "sbm", f"5d{suffix}"),
            check.sbm_redraws_more(table, f"5d{suffix}"),
        ]
    return found


EXPONENTS_OF_STAND_INS = (
    ("c", "fbm", 0.5, 0.7, "telomeres (stand-in) have an exponent of about 0.6 by networks of FBM"),
    ("d", "fbm", 0.9, 1.1, "receptors (stand-in) have an exponent of 1 by networks of FBM"),
    ("d", "attm", 0.7, 1.0, "receptors (stand-in) have one from 0.7 to 1 by networks of ATTM"),
)
"""Panel of Fig. 6, model of the networks, lowest and highest exponent, what the paper states."""


def _samples(results: Results) -> list[Statement]:
    telomeres = "the network of FBM errs least on telomeres (stand-in)"
    receptors = "the network of ATTM errs least on receptors (stand-in)"
    found = []
    for suffix, bank in results.models_banks().items():
        length = results.bank(bank).length
        for panel, expected, claim in (("a", "fbm", telomeres), ("b", "attm", receptors)):
            table = results.of_samples(bank, [results.stand_in(panel, length)])
            found.append(check.lowest_network(table, expected, claim, f"6{panel}{suffix}"))

    for suffix, length in results.exponent_lengths().items():
        banks = results.exponent_banks(length)
        found += [
            check.lowest_exponent(
                results.of_samples(banks[model], [results.stand_in(panel, length)]), low, high,
                claim, f"6{panel}{suffix}",
            )
            for panel, model, low, high, claim in EXPONENTS_OF_STAND_INS
            if model in banks
        ]  # fmt: skip
    for suffix, bank in (("", "paper-subdiffusive-20"), ("-track", "subdiffusive-20")):
        table = results.of_samples(bank, results.shares())
        found.append(check.fbm_takes_over(table, f"6e{suffix}"))
    return found


def _mixtures(results: Results) -> list[Statement]:
    return [
        check.minima_move_to_fbm(results.mixtures(), "7b"),
        check.mixtures_are_recovered(results.recovery(), "7b-recovery"),
    ]
