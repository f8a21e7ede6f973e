"""A threshold chosen on one split, to be applied to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import labelled

Rule = Literal["youden", "sensitivity", "specificity"]


@dataclass(frozen=True)
class Threshold:
    """A threshold and how it was chosen. Prints itself; ``float()`` gives its value.

    Parameters
    ----------
    value
        Scores of at least this are called positive.
    rule
        How it was chosen, in words.
    sensitivity, specificity
        At the threshold, in the rows that it was chosen on: too good for any others.
    n, events
        Rows that it was chosen on, and those of the positive class.
    """

    value: float
    rule: str
    sensitivity: float
    specificity: float
    n: int
    events: int

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return (
            f"score of at least {self.value:.4g} ({self.rule}; chosen on n = {self.n:,}, "
            f"{self.events:,} events: sensitivity {self.sensitivity:.3f}, "
            f"specificity {self.specificity:.3f})"
        )


def choose_threshold(
    y: ArrayLike,
    score: ArrayLike,
    rule: Rule = "youden",
    *,
    at: float | None = None,
    classes: Sequence[Any] | None = None,
) -> Threshold:
    """Choose a threshold on the scores of a tune split.

    Parameters
    ----------
    y : array_like (n,)
        Labels of two classes.
    score : array_like (n,) or (n, 2)
        Higher for the second class.
    rule : {"youden", "sensitivity", "specificity"}
        Greatest sensitivity + specificity − 1 (of equals that with the greatest sensitivity);
        highest threshold with a sensitivity of at least ``at``; lowest threshold with a
        specificity of at least ``at``.
    at : float, optional
        Between 0 and 1, for the latter two; 0.9 where it is not said.
    classes : sequence, optional
        The two classes, the positive one second.

    Returns
    -------
    Threshold
        One of the scores.

    Raises
    ------
    EvaluationError
        If all scores are the same, or no score has the specificity asked for.

    Examples
    --------
    >>> print(choose_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]))
    score of at least 0.35 (Youden; chosen on n = 4, 2 events: sensitivity 1.000, specificity 0.500)
    """
    rows = labelled(y, score, classes=classes)
    if rows.score.ndim != 1:
        raise EvaluationError(
            f"A threshold is for two classes; there are {len(rows.classes)}: choose one of them, "
            "against all others."
        )
    if np.ptp(rows.score) == 0:
        raise EvaluationError("All scores are the same: there is no threshold to choose.")
    if rule == "youden" and at is not None:
        raise EvaluationError("`at` is for the rules 'sensitivity' and 'specificity'.")
    at = 0.9 if at is None else at
    if not 0 < at < 1:
        raise EvaluationError(f"`at` is between 0 and 1, not {at:g}.")
    values, position = np.unique(rows.score, return_inverse=True)
    counts = np.stack([np.bincount(position, rows.label == one, len(values)) for one in (0, 1)])
    negatives, positives = counts.sum(axis=1)
    # At the i-th value: positives from it on up, negatives below it.
    sensitivity = counts[1][::-1].cumsum()[::-1] / positives
    specificity = (counts[0].cumsum() - counts[0]) / negatives
    if rule == "youden":
        # Rounded, so that equals are equal; argmax takes the first, which is the most sensitive.
        best, words = int(np.argmax((sensitivity + specificity).round(12))), "Youden"
    elif rule == "sensitivity":
        best = int(np.flatnonzero(sensitivity >= at - 1e-12)[-1])
        words = f"sensitivity of at least {at:g}"
    elif rule == "specificity":
        enough = np.flatnonzero(specificity >= at - 1e-12)
        if not len(enough):
            raise EvaluationError(
                f"No score has a specificity of {at:g}: that of the highest, {values[-1]:.4g}, is "
                f"{specificity[-1]:.3f}."
            )
        best, words = int(enough[0]), f"specificity of at least {at:g}"
    else:
        raise EvaluationError(f"rule is 'youden', 'sensitivity' or 'specificity', not {rule!r}.")
    return Threshold(
        float(values[best]),
        words,
        float(sensitivity[best]),
        float(specificity[best]),
        rows.n,
        int(positives),
    )
