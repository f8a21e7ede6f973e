"""Columns that hardly vary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.selection.selector import Selector, Training, Verdict
from lesionary.errors import ModelError


class NearZeroVariance(Selector):
    """Remove constants, and columns in which one value stands in almost all rows.

    The rule is that of Kuhn's ``nearZeroVar`` (caret): the commonest value is more than
    ``frequency_ratio`` times as frequent as the second, and different values make up no more
    than ``distinct_share`` of the rows. It counts values, so it gives the same answer before
    and after scaling. A threshold on the variance does not: after z-scoring every variance is
    1, and such a filter removes nothing but constants. Where ``min_variance`` is given, the
    columns must therefore be in their own units, and z-scored columns are refused.

    Missing values are left out of the counts.

    Parameters
    ----------
    frequency_ratio : float
        Above this (19 is 95 : 5) a column is removed, if it also has few values.
    distinct_share : float
        Share of different values among the rows, 0 to 1, up to which a column has few.
    min_variance : float, optional
        Also remove columns with a smaller variance (population), in the column's unit squared.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.stack([np.arange(40.0), np.ones(40), np.eye(40)[0]], axis=1)
    >>> print(NearZeroVariance().fit(values).reasons_[["feature", "reason"]].to_string(index=False))
    feature                                               reason
         x1                          all values are the same (1)
         x2 the commonest value is 39 times the second; 2 values
    """

    name = "variance"
    accepts_missing = True
    needs_target = False

    def __init__(
        self,
        frequency_ratio: float = 19.0,
        distinct_share: float = 0.1,
        min_variance: float | None = None,
    ) -> None:
        self.frequency_ratio = frequency_ratio
        self.distinct_share = distinct_share
        self.min_variance = min_variance

    def _judge(self, rows: Training) -> Verdict:
        distinct, commonest, second = _counts(rows.data)
        known = (~np.isnan(rows.data)).sum(axis=0)
        ratio = commonest / np.maximum(second, 1)
        constant = distinct <= 1
        ratio[constant] = np.inf
        few = distinct <= self.distinct_share * np.maximum(known, 1)
        keep = ~constant & ~((ratio > self.frequency_ratio) & few)
        reasons = [
            f"the commonest value is {r:.0f} times the second; {d} values"
            for r, d in zip(ratio, distinct, strict=True)
        ]
        for column in np.flatnonzero(constant):
            found = rows.data[~np.isnan(rows.data[:, column]), column]
            reasons[column] = (
                f"all values are the same ({found[0]:g})"
                if len(found)
                else "all values are missing"
            )
        if self.min_variance is not None:
            keep = self._by_variance(rows.data, keep, reasons)
        return Verdict(keep, ratio, reasons)

    def _by_variance(
        self, values: NDArray[np.float64], keep: NDArray[np.bool_], reasons: list[str]
    ) -> NDArray[np.bool_]:
        variance = np.zeros(values.shape[1])
        variance[keep] = np.nanvar(values[:, keep], axis=0)
        if keep.sum() > 1 and np.allclose(variance[keep], 1.0, atol=1e-3):
            raise ModelError(
                "All columns have a variance of 1, so they were z-scored: a threshold on the "
                "variance then means nothing. Put 'variance' before the scaler, or leave out "
                "min_variance."
            )
        small = keep & (variance < (self.min_variance or 0.0))
        for column in np.flatnonzero(small):
            reasons[column] = f"variance {variance[column]:.3g} below {self.min_variance:g}"
        return keep & ~small


def _counts(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count, in each column, its values, and how often the commonest and the second occur."""
    n, columns = values.shape
    ordered = np.sort(values, axis=0)  # missing values come last
    known = ~np.isnan(ordered)
    begins = known.copy()
    begins[1:] &= ordered[1:] != ordered[:-1]
    # Number the runs of equal values over all columns at once, then count their lengths.
    run = np.cumsum(begins.T.reshape(-1)) - 1
    inside = known.T.reshape(-1)
    lengths = np.bincount(run[inside], minlength=int(begins.sum()))
    owner = np.repeat(np.arange(columns), n)[begins.T.reshape(-1)]
    distinct = np.bincount(owner, minlength=columns)
    by_size = np.lexsort((-lengths, owner))
    first = np.cumsum(distinct) - distinct
    padded = np.append(lengths[by_size], [0, 0])
    return (
        distinct.astype(np.int64),
        np.where(distinct > 0, padded[first], 0).astype(np.int64),
        np.where(distinct > 1, padded[first + 1], 0).astype(np.int64),
    )
