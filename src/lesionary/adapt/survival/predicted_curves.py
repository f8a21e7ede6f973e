"""Predicted survival of groups of patients, averaged, beside what was observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lesionary.adapt.survival.outcome import read_outcome
from lesionary.errors import ModelError
from lesionary.evaluate.figure_style import COLORS, COLUMN
from lesionary.evaluate.survival import kaplan_meier

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TALL = 2.5


class PredictsSurvival(Protocol):
    """A model with survival curves."""

    @property
    def followed(self) -> float:
        """Longest follow-up of its training rows."""

    def predict_survival(self, table: pd.DataFrame, times: ArrayLike) -> pd.DataFrame:
        """Return a row a row, a column a time."""


def group_survival(
    model: PredictsSurvival, table: pd.DataFrame, groups: ArrayLike, times: ArrayLike
) -> pd.DataFrame:
    """Average the predicted survival of each group's rows.

    Parameters
    ----------
    model
        Any model of this room.
    table : DataFrame (n)
    groups : array_like (n,)
        Each row's group: low and high risk, by a threshold from the training rows.
    times : array_like (m,)

    Returns
    -------
    DataFrame
        A row a time, a column a group.
    """
    names = np.asarray(groups)
    if len(names) != len(table) or pd.isna(names).any():
        raise ModelError(f"There are {len(table):,} rows; give each its group.")
    return model.predict_survival(table, times).groupby(names).mean().T.rename_axis("time")


def predicted_curves_figure(
    model: PredictsSurvival,
    table: pd.DataFrame,
    groups: ArrayLike,
    *,
    time: str = "time",
    event: str = "event",
    until: float | None = None,
) -> Figure:
    """Draw each group's observed Kaplan-Meier curve, and dashed over it what was predicted.

    Parameters
    ----------
    model, table, groups
        As for :func:`group_survival`.
    time, event
        Columns of the outcome.
    until
        Last time that is drawn. Default: the last of the table, or of the training rows where
        they were followed less long.
    """
    from matplotlib.figure import Figure

    outcome = read_outcome(table, time, event)
    names = np.asarray(groups)
    last = min(float(outcome.time.max()), model.followed) if until is None else until
    at = np.linspace(0, last, 200)
    predicted = group_survival(model, table, names, at)
    if len(predicted.columns) > len(COLORS):
        raise ModelError(f"There are {len(predicted.columns)} groups; up to {len(COLORS)} fit.")
    figure = Figure(figsize=(COLUMN, _TALL), layout="constrained")
    panel = figure.subplots()
    for colour, name in zip(COLORS, predicted.columns, strict=False):
        mine = names == name
        curve = kaplan_meier(outcome.time[mine], outcome.event[mine])
        label = f"{name} ({int(mine.sum()):,}, {int(outcome.event[mine].sum()):,} events)"
        panel.plot(
            at, curve.at(at), color=colour, linewidth=1.3, drawstyle="steps-post", label=label
        )
        panel.plot(at, predicted[name], color=colour, linewidth=1.3, linestyle="--")
    panel.plot([], [], color="0.3", linewidth=1.3, linestyle="--", label="predicted")
    panel.set_xlim(0, last)
    panel.set_ylim(0, 1.02)
    panel.set_xlabel(time, fontsize=8)
    panel.set_ylabel("free of the event", fontsize=8)
    panel.tick_params(labelsize=7)
    panel.legend(fontsize=7, frameon=False)
    panel.spines[["top", "right"]].set_visible(False)
    return figure
