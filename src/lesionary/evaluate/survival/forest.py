"""Hazard ratios under each other, with their numbers beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lesionary.errors import EvaluationError
from lesionary.evaluate.figure_style import COLORS, FONT, INK, RULE, figure_of, write_figure
from lesionary.evaluate.result import p_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NEEDED = ("hazard_ratio", "low", "high")
_WIDEST = 50.0
_ROW_INCHES = 0.19
_LETTER_POINTS = 4.1
_AXIS_INCHES = 1.1


def draw_forest(
    table: pd.DataFrame,
    path: str | Path | None = None,
    *,
    label: str = "Hazard ratio (95 % CI)",
) -> Figure:
    """Draw a forest plot of hazard ratios on a log axis.

    Parameters
    ----------
    table : DataFrame
        A row each, named by the index, with ``hazard_ratio``, ``low`` and ``high``, and ``p`` if
        it is to be printed: as :func:`~lesionary.evaluate.survival.cox_univariate` gives, or one
        row a model, subgroup or study. A row without numbers is named, with a dash for them.
    path : path, optional
        Where to write the picture: ``.png``, ``.svg`` or ``.pdf``.
    label : str
        Of the axis.

    Returns
    -------
    matplotlib.figure.Figure
        As wide as a column, or as long names need. The axis ends at 50 (and 1/50) at
        most; intervals that go on end in an arrow.

    Raises
    ------
    EvaluationError
        If a column is missing, no row has numbers, or a bound is not above 0.
    """
    missing = [name for name in _NEEDED if name not in table]
    if missing:
        raise EvaluationError(f"A forest plot needs the column {missing[0]!r}.")
    ratios = table.loc[:, list(_NEEDED)].to_numpy(dtype=np.float64)
    known = ~np.isnan(ratios).any(axis=1)
    if not known.any():
        raise EvaluationError("No row of the table has a hazard ratio: there is nothing to draw.")
    if not (ratios[known] >= 0).all():
        raise EvaluationError("Hazard ratios and their bounds are above 0: give no logarithms.")
    numbers = [
        _numbers(*ratio) if fine else "\N{EN DASH}"
        for ratio, fine in zip(ratios, known, strict=True)
    ]
    beside = _LETTER_POINTS * max(map(len, numbers))
    names = [str(name) for name in table.index]
    words_inches = (_LETTER_POINTS * (max(map(len, names)) + 8) + beside) / 72
    height = 0.75 + _ROW_INCHES * (len(table) + 1)
    with figure_of(height, words_inches + _AXIS_INCHES) as figure:
        axes = figure.add_subplot()
        # Room for half a tick's distance beside the outermost bound, and 1 in view.
        low = max(min(ratios[known, 1].min(), 0.8) / 1.1, 1 / _WIDEST)
        high = min(max(ratios[known, 2].max(), 1.25) * 1.1, _WIDEST)
        axes.axvline(1, color=RULE, linewidth=0.8, zorder=0)
        for row, (ratio, start, stop) in enumerate(ratios):
            if not known[row]:
                continue
            axes.plot(np.clip([start, stop], low, high), [row, row], color=INK, linewidth=1)
            for beyond, end, marker in ((start < low, low, "<"), (stop > high, high, ">")):
                if beyond:
                    axes.plot(end, row, marker=marker, color=INK, markersize=3, clip_on=False)
            if low <= ratio <= high:
                axes.plot(ratio, row, marker="s", color=COLORS[0], markersize=4)
        _write_beside(axes, 6, ["HR (CI)", *numbers])
        if "p" in table:
            p = [p_words(value) if np.isfinite(value) else "" for value in table["p"]]
            _write_beside(axes, 14 + beside, ["p", *p])
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(len(table) - 0.5, -1.5)
        axes.set_yticks(range(len(table)), names)
        ticks = [
            tick for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if low <= tick <= high
        ]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.tick_params(colors=INK)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(label)
        axes.spines["left"].set_visible(False)
    return write_figure(figure, path)


def _write_beside(axes: Axes, points: float, lines: list[str]) -> None:
    """Write a header and a line a row, so far to the right of the axes."""
    for number, line in enumerate(lines):
        axes.annotate(
            line,
            xy=(1, number - 1),
            xycoords=axes.get_yaxis_transform(),
            xytext=(points, 0),
            textcoords="offset points",
            size=FONT,
            va="center",
            color=INK,
            weight="normal" if number else "bold",
            annotation_clip=False,
        )


def _numbers(ratio: float, low: float, high: float) -> str:
    return f"{_short(ratio)} ({_short(low)}\N{EN DASH}{_short(high)})"


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.3g}"
