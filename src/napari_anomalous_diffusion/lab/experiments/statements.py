"""What the paper states about its figures, checked on the tables that they are drawn from.

Each function takes a table of an experiment and answers with one `Statement`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from napari_anomalous_diffusion.scores.mixtures import trust

Verdict = Literal["holds", "in part", "does not hold"]

ORDER_OF_MAGNITUDE = 10.0


@dataclass(frozen=True)
class Statement:
    """A statement of the paper, and what came out.

    Attributes
    ----------
    figure : str
        The figure that shows it, by its name in `lab.figures.FIGURES`.
    claim : str
    verdict : {"holds", "in part", "does not hold"}
    number : str
        What was measured.
    """

    figure: str
    claim: str
    verdict: Verdict
    number: str


def judge(parts: Iterable[bool]) -> Verdict:
    """Sum up whether the parts of a statement hold."""
    found = list(parts)
    return "holds" if all(found) else "in part" if any(found) else "does not hold"


def means_of(table: pd.DataFrame) -> pd.DataFrame:
    """Average over members: a row a network, a column a model."""
    return table.pivot_table("mse", "network", "model")


def own_model(table: pd.DataFrame, figure: str) -> Statement:
    """Check that each network errs least on its own model (Fig. 2a), read in both directions."""
    means = means_of(table)
    rows = {name: str(means.loc[name].idxmin()) for name in means.index}
    columns = {name: str(means[name].idxmin()) for name in means.index}
    by_network = [name for name, best in rows.items() if best == name]
    by_model = [name for name, best in columns.items() if best == name]
    others = [f"{name.upper()}: {best.upper()}" for name, best in rows.items() if best != name]
    number = (
        f"{len(by_network)} of {len(rows)} networks err least on their own model"
        f"{' (not ' + ', '.join(others) + ')' if others else ''}; {len(by_model)} of {len(rows)} "
        "models are redrawn best by their own network"
    )
    verdict = judge([*(name in by_network for name in rows), *(name in by_model for name in rows)])
    return Statement(figure, "each network errs least on its own model", verdict, number)


def attm_and_sbm_alike(table: pd.DataFrame, figure: str) -> Statement:
    """Check that the networks of ATTM and SBM are the two most alike (Fig. 2a)."""
    logs = np.log(means_of(table))
    apart = {
        pair: float(np.exp(np.abs(logs.loc[pair[0]] - logs.loc[pair[1]]).mean()))
        for pair in combinations(logs.index, 2)
    }
    pair = ("attm", "sbm")
    next_pair = min((other for other in apart if other != pair), key=apart.__getitem__)
    number = (
        f"their errors differ by a factor of {apart[pair]:.2f} in the mean, those of the next "
        f"pair ({' and '.join(next_pair).upper().replace('AND', 'and')}) by {apart[next_pair]:.2f}"
    )
    verdict = judge([apart[pair] < apart[next_pair]])
    return Statement(figure, "the networks of ATTM and SBM behave alike", verdict, number)


def fbm_apart(table: pd.DataFrame, figure: str) -> Statement:
    """Check that FBM stands an order of magnitude apart in both directions (Fig. 2a)."""
    means = means_of(table)
    others = [name for name in means.index if name != "fbm"]
    own = np.diag(means.loc[others, others])
    on_fbm = means.loc[others, "fbm"].to_numpy() / own
    of_fbm = means.loc["fbm", others].to_numpy() / means.loc["fbm", "fbm"]
    number = (
        f"other networks err {_span(on_fbm)} times as much on FBM as on their own model, the "
        f"network of FBM {_span(of_fbm)} times as much on other models as on its own"
    )
    verdict = judge([on_fbm.min() >= ORDER_OF_MAGNITUDE, of_fbm.min() >= ORDER_OF_MAGNITUDE])
    return Statement(figure, "FBM stands an order of magnitude apart", verdict, number)


def what_sets_fbm_apart(table: pd.DataFrame, figure: str) -> Statement:
    """Check whether the gap of FBM outlives a change of the batch, and of the excursions."""
    its_own = table[table["network"] == "fbm"].pivot_table("mse", "condition", "model")
    others = [name for name in its_own if name != "fbm"]
    gaps = its_own[others].mean(axis=1) / its_own["fbm"]
    number = (
        f"error on other models over that on FBM: {gaps['one kind']:.1f} in batches of one kind, "
        f"{gaps['guests']:.1f} for single guests in a batch of FBM, {gaps['same size']:.1f} in "
        f"batches of one kind at the size of FBM, {gaps['all kinds']:.1f} in a batch of all kinds, "
        f"{gaps['per track']:.1f} per track"
    )
    remains = [gaps[name] >= ORDER_OF_MAGNITUDE for name in ("guests", "same size", "per track")]
    claim = "the gap shows how different FBM is, and not the batch or its small excursions"
    return Statement(figure, claim, judge(remains), number)


def models_meet_at_one(table: pd.DataFrame, figure: str) -> Statement:
    """Check that errors on all models meet as alpha nears 1, whatever the network (Fig. 2b-e)."""
    means = table.pivot_table("mse", ["network", "alpha"], "model")
    ratio = (means.max(axis=1) / means.min(axis=1)).unstack("alpha")
    low, last = ratio.loc[:, ratio.columns <= 0.5].mean(axis=1), ratio[ratio.columns.max()]
    number = "highest over lowest error of the models, up to α = 0.5 and at 1: " + ", ".join(
        f"{name.upper()} {low[name]:.1f} and {last[name]:.1f}" for name in ratio.index
    )
    closer = (last < low).to_list()
    together = (last < 1.5).to_list()
    claim = "errors on all models meet as α nears 1, whatever the network"
    return Statement(figure, claim, judge([*closer, *together]), number)


def preferred_exponent(table: pd.DataFrame, figure: str) -> Statement:
    """Check that the network of FBM prefers some exponents (Fig. 3a)."""
    errors = _of(table, "fbm", "fbm")
    best, ratio = float(errors.idxmin()), errors.max() / errors.min()
    number = f"lowest at α = {best:g}, highest over lowest error {ratio:.3g}"
    inside = errors.index.min() < best < errors.index.max()
    claim = "the network of FBM errs least at some exponents of its range"
    return Statement(figure, claim, judge([inside and ratio > 2]), number)


def preference_is_size(
    table: pd.DataFrame, sizes: pd.Series, trained: tuple[float, float], figure: str
) -> Statement:
    """Check our own explanation: networks prefer tracks of the mean size of their training.

    Shared batch-norms give all that a network redraws the spread that it was trained with.
    """
    best = float(_of(table, "fbm", "fbm").idxmin())
    inside = (sizes.index >= trained[0] - 1e-6) & (sizes.index <= trained[1] + 1e-6)
    size = float(sizes[inside].mean())
    expected = float(np.interp(np.log(size), np.log(sizes), sizes.index))
    number = (
        f"lowest at α = {best:g}; the mean squared position trained on ({size:.1f}) is that of "
        f"FBM at {expected:.2f}"
    )
    claim = "the exponent that a network of FBM prefers is a matter of the size of tracks (ours)"
    return Statement(figure, claim, judge([abs(best - expected) < 0.1]), number)


def sbm_beats_fbm_below_one(table: pd.DataFrame, figure: str) -> Statement:
    """Check that the network of FBM errs less on SBM than on FBM below 1 (Fig. 3a)."""
    fbm, sbm = _of(table, "fbm", "fbm"), _of(table, "fbm", "sbm")
    below = sbm.index < 1
    wins = sbm < fbm
    above = ", ".join(f"{alpha:g}" for alpha in wins.index[~below & wins]) or "none"
    number = (
        f"SBM has the lower error at {int(wins[below].sum())} of {int(below.sum())} exponents "
        f"below 1, and at {above} from 1 on"
    )
    top = bool(wins.iloc[-1])
    claim = (
        "under the network of FBM, SBM has the lower error below 1, and at the highest exponents"
    )
    return Statement(figure, claim, judge([*wins[below], top]), number)


def sbm_indifferent(table: pd.DataFrame, figure: str) -> Statement:
    """Check that the network of SBM errs alike on SBM of every exponent (Fig. 3b)."""
    fbm, sbm = _of(table, "sbm", "fbm"), _of(table, "sbm", "sbm")
    ratio, best = sbm.max() / sbm.min(), float(fbm.idxmin())
    number = (
        f"highest over lowest error on SBM {ratio:.2f}, on FBM {fbm.max() / fbm.min():.3g}; SBM "
        f"has the lower error at {int((sbm < fbm).sum())} of {len(sbm)} exponents; FBM is redrawn "
        f"best at α = {best:g}"
    )
    claim = (
        "the network of SBM errs alike at all exponents, least on its own model, and on FBM least "
        "at 1"
    )
    parts = [ratio < 2, bool((sbm <= fbm).all()), np.isclose(best, 1)]
    return Statement(figure, claim, judge(parts), number)


def only_its_own_range(table: pd.DataFrame, trained: tuple[float, float], figure: str) -> Statement:
    """Check that FBM is redrawn well in the trained range only (Fig. 3c, e)."""
    errors = _of(table, "fbm", "fbm")
    inside = (errors.index >= trained[0]) & (errors.index <= trained[1])
    within, outside = errors[inside].median(), errors[~inside].median()
    number = (
        f"median error on FBM {within:.3g} inside of the trained range, {outside:.3g} outside; "
        f"lowest at α = {errors.idxmin():g}"
    )
    claim = "a network of FBM only redraws the range that it was trained with"
    parts = [outside > 2 * within, bool(errors[inside].max() < errors[~inside].min())]
    return Statement(figure, claim, judge(parts), number)


def any_range(table: pd.DataFrame, figure: str) -> Statement:
    """Check that a network of SBM redraws SBM of every exponent, trained or not (Fig. 3d, f)."""
    errors = _of(table, "sbm", "sbm")
    ratio = errors.max() / errors.min()
    number = f"highest over lowest error on SBM {ratio:.2f}"
    claim = "a network of SBM redraws SBM of all exponents, also those it was not trained with"
    return Statement(figure, claim, judge([ratio < 2, ratio < ORDER_OF_MAGNITUDE]), number)


def ctrw_keeps_its_exponent(table: pd.DataFrame, figure: str) -> Statement:
    """Check that what CTRW networks redraw has the exponent of the input (Fig. 4a-c)."""
    its_own = table[table["model"] == "ctrw"]
    slopes = _slopes(its_own)
    lifts = (its_own["fitted"] - its_own["fitted_input"]).groupby(its_own["trained"]).mean()
    number = "fitted exponent of the output against that of the input: " + ", ".join(
        f"slope {slopes[trained]:.2f}, {lifts[trained]:+.2f} in the mean (trained at {trained:g})"
        for trained in slopes.index
    )
    verdict = judge([*(slopes > 0.5), *(lifts.abs() < 0.1)])
    return Statement(figure, "CTRW keeps the exponent of its input", verdict, number)


def fbm_imposes_its_exponent(table: pd.DataFrame, figure: str) -> Statement:
    """Check that what FBM networks redraw has the exponent of their training (Fig. 4a-c)."""
    its_own = table[table["model"] == "fbm"]
    slopes, spread = _slopes(its_own), its_own.groupby("trained")["fitted"].agg(["min", "max"])
    number = "fitted exponents of the output, whatever the input: " + ", ".join(
        f"{low:.2f} to {high:.2f} (trained at {trained:g})"
        for trained, (low, high) in spread.iterrows()
    )
    parts = [
        slopes[trained] < 0.5 and abs((low + high) / 2 - float(str(trained))) < 0.15
        for trained, (low, high) in spread.iterrows()
    ]
    return Statement(figure, "FBM imposes the exponent of its training", judge(parts), number)


def error_rises(table: pd.DataFrame, model: str, figure: str) -> Statement:
    """Check that the error rises away from the trained exponent (Fig. 4d-f)."""
    parts, numbers = [], []
    for trained, rows in table[table["model"] == model].groupby("trained"):
        errors = rows.groupby("alpha")["mse"].mean()
        best = float(errors.idxmin())
        parts.append(abs(best - float(str(trained))) < 0.15)
        numbers.append(
            f"lowest at {best:g}, highest over lowest {errors.max() / errors.min():.3g} "
            f"(trained at {trained:g})"
        )
    claim = f"the error of {model.upper()} rises away from the trained exponent"
    return Statement(figure, claim, judge(parts), "; ".join(numbers))


CORNERS = {"ctrw": (1.0, 1.0), "attm": (0.0, 1.0), "sbm": (1.0, 0.0)}
"""Gamma and beta of the pure models in Fig. 5."""


def own_corner(table: pd.DataFrame, network: str, figure: str) -> Statement:
    """Check that the error over the plane is lowest in the network's own corner (Fig. 5b-d)."""
    means = _over_plane(table, network)
    best = means.idxmin()
    corners = {name: means[place] for name, place in CORNERS.items()}
    number = (
        f"lowest ({means.min():.3f}) at γ, β = {best[0]:g}, {best[1]:g}; corners: "
        + ", ".join(f"{name.upper()} {value:.3f}" for name, value in corners.items())
    )
    parts = [
        bool(np.abs(np.subtract(best, CORNERS[network])).max() <= 0.25),
        min(corners, key=corners.__getitem__) == network,
    ]
    claim = f"the network of {network.upper()} errs least in the corner of its model"
    return Statement(figure, claim, judge(parts), number)


def pure_rather_than_mixed(table: pd.DataFrame, figure: str) -> Statement:
    """Check that the network of CTRW errs most where the models weigh the same (Fig. 5b)."""
    means = _over_plane(table, "ctrw")
    worst = means.idxmax()
    corners = float(np.mean([means[place] for place in CORNERS.values()]))
    number = (
        f"highest ({means.max():.3f}) at γ, β = {worst[0]:g}, {worst[1]:g}; mean of the "
        f"corners {corners:.3f}"
    )
    inner = all(0 < value < 1 for value in worst)
    claim = "the network of CTRW favours pure models, and errs most where all weigh the same"
    return Statement(figure, claim, judge([corners < means.mean(), inner]), number)


def sbm_redraws_more(table: pd.DataFrame, figure: str) -> Statement:
    """Check that the network of SBM does well on more of the plane than others (Fig. 5d)."""
    shares = {}
    for network in CORNERS:
        means = _over_plane(table, network)
        shares[network] = float((means < 1.25 * means.min()).mean())
    means = _over_plane(table, "sbm")
    attm, ctrw = means[CORNERS["attm"]], means[CORNERS["ctrw"]]
    number = (
        "share of the plane within 25 % of the lowest error: "
        + ", ".join(f"{name.upper()} {100 * share:.0f} %" for name, share in shares.items())
        + f"; SBM network: ATTM {attm:.3f}, CTRW {ctrw:.3f}"
    )
    claim = "the network of SBM redraws most of the plane, and ATTM better than CTRW"
    parts = [max(shares, key=shares.__getitem__) == "sbm", attm < ctrw]
    return Statement(figure, claim, judge(parts), number)


def lowest_network(table: pd.DataFrame, expected: str, claim: str, figure: str) -> Statement:
    """Check which network errs least on one sample (Fig. 6a, b)."""
    means = table.groupby("network")["mse"].mean().sort_values()
    number = ", ".join(f"{name.upper()} {value:.3g}" for name, value in means.items())
    return Statement(figure, claim, judge([means.index[0] == expected]), number)


def lowest_exponent(
    table: pd.DataFrame, low: float, high: float, claim: str, figure: str
) -> Statement:
    """Check at which exponent the networks of a model err least (Fig. 6c, d)."""
    means = table.groupby("network")["mse"].mean()
    means.index = means.index.str.removeprefix("alpha=").astype(float)
    best = float(means.idxmin())
    near = sorted(means.index[means < 1.02 * means.min()])
    number = (
        f"lowest ({means.min():.3f}) at {best:g}; within 2 % of it from {near[0]:g} to {near[-1]:g}"
    )
    inside = low - 1e-6 <= best <= high + 1e-6
    return Statement(figure, claim, judge([inside]), number)


def fbm_takes_over(table: pd.DataFrame, figure: str) -> Statement:
    """Check that, as the share of FBM grows, its network errs less, others more (Fig. 6e)."""
    means = table[~table["real"]].groupby(["network", "sample"], sort=False)["mse"].mean()
    first, last = table["sample"].iloc[0], table.loc[~table["real"], "sample"].iloc[-1]
    change = {
        str(name): float(rows.xs(last, level="sample").iloc[0])
        / float(rows.xs(first, level="sample").iloc[0])
        for name, rows in means.groupby("network")
    }
    number = "error with all FBM over that with none: " + ", ".join(
        f"{name.upper()} {value:.2f}" for name, value in change.items()
    )
    others = [value > 1 for name, value in change.items() if name != "fbm"]
    claim = "as the share of FBM grows, its network errs less, and all others more"
    return Statement(figure, claim, judge([change["fbm"] < 1, *others]), number)


def minima_move_to_fbm(table: pd.DataFrame, figure: str) -> Statement:
    """Check that more tracks are given pure FBM as their share grows (Fig. 7b)."""
    pure = table[(table["gamma"] == 1) & (table["beta"] == 0) & ~table["real"]]
    shares = pure.set_index("sample")["share"]
    number = "tracks that are given pure FBM: " + ", ".join(
        f"{100 * share:.1f} % at {name}" for name, share in shares.items()
    )
    most = table.groupby("sample", sort=False)["share"].max()[shares.index]
    parts = [bool(shares.iloc[-1] > shares.iloc[0]), bool(shares.iloc[-1] == most.iloc[-1])]
    claim = "more tracks have their lowest error at pure FBM as its share grows, at last the most"
    return Statement(figure, claim, judge(parts), number)


def mixtures_are_recovered(table: pd.DataFrame, figure: str) -> Statement:
    """Check how far the mixture that is named lies from the truth, against chance (Fig. 7)."""
    found = trust(table)
    number = (
        f"single tracks: {100 * found.right:.1f} % are given the right mixture (chance "
        f"{100 * found.chance:.1f} %), {found.apart:.2f} from the truth in the mean (chance "
        f"{found.chance_apart:.2f}); lowest mean error of each mixture: {found.means_right} of "
        f"{found.n_mixtures} right, {found.means_apart:.2f} from the truth"
    )
    claim = "the lowest error names the mixture"
    half_way = 0.5 * found.chance_apart
    parts = [found.apart < half_way, found.means_apart < half_way]
    return Statement(figure, claim, judge(parts), number)


def _span(ratios: object) -> str:
    values = np.asarray(ratios, dtype=float)
    return f"{values.min():.1f} to {values.max():.1f}"


def _of(table: pd.DataFrame, network: str, model: str) -> pd.Series:
    """Mean error of one network on one model, by exponent."""
    chosen = table[(table["network"] == network) & (table["model"] == model)]
    return chosen.groupby("alpha")["mse"].mean()


def _slopes(table: pd.DataFrame) -> pd.Series:
    """Slope of the exponent of the output against that of the input, by trained exponent."""
    slopes = {}
    for trained, rows in table.groupby("trained"):
        slopes[trained] = float(np.polyfit(rows["fitted_input"], rows["fitted"], 1)[0])
    return pd.Series(slopes)


def _over_plane(table: pd.DataFrame, network: str) -> pd.Series:
    return table[table["network"] == network].groupby(["gamma", "beta"])["mse"].mean()
