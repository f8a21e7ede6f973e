"""Columns that are too often empty."""

from __future__ import annotations

import numpy as np

from lesionary.adapt.selection.selector import Selector, Training, Verdict
from lesionary.errors import ModelError


class MissingShare(Selector):
    """Remove columns with more than a share of missing values in the training rows.

    Goes before imputation, which would hide them.

    Parameters
    ----------
    threshold : float
        Highest share that is kept, 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, None, None, 4]})
    >>> MissingShare(0.2).fit(table).get_feature_names_out().tolist()
    ['a']
    """

    name = "missing"
    accepts_missing = True
    needs_target = False

    def __init__(self, threshold: float = 0.2) -> None:
        self.threshold = threshold

    def _judge(self, rows: Training) -> Verdict:
        if not 0 <= self.threshold < 1:
            raise ModelError(f"The highest missing share lies in [0, 1), not {self.threshold}.")
        share = np.isnan(rows.data).mean(axis=0)
        reasons = [f"missing in {100 * s:.1f} % of {len(rows.data):,} rows" for s in share]
        return Verdict(share <= self.threshold, share, reasons)
