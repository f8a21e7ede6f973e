"""Is it the volume? How features go with it, and what it tells alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lesionary.evaluate.comparisons.correction import benjamini_hochberg
from lesionary.evaluate.explore.correlation import correlate
from lesionary.evaluate.explore.rows import FeatureRows
from lesionary.evaluate.metrics import judge
from lesionary.evaluate.result import Result

Floats = NDArray[np.float64]


def volume_correlation(
    values: Floats, rows: FeatureRows, threshold: float, level: float
) -> pd.DataFrame:
    """Correlate each feature with volume, by ranks.

    Parameters
    ----------
    values : ndarray (n, p)
    rows : FeatureRows
        With a volume.
    threshold : float
        Absolute correlation from which on a feature stands for volume.
    level : float
        Of the intervals, which are Bonett and Wright's (Psychometrika 2000; 65: 23). With several
        rows a patient they count patients, which is on the safe side.

    Returns
    -------
    DataFrame (p, ...)
        ``volume_spearman``, ``volume_low``, ``volume_high``, ``volume_p``, ``volume_p_fdr``,
        ``stands_for_volume``, ``notes``.
    """
    assert rows.volume is not None
    rho = correlate(values, rows.volume[:, None])[:, 0]
    shared = ~np.isnan(values) & ~np.isnan(rows.volume)[:, None]
    n = np.array([len(np.unique(rows.patient[mine])) for mine in shared.T])
    known = np.isfinite(rho) & (n > 3)
    low, high, p, corrected = (np.full(len(rho), np.nan) for _ in range(4))
    r = rho[known]
    reach = stats.norm.ppf((1 + level) / 2) * np.sqrt((1 + r**2 / 2) / (n[known] - 3))
    inside = np.clip(r, -1 + 1e-15, 1 - 1e-15)
    low[known] = np.where(np.abs(r) == 1, r, np.tanh(np.arctanh(inside) - reach))
    high[known] = np.where(np.abs(r) == 1, r, np.tanh(np.arctanh(inside) + reach))
    t = inside * np.sqrt((n[known] - 2) / (1 - inside**2))
    p[known] = 2 * stats.t.sf(np.abs(t), n[known] - 2)
    corrected[known] = benjamini_hochberg(p[known])
    stands = pd.array(np.abs(rho) >= threshold, dtype="boolean")
    stands[~np.isfinite(rho)] = pd.NA
    return pd.DataFrame(
        {
            "volume_spearman": rho,
            "volume_low": low,
            "volume_high": high,
            "volume_p": p,
            "volume_p_fdr": corrected,
            "stands_for_volume": stands,
            "notes": np.where(known, "", "No correlation with volume, or none with an interval."),
        }
    )


def volume_results(rows: FeatureRows, level: float = 0.95, seed: int = 0) -> tuple[Result, ...]:
    """Judge volume as a score of the second of two classes: AUC and average precision.

    Returns
    -------
    tuple of Result
        Empty without a volume, or two classes. The interval of the AUC is DeLong's, if each class
        has two patients; that of average precision from a bootstrap of patients.
    """
    if rows.volume is None or rows.label is None or len(rows.classes) != 2:
        return ()
    there = ~np.isnan(rows.volume)
    label, volume, group = rows.label[there], rows.volume[there], rows.patient[there]
    if len(np.unique(label)) < 2:
        return ()
    enough = all(len(np.unique(group[label == one])) > 1 for one in (0, 1))
    groups = group if rows.patients_known else None
    return (
        judge("auc", label, volume, groups, interval="delong" if enough else None, level=level),
        judge(
            "average_precision",
            label,
            volume,
            groups,
            interval="percentile" if enough else None,
            level=level,
            seed=seed,
        ),
    )
