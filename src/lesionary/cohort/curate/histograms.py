"""How the series of a folder were made, at one look: a histogram of each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lesionary.errors import CohortError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN = (
    "modality",
    "manufacturer",
    "model",
    "kernel",
    "contrast",
    "plane",
    "slices",
    "spacing_x_mm",
    "spacing_z_mm",
    "slice_thickness_mm",
    "kvp",
    "tube_current_ma",
    "exposure_mas",
    "field_strength_t",
    "repetition_time_ms",
    "echo_time_ms",
    "injected_dose_mbq",
    "contrast_delay_s",
)
"""Columns that are drawn where a series has them."""

_ACROSS = 3
_PANEL_IN = (2.4, 1.75)
_MOST_BARS = 8
_FEW_VALUES = 12
_LONGEST = 18
_FEWEST_PLACES = 4
"""So that a single bar is no block."""

_COLOR, _MISSING = "#0072B2", "#BBBBBB"
_STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "pdf.fonttype": 42,
}


def draw_histograms(table: pd.DataFrame, columns: Sequence[str] | None = None) -> Figure:
    """Draw how often each value occurs among the scans, one panel a column.

    Parameters
    ----------
    table : DataFrame
        As ``describe_folder(...).table``.
    columns : sequence of str, optional
        Default: ``DRAWN``, and the columns behind ``varies`` (the keywords that were asked
        for); those that are empty throughout are left out.

    Returns
    -------
    matplotlib.figure.Figure
        One page; grey bars are series that do not say.

    Examples
    --------
    >>> scans = pd.DataFrame({"modality": ["CT", "CT", "MR"], "slices": [100, 120, 30]})
    >>> len(draw_histograms(scans).axes)
    2
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # What has no slices goes with scans (contours, plans, reports) and would count as silent.
    scans = table[table["slices"].notna()] if "slices" in table else table
    if columns is None:
        names = list(table.columns)
        asked = names[names.index("varies") + 1 :] if "varies" in names else []
        columns = [name for name in (*DRAWN, *asked) if name in scans and scans[name].notna().any()]
    if not columns or scans.empty:
        raise CohortError("There is nothing to draw: the table has no scan, or nothing of one.")
    down = -(-len(columns) // _ACROSS)
    across = min(_ACROSS, len(columns))
    with rc_context(_STYLE):
        figure = Figure(
            figsize=(_PANEL_IN[0] * across, _PANEL_IN[1] * down + 0.3), layout="constrained"
        )
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, name in zip(panels, columns, strict=False):
            _panel(axes, name, scans[name])
        for axes in panels[len(columns) :]:
            axes.remove()
        figure.suptitle(f"{len(scans):,} series", fontsize=9)
    return figure


def _panel(axes: Axes, name: str, values: pd.Series) -> None:
    told = values.dropna()
    silent = len(values) - len(told)
    axes.set_title(name)
    if pd.api.types.is_numeric_dtype(told) and told.nunique() > _FEW_VALUES:
        axes.hist(told.to_numpy(dtype=np.float64), bins=20, color=_COLOR)
        axes.set_ylabel("series")
        if silent:
            axes.annotate(
                f"{silent:,} do not say",
                (0.98, 0.95),
                xycoords="axes fraction",
                ha="right",
                va="top",
                fontsize=7,
            )
        return
    counts = told.value_counts()
    if pd.api.types.is_numeric_dtype(told):
        counts = counts.sort_index()
    labels = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in counts.index]
    heights = counts.to_list()
    if len(counts) > _MOST_BARS and not pd.api.types.is_numeric_dtype(told):
        rest = sum(heights[_MOST_BARS:])
        labels = [*labels[:_MOST_BARS], f"{len(counts) - _MOST_BARS} others"]
        heights = [*heights[:_MOST_BARS], rest]
    colors = [_COLOR] * len(heights)
    if silent:
        labels, heights, colors = [*labels, "not said"], [*heights, silent], [*colors, _MISSING]
    places = range(len(heights))
    axes.barh(places, heights, color=colors, height=0.8)
    axes.set_yticks(places, [_short(label) for label in labels])
    axes.set_ylim(max(len(heights), _FEWEST_PLACES) - 0.5, -0.5)
    axes.set_xlabel("series", fontsize=7)
    axes.locator_params(axis="x", integer=True, nbins=5)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
