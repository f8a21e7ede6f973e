"""Columns that say the same: one of them stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from lesionary.adapt.selection.auc import univariate_auc
from lesionary.adapt.selection.selector import Selector, Training, Verdict, z_scores
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError

METHODS = ("spearman", "pearson")
TIE_BREAKS = ("mean_correlation", "auc")


class CorrelationFilter(Selector):
    """Of columns that correlate above a threshold, keep the better one.

    Columns are taken in order of merit, and each is kept unless it correlates with one that
    is already kept. So no column is removed without a kept one to stand for it, which the
    reason names. (Removing of each pair the worse, whether or not the better one stays, also
    removes columns that nothing kept stands for.)

    Parameters
    ----------
    threshold : float
        Absolute correlation above which two columns say the same.
    tie_break : {"mean_correlation", "auc"}
        Which of two stays: the one with the lower mean absolute correlation with all other
        columns, or that with the higher univariate AUC (which looks at the labels; more than
        two classes: mean of each against the rest).
    method : {"spearman", "pearson"}

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 2, 4, 3], "c": [3.0, 1, 4, 2]})
    >>> table["twice_a"] = 2 * table["a"]
    >>> CorrelationFilter().fit(table).reasons_["reason"].tolist()
    ['|Spearman| 1.00 with a, which correlates less with the rest']
    """

    name = "correlation"

    def __init__(
        self,
        threshold: float = 0.85,
        tie_break: str = "mean_correlation",
        method: str = "spearman",
    ) -> None:
        self.threshold = threshold
        self.tie_break = tie_break
        self.method = method

    @property
    def needs_target(self) -> bool:  # type: ignore[override]
        """Only the AUC looks at the labels."""
        return self.tie_break == "auc"

    def _judge(self, rows: Training) -> Verdict:
        if self.tie_break not in TIE_BREAKS or self.method not in METHODS:
            raise ModelError(
                f"A correlation filter has the tie-breaks {', '.join(TIE_BREAKS)} and the methods "
                f"{', '.join(METHODS)}, not {self.tie_break!r} with {self.method!r}."
            )
        if not 0 < self.threshold <= 1:
            raise ModelError(f"The highest correlation lies in (0, 1], not {self.threshold}.")
        absolute = np.abs(correlations(rows.data, self.method))
        others = max(rows.data.shape[1] - 1, 1)
        if self.tie_break == "auc":
            merit = univariate_auc(rows.data, class_codes(rows.y)[0])
            better = "has the higher univariate AUC"
        else:
            merit = -(absolute.sum(axis=0) - np.diagonal(absolute)) / others
            better = "correlates less with the rest"
        keep, keeper = _greedy(absolute, merit, self.threshold)
        label = "|Spearman|" if self.method == "spearman" else "|Pearson|"
        reasons = [
            f"{label} {absolute[i, keeper[i]]:.2f} with {rows.names[keeper[i]]}, which {better}"
            for i in range(len(rows.names))
        ]
        return Verdict(keep, absolute[np.arange(len(rows.names)), keeper], reasons)


def correlations(values: NDArray[np.float64], method: str = "spearman") -> NDArray[np.float64]:
    """Return the columns' correlations with each other; 0 with a constant column."""
    scaled = z_scores(rankdata(values, axis=0) if method == "spearman" else values)
    return np.clip(scaled.T @ scaled / len(values), -1.0, 1.0)


def _greedy(
    absolute: NDArray[np.float64], merit: NDArray[np.float64], threshold: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Keep columns in order of merit; return the mask and of each column who stands for it."""
    columns = len(merit)
    # Rounding must neither part equal merits nor lift a correlation over the threshold.
    order = np.lexsort((np.arange(columns), -np.round(merit, 12)))
    above = absolute > threshold + 1e-12
    keeper = np.full(columns, -1, dtype=np.int64)
    for column in order:
        if keeper[column] < 0:
            keeper[above[column] & (keeper < 0)] = column
            keeper[column] = column
    return keeper == np.arange(columns), keeper
