"""Compare models of survival that judged the same rows, by their concordance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from lesionary.errors import EvaluationError
from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.comparisons.comparison import Comparison
from lesionary.evaluate.comparisons.correction import Correction
from lesionary.evaluate.comparisons.paired import Paired, need_two
from lesionary.evaluate.comparisons.resampled import (
    bootstrap_words,
    drawn_differences,
    inverted_p,
)
from lesionary.evaluate.comparisons.swaps import signs, swapped_p
from lesionary.evaluate.comparisons.verdicts import (
    Plan,
    Test,
    check_plan,
    comparison_of,
    with_intervals,
)
from lesionary.evaluate.survival.censoring import Train
from lesionary.evaluate.survival.concordance import Method, comparable
from lesionary.evaluate.survival.inputs import Survival, survival

_TESTS = ("permutation", "bootstrap")


def compare_survival(
    time: ArrayLike,
    event: ArrayLike,
    risks: Mapping[str, ArrayLike],
    groups: ArrayLike | None = None,
    *,
    method: Method = "harrell",
    tau: float | None = None,
    train: Train | None = None,
    test: Test = "permutation",
    reference: str | None = None,
    correction: Correction | None = "holm",
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Comparison:
    """Compare models of survival by their C-index on the same rows.

    Parameters
    ----------
    time, event : array_like (n,)
    risks : mapping of str to array_like (n,)
        Of each model, higher for an earlier event, on whatever scale.
    groups : array_like (n,), optional
        Of each row its patient, who is swapped and drawn as a whole.
    method, tau, train
        Which C-index, as of :func:`lesionary.evaluate.survival.c_index`.
    test : {"permutation", "bootstrap"}
        ``permutation`` swaps the two models' ranks of each patient with probability one half;
        ``bootstrap`` asks at which level the interval of the difference touches 0. The other tests
        of :func:`lesionary.evaluate.compare` are of classes.
    reference : str, optional
        Compare all others with this model. Default: all pairs.
    correction : {"holm", "benjamini-hochberg"} or None
        Over all comparisons made.
    resamples, seed, level
        Of permutations and of the paired bootstrap, which gives the intervals.

    Returns
    -------
    Comparison

    Raises
    ------
    EvaluationError
        If there are fewer than two models, their rows differ, there is no event, or no two rows
        can be compared.

    Examples
    --------
    >>> time, event = [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 0, 1, 1, 1, 0]
    >>> risks = {"a": [8, 7, 6, 4, 5, 3, 1, 2], "b": [5, 8, 1, 7, 2, 6, 3, 4]}
    >>> found = compare_survival(time, event, risks, resamples=99)
    >>> for model, c in found.values.items():
    ...     print(model, round(c, 3))
    a 0.958
    b 0.5
    """
    if test not in _TESTS:
        raise EvaluationError(
            f"Models of survival are tested by {' or '.join(_TESTS)}, not {test}."
        )
    check_plan(test, _TESTS, correction, resamples, level)
    models = _paired(time, event, risks, groups)
    pairs = models.pairs(reference)
    rows = models.rows
    index = comparable(rows, method, tau, train)
    kernels = {name: index.kernel(one.risk) for name, one in models.models.items()}
    whole = np.ones((1, rows.n), dtype=np.int32)
    values = {name: float(kernel(whole)[0]) for name, kernel in kernels.items()}
    happened = rows.event.astype(np.int64)
    drawn = drawn_differences(kernels, pairs, rows.group, happened, resamples=resamples, seed=seed)
    tested: list[tuple[float, tuple[str, ...]]]
    if test == "bootstrap":
        tested = [(inverted_p(each), ()) for each in drawn]
    else:
        ranks = {name: rankdata(one.risk) for name, one in models.models.items()}
        terms = np.stack([index.swap_terms(ranks[a], ranks[b]) for a, b in pairs], axis=1)
        sign = signs(models.patients, resamples, seed).astype(np.float64)
        swapped = sign @ sum_by_patient(terms, rows.group)
        tested = [
            swapped_p(each, values[a] - values[b], one_sided=False)
            for each, (a, b) in zip(swapped.T, pairs, strict=True)
        ]
    return comparison_of(
        models,
        pairs,
        with_intervals(tested, drawn, resamples, level),
        Plan(test, reference, correction, resamples, level),
        title=index.title,
        values=values,
        method=bootstrap_words(rows.group, happened, resamples),
    )


def _paired(
    time: ArrayLike, event: ArrayLike, risks: Mapping[str, ArrayLike], groups: ArrayLike | None
) -> Paired[Survival]:
    """Check times, events, each model's risks and groups; errors name the model."""
    need_two(risks)
    models = {}
    for name, risk in risks.items():
        try:
            models[name] = survival(time, event, risk, groups)
        except EvaluationError as error:
            raise EvaluationError(f"Model {name!r}: {error}") from error
    return Paired(models)
