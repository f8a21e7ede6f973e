"""A first look at many columns: a Cox model of each on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2, false_discovery_control

from lesionary.adapt.survival.cox import not_the_outcome
from lesionary.adapt.survival.design import Design, learn_design
from lesionary.adapt.survival.newton import maximise
from lesionary.adapt.survival.outcome import Outcome, read_outcome
from lesionary.errors import ModelError
from lesionary.evaluate.survival import cox_univariate


@dataclass(frozen=True)
class Screen:
    """What each column has to do with the outcome, alone. Prints itself.

    Parameters
    ----------
    table : DataFrame
        A row a column, ``p`` rising: ``hazard_ratio, low, high`` of one standard deviation (none
        where a column of text has several levels), ``p`` (Wald), ``q`` (Benjamini-Hochberg over
        all columns), ``c_index`` and ``note``.
    kept : tuple of str
        Columns with ``p`` at most ``keep``, in the order given.
    keep
    """

    table: pd.DataFrame
    kept: tuple[str, ...]
    keep: float

    def __str__(self) -> str:
        head = f"{len(self.kept):,} of {len(self.table):,} columns have p <= {self.keep:g}"
        shown = self.table.head(10).to_string(float_format=lambda value: f"{value:.3g}")
        return f"{head}\n{shown}"


def univariate_screen(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    time: str = "time",
    event: str = "event",
    patient: str | None = None,
    ordinal: Mapping[str, Sequence[str]] | None = None,
    keep: float = 0.2,
) -> Screen:
    """Keep the columns that have something to do with the outcome on their own.

    A screen is no evidence: its p-values are those of the very rows that models are fitted to
    next. Screen training rows only.

    Parameters
    ----------
    table, columns, time, event, patient, ordinal
        As for :func:`~lesionary.adapt.survival.fit_cox`.
    keep
        Highest p-value of a column that is kept.
    """
    if not 0 < keep <= 1:
        raise ModelError(f"`keep` is a p-value above 0 and at most 1, not {keep}.")
    outcome = read_outcome(table, time, event, patient)
    not_the_outcome(columns, time, event)
    design, x = learn_design(table, columns, ordinal)
    several = np.bincount(design.column_of) > 1
    alone = ~several[design.column_of]
    found = []
    if alone.any():
        groups = outcome.patient if outcome.clustered else None
        terms = pd.DataFrame(x[:, alone], columns=np.array(design.names)[~several])
        part = cox_univariate(outcome.time, outcome.event, terms, groups)
        found.append(part[["hazard_ratio", "low", "high", "p", "c_index", "note"]])
    if several.any():
        found.append(_of_levels(design, x, outcome, several))
    screened = pd.concat(found).rename_axis("column").loc[list(design.names)]
    known = screened["p"].notna()
    screened.insert(4, "q", np.nan)
    screened.loc[known, "q"] = false_discovery_control(screened.loc[known, "p"])
    kept = tuple(str(name) for name in screened.index[screened["p"] <= keep])
    return Screen(screened.sort_values("p", kind="stable"), kept, keep)


def _of_levels(
    design: Design, x: NDArray[np.float64], outcome: Outcome, several: NDArray[np.bool_]
) -> pd.DataFrame:
    """Test all levels of a column of text together."""
    rows = {}
    for index in np.flatnonzero(several):
        mine = design.column_of == index
        terms = [term for term, own in zip(design.terms, mine, strict=True) if own]
        row: dict[str, float | str] = dict.fromkeys(
            ("hazard_ratio", "low", "high", "p", "c_index"), np.nan
        )
        try:
            fit = maximise(x[:, mine], outcome, terms)
            wald = fit.beta @ np.linalg.solve(fit.covariance, fit.beta)
            row |= {"p": float(chi2.sf(wald, len(terms))), "note": f"{len(terms)} levels together"}
        except ModelError as error:
            row["note"] = str(error)
        rows[design.names[index]] = row
    return pd.DataFrame.from_dict(rows, orient="index")
