"""A picture of all p-values of a comparison, and of who was better."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lesionary.evaluate.comparisons.comparison import NAMES, Comparison
from lesionary.evaluate.figure_style import COLORS, FONT, INK, figure_of, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Blue and vermilion, strong to pale.
_BETTER, _WORSE = (COLORS[0], "#7FB8D8", "#D3E6F1"), (COLORS[1], "#EAAE7F", "#F7DFCC")
_UP, _DOWN = "\N{BLACK UP-POINTING SMALL TRIANGLE}", "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"
_STEPS = (0.001, 0.01, 0.05)
_NEITHER, _PALE = "#F2F2F2", "#FFFFFF"
_CELL = 0.42  # inches


def draw_p_values(comparison: Comparison, path: str | Path | None = None) -> Figure:
    """Draw a matrix of models: corrected p-values, and whether the row's model was better.

    A cell is blue (upward) where the model of its row had the better metric, vermilion (downward)
    where that of its column had: pale below 0.05, stronger below 0.01 and 0.001, grey from 0.05
    on. With a reference there is its column only.

    Parameters
    ----------
    comparison : Comparison
    path : path, optional
        Where to write the picture: ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.patches import Patch, Rectangle

    columns = list(comparison.values)
    rows = columns
    if comparison.reference is not None:
        columns = [comparison.reference]
        rows = [name for name in rows if name != comparison.reference]
    width, height = 1.3 + _CELL * len(columns), 1.3 + 0.7 * _CELL * len(rows)
    with figure_of(height, width) as figure:
        axes = figure.add_subplot()
        for pair in comparison.differences:
            ahead = pair.result.value if comparison.higher_is_better else -pair.result.value
            for row, column, sign in ((pair.first, pair.second, 1), (pair.second, pair.first, -1)):
                if row not in rows or column not in columns:
                    continue
                x, y = columns.index(column), rows.index(row)
                fill, ink = _colours(sign * ahead, pair.corrected_p)
                axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=fill, edgecolor=_PALE))
                mark = "" if ahead == 0 else _UP if sign * ahead > 0 else _DOWN
                axes.text(
                    x,
                    y,
                    f"{mark}{_short(pair.corrected_p)}",
                    size=FONT,
                    color=ink,
                    ha="center",
                    va="center",
                )
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        if len(columns) == 1:
            axes.set_xticks([0], columns)
        else:
            axes.set_xticks(
                range(len(columns)), columns, rotation=40, ha="left", rotation_mode="anchor"
            )
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xlabel(_caption(comparison), size=FONT)
        figure.legend(
            handles=[
                Patch(color=_BETTER[0], label=f"{_UP} row better"),
                Patch(color=_WORSE[0], label=f"{_DOWN} column better"),
                Patch(color=_NEITHER, label="neither: p \N{GREATER-THAN OR EQUAL TO} .05"),
            ],
            loc="outside lower center",
            ncols=3,
            handlelength=1,
            columnspacing=1,
        )
    return write_figure(figure, path)


def _colours(ahead: float, p: float) -> tuple[str, str]:
    """Fill of a cell, and the ink that can be read on it."""
    shades = _BETTER if ahead > 0 else _WORSE
    for step, fill in zip(_STEPS, shades, strict=True):
        if p < step:
            return fill, _PALE if fill == shades[0] else INK
    return _NEITHER, INK


def _short(p: float) -> str:
    return "<.001" if p < 0.001 else "1" if p > 0.9995 else f"{p:.3f}"[1:]


def _caption(comparison: Comparison) -> str:
    correction = "uncorrected p"
    if comparison.correction is not None:
        correction = f"p after {NAMES[comparison.correction]}"
    return f"{comparison.metric}: {correction}\n{comparison.test}"
