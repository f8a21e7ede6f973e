"""What each column tells about the target on its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from lesionary.adapt.selection.selector import Selector, Training, Verdict
from lesionary.adapt.selection.target import class_codes, is_survival, time_and_event
from lesionary.errors import ModelError
from lesionary.evaluate.comparisons.correction import CORRECTIONS
from lesionary.spelling import hint

TESTS = ("auto", "mannwhitney", "kruskal", "anova", "cox")


class UnivariateScreen(Selector):
    """Keep the columns whose univariate test has a small (corrected) p-value.

    The tests between classes take rows as independent. With several lesions a patient their
    p-values are too small: as a screen they rank, as evidence they do not count. Cox's errors
    are robust to patients, where ``groups`` are given.

    Parameters
    ----------
    test : {"auto", "mannwhitney", "kruskal", "anova", "cox"}
        Mann-Whitney (two classes; the test of AUC = 0.5), its extension to more classes,
        analysis of variance, or Cox regression on one column (a target with ``time`` and
        ``event``). "auto" is the first that fits the target.
    p : float
        Highest p-value that is kept, after the correction (published screens: 0.05 to 0.2).
    correction : {"benjamini-hochberg", "holm", "bonferroni", "none"}
        Over all columns.
    top : int, optional
        Keep the columns with the smallest p-values, this many, whatever the p-values are.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(60) % 2
    >>> values = rng.normal(size=(60, 5))
    >>> values[:, 3] += 2 * y
    >>> UnivariateScreen().fit(values, y).get_feature_names_out().tolist()
    ['x3']
    """

    name = "univariate"

    def __init__(
        self,
        test: str = "auto",
        p: float = 0.05,
        correction: str = "benjamini-hochberg",
        top: int | None = None,
    ) -> None:
        self.test = test
        self.p = p
        self.correction = correction
        self.top = top

    def _judge(self, rows: Training) -> Verdict:
        test, raw = _p_values(self.test, rows)
        corrected = adjusted(raw, self.correction)
        if self.top is not None:
            if self.top < 1:
                raise ModelError(f"A screen keeps one column or more, not {self.top}.")
            keep = np.zeros(len(raw), dtype=bool)
            keep[np.argsort(raw, kind="stable")[: self.top]] = True
            limit = f"not among the {self.top} smallest"
        else:
            keep = corrected <= self.p
            limit = f"above {self.p:g}"
        reasons = [
            f"{test} p {p:.3g} (correction {self.correction}: {q:.3g}) {limit}"
            for p, q in zip(raw, corrected, strict=True)
        ]
        return Verdict(keep, raw, reasons)


def adjusted(p: NDArray[np.float64], correction: str) -> NDArray[np.float64]:
    """Correct p-values for how many there are.

    Examples
    --------
    >>> adjusted(np.array([0.01, 0.02, 0.9]), "bonferroni").round(3).tolist()
    [0.03, 0.06, 1.0]
    """
    if correction == "none":
        return p.copy()
    if correction == "bonferroni":
        return np.minimum(p * len(p), 1.0)
    if correction not in CORRECTIONS:
        known = ("none", "bonferroni", *CORRECTIONS)
        raise ModelError(f"There is no correction {correction!r}{hint(correction, known)}.")
    return CORRECTIONS[correction](p)


def _p_values(test: str, rows: Training) -> tuple[str, NDArray[np.float64]]:
    if test not in TESTS:
        raise ModelError(f"There is no univariate test {test!r}{hint(test, TESTS)}.")
    if test == "cox" or (test == "auto" and is_survival(rows.y)):
        return "Cox", _cox(rows)
    codes, classes = class_codes(rows.y)
    if test == "mannwhitney" and len(classes) != 2:
        raise ModelError(
            f"Mann-Whitney compares two classes, and there are {len(classes)}: use test='kruskal'."
        )
    values = rows.data
    parts = [values[codes == code] for code in range(len(classes))]
    varies = np.ptp(values, axis=0) > 0
    # A constant column tells nothing: p = 1, where the tests' formulas divide by 0.
    p = np.ones(values.shape[1])
    if not varies.any():
        return "constant", p
    parts = [part[:, varies] for part in parts]
    if test == "anova":
        if len(values) <= len(classes):
            raise ModelError("Analysis of variance needs more rows than classes.")
        # Classes that are each constant and differ: F is infinite and p is 0, rightly.
        with np.errstate(divide="ignore", invalid="ignore"):
            found = stats.f_oneway(*parts, axis=0).pvalue
        return "ANOVA", _filled(p, varies, found)
    if len(classes) == 2:
        found = stats.mannwhitneyu(*parts, axis=0, method="asymptotic").pvalue
        return "Mann-Whitney", _filled(p, varies, found)
    return "Kruskal-Wallis", _filled(p, varies, stats.kruskal(*parts, axis=0).pvalue)


def _filled(
    p: NDArray[np.float64], varies: NDArray[np.bool_], found: NDArray[np.float64]
) -> NDArray[np.float64]:
    p[varies] = np.where(np.isfinite(found), found, 1.0)
    return p


def _cox(rows: Training) -> NDArray[np.float64]:
    from lesionary.evaluate.survival.cox import cox_univariate

    time, event = time_and_event(rows.y)
    table = cox_univariate(time, event, pd.DataFrame(rows.data, columns=rows.names), rows.groups)
    return np.asarray(table["p"].fillna(1.0), dtype=np.float64)
