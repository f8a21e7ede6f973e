"""A metric by name, with its interval: of all rows, or of each class against the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.evaluate.level import check_level
from lesionary.evaluate.metrics.decisions import decided
from lesionary.evaluate.metrics.registry import kernel_of, metric_named, metric_value
from lesionary.evaluate.resample import Interval, bootstrap
from lesionary.evaluate.resample.draw import Stratify
from lesionary.evaluate.result import Result

IntervalName: TypeAlias = Literal["percentile", "bca", "delong"]


def judge(
    name: str,
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    threshold: float = 0.5,
    interval: IntervalName | None = "percentile",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    stratify: Stratify = "auto",
    classes: Sequence[Any] | None = None,
) -> Result:
    """Compute a metric of labels and scores, and its interval.

    Parameters
    ----------
    name
        A name in :data:`METRICS`: ``auc``, ``average_precision``, ``balanced_accuracy``, ...
    y : array_like (n,)
        Labels.
    score : array_like (n,) or (n, classes)
        Higher for the positive class, or for the class of a column.
    groups : array_like (n,), optional
        Of each row its patient. Then whole patients are drawn; without, every row is one.
    threshold
        Score from which on a row is decided positive, with two classes. With several the class
        of the highest score is decided for.
    interval
        ``percentile`` or ``bca`` of a bootstrap, ``delong`` (AUC of two classes), or None.
    resamples
        Of the bootstrap.
    level
        Of the interval.
    seed
        The same seed gives the same interval.
    stratify
        Whether as many patients of each class are drawn as there are. ``auto``: if some class has
        fewer than 5 patients. A patient of several classes counts for the rarest.
    classes : sequence, optional
        Order of the classes; default: a DataFrame's columns, else the labels sorted.

    Returns
    -------
    Result
        Its value is the metric of the rows as they are.

    Raises
    ------
    EvaluationError
        If the input is not valid, or the metric not defined for it.

    Examples
    --------
    >>> result = judge("accuracy", [0, 0, 1, 1], [0.2, 0.6, 0.7, 0.9], interval=None)
    >>> print(result)
    accuracy 0.750, n = 4, 2 events
    """
    rows = labelled(y, score, groups, classes=classes)
    return _judged(name, rows, threshold, interval, resamples, level, seed, stratify)


def per_class(
    name: str,
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    threshold: float = 0.5,
    interval: IntervalName | None = "percentile",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    stratify: Stratify = "auto",
    classes: Sequence[Any] | None = None,
) -> dict[Any, Result]:
    """Compute a metric of each class against the rest; parameters as of :func:`judge`.

    Of metrics of decisions, the decision is that among all classes. Classes without rows are
    left out, as nothing can be said of them. The events of a result are the class' rows.

    Examples
    --------
    >>> scores = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.4, 0.3], [0.6, 0.3, 0.1]]
    >>> found = per_class("auc", ["a", "b", "c", "b"], scores, interval=None)
    >>> {name: result.value for name, result in found.items()}
    {'a': 1.0, 'b': 0.75, 'c': 1.0}
    """
    rows = labelled(y, score, groups, classes=classes)
    metric = metric_named(name)
    found = {}
    for number in np.unique(rows.label):
        against = _against_rest(name, rows, int(number), threshold)
        # Decisions are made by now: their scores are 0 and 1.
        result = _judged(name, against, 0.5, interval, resamples, level, seed, stratify)
        found[rows.classes[number]] = replace(
            result,
            metric=f"{result.metric} of {rows.classes[number]}",
            notes=(*metric.notes_on(rows, threshold), *result.notes),
        )
    return found


def _against_rest(name: str, rows: Labelled, number: int, threshold: float) -> Labelled:
    if metric_named(name).needs == "decisions":
        score = (decided(rows, threshold) == number).astype(np.float64)
    elif rows.score.ndim == 2:
        score = np.ascontiguousarray(rows.score[:, number])
    else:
        # Of two classes the first is the more likely, the lower the score.
        needs_probabilities = metric_named(name).needs == "probabilities"
        flipped = 1.0 - rows.score if needs_probabilities else -rows.score
        score = rows.score if number == 1 else flipped
    return replace(
        rows,
        label=(rows.label == number).astype(np.int64),
        score=score,
        classes=("rest", rows.classes[number]),
    )


def _judged(
    name: str,
    rows: Labelled,
    threshold: float,
    interval: IntervalName | None,
    resamples: int,
    level: float,
    seed: int,
    stratify: Stratify,
) -> Result:
    metric = metric_named(name)
    check_level(level)
    value = metric_value(name, rows, threshold)
    found = Interval(None, None, "")
    if interval == "delong":
        found = _delong(name, rows, level)
    elif interval is not None:
        found = bootstrap(
            kernel_of(name, rows, threshold),
            rows.group,
            rows.label,
            grouped=rows.grouped,
            interval=interval,
            resamples=resamples,
            level=level,
            seed=seed,
            stratify=stratify,
            classes=rows.classes,
        )
    return Result(
        metric=metric.title_of(rows),
        value=value,
        low=found.low,
        high=found.high,
        n=rows.n,
        method=found.method,
        events=rows.events,
        patients=rows.patients,
        level=level,
        notes=(*metric.notes_on(rows, threshold), *found.notes),
    )


def _delong(name: str, rows: Labelled, level: float) -> Interval:
    if name != "auc" or rows.score.ndim != 1:
        raise EvaluationError(
            "DeLong's interval is of an AUC of two classes; use interval='percentile' or 'bca'."
        )
    from lesionary.evaluate.comparisons.delong import delong_interval

    method = "DeLong, clustered by patient (Obuchowski)" if rows.grouped else "DeLong"
    low, high, notes = delong_interval(rows, level)
    return Interval(low, high, f"{method}, logit scale", notes)
