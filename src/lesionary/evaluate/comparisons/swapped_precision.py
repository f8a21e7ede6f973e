"""Average precision of two models under many swaps of their scores.

Counted are the rows at or above each positive row's score, for both models at once: swapping
a patient moves its rows from the one count to the other. So each count is half of what both have
together, plus or minus half a sum of signs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from lesionary.evaluate.inputs import Labelled

Floats = NDArray[np.float64]

BLOCK = 256  # permutations that are worked on at once: counts stay in the processor's cache


def swapped_precision(first: Labelled, second: Labelled, signs: list[Floats]) -> Floats:
    """Compute the difference in average precision under each permutation: (resamples,).

    Parameters
    ----------
    first, second : Labelled
    signs : list of ndarray (n, at most BLOCK)
        Of each row whether it is kept (1) or swapped (-1), a column a permutation.
    """
    if first.score.ndim == 1:
        return _of_one(first.label == 1, first.score, second.score, signs)
    # Classes without rows are not in the mean.
    each = [
        _of_one(first.label == number, first.score[:, number], second.score[:, number], signs)
        for number in np.unique(first.label)
    ]
    return np.asarray(np.mean(each, axis=0))


def _of_one(
    positive: NDArray[np.bool_], first: Floats, second: Floats, signs: list[Floats]
) -> Floats:
    thresholds = np.unique(np.concatenate([first[positive], second[positive]]))[::-1]
    # Rows of each step, from one threshold down to the next; those below all are of no step.
    at_first, at_second = (np.searchsorted(-thresholds, -each) for each in (first, second))
    of_all = _steps(at_first, at_second, len(thresholds))
    of_positive = _steps(
        np.where(positive, at_first, len(thresholds)),
        np.where(positive, at_second, len(thresholds)),
        len(thresholds),
    )
    total = np.concatenate([_difference(of_all, of_positive, sign) for sign in signs])
    return np.asarray(total / positive.sum())


def _steps(
    first: NDArray[np.intp], second: NDArray[np.intp], steps: int
) -> tuple[csr_array, Floats]:
    """Make what turns signs into counts in each step, and half of both models' counts."""
    row = np.arange(len(first))
    half = np.full(len(row), 0.5)
    moved = csr_array(
        (
            np.concatenate([half, -half]),
            (np.concatenate([first, second]), np.concatenate([row, row])),
        ),
        shape=(steps + 1, len(row)),
    )[:steps]
    both = np.bincount(np.concatenate([first, second]), minlength=steps + 1)[:steps] / 2.0
    return moved, both[:, None]


def _difference(
    of_all: tuple[csr_array, Floats], of_positive: tuple[csr_array, Floats], sign: Floats
) -> Floats:
    own = of_positive[0] @ sign
    hits, called = np.cumsum(own, axis=0), np.cumsum(of_all[0] @ sign, axis=0)
    both_own = of_positive[1]
    both_hits, both_called = np.cumsum(both_own, axis=0), np.cumsum(of_all[1], axis=0)
    first = _summed(both_own + own, both_hits + hits, both_called + called)
    return first - _summed(both_own - own, both_hits - hits, both_called - called)


def _summed(own: Floats, hits: Floats, called: Floats) -> Floats:
    """Sum the precision at each threshold as often as a positive row is there."""
    np.maximum(called, 1.0, out=called)  # where nothing is called yet, own is 0 as well
    hits /= called
    return np.asarray(np.einsum("tr,tr->r", own, hits))
