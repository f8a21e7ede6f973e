"""Compare models that judged the same rows, two by two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.comparison import Comparison, Difference
from lesionary.evaluate.comparisons.correction import CORRECTIONS
from lesionary.evaluate.comparisons.delong import delong_difference
from lesionary.evaluate.comparisons.mcnemar import mcnemar
from lesionary.evaluate.comparisons.paired import Paired, Pairs, paired
from lesionary.evaluate.comparisons.resampled import (
    drawn_differences,
    drawn_interval,
    inverted_p,
    strata_of,
)
from lesionary.evaluate.comparisons.signed_rank import MEANS_OF_ROWS, signed_rank
from lesionary.evaluate.comparisons.swaps import ranked, signs, swapped_differences, swapped_p
from lesionary.evaluate.metrics.registry import metric_named, metric_value
from lesionary.evaluate.resample.bootstrap import FEW_PATIENTS
from lesionary.evaluate.result import Result
from lesionary.spelling import hint

Test = Literal["permutation", "bootstrap", "delong", "mcnemar", "wilcoxon"]
Correction = Literal["holm", "benjamini-hochberg"]
Alternative = Literal["two-sided", "published"]

_METRICS_OF: dict[str, tuple[str, ...]] = {
    "delong": ("auc",),
    "mcnemar": ("accuracy",),
    "wilcoxon": MEANS_OF_ROWS,
}
_USUAL_LEVEL = 0.05


@dataclass(frozen=True)
class _Verdict:
    """What a test says of a pair."""

    p: float
    bounds: tuple[float | None, float | None]
    notes: tuple[str, ...]


def compare(
    y: ArrayLike,
    scores: Mapping[str, ArrayLike],
    metric: str = "auc",
    groups: ArrayLike | None = None,
    *,
    test: Test = "permutation",
    reference: str | None = None,
    correction: Correction | None = "holm",
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    threshold: float = 0.5,
    classes: Sequence[Any] | None = None,
) -> Comparison:
    """Compare models that judged the same rows: differences, intervals, p-values.

    Parameters
    ----------
    y : array_like (n,)
        Labels.
    scores : mapping of str to array_like (n,) or (n, classes)
        Each model's scores, as :func:`lesionary.evaluate.inputs.labelled` takes them.
    metric : str
        A name in ``lesionary.evaluate.metrics.registry.METRICS``.
    groups : array_like (n,), optional
        Of each row its patient, who is swapped and drawn as a whole.
    test : str
        ``permutation`` swaps the two models' scores of each patient with probability one half,
        their ranks if the metric counts nothing but the order.
        ``bootstrap`` draws patients, the same for all models, and asks at which level the
        interval of the difference touches 0. ``delong`` is of the AUC of two classes,
        ``mcnemar`` of accuracy, ``wilcoxon`` of patients' own accuracy, Brier score or log loss.
    reference : str, optional
        Compare all others with this model. Default: all pairs.
    correction : str or None
        Over all comparisons made: ``holm``, ``benjamini-hochberg``, or None.
    resamples : int
        Permutations, and bootstrap resamples; the same ones for every pair.
    seed : int
        Of permutations and resamples.
    level : float
        Of the intervals: DeLong's for that test, else of the paired bootstrap's percentiles.
    alternative : str
        ``published`` is the one-sided permutation test of Pai et al. 2024, which swaps scores as
        they are, counts the permutations whose difference is at least the observed one, and does
        not count the data themselves, so p can be 0. It asks only whether the first of a pair
        has the larger metric; that has to be decided before the data are seen.
    threshold : float
        Score of the positive of two classes from which on a row is decided positive.
    classes : sequence, optional
        Order of the classes in the columns of scores.

    Returns
    -------
    Comparison

    Raises
    ------
    EvaluationError
        If there are fewer than two models, their rows differ, labels have one class, a metric
        is not defined, or a test does not fit the metric.

    Examples
    --------
    >>> y = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> a, b = [1, 2, 3, 5, 4, 6, 7, 8], [3, 1, 7, 4, 5, 2, 6, 8]
    >>> print(compare(y, {"a": a, "b": b}, test="delong", correction=None))
    AUC: a 0.938, b 0.688
           difference           95 % CI      p
    a - b      +0.250  -0.240 to +0.740  0.317
    n = 8, 4 events; p: DeLong, two-sided, not corrected for their number; CI: DeLong
    """
    known = metric_named(metric)
    _check(metric, test, correction, resamples, level, alternative)
    models = paired(y, scores, groups, classes)
    pairs = models.pairs(reference)
    values = {name: metric_value(metric, rows, threshold) for name, rows in models.models.items()}
    if test == "delong":
        method = "DeLong"
        verdicts = _by_delong(models, pairs, level)
    else:
        method = f"paired bootstrap percentile, {resamples:,} resamples{strata_of(models)}"
        drawn = drawn_differences(metric, models, pairs, resamples, seed, threshold)
        tested: list[tuple[float, tuple[str, ...]]]
        if test == "bootstrap":
            tested = [(inverted_p(each), ()) for each in drawn]
        elif test == "permutation":
            by_rank = known.needs == "order" and alternative == "two-sided"
            swapped = swapped_differences(
                metric,
                ranked(models) if by_rank else models,
                pairs,
                signs(models.patients, resamples, seed),
                threshold,
            )
            tested = [
                swapped_p(each, values[a] - values[b], one_sided=alternative == "published")
                for each, (a, b) in zip(swapped.T, pairs, strict=True)
            ]
        else:
            tested = [
                mcnemar(models.models[a], models.models[b], threshold)
                if test == "mcnemar"
                else signed_rank(metric, models.models[a], models.models[b], threshold)
                for a, b in pairs
            ]
        verdicts = [
            _Verdict(p, (low, high), (*notes, *more))
            for (p, notes), (low, high, more) in zip(
                tested, (drawn_interval(each, resamples, level) for each in drawn), strict=True
            )
        ]
    p = [verdict.p for verdict in verdicts]
    corrected = p if correction is None else CORRECTIONS[correction](p).tolist()
    rows = models.rows
    title = known.title_of(rows)
    return Comparison(
        title,
        known.higher_is_better,
        values,
        tuple(
            Difference(
                a,
                b,
                Result(
                    f"difference in {title}",
                    values[a] - values[b],
                    *verdict.bounds,
                    n=rows.n,
                    method=method,
                    events=rows.events,
                    patients=rows.patients,
                    level=level,
                    notes=_same(models, a, b) + verdict.notes,
                ),
                verdict.p,
                corrected_p,
            )
            for (a, b), verdict, corrected_p in zip(pairs, verdicts, corrected, strict=True)
        ),
        reference,
        _told(test, resamples, alternative, grouped=rows.grouped),
        correction,
        (
            *known.notes_on(rows, threshold),
            *_few(models, test),
            *_limits(test, alternative, correction, resamples, len(pairs)),
        ),
    )


def _check(
    metric: str, test: str, correction: str | None, resamples: int, level: float, alternative: str
) -> None:
    for word, name, names in (
        ("test", test, ("permutation", "bootstrap", *_METRICS_OF)),
        ("correction", correction, (*CORRECTIONS, None)),
        ("alternative", alternative, ("two-sided", "published")),
    ):
        if name not in names:
            known = [str(each) for each in names]
            raise EvaluationError(f"There is no {word} {name!r}{hint(str(name), known)}.")
    fitting = _METRICS_OF.get(test)
    if fitting is not None and metric not in fitting:
        raise EvaluationError(
            f"The test {test!r} is of {', '.join(fitting)} and not of {metric}: give "
            f"metric={fitting[0]!r}, or test='permutation', which fits every metric."
        )
    if alternative == "published" and test != "permutation":
        raise EvaluationError("The published procedure is a permutation test: test='permutation'.")
    if resamples < 1:
        raise EvaluationError(f"There must be resamples; {resamples} were asked for.")
    if not 0 < level < 1:
        raise EvaluationError(f"The level of an interval is between 0 and 1, as 0.95; not {level}.")


def _by_delong(models: Paired, pairs: Pairs, level: float) -> list[_Verdict]:
    rows = models.rows
    if rows.score.ndim != 1:
        raise EvaluationError(
            f"DeLong's test is of the AUC of two classes; here are {len(rows.classes)}: give "
            "test='permutation'."
        )
    verdicts = []
    for a, b in pairs:
        scores = np.stack([models.models[a].score, models.models[b].score])
        p, low, high, notes = delong_difference(rows.label, scores, rows.group, level)
        verdicts.append(_Verdict(p, (low, high), notes))
    return verdicts


def _same(models: Paired, first: str, second: str) -> tuple[str, ...]:
    if np.array_equal(models.models[first].score, models.models[second].score):
        return ("Both gave every row the same score: p is 1.",)
    return ()


def _told(test: str, resamples: int, alternative: str, *, grouped: bool) -> str:
    if test == "permutation":
        what = f"paired permutation of {'patients' if grouped else 'rows'}, {resamples:,} times"
        if alternative == "published":
            return f"{what}, one-sided as published"
    else:
        what = {
            "bootstrap": f"paired bootstrap, {resamples:,} resamples",
            "delong": "DeLong, clustered by patient (Obuchowski)" if grouped else "DeLong",
            "mcnemar": "McNemar, clustered by patient (Durkalski)" if grouped else "McNemar",
            "wilcoxon": f"Wilcoxon signed rank over {'patients' if grouped else 'rows'}",
        }[test]
    return f"{what}, two-sided"


def _few(models: Paired, test: str) -> tuple[str, ...]:
    if test == "delong" or models.patients >= FEW_PATIENTS:
        return ()
    unit = "patients" if models.rows.grouped else "rows"
    return (f"{models.patients} {unit}: the intervals are likely too narrow.",)


def _limits(
    test: str, alternative: str, correction: str | None, resamples: int, pairs: int
) -> tuple[str, ...]:
    """Say where no corrected p could be small, whatever the data."""
    # The smallest p of a pair in parts of the resamples; the published one can be 0.
    parts = {("permutation", "two-sided"): 1, ("bootstrap", "two-sided"): 2}.get(
        (test, alternative), 0
    )
    smallest = pairs * parts / (resamples + 1)
    if correction != "holm" or smallest <= _USUAL_LEVEL:
        return ()
    return (
        f"With {resamples:,} resamples and {pairs:,} comparisons no corrected p can be below "
        f"{min(1.0, smallest):.3f}: give resamples={pairs * parts * 200:,} or a reference.",
    )
