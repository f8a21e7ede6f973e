"""Whether a model is as good in women as in men, in one scanner as in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.evaluate.metrics import judge, kernel_of
from lesionary.evaluate.metrics.kernel import Kernel
from lesionary.evaluate.resample.draw import draw
from lesionary.evaluate.result import Result
from lesionary.evaluate.subgroups.interaction import Mask, by_columns
from lesionary.evaluate.subgroups.table import FEW, UNRELIABLE, Subgroups


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

    def judged(mask: Mask) -> Result:
        return _judged(_part(rows, mask), metric, threshold, resamples, level, seed)

    def kernel(mask: Mask) -> Kernel:
        return kernel_of(metric, _part(rows, mask), threshold)

    weights = draw(rows.group, rows.label, resamples=resamples, seed=seed)
    return by_columns(columns, edges, weights, judged, kernel, f"{FEW} rows of each class")


def _part(rows: Labelled, chosen: Mask) -> Labelled:
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
