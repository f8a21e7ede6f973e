"""Whether hazard ratios stay the same over time: scaled Schoenfeld residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2, rankdata

from lesionary.adapt.survival.cox import CoxModel
from lesionary.adapt.survival.outcome import Outcome, read_outcome
from lesionary.adapt.survival.partial_likelihood import information, risk_sets, schoenfeld
from lesionary.errors import ModelError
from lesionary.evaluate.survival import kaplan_meier

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Clock = Literal["km", "rank", "identity", "log"]
_CHANGES = 0.05


@dataclass(frozen=True)
class ProportionalHazards:
    """A test for each term and for all together. Prints itself.

    Parameters
    ----------
    table : DataFrame
        A row a term and ``all terms``: ``statistic``, ``df``, ``p``, ``verdict``, ``advice``.
    residuals : DataFrame
        A row an event, time rising: ``time`` and each term's scaled Schoenfeld residual, which
        estimates the log hazard for one unit of the term at that time.
    clock
        The scale of time on which a change was looked for.
    events
    """

    table: pd.DataFrame
    residuals: pd.DataFrame
    clock: str
    events: int

    def __str__(self) -> str:
        head = f"Proportional hazards ({self.events:,} events, time as {self.clock})"
        return f"{head}\n{self.table.to_string(float_format=lambda value: f'{value:.3g}')}"

    def figure(self, terms: list[str] | None = None) -> Figure:
        """Draw the residuals of terms over time with a smooth; flat is proportional.

        Parameters
        ----------
        terms
            Default: the eight with the lowest p-values.
        """
        from lesionary.adapt.survival.residuals_figure import residuals_figure

        return residuals_figure(self, terms)


def proportional_hazards(
    model: CoxModel, table: pd.DataFrame, *, patient: str | None = None, clock: Clock = "km"
) -> ProportionalHazards:
    """Test whether a Cox model's hazard ratios change with time (Grambsch and Therneau 1994).

    Parameters
    ----------
    model : CoxModel
        Without an L1 penalty.
    table : DataFrame
        The rows that it was fitted to.
    patient
        As for :func:`~lesionary.adapt.survival.fit_cox`.
    clock
        ``km``: one less Kaplan-Meier, R's default; ``rank``: of event times; ``identity``;
        ``log``. The first two let late events weigh no more than others.

    Notes
    -----
    Uses the average information of an event for all, as lifelines does, and R's ``cox.zph``
    before version 3.0 of ``survival``. Rows are taken as independent.
    """
    if model.covariance is None:
        raise ModelError(
            "After an L1 penalty residuals are not centred on zero, and the test does not hold: "
            "fit the columns that were kept with fit_cox, and test that."
        )
    outcome = read_outcome(table, model.time, model.event, patient)
    if outcome.n != model.n or outcome.events != model.events:
        raise ModelError(
            f"The model was fitted to {model.n:,} rows with {model.events:,} events, the table has "
            f"{outcome.n:,} and {outcome.events:,}: give the rows that it was fitted to."
        )
    x = model.design.matrix(table)
    score = x @ model.beta
    sets = risk_sets(outcome.time, outcome.event)
    rising = np.argsort(outcome.time[sets.died], kind="stable")
    residual = schoenfeld(sets, x, score)[rising]
    when = outcome.time[sets.died][rising]
    inverse = np.linalg.inv(information(sets, x, score))
    late = _clock(when, outcome, clock)
    late = late - late.mean()
    spread = float(late @ late)
    if spread <= 0:
        raise ModelError("All events are at one time: there is no change over time to test.")
    drift = late @ residual
    each = (inverse @ drift) ** 2 * outcome.events / (np.diag(inverse) * spread)
    together = float(drift @ inverse @ drift) * outcome.events / spread
    terms = list(model.design.terms)
    tests = pd.DataFrame(
        {
            "statistic": [*each, together],
            "df": [1] * len(terms) + [len(terms)],
            "p": [*chi2.sf(each, 1), chi2.sf(together, len(terms))],
        },
        index=pd.Index([*terms, "all terms"], name="term"),
    )
    grows = [*np.sign(inverse @ drift), 0]
    told = [_verdict(p, sign) for p, sign in zip(tests["p"], grows, strict=True)]
    tests["verdict"], tests["advice"] = zip(*told, strict=True)
    beta_then = (outcome.events * residual @ inverse + model.beta) / model.design.scale
    residuals = pd.DataFrame(beta_then, columns=terms)
    residuals.insert(0, "time", when, allow_duplicates=True)
    return ProportionalHazards(tests, residuals, clock, outcome.events)


def _clock(when: NDArray[np.float64], outcome: Outcome, clock: Clock) -> NDArray[np.float64]:
    if clock == "identity":
        return when
    if clock == "log":
        return np.log(when)
    if clock == "rank":
        return np.asarray(rankdata(when), dtype=np.float64)
    if clock == "km":
        curve = kaplan_meier(outcome.time, outcome.event)
        before = np.concatenate([[1.0], curve.survival])
        return np.asarray(1 - before[np.searchsorted(curve.times, when, side="left")])
    raise ModelError(f"The clock is 'km', 'rank', 'identity' or 'log', not {clock!r}.")


def _verdict(p: float, sign: float) -> tuple[str, str]:
    if p >= _CHANGES:
        return "no sign of a change", ""
    way = {1: "rises", -1: "falls"}.get(int(sign), "changes")
    advice = (
        "look at the residuals; report hazard ratios for early and late follow-up, stratify by "
        "the column, or cut follow-up where it turns"
    )
    return f"log hazard ratio {way} with time", advice if sign else ""
