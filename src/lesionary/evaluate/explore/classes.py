"""What each feature tells of a class: rank tests and AUCs, from ranks that are taken once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lesionary.evaluate.comparisons.correction import benjamini_hochberg
from lesionary.evaluate.explore.patterns import same_rows_missing
from lesionary.evaluate.explore.separation import auc_intervals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEW = 8
"""Rows of a class up to which Mann and Whitney's U is looked up exactly, if there are no ties."""


def compare_classes(
    values: Floats, label: Ints, classes: Sequence[str], patient: Ints, level: float = 0.95
) -> pd.DataFrame:
    """Compare the classes in every column.

    Two classes: Mann and Whitney's test, two-sided, by the normal approximation with corrections
    for ties and continuity, exactly where a class has up to 8 rows and nothing is tied. More:
    Kruskal and Wallis's. AUCs are exact, ties counting half, with DeLong's interval on the logit
    scale; with several rows a patient the variance is Obuchowski's.

    Parameters
    ----------
    values : ndarray (n, p)
        NaN where missing: such rows are left out of that column.
    label : ndarray of int (n,)
        Index into ``classes``.
    classes : sequence of str
        Of two the second is the positive one.
    patient : ndarray of int (n,)
        Numbered from 0.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame (p, ...)
        ``n:<class>``, ``mean:<class>``, ``median:<class>``, ``test``, ``statistic``, ``p``,
        ``p_bonferroni``, ``p_fdr``, ``auc``, ``auc_low``, ``auc_high`` (of more than two classes
        each with ``:<class>``) and ``notes``. p-values are corrected for the columns that could
        be tested.

    Examples
    --------
    >>> values = np.array([[1.0], [2.0], [4.0], [3.0], [5.0], [6.0]])
    >>> label, own = np.array([0, 0, 0, 1, 1, 1]), np.arange(6)
    >>> found = compare_classes(values, label, ["no", "yes"], own).iloc[0]
    >>> print(f"{found['auc']:.3f} {found['p']:.3f} {found['test']}")
    0.889 0.200 Mann-Whitney, exact
    """
    parts = [
        _of_block(
            values[np.ix_(present, columns)], label[present], classes, patient[present], level
        ).set_axis(columns)
        for columns, present in same_rows_missing(values)
    ]
    found = pd.concat(parts).sort_index()
    tested = found["p"].notna().to_numpy()
    p = found["p"].to_numpy()[tested]
    corrected = np.full((2, len(found)), np.nan)
    corrected[:, tested] = np.minimum(p * len(p), 1), benjamini_hochberg(p)
    at = list(found).index("p") + 1
    for name, column in zip(("p_fdr", "p_bonferroni"), corrected[::-1], strict=True):
        found.insert(at, name, column)
    return found


def _of_block(
    block: Floats, label: Ints, classes: Sequence[str], patient: Ints, level: float
) -> pd.DataFrame:
    """Compare classes in columns without a gap."""
    counts = np.bincount(label, minlength=len(classes))
    columns: dict[str, object] = {}
    for number, name in enumerate(classes):
        inside = block[label == number]
        columns[f"n:{name}"] = counts[number]
        for what, middle in (("mean", np.mean), ("median", np.median)):
            columns[f"{what}:{name}"] = middle(inside, axis=0) if len(inside) else np.nan
    ranks = stats.rankdata(block, axis=0)
    sums = np.stack([ranks[label == number].sum(axis=0) for number in range(len(classes))])
    columns |= _test(block, label, ranks, sums, counts)
    notes = np.full(block.shape[1], "", dtype=object)
    empty = [name for name, count in zip(classes, counts, strict=True) if not count]
    if empty:
        notes[:] = f"No value in class {empty[0]}."
    for number in (1,) if len(classes) == 2 else range(len(classes)):
        of = "" if len(classes) == 2 else f":{classes[number]}"
        positive = label == number
        wins = sums[number] - counts[number] * (counts[number] + 1) / 2
        pairs = counts[number] * (len(label) - counts[number])
        area = wins / pairs if pairs else np.full(block.shape[1], np.nan)
        low, high, why = auc_intervals(block, area, positive, patient, level)
        columns |= {f"auc{of}": area, f"auc_low{of}": low, f"auc_high{of}": high}
        if pairs:
            notes[why != ""] = why[why != ""]
    return pd.DataFrame(columns, index=range(block.shape[1])).assign(notes=notes)


def _test(
    block: Floats, label: Ints, ranks: Floats, sums: Floats, counts: Ints
) -> dict[str, object]:
    """Test whether the classes differ in location; NaN in constant columns, or without a class."""
    n, width = ranks.shape
    nothing = np.full(width, np.nan)
    name = "Mann-Whitney" if len(counts) == 2 else "Kruskal-Wallis"
    if not counts.all():
        return {"test": name, "statistic": nothing, "p": nothing.copy()}
    # The sum of squares of the ranks has all there is to know of ties.
    squares = ((ranks - (n + 1) / 2) ** 2).sum(axis=0)
    varies = squares > 0
    spread = np.where(varies, squares, np.nan)
    if len(counts) > 2:
        between = (counts[:, None] * (sums / counts[:, None] - (n + 1) / 2) ** 2).sum(axis=0)
        statistic = (n - 1) * between / spread
        p = stats.chi2.sf(statistic, len(counts) - 1)
        return {"test": name, "statistic": statistic, "p": p}
    pairs = int(counts.prod())
    u = sums[1] - counts[1] * (counts[1] + 1) / 2
    deviation = np.sqrt(pairs / (n * (n - 1)) * spread)
    z = np.maximum(np.abs(u - pairs / 2) - 0.5, 0) / deviation
    p = 2 * stats.norm.sf(z)
    exact = np.zeros(width, dtype=bool)
    if counts.min() <= FEW and pairs <= FEW * 1000:
        exact = np.isclose(squares, (n**3 - n) / 12)  # no ties
        found = stats.mannwhitneyu(
            block[np.ix_(label == 1, exact)], block[np.ix_(label == 0, exact)], method="exact"
        )
        p[exact] = found.pvalue
    test = np.where(exact, f"{name}, exact", f"{name}, normal approximation")
    return {"test": test, "statistic": np.where(varies, u, np.nan), "p": p}
