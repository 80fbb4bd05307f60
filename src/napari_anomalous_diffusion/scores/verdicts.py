"""From error profiles to verdicts: the best label, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_anomalous_diffusion.scores.calibration import calibration_of, judge
from napari_anomalous_diffusion.scores.words import (
    IMMOBILE,
    NOVEL,
    SEPARATOR,
    TOO_SHORT,
    UNDECIDED,
)

if TYPE_CHECKING:
    from napari_anomalous_diffusion.autoencoders.bank import Bank
    from napari_anomalous_diffusion.scores.profiles import Profiles


def verdicts(
    profiles: Profiles, bank: Bank, best: NDArray[np.int64], level: float, false_discoveries: bool
) -> dict[str, Any]:
    """Decide what to call every track, and say how sure that is.

    Parameters
    ----------
    profiles : Profiles
    bank : Bank
    best : ndarray of int64, shape (n_tracks,)
        The place of the label with the lowest error; that of no label for tracks without errors.
    level : float
        Share of each label's own tracks that may be called novel, or be denied their label.
    false_discoveries : bool
        Whether `level` is instead the expected share of false ones among all that are called
        novel (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995).

    Returns
    -------
    dict of str to ndarray, shape (n_tracks,)
        ``verdict``, ``candidates``, ``p_value`` and ``confidence``, see `Scores`.
    """
    scored = profiles.scored
    labels = np.array([*bank.labels, None], dtype=object)
    verdict = np.where(scored, labels[best], np.where(profiles.fits, IMMOBILE, TOO_SHORT))
    candidates = np.full(len(scored), None, dtype=object)
    p_value, confidence = np.full((2, len(scored)), np.nan)
    calibration = calibration_of(bank)
    if calibration is not None and scored.any():
        judgement = judge(profiles.select(scored), bank, calibration, level)
        its_best = best[scored]
        mine = np.arange(len(its_best)), its_best
        p_value[scored] = judgement.p_value
        if bank.axis == "model":
            confidence[scored] = judgement.probabilities[mine]
        among = judgement.candidates
        among[mine] = True
        candidates[scored] = [
            SEPARATOR.join(name for name, is_one in zip(bank.labels, row, strict=True) if is_one)
            for row in among
        ]
        novel = _below(judgement.p_value, level, false_discoveries)
        undecided = among.sum(axis=1) > 1
        verdict[scored] = np.where(novel, NOVEL, np.where(undecided, UNDECIDED, verdict[scored]))
    verdict[profiles.still & scored] = IMMOBILE
    return {
        "verdict": verdict,
        "candidates": candidates,
        "p_value": p_value,
        "confidence": confidence,
    }


def _below(
    p_value: NDArray[np.float64], level: float, false_discoveries: bool
) -> NDArray[np.bool_]:
    if false_discoveries:
        from scipy.stats import false_discovery_control

        p_value = false_discovery_control(p_value)
    return np.asarray(p_value < level)
