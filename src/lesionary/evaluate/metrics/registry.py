"""Metrics by name: how each is computed, what it is called, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics import decisions, probabilities, ranking
from lesionary.evaluate.metrics.decisions import of_confusion
from lesionary.evaluate.metrics.kernel import Kernel, Values
from lesionary.spelling import hint


@dataclass(frozen=True)
class Metric:
    """A metric of labels and scores.

    Parameters
    ----------
    title
        As a person says it: ``balanced accuracy``.
    needs
        ``order``: of the scores nothing but their order counts; ``decisions``: a threshold of
        the positive class' score, or the class of the highest score; ``probabilities``.
    kernel
        Takes rows and threshold, does once what does not depend on weights, and returns the
        function from weights to values.
    undefined
        When there is no value, as a sentence for the user.
    higher_is_better
        False for losses.
    binary_only
        Speaks of a positive class, so of two classes.
    mean_title
        What it is called with several classes, if otherwise.
    """

    title: str
    needs: Literal["order", "decisions", "probabilities"]
    kernel: Callable[[Labelled, float], Kernel]
    undefined: str = "one class only has rows"
    higher_is_better: bool = True
    binary_only: bool = False
    mean_title: str = ""

    def title_of(self, rows: Labelled) -> str:
        """Say what it is of these rows: with several classes often a mean."""
        return self.title if rows.score.ndim == 1 or not self.mean_title else self.mean_title

    def notes_on(self, rows: Labelled, threshold: float) -> tuple[str, ...]:
        """Tell what a reader should know of the metric of these rows."""
        absent = [
            str(name)
            for number, name in enumerate(rows.classes)
            if not (rows.label == number).any()
        ]
        notes = [f"no row has the class {', '.join(absent)}."] if absent else []
        if self.needs == "decisions" and rows.score.ndim == 1 and threshold != 0.5:
            notes.append(f"decided positive from a score of {threshold:g} on.")
        return tuple(notes)


_NO_POSITIVE = "no row is positive"
_NO_NEGATIVE = "no row is negative"

METRICS: dict[str, Metric] = {
    "auc": Metric("AUC", "order", ranking.auc_kernel, mean_title="macro AUC, one against the rest"),
    "average_precision": Metric(
        "average precision",
        "order",
        ranking.average_precision_kernel,
        _NO_POSITIVE,
        mean_title="mAP, one against the rest",
    ),
    "balanced_accuracy": Metric(
        "balanced accuracy", "decisions", of_confusion(decisions.balanced_accuracy)
    ),
    "accuracy": Metric("accuracy", "decisions", of_confusion(decisions.accuracy)),
    "sensitivity": Metric(
        "sensitivity",
        "decisions",
        of_confusion(decisions.sensitivity),
        _NO_POSITIVE,
        binary_only=True,
    ),
    "specificity": Metric(
        "specificity",
        "decisions",
        of_confusion(decisions.specificity),
        _NO_NEGATIVE,
        binary_only=True,
    ),
    "ppv": Metric(
        "PPV",
        "decisions",
        of_confusion(decisions.ppv),
        "no row is decided positive at this threshold",
        binary_only=True,
    ),
    "npv": Metric(
        "NPV",
        "decisions",
        of_confusion(decisions.npv),
        "no row is decided negative at this threshold",
        binary_only=True,
    ),
    "f1": Metric(
        "F1",
        "decisions",
        of_confusion(decisions.f1),
        "no row is positive or decided positive",
        mean_title="macro F1",
    ),
    "brier": Metric(
        "Brier score", "probabilities", probabilities.brier_kernel, higher_is_better=False
    ),
    "log_loss": Metric(
        "log loss", "probabilities", probabilities.log_loss_kernel, higher_is_better=False
    ),
}
"""All metrics, by the name of their function."""


def metric_named(name: str) -> Metric:
    """Look a metric up, or say which there are."""
    if name not in METRICS:
        raise EvaluationError(f"There is no metric {name!r}{hint(name, METRICS)}.")
    return METRICS[name]


def kernel_of(name: str, rows: Labelled, threshold: float = 0.5) -> Kernel:
    """Prepare a metric of these rows: sorting and deciding are done here, once.

    Parameters
    ----------
    name
        A name in ``METRICS``.
    rows
        Of :func:`lesionary.evaluate.inputs.labelled`.
    threshold
        Score of the positive class from which on a row is decided positive; only metrics of
        decisions with two classes use it.

    Returns
    -------
    callable
        From weights (r, n), int32, how often each row counts, to values (r,), float64. A
        weight of 2 is a row that is there twice, 0 one that is absent. The value is NaN where
        it is not defined: whoever calls counts these.

        Classes without rows under a weighting are left out of a mean over classes; columns
        keep their class whatever is absent.
    """
    metric = metric_named(name)
    if metric.binary_only and len(rows.classes) != 2:
        raise EvaluationError(
            f"{metric.title} is of two classes and there are {len(rows.classes)}: "
            f"per_class({name!r}, ...) gives that of each against the rest."
        )
    return metric.kernel(rows, threshold)


def weighted_values(
    name: str, rows: Labelled, weights: ArrayLike, threshold: float = 0.5
) -> Values:
    """Compute a metric under many weightings of the rows: (r, n) whole numbers to (r,) values.

    See :func:`kernel_of` for what they mean; it is the better choice if weights come in parts.

    Examples
    --------
    >>> from lesionary.evaluate.inputs import labelled
    >>> rows = labelled([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.8])
    >>> weighted_values("auc", rows, [[1, 1, 1, 1], [1, 0, 1, 1], [0, 3, 1, 1]]).tolist()
    [0.75, 1.0, 0.5]
    """
    given = np.asarray(weights)
    if given.ndim != 2 or given.shape[1] != rows.n or given.dtype.kind not in "biu":
        raise EvaluationError(
            f"Weights are whole numbers, a column for each of {rows.n:,} rows; these are "
            f"{given.dtype} of shape {given.shape}."
        )
    return kernel_of(name, rows, threshold)(given.astype(np.int32, copy=False))


def metric_value(name: str, rows: Labelled, threshold: float = 0.5) -> float:
    """Compute a metric of the rows as they are, without an interval.

    Raises
    ------
    EvaluationError
        If the metric is not defined for these rows.

    Examples
    --------
    >>> from lesionary.evaluate.inputs import labelled
    >>> metric_value("auc", labelled([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.8]))
    0.75
    """
    value = float(kernel_of(name, rows, threshold)(np.ones((1, rows.n), dtype=np.int32))[0])
    if np.isnan(value):
        metric = METRICS[name]
        raise EvaluationError(f"{metric.title} is not defined: {metric.undefined}.")
    return value
