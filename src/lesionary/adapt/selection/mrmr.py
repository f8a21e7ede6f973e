"""Much about the target, little that is said twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.selection.selector import Selector, Training, Verdict, z_scores
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError

_LEAST_REDUNDANCY = 1e-3


class MRMR(Selector):
    """Keep the columns of maximum relevance and minimum redundancy.

    Relevance is an F-test, redundancy a correlation. The first column is that with the largest
    F of an analysis of variance between the classes; each further one has the largest F divided
    by its mean absolute Pearson correlation with those already chosen. This is the variant "FCQ"
    of Ding and Peng (J Bioinform Comput Biol 2005; 3: 185), which Zhao et al. (IEEE DSAA 2019)
    found as good as those with mutual information, and which has no bins or neighbours to
    choose.

    Parameters
    ----------
    count : int
        How many to keep.

    Attributes
    ----------
    order_ : list of str
        The kept columns in the order in which they were chosen.
    """

    name = "mrmr"

    def __init__(self, count: int = 20) -> None:
        self.count = count

    def _judge(self, rows: Training) -> Verdict:
        if self.count < 1:
            raise ModelError(f"mRMR keeps one column or more, not {self.count}.")
        codes, _ = class_codes(rows.y)
        scaled = z_scores(rows.data)
        relevance = f_statistics(scaled, codes)
        redundancy = np.zeros(len(rows.names))
        score = relevance.copy()
        chosen: list[int] = []
        left = np.asarray(scaled.any(axis=0))
        last = np.zeros(len(rows.names))
        while left.any() and len(chosen) < self.count:
            if chosen:
                redundancy += np.abs(scaled.T @ scaled[:, chosen[-1]]) / len(rows.data)
                mean = np.maximum(redundancy / len(chosen), _LEAST_REDUNDANCY)
                score = relevance / mean
            last[left] = score[left]
            best = int(np.argmax(np.where(left, score, -np.inf)))
            chosen.append(best)
            left[best] = False
        self.order_ = [rows.names[i] for i in chosen]
        keep = np.isin(np.arange(len(rows.names)), chosen)
        reasons = [f"mRMR quotient {s:.3g}, not among the {self.count} chosen" for s in last]
        return Verdict(keep, last, reasons)


def f_statistics(scaled: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each column's F between classes, from columns of mean 0 and SD 1; 0 of a constant."""
    n, classes = len(codes), int(codes.max()) + 1
    if n <= classes:
        raise ModelError(f"An F-test needs more rows than classes, not {n} for {classes}.")
    members = np.equal.outer(np.arange(classes), codes).astype(np.float64)
    counts = members.sum(axis=1, keepdims=True)
    between = ((members @ scaled) ** 2 / counts).sum(axis=0)
    within = np.maximum((scaled**2).sum(axis=0) - between, 1e-12 * n)
    return np.asarray(between / (classes - 1) / (within / (n - classes)), dtype=np.float64)
