"""Whether a prognostic index holds on other patients: its slope, and each of its terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from lesionary.adapt.survival.cox import CoxModel
from lesionary.adapt.survival.newton import maximise
from lesionary.adapt.survival.outcome import read_outcome
from lesionary.adapt.survival.partial_likelihood import log_likelihood, risk_sets
from lesionary.errors import ModelError
from lesionary.evaluate.result import Result


@dataclass(frozen=True)
class LikelihoodRatio:
    """A likelihood ratio test. Prints itself.

    Parameters
    ----------
    about
        What would be true if there were nothing to find.
    statistic, df, p
        Chi-squared, its degrees of freedom, and the p-value.
    n, events
    """

    about: str
    statistic: float
    df: int
    p: float
    n: int
    events: int

    def __str__(self) -> str:
        return (
            f"{self.about}: likelihood ratio {self.statistic:.2f} on {self.df} degrees of freedom, "
            f"p = {self.p:.3g}, n = {self.n:,}, {self.events:,} events"
        )


@dataclass(frozen=True)
class IndexValidation:
    """How a prognostic index does on patients it was not fitted to. Prints itself.

    Parameters
    ----------
    slope : Result
        Of a Cox model with the index as its only covariate. 1 is right; below 1, the index
        promises differences that are not there (overfitting).
    slope_is_one : LikelihoodRatio
    terms_hold : LikelihoodRatio
        A Cox model of all terms with the index as an offset: whether any coefficient differs.
    """

    slope: Result
    slope_is_one: LikelihoodRatio
    terms_hold: LikelihoodRatio

    def __str__(self) -> str:
        return f"{self.slope}\n{self.slope_is_one}\n{self.terms_hold}"


def validate_index(
    model: CoxModel, table: pd.DataFrame, *, patient: str | None = None, level: float = 0.95
) -> IndexValidation:
    """Test a Cox model's prognostic index on external rows.

    Parameters
    ----------
    model : CoxModel
        Of a :class:`~lesionary.adapt.survival.StackedCox`, its ``top``, with ``indices(table)``
        as the table.
    table : DataFrame
        Rows of other patients, with the model's columns and outcome.
    patient
        As for :func:`~lesionary.adapt.survival.fit_cox`. Where patients have several rows, the
        interval is robust, clustered by patient; the likelihood ratios are not, and the
        result's notes say so.

    Notes
    -----
    Both likelihood ratios take the index as given. A true model that was fitted to few events
    is rejected more often than one time in twenty: its coefficients are off by chance, and that
    is found.

    Raises
    ------
    ModelError
        If the index is the same for all rows, or a term does not vary among them.
    """
    if not model.beta.any():
        raise ModelError("The model has no coefficient other than zero: there is no index to test.")
    outcome = read_outcome(table, model.time, model.event, patient)
    x = model.design.matrix(table)
    index = x @ model.beta
    if np.ptp(index) == 0:
        raise ModelError("All rows have the same prognostic index: it cannot be tested on them.")
    sets = risk_sets(outcome.time, outcome.event)
    slope = maximise(index[:, None], outcome, ["prognostic index"])
    value, error = float(slope.beta[0]), float(np.sqrt(slope.covariance[0, 0]))
    reach = float(norm.ppf((1 + level) / 2)) * error
    notes = []
    if outcome.clustered:
        notes.append("likelihood ratios take rows of a patient as independent")
    if outcome.events < 10:
        notes.append("fewer than 10 events")
    result = Result(
        "calibration slope",
        value,
        value - reach,
        value + reach,
        n=outcome.n,
        method="Cox (Efron), Wald" + (", clustered by patient" if outcome.clustered else ""),
        events=outcome.events,
        patients=outcome.patients if outcome.clustered else None,
        level=level,
        notes=tuple(notes),
    )
    used = model.beta != 0
    names = [term for term, keep in zip(model.design.terms, used, strict=True) if keep]
    held = maximise(x[:, used], outcome, names, offset=index)

    def ratio(about: str, gain: float, df: int) -> LikelihoodRatio:
        statistic = max(0.0, 2 * gain)
        p = float(chi2.sf(statistic, df))
        return LikelihoodRatio(about, statistic, df, p, outcome.n, outcome.events)

    return IndexValidation(
        result,
        ratio("The slope is 1", slope.log_likelihood - log_likelihood(sets, index), 1),
        ratio("All coefficients hold", held.log_likelihood - held.null, len(names)),
    )
