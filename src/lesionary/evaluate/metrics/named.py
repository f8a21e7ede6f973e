"""The metrics as functions. Their options are those of :func:`judge`, where they are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from numpy.typing import ArrayLike

from lesionary.evaluate.metrics.judge import IntervalName, judge
from lesionary.evaluate.resample.draw import Stratify
from lesionary.evaluate.result import Result

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Options(TypedDict, total=False):
    """What every metric takes by name."""

    interval: IntervalName | None
    resamples: int
    level: float
    seed: int
    stratify: Stratify
    classes: Sequence[Any] | None


class DecisionOptions(Options, total=False):
    """What a metric of decisions takes by name."""

    threshold: float


def auc(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Result:
    """Compute the area under the ROC curve; of several classes the mean of each against the rest.

    The chance that a row of the class has a higher score than one of the rest, ties counting half.

    Examples
    --------
    >>> print(auc([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.8], interval=None))
    AUC 0.750, n = 4, 2 events
    """
    return _of_scores("auc", y, score, groups, options)


def average_precision(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Result:
    """Compute average precision; of several classes the mean of each against the rest (mAP).

    The mean of the PPV over the thresholds, each weighted by the sensitivity it adds; equal
    scores are one threshold. By chance it is the class' share of the rows.

    Examples
    --------
    >>> print(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.8], interval=None))
    average precision 0.833, n = 4, 2 events
    """
    return _of_scores("average_precision", y, score, groups, options)


def balanced_accuracy(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[DecisionOptions],
) -> Result:
    """Compute the mean over the classes of the share of their rows decided rightly.

    By chance it is one over the number of classes.
    """
    return judge("balanced_accuracy", y, score, groups, **options)


def accuracy(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[DecisionOptions],
) -> Result:
    """Compute the share of rows decided rightly."""
    return judge("accuracy", y, score, groups, **options)


def sensitivity(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[DecisionOptions],
) -> Result:
    """Compute the share of the positive rows that are decided positive (recall)."""
    return judge("sensitivity", y, score, groups, **options)


def specificity(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[DecisionOptions],
) -> Result:
    """Compute the share of the negative rows that are decided negative."""
    return judge("specificity", y, score, groups, **options)


def ppv(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[DecisionOptions],
) -> Result:
    """Compute the share of the rows decided positive that are positive (precision).

    It is not defined if no row is decided positive.
    """
    return judge("ppv", y, score, groups, **options)


def npv(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[DecisionOptions],
) -> Result:
    """Compute the share of the rows decided negative that are negative.

    It is not defined if no row is decided negative.
    """
    return judge("npv", y, score, groups, **options)


def f1(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[DecisionOptions],
) -> Result:
    """Compute F1, the harmonic mean of PPV and sensitivity.

    With several classes the mean of each class' (macro). It is 0 if all that is decided
    positive is wrong, also if nothing is.
    """
    return judge("f1", y, score, groups, **options)


def brier(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Result:
    """Compute the Brier score, the mean squared error of probabilities; lower is better.

    With several classes the errors of a row are summed over them.
    """
    return _of_scores("brier", y, score, groups, options)


def log_loss(
    y: ArrayLike,
    score: ArrayLike,
    groups: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Result:
    """Compute the mean of minus the logarithm of the true class' probability; lower is better.

    A probability of 0 for what came true counts as 2e-16, which costs 36, as in scikit-learn.
    """
    return _of_scores("log_loss", y, score, groups, options)


def _of_scores(
    name: str, y: ArrayLike, score: ArrayLike, groups: ArrayLike | None, options: Options
) -> Result:
    # A threshold would change nothing, and whoever gives one expects that it does.
    if "threshold" in options:
        raise TypeError(f"{name}() looks at all thresholds, or at none: leave threshold out")
    return judge(name, y, score, groups, **options)
