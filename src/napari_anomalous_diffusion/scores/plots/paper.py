"""The figures of the paper, from the tables of `lab.experiments`.

Each error bears the name of its protocol: ``track``, where every track is scored by itself, or
``population``, where the statistics of a batch of one kind enter (see `scores.populations`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_anomalous_diffusion.scores.palette import MODEL_COLOURS, display_name, label_colours
from napari_anomalous_diffusion.scores.plots.style import logarithmic, open_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PROTOCOLS = {
    "track": "MSE, per track\n(squared rms displacement)",
    "population": "MSE, population protocol\n(displacement variance)",
}
"""What an error is, by the protocol it was measured in."""

MARKERS = {"attm": "^", "ctrw": "s", "fbm": "o", "lw": "v", "sbm": "D"}

OFF_THE_PICTURE = 3
"""Networks of exponents that err by this factor more than the best lie above the picture."""

SHADE: dict[str, Any] = {"color": "0.5", "alpha": 0.15, "linewidth": 0}


def redrawn_track(
    axes: Axes,
    window: NDArray[np.float32],
    outputs: NDArray[np.float32],
    title: str,
    mse: float,
    *,
    own: bool = False,
) -> None:
    """Draw a track and what networks make of it: one panel of Fig. 1c and d.

    Parameters
    ----------
    axes : Axes
    window : ndarray of float32, shape (length,)
        The normalised track.
    outputs : ndarray of float32, shape (n_networks, length)
    title : str
        What the track is.
    mse : float
        Its error, the mean over the networks.
    own : bool
        Whether it is of the kind that the networks were trained on; such panels are grey.
    """
    if own:
        axes.axvspan(-1, len(window), **SHADE)
    for number, output in enumerate(outputs):
        axes.plot(output, color="#D55E00", linewidth=1.2, label=None if number else "output")
    axes.plot(
        window, color=mpl.rcParams["text.color"], marker="o", markersize=2.5, linewidth=1,
        label="input", zorder=0,
    )  # fmt: skip
    axes.set_xlim(-1, len(window))
    axes.set_title(f"{title}\nMSE = {mse:.3f}", fontsize="small")
    axes.set_xlabel("point", fontsize="small")
    _plain(axes)


def errors_on_models(
    axes: Axes, table: pd.DataFrame, protocol: str, networks: Sequence[str] | None = None
) -> None:
    """Draw the error of every network on every model: Fig. 2a.

    Lines are means over the members of a network, bands their standard deviations, rings the model
    that a network was trained with.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``network, member, model, mse``.
    protocol : {"track", "population"}
    networks : sequence of str, optional
        Those to draw; all, where none are named.
    """
    models = list(dict.fromkeys(table["model"]))
    networks = list(networks or dict.fromkeys(table["network"]))
    places = np.arange(len(models))
    for network, colour in label_colours(networks).items():
        its_own = table[table["network"] == network].pivot_table("mse", "member", "model")[models]
        _line_with_band(axes, places, its_own, colour, display_name(network), MARKERS.get(network))
        if network in models:
            place = models.index(network)
            axes.plot(
                place, its_own[network].mean(), marker="o", markersize=11, fillstyle="none",
                color=mpl.rcParams["text.color"], zorder=5,
            )  # fmt: skip
    axes.set_xticks(places, [display_name(model) for model in models], fontsize="small")
    axes.set_xlim(-0.4, len(models) - 0.6)
    axes.set_xlabel("model of the tracks", fontsize="small")
    _errors(axes, table["mse"], protocol)
    _legend(axes, "trained with")


def errors_by_exponent(
    axes: Axes,
    table: pd.DataFrame,
    network: str,
    protocol: str,
    trained: tuple[float, float] | None = None,
) -> None:
    """Draw the error of one network on tracks of every model and exponent: Figs. 2b-e and 3.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``network, member, model, alpha, mse``.
    network : str
    protocol : {"track", "population"}
    trained : tuple of float, optional
        The range of exponents that the network was trained with, to be shaded.
    """
    if trained is not None:
        axes.axvspan(*trained, **SHADE)
    chosen = table[table["network"] == network]
    for model in dict.fromkeys(chosen["model"]):
        errors = chosen[chosen["model"] == model].pivot_table("mse", "member", "alpha")
        colour, name = MODEL_COLOURS[model], display_name(model)
        _line_with_band(axes, errors.columns.to_numpy(), errors, colour, name, MARKERS[model])
    axes.set_title(f"network trained with {display_name(network)}", fontsize="small")
    axes.set_xlabel("exponent α of the tracks", fontsize="small")
    # All networks of a table share their limits, so that pictures can be compared.
    _errors(axes, table.groupby(["network", "model", "alpha"])["mse"].mean(), protocol)
    _legend(axes, "tracks of")


def fitted_exponents(axes: Axes, table: pd.DataFrame, trained: float) -> None:
    """Draw the exponent fitted to redrawn tracks: Fig. 4a-c.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``model, trained, alpha, fitted, fitted_input``.
    trained : float
        The exponent of the networks that are shown.
    """
    chosen = table[np.isclose(table["trained"], trained)]
    alphas = np.unique(chosen["alpha"])
    axes.plot(alphas, alphas, color="0.6", linewidth=1, label="as simulated")
    for model in dict.fromkeys(chosen["model"]):
        means = chosen[chosen["model"] == model].groupby("alpha")[["fitted", "fitted_input"]].mean()
        colour, name = MODEL_COLOURS[model], display_name(model)
        axes.plot(
            means.index, means["fitted"], color=colour, marker=MARKERS[model], markersize=4,
            label=f"{name}, redrawn",
        )  # fmt: skip
        axes.plot(
            means.index, means["fitted_input"], color=colour, linestyle=":", linewidth=1.2,
            label=f"{name}, input",
        )  # fmt: skip
    _mark_trained(axes, trained)
    axes.set_ylabel("fitted exponent,\npopulation protocol", fontsize="small")
    _legend(axes, None)


def errors_away_from_trained(
    axes: Axes, table: pd.DataFrame, trained: float, protocol: str
) -> None:
    """Draw the error of networks of one exponent on tracks of their model at all: Fig. 4d-f.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``member, model, trained, alpha, mse``.
    trained : float
        The exponent of the networks that are shown.
    protocol : {"track", "population"}
    """
    chosen = table[np.isclose(table["trained"], trained)]
    for model in dict.fromkeys(chosen["model"]):
        errors = chosen[chosen["model"] == model].pivot_table("mse", "member", "alpha")
        colour, name = MODEL_COLOURS[model], display_name(model)
        _line_with_band(axes, errors.columns.to_numpy(), errors, colour, name, MARKERS[model])
    _mark_trained(axes, trained)
    _errors(axes, table["mse"], protocol)
    _legend(axes, None)


def errors_of_samples(axes: Axes, table: pd.DataFrame, protocol: str) -> None:
    """Draw the error of each network on one or more samples: Fig. 6a and b.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``network, member, mse, sample, real``; the networks are models.
    protocol : {"track", "population"}
    """
    networks = list(dict.fromkeys(table["network"]))
    places = np.arange(len(networks))
    shades = [mpl.rcParams["text.color"], "0.55"]
    for number, (sample, rows) in enumerate(table.groupby("sample", sort=False)):
        errors = rows.pivot_table("mse", "member", "network")[networks]
        _line_with_band(axes, places, errors, shades[number % 2], _sample_name(rows, sample), "o")
        lowest = int(np.argmin(errors.mean().to_numpy()))
        axes.plot(
            lowest, errors.mean().iloc[lowest], marker="o", markersize=11, fillstyle="none",
            color="#D55E00", markeredgewidth=1.5, zorder=5,
        )  # fmt: skip
    axes.set_xticks(places, [display_name(network) for network in networks], fontsize="small")
    axes.set_xlim(-0.4, len(networks) - 0.6)
    axes.set_xlabel("network trained with", fontsize="small")
    _errors(axes, table["mse"], protocol)
    _legend(axes, None)


def errors_by_trained_exponent(axes: Axes, tables: dict[str, pd.DataFrame], protocol: str) -> None:
    """Draw the error of networks of every exponent on one sample: Fig. 6c and d.

    Parameters
    ----------
    axes : Axes
    tables : dict of str to DataFrame
        For each model of the networks, columns ``network, member, mse, sample, real``; the networks
        are exponents, ``alpha=0.3``.
    protocol : {"track", "population"}
    """
    for model, table in tables.items():
        alphas = table["network"].str.removeprefix("alpha=").astype(float)
        errors = table.assign(alpha=alphas).pivot_table("mse", "member", "alpha")
        colour, name = MODEL_COLOURS[model], f"trained with {display_name(model)}"
        _line_with_band(axes, errors.columns.to_numpy(), errors, colour, name, MARKERS[model])
        lowest = errors.mean().idxmin()
        axes.plot(
            lowest, errors.mean().min(), marker="o", markersize=11, fillstyle="none",
            color=mpl.rcParams["text.color"], zorder=5,
        )  # fmt: skip
    axes.set_xlabel("exponent α of the network", fontsize="small")
    means = pd.concat([table.groupby("network")["mse"].mean() for table in tables.values()])
    _errors(axes, means.clip(upper=OFF_THE_PICTURE * means.min()), protocol)
    _legend(axes, None)


def errors_by_share(axes: Axes, table: pd.DataFrame, protocol: str) -> None:
    """Draw the error of each network on samples beside each other: Fig. 6e.

    Simulated samples are joined by lines, real ones stand apart.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``network, member, mse, sample, real``; the networks are models.
    protocol : {"track", "population"}
    """
    real = table.drop_duplicates("sample").set_index("sample")["real"]
    places = np.arange(len(real)) + 0.6 * real.to_numpy()
    for network, colour in label_colours(list(dict.fromkeys(table["network"]))).items():
        its_own = table[table["network"] == network]
        errors = its_own.pivot_table("mse", "member", "sample")[list(real.index)]
        name = display_name(network)
        for number, part in enumerate((~real.to_numpy(), real.to_numpy())):
            _line_with_band(
                axes, places[part], errors.loc[:, part], colour, None if number else name,
                MARKERS.get(network), joined=not number,
            )  # fmt: skip
    names = [f"{name}\n(real)" if is_real else str(name) for name, is_real in real.items()]
    axes.set_xticks(places, names, fontsize="small")
    axes.set_xlabel("share of FBM among simulated tracks, and real tracks", fontsize="small")
    _errors(axes, table["mse"], protocol)
    _legend(axes, "trained with")


def ablation(axes: Axes, table: pd.DataFrame, network: str, conditions: dict[str, str]) -> None:
    """Draw a network's error on other models over that on its own, under several conditions.

    Parameters
    ----------
    axes : Axes
    table : DataFrame
        Columns ``condition, network, model, mse``.
    network : str
    conditions : dict of str to str
        What to call each condition, in their order from above.
    """
    chosen = table[table["network"] == network].pivot_table("mse", "condition", "model")
    ratios = chosen.div(chosen[network], axis=0).drop(columns=network).loc[list(conditions)]
    for model in ratios:
        axes.plot(
            ratios[model], range(len(ratios)), color=MODEL_COLOURS[model], marker=MARKERS[model],
            linestyle="none", markersize=7, label=display_name(model), alpha=0.85,
        )  # fmt: skip
    axes.axvline(1, color="0.6", linewidth=1)
    axes.set_yticks(range(len(ratios)), list(conditions.values()), fontsize="small")
    axes.set_ylim(len(ratios) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xticks([0.5, 1, 2, 5, 10, 20], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlim(min(0.5, 0.8 * ratios.min().min()), 1.3 * ratios.max().max())
    name = display_name(network)
    axes.set_xlabel(f"MSE of the {name} network, over that on {name} tracks", fontsize="small")
    _plain(axes)
    _legend(axes, "tracks of")


def _line_with_band(
    axes: Axes,
    places: NDArray[Any],
    errors: pd.DataFrame,
    colour: str,
    name: str | None,
    marker: str | None,
    joined: bool = True,
) -> None:
    """Draw means over the members (rows) with their standard deviations."""
    mean, spread = errors.mean().to_numpy(), errors.std(ddof=0).to_numpy()
    line = "-" if joined else "none"
    axes.plot(
        places, mean, color=colour, marker=marker or "o", markersize=4, linestyle=line, label=name
    )
    if len(errors) == 1:
        return
    # On a logarithmic axis, a band must not reach zero.
    low, high = np.maximum(mean - spread, mean / 10), mean + spread
    if joined:
        axes.fill_between(places, low, high, color=colour, alpha=0.25, linewidth=0)
    else:
        axes.vlines(places, low, high, color=colour, alpha=0.5)


def _mark_trained(axes: Axes, trained: float) -> None:
    axes.axvline(trained, color="0.4", linestyle="--", linewidth=1)
    axes.set_title(f"networks trained at α = {trained:g}", fontsize="small")
    axes.set_xlabel("exponent α of the tracks", fontsize="small")
    _plain(axes)


def _errors(axes: Axes, errors: pd.Series, protocol: str) -> None:
    """Make the y axis one of errors, and name their protocol."""
    logarithmic(axes, float(errors.min()), float(errors.max()))
    axes.set_ylabel(PROTOCOLS[protocol], fontsize="small")
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize="small", which="both")
    open_frame(axes)


def _legend(axes: Axes, title: str | None) -> None:
    axes.legend(
        title=title, fontsize="x-small", title_fontsize="x-small", frameon=False,
        loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2,
    )  # fmt: skip


def _sample_name(rows: pd.DataFrame, sample: object) -> str:
    return f"{sample}\n({'real' if rows['real'].iloc[0] else 'simulated'})"
