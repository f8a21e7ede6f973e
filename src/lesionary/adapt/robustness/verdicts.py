"""Each feature's verdict, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.robustness.cuts import CutOffs

STABLE, HARMONISABLE, REJECT = "stable", "harmonisable", "reject"

Flags = NDArray[np.bool_]


def verdict_table(
    names: Sequence[str],
    stages: Sequence[pd.DataFrame | None],
    repeatable: Flags,
    reproducible: Flags,
    tried: Flags,
    harmonised: Flags,
    cuts: CutOffs,
) -> pd.DataFrame:
    """Say of each feature what it is, why, and its worst agreement at each stage.

    Parameters
    ----------
    names
        Of the features, (p,).
    stages
        Agreement of repeats, across conditions and after harmonisation; None where not judged.
    repeatable, reproducible, tried, harmonised : ndarray of bool (p,)
    cuts

    Returns
    -------
    DataFrame (p, ...)
        ``feature, verdict, reason, repeatability, reproducibility, harmonised``.
    """
    repeats, across, after = (_worst(stage, names, cuts) for stage in stages)
    verdict = np.select([repeatable & reproducible, harmonised], [STABLE, HARMONISABLE], REJECT)
    word = cuts.metric if cuts.by == "value" else f"{cuts.metric}'s lower bound"
    dispersed = f" or QCD above {cuts.qcd:g}, or without a value," if cuts.qcd is not None else ""
    below = f"{word} below {cuts.reproducible:g}{dispersed} across conditions"
    none_of_repeats = np.isnan(repeats) & ~repeatable
    reason = np.select(
        [
            none_of_repeats,
            ~repeatable,
            reproducible,
            harmonised,
            np.isnan(across),
            tried,
        ],
        [
            f"{word} of repeats has no value in some condition: agreement.csv says why",
            f"{word} of repeats below {cuts.repeatable:g} in some condition",
            "conditions agree",
            f"{below}, but not after harmonisation",
            f"{word} across conditions has no value: agreement.csv says why",
            f"{below}, also after harmonisation",
        ],
        below,
    )
    return pd.DataFrame(
        {
            "feature": names,
            "verdict": verdict,
            "reason": reason,
            "repeatability": repeats,
            "reproducibility": across,
            "harmonised": after,
        }
    )


def _worst(stage: pd.DataFrame | None, names: Sequence[str], cuts: CutOffs) -> NDArray[np.float64]:
    """Take what is cut, the least of all places; NaN where it has no value in one."""
    if stage is None:
        return np.full(len(names), np.nan)
    rows = stage[stage["metric"] == cuts.metric]
    judged = rows["feature"].unique()
    values = rows[cuts.by].to_numpy(np.float64).reshape(-1, len(judged))  # a row a place
    worst = pd.Series(values.min(axis=0), index=judged).reindex(pd.Index(names))
    return worst.to_numpy(np.float64)
