"""Cox's proportional hazards model: fitted, kept whole, and applied to other rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

from lesionary.adapt.saving.parts import Parts, plain
from lesionary.adapt.survival.baseline import Baseline, breslow
from lesionary.adapt.survival.design import Design, learn_design
from lesionary.adapt.survival.newton import maximise
from lesionary.adapt.survival.outcome import Outcome, read_outcome
from lesionary.adapt.survival.warning import SurvivalWarning
from lesionary.errors import ModelError

RISK = "score_risk"
"""Column of a predictions table: log hazard, higher where events come earlier."""

_PLAIN = (
    *("time", "event", "n", "events", "patients"),
    *("log_likelihood", "null", "penalty", "l1_ratio", "robust"),
)

_FEW = 10
"""Events a term below which coefficients are known to be unreliable."""


@dataclass(frozen=True)
class CoxModel:
    """A fitted Cox model, with all that is needed to use it on other rows.

    Made by :func:`fit_cox`, :func:`~lesionary.adapt.survival.fit_elastic_net_cox` and
    :func:`~lesionary.adapt.survival.backward_elimination`. Prints itself.

    Parameters
    ----------
    design : Design
        Columns, imputation, levels and scaling, of the training rows.
    beta : ndarray of float64 (terms,)
        Log hazard for one training standard deviation of a term.
    covariance : ndarray of float64 (terms, terms) or None
        Of ``beta``; None after selection by an L1 penalty, where it would mean nothing.
    baseline : Baseline
    time, event
        Names of the columns of the outcome.
    n, events, patients
        Training rows, events among them, and patients.
    log_likelihood, null
        Partial log likelihood at ``beta`` and at zero.
    penalty, l1_ratio
        As in :func:`~lesionary.adapt.survival.fit_elastic_net_cox`; zero without penalty.
    robust
        Whether the covariance is clustered by patient (several rows a patient).
    """

    kind: ClassVar[str] = "cox"

    design: Design
    beta: NDArray[np.float64]
    covariance: NDArray[np.float64] | None
    baseline: Baseline
    time: str
    event: str
    n: int
    events: int
    patients: int
    log_likelihood: float
    null: float
    penalty: float = 0.0
    l1_ratio: float = 0.0
    robust: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a table must have to be predicted."""
        return self.design.names

    @property
    def aic(self) -> float:
        """Akaike's criterion of the partial likelihood, without a penalty's shrinkage."""
        return 2 * int(np.count_nonzero(self.beta)) - 2 * self.log_likelihood

    @property
    def coefficients(self) -> pd.Series[float]:
        """Log hazard for one unit of each term, as the table has it."""
        return pd.Series(self.beta / self.design.scale, index=list(self.design.terms), name="beta")

    @property
    def followed(self) -> float:
        """Longest follow-up of a training row; survival beyond it is unknown."""
        return self.baseline.followed

    def predict_risk(self, table: pd.DataFrame) -> pd.Series[float]:
        """Return each row's prognostic index: the log hazard against the training average.

        Parameters
        ----------
        table : DataFrame
            With the model's columns; missing values become what they became in training.

        Returns
        -------
        Series of float64
            ``score_risk``, with the table's index; higher where events come earlier.
        """
        score = self.design.matrix(table) @ self.beta
        return pd.Series(score, index=table.index, name=RISK)

    def predict_survival(self, table: pd.DataFrame, times: ArrayLike) -> pd.DataFrame:
        """Return the probability to be free of the event at times, a row a row, a column a time.

        Raises
        ------
        ModelError
            For times beyond the training rows' follow-up.
        """
        return self.baseline.survival(self.predict_risk(table), times)

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Return a row a term: hazard ratio for one unit and for one standard deviation.

        Parameters
        ----------
        level
            Of the intervals (Wald's).

        Returns
        -------
        DataFrame
            ``beta, hazard_ratio, low, high, p`` for one unit of the term as the table has it, and
            ``hazard_ratio_per_sd``. Without covariance there are no ``low, high, p``.
        """
        beta = self.coefficients
        table = pd.DataFrame({"beta": beta, "hazard_ratio": np.exp(beta)})
        if self.covariance is not None:
            error = np.sqrt(np.diag(self.covariance)) / self.design.scale
            reach = norm.ppf((1 + level) / 2) * error
            with np.errstate(over="ignore"):
                table["low"], table["high"] = np.exp(beta - reach), np.exp(beta + reach)
            table["p"] = 2 * norm.sf(np.abs(beta) / error)
        table["hazard_ratio_per_sd"] = np.exp(self.beta)
        return table.rename_axis("term")

    def column_tests(self) -> pd.Series[float]:
        """Return the p-value of each column (Wald; of all levels of a column of text together)."""
        if self.covariance is None:
            raise ModelError("There are no p-values after selection by a penalty.")
        of = self.design.column_of
        p = []
        for index in range(len(self.columns)):
            mine = of == index
            wald = self.beta[mine] @ np.linalg.solve(
                self.covariance[np.ix_(mine, mine)], self.beta[mine]
            )
            p.append(float(chi2.sf(wald, int(mine.sum()))))
        return pd.Series(p, index=list(self.columns), name="p")

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``score_risk`` as a table."""
        return self.predict_risk(features).to_frame()

    def parts(self) -> Parts:
        """Take the model apart: all can be read in the JSON, but for the covariance."""
        facts = {
            "design": self.design.as_dict(),
            "terms": self.design.terms,
            "beta": self.beta,
            "baseline": asdict(self.baseline),
            **{name: getattr(self, name) for name in _PLAIN},
        }
        arrays = {} if self.covariance is None else {"covariance": self.covariance}
        return Parts(plain(facts), arrays)

    @classmethod
    def of_parts(cls, parts: Parts) -> CoxModel:
        """Put it together again."""
        facts = parts.facts
        design, baseline = Design.from_dict(facts["design"]), facts["baseline"]
        beta, covariance = np.array(facts["beta"], float), parts.arrays.get("covariance")
        shape = (len(design.terms),)
        if beta.shape != shape or (covariance is not None and covariance.shape != 2 * shape):
            raise ValueError("as many coefficients as terms are wanted")
        return cls(
            design=design,
            beta=beta,
            covariance=covariance,
            baseline=Baseline(
                np.array(baseline["time"], float),
                np.array(baseline["hazard"], float),
                float(baseline["followed"]),
            ),
            **{name: facts[name] for name in _PLAIN},
        )

    def __str__(self) -> str:
        penalty = (
            f", penalty {self.penalty:.3g} (L1 share {self.l1_ratio:g})" if self.penalty else ""
        )
        rows = "" if self.n == self.patients else f" of {self.patients:,} patients"
        robust = ", robust errors clustered by patient" if self.robust else ""
        head = f"Cox model (Efron): {self.n:,} rows{rows}, {self.events:,} events{penalty}{robust}"
        table = self.summary().loc[self.beta != 0]
        return f"{head}\n{table.to_string(float_format=lambda value: f'{value:.4g}')}"


def fit_cox(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    time: str = "time",
    event: str = "event",
    patient: str | None = None,
    ordinal: Mapping[str, Sequence[str]] | None = None,
    l2: float = 0.0,
) -> CoxModel:
    """Fit a multivariable Cox model.

    Parameters
    ----------
    table : DataFrame
        Training rows.
    columns
        Covariates: numbers, booleans or text (see :class:`~lesionary.adapt.survival.Design`).
    time, event, patient
        Columns of the outcome (see :func:`~lesionary.adapt.survival.read_outcome`). Where
        patients have several rows, standard errors are robust and clustered by patient.
    ordinal
        Levels from low to high of columns of text that have an order.
    l2
        Ridge penalty: ``l2 / 2 * sum(beta ** 2)``, of standardised terms, against the mean log
        likelihood of a row.

    Raises
    ------
    ModelError
        If columns are collinear or separate the rows, terms are no fewer than events, or the
        outcome cannot be used.

    Warns
    -----
    SurvivalWarning
        Below ten events a term; for constant columns, which are left out.

    Examples
    --------
    >>> table = pd.DataFrame({"time": [1, 2, 3, 4], "event": 1, "age": [60, 70, 50, 55]})
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     model = fit_cox(table, ["age"])
    >>> model.predict_risk(table).idxmax()
    1
    """
    outcome = read_outcome(table, time, event, patient)
    not_the_outcome(columns, time, event)
    if not np.isfinite(l2) or l2 < 0:
        raise ModelError(f"The penalty is {l2}; it must be zero or above.")
    design, x = learn_design(table, columns, ordinal)
    model = fitted(design, x, outcome, time=time, event=event, l2=l2)
    if outcome.events < _FEW * len(design.terms) and l2 == 0:
        warnings.warn(
            f"{outcome.events:,} events for {len(design.terms):,} terms: below {_FEW} events a "
            "term, coefficients are unreliable and the model looks better than it is.",
            SurvivalWarning,
            stacklevel=2,
        )
    return model


def fitted(
    design: Design,
    x: NDArray[np.float64],
    outcome: Outcome,
    *,
    time: str,
    event: str,
    l2: float = 0.0,
) -> CoxModel:
    """Fit terms that are standardised already."""
    estimate = maximise(x, outcome, design.terms, l2=l2)
    return CoxModel(
        design=design,
        beta=estimate.beta,
        covariance=estimate.covariance,
        baseline=breslow(outcome, x @ estimate.beta),
        time=time,
        event=event,
        n=outcome.n,
        events=outcome.events,
        patients=outcome.patients,
        log_likelihood=estimate.log_likelihood,
        null=estimate.null,
        penalty=l2,
        robust=outcome.clustered,
    )


def not_the_outcome(columns: Sequence[str], time: str, event: str) -> None:
    """Raise if a covariate is the outcome itself."""
    inside = {time, event} & set(columns)
    if inside:
        raise ModelError(f"{sorted(inside)[0]!r} is the outcome and cannot be a covariate too.")
