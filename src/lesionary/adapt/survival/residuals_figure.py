"""Scaled Schoenfeld residuals over time, a panel a term."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import ModelError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lesionary.adapt.survival.proportional import ProportionalHazards

_WIDE, _TALL = 3.35, 1.5
_MOST = 8
_SPAN = 0.6
"""Share of events that a point of the smooth looks at."""


def residuals_figure(test: ProportionalHazards, terms: list[str] | None) -> Figure:
    """Draw the residuals of some terms of a test."""
    from matplotlib.figure import Figure

    tests = test.table.drop("all terms")
    if terms is None:
        terms = [str(name) for name in tests["p"].nsmallest(_MOST).index]
    unknown = [name for name in terms if name not in tests.index]
    if unknown or not terms:
        raise ModelError(f"The model has no term {unknown[0]!r}." if unknown else "No terms given.")
    figure = Figure(figsize=(_WIDE, _TALL * len(terms) + 0.35), layout="constrained")
    panels = figure.subplots(len(terms), 1, sharex=True, squeeze=False)[:, 0]
    time = test.residuals["time"].to_numpy(np.float64)
    instants, instant = np.unique(time, return_inverse=True)
    for panel, name in zip(panels, terms, strict=True):
        value = test.residuals[name].to_numpy(np.float64)
        panel.axhline(0, color="0.6", linewidth=0.6)
        panel.axhline(value.mean(), color="0.3", linewidth=0.8, linestyle="--")
        panel.plot(time, value, ".", color="#56B4E9", markersize=2.5, alpha=0.7)
        line = np.bincount(instant, weights=smooth(value)) / np.bincount(instant)
        panel.plot(instants, line, color="#D55E00", linewidth=1.4)
        panel.set_title(f"{name}, p = {tests.loc[name, 'p']:.2g}", fontsize=8, loc="left")
        low, high = np.percentile(value, (2, 98))
        panel.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
        panel.tick_params(labelsize=7)
        panel.spines[["top", "right"]].set_visible(False)
    figure.supylabel("log hazard ratio at that time", fontsize=8)
    panels[-1].set_xlabel("time", fontsize=8)
    return figure


def smooth(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a local line through values (n,) that are in the order of time (tricube weights)."""
    n = len(value)
    place = np.arange(n, dtype=np.float64)
    apart = place - place[:, None]
    half = max(_SPAN * n / 2, 2.0)
    # At the ends the window reaches as many events, on one side.
    reach = half + np.maximum(0, half - np.minimum(place, n - 1 - place))
    weight = np.clip(1 - (np.abs(apart) / reach[:, None]) ** 3, 0, None) ** 3
    total = weight.sum(axis=1)
    first, second = (weight * apart).sum(axis=1), (weight * apart**2).sum(axis=1)
    level, lean = weight @ value, (weight * apart) @ value
    return np.asarray((second * level - first * lean) / (second * total - first**2))
