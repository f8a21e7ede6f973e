"""Whether a model is as good in women as in men, in one scanner as in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.correction import holm
from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.evaluate.metrics import METRICS, judge, kernel_of
from lesionary.evaluate.resample.draw import draw
from lesionary.evaluate.result import Result

FEW = 10
"""Rows of a class below which an interval is called unreliable."""

UNRELIABLE = "unreliable"

_MANY = 6
"""Different numbers of a column above which it is cut in three."""

_DEFINED = 0.8
"""Share of resamples in which every subgroup has a value, below which there is no test."""

TEST = "bootstrap Wald test of equal metrics, whole patients drawn"


@dataclass(frozen=True)
class Subgroups:
    """A metric in each subgroup by one column.

    Parameters
    ----------
    column
        What the rows are told apart by.
    results
        One a subgroup. Where there is none, ``reasons`` say why.
    reasons
        Of the subgroups that could not be judged.
    counts
        Rows of every subgroup.
    p
        Of the interaction: that the metric is the same in all subgroups. None if it could not
        be tested; then ``notes`` say why.
    corrected_p
        By Holm, over all columns that were looked at.
    notes
        What a reader should know.
    """

    column: str
    results: Mapping[str, Result]
    reasons: Mapping[str, str]
    counts: Mapping[str, int]
    p: float | None
    corrected_p: float | None
    notes: tuple[str, ...] = ()
    test: str = TEST

    @property
    def table(self) -> pd.DataFrame:
        """One row a subgroup: its metric, counts and notes, and the test of the interaction."""
        rows: list[dict[str, Any]] = []
        for name, count in self.counts.items():
            row: dict[str, Any] = {"column": self.column, "subgroup": name, "n": count}
            if name in self.results:
                row |= self.results[name].as_dict()
            else:
                row["notes"] = f"not computed: {self.reasons[name]}"
            row |= {"p_interaction": self.p, "corrected_p": self.corrected_p}
            rows.append(row | {"test": " ".join((f"{self.test}.", *self.notes))})
        columns = ["column", "subgroup", "metric", "value", "low", "high", "level", "n", "events"]
        columns += ["patients", "method", "p_interaction", "corrected_p", "test", "notes"]
        return pd.DataFrame(rows).reindex(columns=columns)


def judge_subgroups(
    y: ArrayLike,
    score: ArrayLike,
    columns: pd.DataFrame,
    groups: ArrayLike | None = None,
    *,
    metric: str = "auc",
    edges: Mapping[str, Sequence[float]] | None = None,
    threshold: float = 0.5,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    classes: Sequence[Any] | None = None,
) -> list[Subgroups]:
    """Judge a model in subgroups, and test whether it is equally good in all of them.

    The test of a column compares how far apart the metrics of its subgroups are (Wald's
    statistic, of the bootstrap's covariance) with how far apart they come by chance (the
    same of each resample, centred). It holds for every metric, and for patients who have lesions
    in several subgroups. Subgroups with fewer than ten rows of a class are left out of it. What
    is not significant is not shown to be the same.

    Parameters
    ----------
    y, score, groups, threshold, level, seed, classes
        As of :func:`lesionary.evaluate.metrics.judge`.
    columns : DataFrame (n, columns)
        What to tell rows apart by: names, or numbers, which are cut.
    metric : str
        A name in ``METRICS``.
    edges : mapping of str to sequence of float, optional
        Where a column of numbers is cut: each edge begins a subgroup. Columns of more than
        six different numbers are cut at their tertiles otherwise.
    resamples : int
        Of the bootstrap; of the test, too.

    Returns
    -------
    list of Subgroups
        One a column, with Holm's correction over them.

    Examples
    --------
    >>> y, score = [0, 0, 1, 1] * 20, [0.1, 0.4, 0.3, 0.8] * 20
    >>> sex = pd.DataFrame({"sex": ["f"] * 40 + ["m"] * 40})
    >>> found = judge_subgroups(y, score, sex, resamples=100)[0]
    >>> {name: result.value for name, result in found.results.items()}
    {'f': 0.75, 'm': 0.75}
    """
    rows = labelled(y, score, groups, classes=classes)
    if len(columns) != rows.n:
        raise EvaluationError(f"There are {rows.n:,} rows, but {len(columns):,} to cut them by.")
    unknown = set(edges or {}) - set(columns)
    if unknown:
        raise EvaluationError(f"There is no column {min(unknown)!r} to be cut at edges.")
    weights = draw(rows.group, rows.label, resamples=resamples, seed=seed)
    found = []
    for name in columns:
        cut = cut_column(columns[name], (edges or {}).get(str(name)))
        results, reasons = {}, {}
        for subgroup in cut.cat.categories:
            part = _part(rows, (cut == subgroup).to_numpy())
            try:
                results[subgroup] = _judged(part, metric, threshold, resamples, level, seed)
            except EvaluationError as error:
                reasons[subgroup] = str(error)
        large = [one for one in results if not _is_small(results[one])]
        p, notes = _interaction(rows, cut, large, weights, metric, threshold)
        small = [one for one in cut.cat.categories if one not in large]
        if small and p is not None:
            notes = (f"The test leaves out {', '.join(small)}, which are too small.",)
        missing = int(cut.isna().sum())
        if missing:
            notes = (f"{missing:,} rows have no {name} and are left out.", *notes)
        counts = {str(one): int((cut == one).sum()) for one in cut.cat.categories}
        found.append(Subgroups(str(name), results, reasons, counts, p, None, notes))
    tested = [one.p for one in found if one.p is not None]
    corrected = iter(holm(tested).tolist() if tested else [])
    return [one if one.p is None else replace(one, corrected_p=next(corrected)) for one in found]


def cut_column(values: pd.Series[Any], edges: Sequence[float] | None = None) -> pd.Series[Any]:
    """Name each row's subgroup, as an ordered category.

    Parameters
    ----------
    values : Series (n,)
    edges : sequence of float, optional
        Each begins a subgroup.

    Examples
    --------
    >>> cut_column(pd.Series([49, 50, 64, 80]), [50, 65]).tolist()
    ['below 50', '50 to 65', '50 to 65', '65 and above']
    """
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if edges is not None and not numeric:
        raise EvaluationError(f"{values.name} is not a column of numbers: it cannot be cut.")
    if not numeric or (edges is None and values.nunique() <= _MANY):
        names = values.map(_name, na_action="ignore")
        order = [_name(one) for one in sorted(values.dropna().unique(), key=_key)]
        return names.astype(pd.CategoricalDtype(list(dict.fromkeys(order)), ordered=True))
    at = np.quantile(values.dropna(), [1 / 3, 2 / 3]) if edges is None else np.asarray(edges)
    at = np.unique(at.astype(np.float64))
    if not len(at):
        raise EvaluationError(f"There is no edge to cut {values.name} at.")
    middle = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(at)]
    bands = [f"below {at[0]:.4g}", *middle, f"{at[-1]:.4g} and above"]
    # The row's band, or -1 (no category) where it has no number.
    code = np.where(values.isna(), -1, np.searchsorted(at, values, side="right"))
    cut = pd.Series(
        pd.Categorical.from_codes(code.tolist(), pd.Index(bands), ordered=True), index=values.index
    )
    return cut.cat.remove_unused_categories()


def _is_small(result: Result) -> bool:
    return any(note.startswith(UNRELIABLE) for note in result.notes)


def _part(rows: Labelled, chosen: NDArray[np.bool_]) -> Labelled:
    group = pd.factorize(rows.group[chosen])[0].astype(np.int64)
    return replace(rows, label=rows.label[chosen], score=rows.score[chosen], group=group)


def _judged(
    part: Labelled, metric: str, threshold: float, resamples: int, level: float, seed: int
) -> Result:
    result = judge(
        metric,
        [part.classes[number] for number in part.label],
        part.score,
        part.group if part.grouped else None,
        threshold=threshold,
        resamples=resamples,
        level=level,
        seed=seed,
        classes=part.classes,
    )
    counts = np.bincount(part.label, minlength=len(part.classes))
    few = [name for name, n in zip(part.classes, counts, strict=True) if n < FEW]
    if not few:
        return result
    note = f"{UNRELIABLE}: fewer than {FEW} rows of {', '.join(map(str, few))}"
    return replace(result, notes=(note, *result.notes))


def _interaction(
    rows: Labelled,
    cut: pd.Series[Any],
    subgroups: list[str],
    weights: NDArray[np.int32],
    metric: str,
    threshold: float,
) -> tuple[float | None, tuple[str, ...]]:
    """Test whether a metric is the same in all subgroups: p, and notes."""
    if len(subgroups) < 2:
        return None, (f"No test: there are not two subgroups with {FEW} rows of each class.",)
    values, drawn = [], []
    for name in subgroups:
        chosen = (cut == name).to_numpy()
        kernel = kernel_of(metric, _part(rows, chosen), threshold)
        values.append(kernel(np.ones((1, int(chosen.sum())), dtype=np.int32))[0])
        drawn.append(kernel(np.ascontiguousarray(weights[:, chosen])))
    apart = np.diff(np.array(values))
    resampled = np.diff(np.array(drawn), axis=0)
    resampled = resampled[:, ~np.isnan(resampled).any(axis=0)]
    if resampled.shape[1] < _DEFINED * len(weights):
        title = METRICS[metric].title
        return None, (f"No test: in many resamples a subgroup is too small to have an {title}.",)
    covariance = np.atleast_2d(np.cov(resampled))
    if np.linalg.matrix_rank(covariance) < len(apart):
        return None, ("No test: the metric does not vary with the patients drawn.",)
    inverse = np.linalg.inv(covariance)
    centred = resampled - apart[:, None]
    by_chance = np.einsum("kr,kl,lr->r", centred, inverse, centred)
    p = (1 + (by_chance >= apart @ inverse @ apart).sum()) / (1 + len(by_chance))
    return float(p), ()


def _name(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _key(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, str), value)
