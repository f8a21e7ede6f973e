"""Subgroups with their intervals, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lesionary.errors import EvaluationError
from lesionary.evaluate.figure_style import COLORS, FONT, GREY, figure_of
from lesionary.evaluate.result import Result, p_equation
from lesionary.evaluate.subgroups import Subgroups
from lesionary.evaluate.subgroups.interaction import is_unreliable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW = 0.19
"""Height of a row, inches."""


def draw_subgroups(found: Sequence[Subgroups], whole: Result | None = None) -> Figure:
    """Draw a model's metric in each subgroup, with the p-value of each interaction.

    Parameters
    ----------
    found : sequence of Subgroups
        Of :func:`lesionary.evaluate.subgroups.judge_subgroups`.
    whole : Result, optional
        The metric of all rows, as a vertical line.

    Returns
    -------
    matplotlib.figure.Figure
        Hollow points have few rows of a class: their intervals are unreliable.
    """
    named = [result.metric for one in found for result in one.results.values()]
    if not named:
        raise EvaluationError("There is no subgroup that could be judged, and nothing to draw.")
    lines = sum(len(one.counts) + 1 for one in found)
    with figure_of(0.8 + _ROW * lines) as figure:
        axes = figure.add_subplot()
        place = 0.0
        ticks: list[tuple[float, str]] = []
        right = axes.get_yaxis_transform()
        for one in found:
            p = "not tested" if one.corrected_p is None else p_equation(one.corrected_p)
            ticks.append((place, one.column))
            axes.text(1.02, place, p, transform=right, va="center", fontsize=FONT, style="italic")
            place += 1
            for name, count in one.counts.items():
                ticks.append((place, f"{name}  "))
                result = one.results.get(name)
                counts = f"{count:,}"
                if result is not None:
                    counts += "" if result.events is None else f" ({result.events:,})"
                    few = is_unreliable(result)
                    axes.plot(
                        result.value,
                        place,
                        marker="o",
                        markersize=4,
                        color=COLORS[0],
                        markerfacecolor="white" if few else COLORS[0],
                        zorder=3,
                    )
                    if result.low is not None and result.high is not None:
                        axes.plot([result.low, result.high], [place] * 2, color=COLORS[0], lw=1)
                else:
                    counts += "  not computed"
                axes.text(1.02, place, counts, transform=right, va="center", fontsize=FONT)
                place += 1
        if whole is not None:
            axes.axvline(whole.value, color=GREY, lw=0.6, zorder=0)
        axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
        for (_, name), label in zip(ticks, axes.get_yticklabels(), strict=True):
            label.set_fontweight("normal" if name.endswith("  ") else "bold")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(place - 0.4, -2.4)
        head = "n (events),\np of interaction"
        axes.text(1.02, -1.6, head, transform=right, va="center", fontsize=FONT, color=GREY)
        axes.margins(x=0.05)
        axes.set_xlabel(named[0])
    return figure
