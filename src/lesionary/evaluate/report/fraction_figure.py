"""Limited-data curves: how good models are that learnt from less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lesionary.evaluate.figure_style import figure_of, legend_below, looks, markers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ASIDE = 0.012
"""By how much models are set beside each other, so that intervals do not cover each other."""


def draw_fractions(table: pd.DataFrame) -> Figure:
    """Draw a metric with its interval over the fraction of the training data, a line a model.

    Parameters
    ----------
    table : DataFrame
        Of :func:`lesionary.evaluate.report.fractions.limited_data`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = table.dropna(subset="value").sort_values("fraction")
    models = table["model"].unique().tolist()
    look, marker = looks(models), markers(models)
    handles = []
    with figure_of(2.4 + 0.15 * len(models)) as figure:
        axes = figure.add_subplot()
        for number, name in enumerate(models):
            rows = table[table["model"] == name]
            ends = rows[["low", "high"]].astype(np.float64).to_numpy().T
            reach = np.nan_to_num(np.abs(ends - rows["value"].to_numpy(np.float64)))
            handles.append(
                axes.errorbar(
                    rows["fraction"] * (1 + _ASIDE * (2 * number - len(models) + 1)),
                    rows["value"],
                    yerr=reach,
                    elinewidth=0.7,
                    marker=marker[name],
                    markersize=3,
                    **look[name],
                )
            )
        fractions = sorted(table["fraction"].unique())
        axes.set_xscale("log")
        axes.set_xticks(fractions, [f"{fraction * 100:g}" for fraction in fractions])
        axes.minorticks_off()
        axes.set_xlabel("Training data used (%)")
        axes.set_ylabel(table["metric"].iloc[0])
        legend_below(figure, handles, models)
    return figure
