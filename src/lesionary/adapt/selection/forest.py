"""Columns that many random forests, of many shapes, find important."""

from __future__ import annotations

import numpy as np

from lesionary.adapt.selection.selector import Selector, Training, Verdict, top
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError


class ForestImportance(Selector):
    """Keep the columns with the largest importance, summed over random forests.

    Each forest draws its number of trees (20 to 300) and its depth (2 to 6), the published
    ranges; there 1,000 forests were summed and the top 20 kept. Impurity importances, each
    forest's summing to 1; classes are weighted to balance.

    Parameters
    ----------
    count : int
        How many columns to keep.
    forests : int
        How many forests. Fewer than published by default: the order of the first twenty rarely
        changes after some dozens.
    seed : int

    Attributes
    ----------
    statistics_ : Series
        Mean importance of each column.
    """

    name = "forest"

    def __init__(self, count: int = 20, forests: int = 50, seed: int = 0) -> None:
        self.count = count
        self.forests = forests
        self.seed = seed

    def _judge(self, rows: Training) -> Verdict:
        from sklearn.ensemble import RandomForestClassifier

        if self.count < 1 or self.forests < 1:
            raise ModelError("A forest importance needs a forest, and keeps one column or more.")
        codes, _ = class_codes(rows.y)
        rng = np.random.default_rng(self.seed)
        total = np.zeros(len(rows.names))
        for _ in range(self.forests):
            forest = RandomForestClassifier(
                n_estimators=int(rng.integers(20, 301)),
                max_depth=int(rng.integers(2, 7)),
                class_weight="balanced",
                random_state=int(rng.integers(2**31)),
            )
            total += forest.fit(rows.data, codes).feature_importances_
        importance = total / self.forests
        reasons = [
            f"mean importance {i:.3g}, not among the {self.count} largest" for i in importance
        ]
        return Verdict(top(importance, self.count), importance, reasons)
