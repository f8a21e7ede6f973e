"""Features that are no more than the lesion's size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lesionary.adapt.selection.selector import z_scores
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError
from lesionary.evaluate.comparisons.correction import benjamini_hochberg
from lesionary.evaluate.inputs import group_codes


def volume_confounding(
    features: pd.DataFrame,
    volume: str | ArrayLike,
    y: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    *,
    threshold: float = 0.85,
    level: float = 0.95,
) -> pd.DataFrame:
    """Correlate each feature with the lesion's volume, and ask what it tells beyond it.

    Parameters
    ----------
    features : DataFrame (n, columns)
        Numbers without missing values; other columns (text) are refused.
    volume : str or array_like (n,)
        A column of ``features``, or values in any unit: only their order counts.
    y : array_like (n,), optional
        Two classes. Then the association of feature and class is also given after volume is
        accounted for, in ranks.
    groups : array_like (n,), optional
        Of each row its patient. The intervals and p-values then count patients instead of
        rows, which is on the safe side.
    threshold : float
        Absolute Spearman correlation from which on a feature is called a stand-in for volume.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        A row a feature, the most correlated first: ``feature, spearman, low, high, p, q``
        (against 0; ``q`` after Benjamini and Hochberg), ``n``, ``patients`` and ``verdict``.
        With ``y``, also ``auc`` and ``volume_auc`` (each max(AUC, 1 - AUC)), ``partial`` (the
        partial Spearman correlation of feature and class given volume), ``partial_p`` and
        ``partial_q``.

    Notes
    -----
    The interval of a Spearman correlation is that of Bonett and Wright (Psychometrika 2000; 65:
    23). Verdicts: "constant"; "stands in for volume" at the threshold or above; "related to
    volume" where ``q`` is below 1 - level; else "no relation seen". With ``y``, "; tells
    more" is added where ``partial_q`` is below 1 - level.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> volume = rng.lognormal(size=80)
    >>> table = pd.DataFrame({"energy": volume**2, "texture": rng.normal(size=80)})
    >>> volume_confounding(table, volume)[["feature", "verdict"]].to_numpy().tolist()
    [['energy', 'stands in for volume'], ['texture', 'no relation seen']]
    """
    size, table = _volume(features, volume)
    values = _numbers(table)
    n = len(values)
    codes, grouped = group_codes(groups, n)
    independent = int(codes.max()) + 1
    if independent < 5:
        raise ModelError(
            f"{independent} {'patients' if grouped else 'lesions'} are too few to tell a "
            "correlation with volume: five at least."
        )
    if not 0 < threshold <= 1 or not 0 < level < 1:
        raise ModelError("The threshold lies in (0, 1] and the level between 0 and 1.")
    ranks = z_scores(stats.rankdata(values, axis=0))
    of_size = z_scores(stats.rankdata(size)[:, None])
    if not of_size.any():
        raise ModelError("All volumes are the same: nothing can be confounded with them.")
    rho = np.clip(ranks.T @ of_size[:, 0] / n, -1.0, 1.0)
    constant = ~ranks.any(axis=0)
    low, high = _interval(rho, independent, level)
    p = np.where(constant, 1.0, _p_of_correlation(rho, independent - 2))
    found = pd.DataFrame(
        {
            "feature": [str(name) for name in table.columns],
            "spearman": np.where(constant, np.nan, rho),
            "low": np.where(constant, np.nan, low),
            "high": np.where(constant, np.nan, high),
            "p": p,
            "q": benjamini_hochberg(p),
            "n": n,
            "patients": independent if grouped else None,
        }
    )
    found["verdict"] = np.select(
        [constant, np.abs(rho) >= threshold, found["q"] < 1 - level],
        ["constant", "stands in for volume", "related to volume"],
        "no relation seen",
    )
    if y is not None:
        found = _beyond(found, ranks, of_size, rho, y, independent, level)
    return found.sort_values("spearman", key=np.abs, ascending=False, kind="stable").reset_index(
        drop=True
    )


def _beyond(
    found: pd.DataFrame,
    ranks: NDArray[np.float64],
    of_size: NDArray[np.float64],
    rho: NDArray[np.float64],
    y: ArrayLike,
    independent: int,
    level: float,
) -> pd.DataFrame:
    from lesionary.adapt.selection.auc import univariate_auc

    codes, classes = class_codes(y)
    if len(codes) != len(ranks):
        raise ModelError(f"There are {len(ranks):,} lesions but {len(codes):,} labels.")
    if len(classes) != 2:
        raise ModelError(f"Beyond volume is asked of two classes, not {len(classes)}.")
    label = z_scores(codes[:, None].astype(np.float64))[:, 0]
    with_label = ranks.T @ label / len(label)
    size_label = float(of_size[:, 0] @ label / len(label))
    spread = np.sqrt(np.maximum((1 - rho**2) * (1 - size_label**2), 0.0))
    # A feature that is volume, rank by rank, has nothing left that could tell more.
    left = spread > 1e-6
    partial = np.where(left, (with_label - rho * size_label) / np.where(left, spread, 1.0), 0.0)
    partial = np.clip(partial, -1.0, 1.0)
    p = np.where(left, _p_of_correlation(partial, independent - 3), 1.0)
    q = benjamini_hochberg(p)
    more = np.where((q < 1 - level) & (found["verdict"] != "constant"), "; tells more", "")
    return found.assign(
        auc=univariate_auc(ranks, codes),
        volume_auc=float(univariate_auc(of_size, codes)[0]),
        partial=partial,
        partial_p=p,
        partial_q=q,
        verdict=found["verdict"] + more,
    )


def _interval(
    rho: NDArray[np.float64], n: int, level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    half = stats.norm.ppf(0.5 + level / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    z = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))
    return np.tanh(z - half), np.tanh(z + half)


def _p_of_correlation(rho: NDArray[np.float64], freedom: int) -> NDArray[np.float64]:
    t = np.abs(rho) * np.sqrt(freedom / np.maximum(1 - rho**2, 1e-300))
    return np.asarray(2 * stats.t.sf(t, freedom), dtype=np.float64)


def _volume(
    features: pd.DataFrame, volume: str | ArrayLike
) -> tuple[NDArray[np.float64], pd.DataFrame]:
    if not isinstance(features, pd.DataFrame):
        raise ModelError("Features are a table with named columns.")
    given: Any = volume
    table = features
    if isinstance(volume, str):
        if volume not in features:
            raise ModelError(f"There is no column {volume!r} with the volumes.")
        given, table = features[volume], features.drop(columns=volume)
    size = np.asarray(given, dtype=np.float64)
    if size.shape != (len(features),) or not np.isfinite(size).all() or (size < 0).any():
        raise ModelError("Volumes are one number a lesion, 0 or more, and none is missing.")
    return size, table


def _numbers(table: pd.DataFrame) -> NDArray[np.float64]:
    text = [str(c) for c in table if not pd.api.types.is_numeric_dtype(table[c])]
    if text:
        raise ModelError(f"Column {text[0]!r} is no number in every row: give features only.")
    values = table.to_numpy(dtype=np.float64)
    if values.shape[1] == 0:
        raise ModelError("There is no feature to compare with volume.")
    broken = ~np.isfinite(values).all(axis=0)
    if broken.any():
        raise ModelError(
            f"{int(broken.sum()):,} features have missing or infinite values, first "
            f"{table.columns[int(np.argmax(broken))]!r}: drop or fill them first."
        )
    return values
