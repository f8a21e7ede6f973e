"""Columns that are chosen again and again, whichever half of the patients is looked at."""

from __future__ import annotations

import math
import warnings
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.adapt.selection.mrmr import f_statistics
from lesionary.adapt.selection.patients import halves
from lesionary.adapt.selection.selector import Selector, Training, Verdict, top, z_scores
from lesionary.adapt.selection.target import class_codes
from lesionary.errors import ModelError


class StabilitySelection(Selector):
    """Keep the columns that are chosen in most of many halves of the patients.

    In each half, the inner selector chooses; a column's statistic is the share of the halves in
    which it was chosen (Meinshausen and Bühlmann, J R Stat Soc B 2010; 72: 417). With q the
    mean number chosen, p columns and the threshold π > 0.5, no more than
    q² / ((2π - 1) p) falsely chosen columns are to be expected, if those that carry nothing
    are exchangeable and the selector is no worse than guessing. In complementary pairs both
    halves of a cut are used; then the bound holds without these assumptions for the columns
    that the selector chooses less often than q / p (Shah and Samworth, ibid. 2013; 75: 55).

    Halves are drawn by patient (pass ``groups``) and within the classes.

    Parameters
    ----------
    selector : Selector, optional
        What chooses in each half. Default: the first ``count`` columns to enter the lasso path
        (two classes: least squares on the label), or the ``count`` largest F (more classes).
    count : int, optional
        For the default selector; without, the number with which ``max_false`` holds.
    threshold : float
        Share of the halves, above 0.5 and up to 1.
    max_false : float
        Number of falsely chosen columns to be expected at most.
    halves : int
        How many to draw (an even number in complementary pairs).
    complementary : bool
        Use both halves of each cut.
    seed : int

    Attributes
    ----------
    expected_false_ : float
        The bound above, from what was really chosen.
    mean_chosen_ : float
        q.
    """

    name = "stability"

    def __init__(
        self,
        selector: Selector | None = None,
        count: int | None = None,
        threshold: float = 0.75,
        max_false: float = 1.0,
        halves: int = 100,
        complementary: bool = True,
        seed: int = 0,
    ) -> None:
        self.selector = selector
        self.count = count
        self.threshold = threshold
        self.max_false = max_false
        self.halves = halves
        self.complementary = complementary
        self.seed = seed

    def _judge(self, rows: Training) -> Verdict:
        self._check()
        codes, _ = class_codes(rows.y)
        columns = len(rows.names)
        count = self.count
        if count is None:
            # Rounded before cutting: 2 * 0.75 - 1 and the like are not exact.
            wanted = math.sqrt(round((2 * self.threshold - 1) * columns * self.max_false, 9))
            count = max(1, math.floor(wanted))
        group = None if rows.groups is None else np.asarray(rows.groups)
        rng = np.random.default_rng(self.seed)
        cuts = islice(halves(codes, group, rng), math.ceil(self.halves / (1 + self.complementary)))
        chosen = np.zeros(columns)
        drawn = 0
        for first, second in cuts:
            for half in (first, second) if self.complementary else (first,):
                chosen += self._chosen(
                    rows.data[half], codes[half], None if group is None else group[half], count
                )
                drawn += 1
        share = chosen / drawn
        self.mean_chosen_ = float(chosen.sum() / drawn)
        self.expected_false_ = self.mean_chosen_**2 / ((2 * self.threshold - 1) * columns)
        reasons = [f"chosen in {100 * s:.0f} % of {drawn} halves" for s in share]
        return Verdict(share >= self.threshold - 1e-9, share, reasons)

    def _chosen(
        self,
        values: NDArray[np.float64],
        codes: NDArray[np.int64],
        groups: NDArray[Any] | None,
        count: int,
    ) -> NDArray[np.bool_]:
        if self.selector is not None:
            from sklearn.base import clone

            support: NDArray[np.bool_] = (
                clone(self.selector).fit(values, codes, groups).get_support()
            )
            return support
        scaled = z_scores(values)
        if codes.max() == 1:
            return _first_of_path(scaled, codes, count)
        return top(f_statistics(scaled, codes), count)

    def _check(self) -> None:
        if not 0.5 < self.threshold <= 1:
            raise ModelError(
                f"The threshold of stability selection lies in (0.5, 1], not {self.threshold}: "
                "below, there is no bound on what is falsely chosen."
            )
        if self.halves < 2 or self.max_false <= 0 or (self.count is not None and self.count < 1):
            raise ModelError(
                "Stability selection needs two halves, a count of 1 or more and max_false above 0."
            )


def _first_of_path(
    scaled: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> NDArray[np.bool_]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import lars_path

    target = codes - codes.mean()
    with warnings.catch_warnings():
        # Of a column and its double, the path takes one and warns: one is what is wanted.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, active, _ = lars_path(scaled, target, method="lar", max_iter=count)
    return np.isin(np.arange(scaled.shape[1]), active)
