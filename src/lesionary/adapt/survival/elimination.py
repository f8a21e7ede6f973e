"""Backward elimination: leave out the column that is missed least, refit, and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.survival.cox import CoxModel, fit_cox, fitted
from lesionary.adapt.survival.outcome import read_outcome
from lesionary.errors import ModelError


@dataclass(frozen=True)
class Elimination:
    """The model that was left, and how it came to be. Prints itself.

    Parameters
    ----------
    model : CoxModel
        Of the columns that are left. Its p-values know nothing of the elimination, and are too
        small.
    steps : DataFrame
        A row a column that was left out, in order: ``removed``, its ``p`` (Wald) before, ``aic``
        after, and ``left``, how many columns were.
    by : {"p", "aic"}
    """

    model: CoxModel
    steps: pd.DataFrame
    by: str

    def __str__(self) -> str:
        removed = ", ".join(self.steps["removed"]) or "nothing"
        return f"Backward elimination by {self.by} left out {removed}\n{self.model}"


def backward_elimination(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    time: str = "time",
    event: str = "event",
    patient: str | None = None,
    ordinal: Mapping[str, Sequence[str]] | None = None,
    by: Literal["p", "aic"] = "p",
    alpha: float = 0.2,
) -> Elimination:
    """Fit a Cox model to all columns, then leave out one after another.

    The model is fitted again after each step. (The "fast backward" of R's ``rms`` approximates
    these fits from the first one, after Lawless and Singhal 1978, and can end elsewhere.)
    A column of text is kept or left out with all its levels.

    Parameters
    ----------
    table, columns, time, event, patient, ordinal
        As for :func:`~lesionary.adapt.survival.fit_cox`.
    by
        ``p``: the column with the highest Wald p-value goes, as long as that is above ``alpha``.
        ``aic``: the column goes whose absence gives the lowest AIC, as long as that falls.
    alpha
        For ``p``.

    Raises
    ------
    ModelError
        If no column is left.
    """
    if by not in ("p", "aic"):
        raise ModelError(f"Elimination is by 'p' or by 'aic', not {by!r}.")
    if not 0 < alpha <= 1:
        raise ModelError(f"`alpha` is a p-value above 0 and at most 1, not {alpha}.")
    outcome = read_outcome(table, time, event, patient)
    model = fit_cox(table, columns, time=time, event=event, patient=patient, ordinal=ordinal)
    full, x = model.design, model.design.matrix(table)

    def refit(names: Sequence[str]) -> CoxModel:
        mine: NDArray[np.bool_] = np.isin(full.names, list(names))[full.column_of]
        return fitted(full.only(names), x[:, mine], outcome, time=time, event=event)

    steps = []
    while True:
        p = model.column_tests()
        if by == "p":
            worst = str(p.idxmax())
            if p[worst] <= alpha:
                break
            candidates = [worst]
        else:
            candidates = list(model.columns)
        if len(model.columns) == 1:
            if by == "aic" and model.aic <= -2 * model.null:
                break
            raise ModelError(
                f"No column is left: the last, {model.columns[0]!r}, has p = {p.iloc[0]:.3g}. "
                "These columns do not predict the outcome."
            )
        smaller = {
            name: refit([one for one in model.columns if one != name]) for name in candidates
        }
        removed = min(smaller, key=lambda name: smaller[name].aic)
        if by == "aic" and smaller[removed].aic >= model.aic:
            break
        model = smaller[removed]
        steps.append((removed, float(p[removed]), model.aic, len(model.columns)))
    return Elimination(model, pd.DataFrame(steps, columns=["removed", "p", "aic", "left"]), by)
