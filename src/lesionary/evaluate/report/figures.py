"""Figures of predictions of two classes: discrimination, calibration, net benefit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from lesionary.evaluate.calibration import calibration_curve
from lesionary.evaluate.figure_style import GREY, figure_of, legend_below, looks, markers
from lesionary.evaluate.metrics import auc, average_precision
from lesionary.evaluate.net_benefit import TREAT_ALL, TREAT_NONE, DecisionCurve
from lesionary.evaluate.report.curves import precision_recall_curve, roc_curve
from lesionary.evaluate.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BANDS = 3
"""Models of which bands are drawn; those of more would hide each other."""

_LINE = 0.15
"""Height of a line of the legend, inches."""


def draw_roc(
    y: ArrayLike,
    scores: Mapping[str, ArrayLike],
    groups: ArrayLike | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Figure:
    """Draw ROC curves, with bands for up to three models, and their AUC.

    Parameters
    ----------
    y : array_like (n,)
        Labels of two classes; the positive one is the second as sorted (give ``y == "name"``).
    scores : mapping of str to array_like (n,)
        Of the second class, one a model.
    groups : array_like (n,), optional
        Of each row its patient.
    resamples, level, seed
        Of the bootstrap. A band holds at each point by itself, not for the whole curve.

    Returns
    -------
    matplotlib.figure.Figure
    """
    drawn: dict[str, Any] = {"resamples": resamples, "level": level, "seed": seed}
    look = looks(list(scores))
    with figure_of(2.9 + _LINE * len(scores)) as figure:
        axes = figure.add_subplot()
        labels = []
        for name, score in scores.items():
            curve, band = roc_curve(y, score, groups, **drawn)
            x = "false_positive_rate"
            axes.plot(curve[x], curve["sensitivity"], **look[name])
            if len(scores) <= _BANDS:
                axes.fill_between(
                    band[x], band["low"], band["high"], color=look[name]["color"], alpha=0.15, lw=0
                )
            labels.append(f"{name}  AUC {_told(auc(y, score, groups, **drawn))}")
        lines = list(axes.lines)
        axes.plot([0, 1], [0, 1], color=GREY, lw=0.6, zorder=0)
        _unit_square(axes, "1 − specificity", "Sensitivity")
        legend_below(figure, lines, labels)
    return figure


def draw_precision_recall(
    y: ArrayLike,
    scores: Mapping[str, ArrayLike],
    groups: ArrayLike | None = None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Figure:
    """Draw precision-recall curves; parameters as of :func:`draw_roc`.

    The grey line is the share of positive rows: the precision of guessing.
    """
    drawn: dict[str, Any] = {"resamples": resamples, "level": level, "seed": seed}
    look = looks(list(scores))
    with figure_of(2.9 + _LINE * len(scores)) as figure:
        axes = figure.add_subplot()
        labels = []
        share = 0.0
        for name, score in scores.items():
            curve, band = precision_recall_curve(y, score, groups, **drawn)
            axes.plot(curve["recall"], curve["precision"], drawstyle="steps-pre", **look[name])
            if len(scores) <= _BANDS:
                axes.fill_between(
                    band["recall"],
                    band["low"],
                    band["high"],
                    color=look[name]["color"],
                    alpha=0.15,
                    lw=0,
                )
            result = average_precision(y, score, groups, **drawn)
            share = (result.events or 0) / result.n
            labels.append(f"{name}  AP {_told(result)}")
        lines = list(axes.lines)
        axes.axhline(share, color=GREY, lw=0.6, zorder=0)
        _unit_square(axes, "Recall (sensitivity)", "Precision (PPV)")
        legend_below(figure, lines, labels)
    return figure


def draw_calibration(
    y: ArrayLike,
    probabilities: Mapping[str, ArrayLike],
    groups: ArrayLike | None = None,
    *,
    bins: int = 10,
    level: float = 0.95,
) -> Figure:
    """Draw how often came true what was predicted, and how often what was predicted.

    Parameters
    ----------
    y, probabilities, groups
        As of :func:`draw_roc`; probabilities between 0 and 1.
    bins : int
        Of as many rows each, one point a bin.
    level : float
        Of the interval of each point.

    Returns
    -------
    matplotlib.figure.Figure
    """
    look, marker = looks(list(probabilities)), markers(list(probabilities))
    with figure_of(3.3 + _LINE * len(probabilities)) as figure:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[5, 1])
        axes.plot([0, 1], [0, 1], color=GREY, lw=0.6, zorder=0)
        handles = []
        for name, score in probabilities.items():
            curve = calibration_curve(y, score, groups, bins=bins, level=level)
            reach = np.abs(curve[["low", "high"]].to_numpy().T - curve["observed"].to_numpy())
            handles.append(
                axes.errorbar(
                    curve["predicted"],
                    curve["observed"],
                    yerr=reach if len(probabilities) <= _BANDS else None,
                    elinewidth=0.7,
                    marker=marker[name],
                    markersize=3,
                    **(look[name] | {"linewidth": 0.8}),
                )
            )
            below.hist(
                np.asarray(score, dtype=np.float64),
                bins=np.linspace(0, 1, 26),
                histtype="step",
                **(look[name] | {"linewidth": 0.8}),
            )
        _unit_square(axes, "", "Observed share")
        below.set_xlabel("Predicted probability")
        below.set_ylabel("Rows")
        legend_below(figure, handles, list(probabilities))
    return figure


def draw_decision_curve(curve: DecisionCurve) -> Figure:
    """Draw net benefit over threshold probabilities, with bands for up to three models.

    Parameters
    ----------
    curve : DecisionCurve
        Of :func:`lesionary.evaluate.net_benefit.decision_curve`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = curve.table
    models = [name for name in table["model"].unique() if name not in (TREAT_ALL, TREAT_NONE)]
    look = looks(models)
    look[TREAT_ALL] = {"color": GREY, "linestyle": "-", "linewidth": 0.8}
    look[TREAT_NONE] = {"color": GREY, "linestyle": ":", "linewidth": 0.8}
    with figure_of(2.4 + _LINE * len(look)) as figure:
        axes = figure.add_subplot()
        for name, style in look.items():
            rows = table[table["model"] == name]
            axes.plot(rows["threshold"], rows["net_benefit"], **style)
            if name in models and len(models) <= _BANDS and "low" in rows:
                axes.fill_between(
                    rows["threshold"],
                    rows["low"],
                    rows["high"],
                    color=style["color"],
                    alpha=0.15,
                    lw=0,
                )
        top = curve.events / curve.n
        axes.set_ylim(-0.15 * top, 1.1 * top)  # what does more harm than that is cut off
        axes.set_xlim(0, 1)
        axes.set_xlabel("Threshold probability")
        axes.set_ylabel("Net benefit")
        legend_below(figure, list(axes.lines), list(look))
    return figure


def _told(result: Result) -> str:
    if result.low is None or result.high is None:
        return f"{result.value:.3f}"
    return f"{result.value:.3f} ({result.low:.3f}–{result.high:.3f})"


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y)
    ticks = np.linspace(0, 1, 6)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
