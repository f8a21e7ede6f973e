"""Kaplan-Meier curves with their intervals, and who is at risk below them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.figure_style import COLORS, FONT, INK, figure_of, write_figure
from lesionary.evaluate.result import p_equation
from lesionary.evaluate.survival.cox import hazard_ratio
from lesionary.evaluate.survival.curve import Curve, kaplan_meier
from lesionary.evaluate.survival.inputs import Survival, arms, survival
from lesionary.evaluate.survival.logrank import log_rank

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), "-")
_ROW_INCHES = 0.15


def draw_kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike | None = None,
    path: str | Path | None = None,
    *,
    groups: ArrayLike | None = None,
    until: float | None = None,
    every: float | None = None,
    time_label: str = "Time",
    survival_label: str = "Survival",
    level: float = 0.95,
) -> Figure:
    """Draw a curve for each group, with its interval, ends of follow-up and numbers at risk.

    Two groups come with the hazard ratio of the second to the first (Cox), two or more with the
    log-rank test; both are of the whole follow-up, also where ``until`` shows less.

    Parameters
    ----------
    time, event : array_like (n,)
    group : array_like (n,), optional
        The group of each row, seven at most; drawn in order, sorted or as categories are.
    path : path, optional
        Where to write the picture: ``.png``, ``.svg`` or ``.pdf``.
    groups : array_like (n,), optional
        Of each row its patient, as for the numbers.
    until : float, optional
        End of the axis. To end follow-up itself there, use
        :func:`~lesionary.evaluate.survival.censor_at` first.
    every : float, optional
        Distance of the ticks at which those at risk are counted.
    time_label, survival_label : str
        Of the axes: ``"Years since diagnosis"``, ``"Overall survival"``.
    level : float
        Of the intervals.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    EvaluationError
        If there are more than seven groups: split them over figures.
    """
    rows = survival(time, event, groups=groups, without_events=True)
    codes, names = (
        (np.zeros(rows.n, dtype=np.int64), ("all",)) if group is None else arms(group, time)
    )
    if len(names) > len(COLORS):
        raise EvaluationError(
            f"There are {len(names)} groups; more than {len(COLORS)} curves cannot be told apart."
        )
    curves = [
        kaplan_meier(rows.time[codes == code], rows.event[codes == code], level=level)
        for code in range(len(names))
    ]
    end = float(rows.time.max()) if until is None else until
    if not end > 0:
        raise EvaluationError(f"The axis ends at a time above 0, not {end:g}.")
    with figure_of(2.35 + _ROW_INCHES * (len(names) + 1)) as figure:
        above, below = figure.subplots(
            2, 1, sharex=True, height_ratios=[12, len(names) + 0.2], gridspec_kw={"hspace": 0.02}
        )
        for number, (name, curve) in enumerate(zip(names, curves, strict=True)):
            _draw_curve(above, number, str(name), curve)
        above.set_xlim(0, end)
        above.set_ylim(0, 1.02)
        ticks = _ticks(end, every)
        above.set_xticks(ticks)
        above.tick_params(labelbottom=True, colors=INK)
        above.set_ylabel(survival_label)
        above.set_xlabel(time_label)
        if len(names) > 1:
            # Where curves stay high the room is below them, else above.
            high = min(float(curve.at([end / 2])[0]) for curve in curves) > 0.5
            above.legend(
                loc="lower left" if high else "upper right",
                title=_told(rows, codes, names, level),
                handlelength=2.2,
                borderaxespad=0.2,
                alignment="left",
            )
        _draw_at_risk(below, ticks, names, curves)
    return write_figure(figure, path)


def _draw_curve(axes: Axes, number: int, name: str, curve: Curve) -> None:
    colour = COLORS[number]
    times = np.concatenate([[0.0], curve.times])
    share, low, high = (
        np.concatenate([[1.0], bound]) for bound in (curve.survival, curve.low, curve.high)
    )
    axes.fill_between(times, low, high, step="post", color=colour, alpha=0.18, linewidth=0)
    label = f"{name} (n = {curve.n:,}, {curve.total_events:,} events)"
    style: Any = _LINES[number]
    axes.step(times, share, where="post", color=colour, linewidth=1.2, linestyle=style, label=label)
    left = curve.censored > 0
    axes.plot(
        curve.times[left],
        curve.survival[left],
        linestyle="none",
        marker="|",
        markersize=4,
        markeredgewidth=0.8,
        color=colour,
    )


def _draw_at_risk(
    axes: Axes, ticks: NDArray[np.float64], names: tuple[Any, ...], curves: list[Curve]
) -> None:
    """Write who is still at risk under each tick, a line a curve."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    for number, curve in enumerate(curves):
        for tick, count in zip(ticks, curve.at_risk_at(ticks), strict=True):
            axes.text(tick, number, f"{count:,}", size=FONT, color=INK, ha="center", va="center")
    axes.set_yticks(range(len(names)), [str(name) for name in names])
    for number, label in enumerate(axes.get_yticklabels()):
        label.set_color(COLORS[number])
    axes.tick_params(length=0, labelbottom=False)
    # Counts stand centred under the ticks, the first one half outside.
    axes.tick_params(axis="y", pad=12)
    axes.set_title("At risk", size=FONT, loc="left", pad=2, color=INK)
    axes.spines[:].set_visible(False)


def _ticks(end: float, every: float | None) -> NDArray[np.float64]:
    if every is not None:
        if not every > 0:
            raise EvaluationError(f"Ticks are a distance above 0 apart, not {every:g}.")
        return np.arange(0, end * (1 + 1e-9), every)
    from matplotlib.ticker import MaxNLocator

    ticks = np.asarray(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(0, end))
    return ticks[ticks <= end]


def _told(rows: Survival, codes: NDArray[np.int64], names: tuple[Any, ...], level: float) -> str:
    """Write the test of all groups and, of two, the hazard ratio."""
    if rows.events == 0:
        return "no events"
    try:
        told = f"log-rank {p_equation(log_rank(rows.time, rows.event, codes).p)}"
    except EvaluationError:
        return "log-rank: nothing to compare"
    if rows.repeated:
        told += " (rows as independent)"
    if codes.max() > 1:
        return told
    try:
        ratio = hazard_ratio(rows.time, rows.event, codes, rows.group, level=level)
    except EvaluationError:
        return f"no finite HR\n{told}"
    bounds = f"({ratio.low:.2f}\N{EN DASH}{ratio.high:.2f})"
    return f"HR {names[1]} : {names[0]} {ratio.value:.2f} {bounds}\n{told}"
