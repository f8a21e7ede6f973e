"""Compare models that judged the same rows, two by two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.comparison import Comparison
from lesionary.evaluate.comparisons.correction import Correction
from lesionary.evaluate.comparisons.delong import delong_difference
from lesionary.evaluate.comparisons.mcnemar import mcnemar
from lesionary.evaluate.comparisons.paired import Paired, Pairs, paired
from lesionary.evaluate.comparisons.resampled import (
    bootstrap_words,
    drawn_differences,
    inverted_p,
)
from lesionary.evaluate.comparisons.signed_rank import MEANS_OF_ROWS, signed_rank
from lesionary.evaluate.comparisons.swaps import ranked, signs, swapped_differences, swapped_p
from lesionary.evaluate.comparisons.verdicts import (
    Alternative,
    Plan,
    Test,
    Verdict,
    check_plan,
    comparison_of,
    with_intervals,
)
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.registry import kernel_of, metric_named, metric_value
from lesionary.spelling import hint

_METRICS_OF: dict[str, tuple[str, ...]] = {
    "delong": ("auc",),
    "mcnemar": ("accuracy",),
    "wilcoxon": MEANS_OF_ROWS,
}


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
    rows = models.rows
    values = {name: metric_value(metric, one, threshold) for name, one in models.models.items()}
    if test == "delong":
        method = "DeLong"
        verdicts = _by_delong(models, pairs, level)
    else:
        method = bootstrap_words(rows.group, rows.label, resamples)
        drawn = drawn_differences(
            {name: kernel_of(metric, one, threshold) for name, one in models.models.items()},
            pairs,
            rows.group,
            rows.label,
            resamples=resamples,
            seed=seed,
        )
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
        verdicts = with_intervals(tested, drawn, resamples, level)
    return comparison_of(
        models,
        pairs,
        [
            replace(verdict, notes=_same(models, a, b) + verdict.notes)
            for verdict, (a, b) in zip(verdicts, pairs, strict=True)
        ],
        Plan(test, reference, correction, resamples, level, alternative),
        title=known.title_of(rows),
        values=values,
        method=method,
        higher_is_better=known.higher_is_better,
        notes=known.notes_on(rows, threshold),
    )


def _check(
    metric: str, test: str, correction: str | None, resamples: int, level: float, alternative: str
) -> None:
    check_plan(test, ("permutation", "bootstrap", *_METRICS_OF), correction, resamples, level)
    if alternative not in ("two-sided", "published"):
        known = hint(alternative, ("two-sided", "published"))
        raise EvaluationError(f"There is no alternative {alternative!r}{known}.")
    fitting = _METRICS_OF.get(test)
    if fitting is not None and metric not in fitting:
        raise EvaluationError(
            f"The test {test!r} is of {', '.join(fitting)} and not of {metric}: give "
            f"metric={fitting[0]!r}, or test='permutation', which fits every metric."
        )
    if alternative == "published" and test != "permutation":
        raise EvaluationError("The published procedure is a permutation test: test='permutation'.")


def _by_delong(models: Paired[Labelled], pairs: Pairs, level: float) -> list[Verdict]:
    rows = models.rows
    if rows.score.ndim != 1:
        raise EvaluationError(
            f"DeLong's test is of the AUC of two classes; here are {len(rows.classes)}: give "
            "test='permutation'."
        )
    verdicts = []
    for a, b in pairs:
        scores = np.stack([models.models[a].score, models.models[b].score])
        verdicts.append(Verdict(*delong_difference(rows.label, scores, rows.group, level)))
    return verdicts


def _same(models: Paired[Labelled], first: str, second: str) -> tuple[str, ...]:
    if np.array_equal(models.models[first].score, models.models[second].score):
        return ("Both gave every row the same score: p is 1.",)
    return ()
