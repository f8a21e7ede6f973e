"""A threshold on the risk, chosen on one split, that makes groups of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import complete


@dataclass(frozen=True)
class Cut:
    """A threshold on the risk. Prints itself; ``float()`` gives its value.

    Parameters
    ----------
    value
        Risks above it are high.
    quantile
        Of the risks that it was chosen on.
    n
        How many these were.
    """

    value: float
    quantile: float
    n: int

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"risk above {self.value:.4g} (quantile {self.quantile:g} of n = {self.n:,})"

    def groups(self, risk: ArrayLike) -> pd.Categorical:
        """Call each risk (n,) ``low`` or ``high``, in this order.

        Raises
        ------
        EvaluationError
            If all are on one side: the splits' risks are on different scales, perhaps.
        """
        values = _risks(risk)
        high = values > self.value
        if high.all() or not high.any():
            raise EvaluationError(
                f"All {len(values):,} risks are {'above' if high.all() else 'at most'} "
                f"{self.value:.4g}: there is one group only. Are they on the scale of those that "
                "it was chosen on?"
            )
        return pd.Categorical(np.where(high, "high", "low"), ["low", "high"], ordered=True)


def cut_at(risk: ArrayLike, quantile: float = 0.5) -> Cut:
    """Choose a threshold on the risks of a train or tune split, to be applied to the test split.

    The median of the test risks themselves, which is often used, is not known for a new patient,
    and hides a model whose risks are off.

    Parameters
    ----------
    risk : array_like (n,)
        Of the rows to choose on.
    quantile : float
        Share of them at or below it: 0.5 is the median; 0.75 makes a small group of high risk.

    Examples
    --------
    >>> cut = cut_at([1, 2, 3, 4, 5])
    >>> print(cut)
    risk above 3 (quantile 0.5 of n = 5)
    >>> list(cut.groups([2, 3, 9]))
    ['low', 'low', 'high']
    """
    if not 0 < quantile < 1:
        raise EvaluationError(f"quantile is between 0 and 1, not {quantile:g}.")
    values = _risks(risk)
    if np.ptp(values) == 0:
        raise EvaluationError(
            f"All {len(values):,} risks are {values[0]:.4g}: there is nothing to cut."
        )
    return Cut(float(np.quantile(values, quantile)), quantile, len(values))


def _risks(risk: ArrayLike) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = np.asarray(risk, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0:
        raise EvaluationError(f"Risks have the shape {values.shape}; wanted is (n,).")
    complete("risk", ~np.isfinite(values))
    return values
