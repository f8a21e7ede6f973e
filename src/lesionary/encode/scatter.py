"""A projection as a picture: an interactive piece of HTML, or a PNG."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort.columns import LESION
from lesionary.files import atomic_path

_HUES = (
    "#4e79c4", "#e8743b", "#2a9d6f", "#c8a415", "#9b5fc0", "#d6455d", "#1fa3b8", "#8a6d52",
    "#e07bb4",
)  # fmt: skip
_OTHER = "#8b93a1"
_RAMP = ("#3b3a8c", "#2f7fb0", "#3fb58a", "#b7cf43", "#f5d938")
"""Colours from low to high."""

_SIDE, _MARGIN = 400, 16

PANELS = {"pca": "PCA", "tsne": "t-SNE"}


@dataclass(frozen=True)
class Colors:
    """A colour for each lesion, and what the colours mean.

    Attributes
    ----------
    of_lesion : list of str
        Hexadecimal.
    legend : dict of str to str
        Name to colour, in the order shown; of numbers, the ends of the range.
    text : list of str
        The value of each lesion, as it is shown.
    ends : tuple of float, optional
        Of numbers along the ramp: the lowest and the highest.
    """

    of_lesion: list[str]
    legend: dict[str, str]
    text: list[str]
    ends: tuple[float, float] | None = None


def color_by(values: pd.Series[Any] | None, count: int) -> Colors:
    """Colour lesions: many different numbers, or fractions, along a ramp; else by class.

    Of more classes than hues the most frequent have one of their own, the rest is grey, as is
    what is missing.
    """
    if values is None:
        return Colors([_HUES[0]] * count, {}, [""] * count)
    missing = values.isna().to_numpy()
    if _is_scale(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        missing = ~np.isfinite(numbers)
        low, high = float(numbers[~missing].min()), float(numbers[~missing].max())
        share = np.where(missing, 0, (numbers - low) / (high - low))
        ramp = [_mix(value) for value in share.tolist()]
        colors = [_OTHER if gone else one for one, gone in zip(ramp, missing, strict=True)]
        text = ["missing" if gone else f"{n:.4g}" for n, gone in zip(numbers, missing, strict=True)]
        legend = {f"{low:.4g}": _RAMP[0], f"{high:.4g}": _RAMP[-1]}
        return Colors(colors, legend, text, (low, high))
    text = ["missing" if gone else str(v) for v, gone in zip(values, missing, strict=True)]
    frequent = values[~missing].value_counts().index[: len(_HUES)]
    ordered = (
        frequent.sort_values()
        if pd.api.types.is_numeric_dtype(values)
        else sorted(map(str, frequent))
    )
    legend = dict(zip(map(str, ordered), _HUES[: len(frequent)], strict=True))
    colors = [legend.get(one, _OTHER) for one in text]
    if _OTHER in colors:
        legend["other or missing"] = _OTHER
    return Colors(colors, legend, text)


def _is_scale(values: pd.Series[Any]) -> bool:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    different = pd.Series(values.dropna().unique()).astype(np.float64)
    different = different[np.isfinite(different)]
    return len(different) > len(_HUES) or (len(different) > 1 and bool((different % 1 != 0).any()))


def projection_figure(
    projection: pd.DataFrame,
    color: pd.Series[Any] | None = None,
    facts: pd.DataFrame | None = None,
    pictures: Mapping[str, str] | None = None,
) -> str:
    """Return a projection as a piece of HTML with its style and script, for any page.

    Parameters
    ----------
    projection : DataFrame
        As :func:`project_features` makes it.
    color : Series, optional
        A value for each row of the projection, in its order; its name is the legend's title.
    facts : DataFrame, optional
        What is shown of the lesion under the cursor, a row for each of the projection's.
    pictures : mapping of lesion_id to str, optional
        Address of a picture to show with it (``views/L1.png``, or a data URL), or ``#L1``: the
        picture on the page whose ``id`` is L1.

    Returns
    -------
    str
        A ``<figure>``. It needs nothing from elsewhere, and takes the colours ``--ink``,
        ``--quiet``, ``--card`` and ``--line`` of a page that defines them.
    """
    colors = color_by(color, len(projection))
    points = []
    for i, lesion_id in enumerate(projection[LESION]):
        lines = {} if facts is None else {str(k): _text(v) for k, v in facts.iloc[i].items()}
        if color is not None:
            lines = {str(color.name): colors.text[i], **lines}
        point = {"title": str(lesion_id), "facts": lines, "group": colors.text[i]}
        if pictures and str(lesion_id) in pictures:
            point["picture"] = pictures[str(lesion_id)]
        points.append(point)
    panels = "".join(_panel(projection, method, colors) for method in PANELS)
    data = json.dumps(points).replace("<", "\\u003c")
    return (
        f"<style>{_resource('scatter.css')}</style>"
        f'<figure class="projection">{_legend(colors, color)}'
        f'<div class="panels">{panels}</div><div class="lesion" hidden></div>'
        f'<script type="application/json">{data}</script>'
        f"<script>{_resource('scatter.js')}</script></figure>"
    )


def draw_projection(
    projection: pd.DataFrame, path: str | Path, color: pd.Series[Any] | None = None
) -> None:
    """Draw a projection as a PNG; parameters as for :func:`projection_figure`."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    colors = color_by(color, len(projection))
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, method in zip(panels, PANELS, strict=True):
        x, y = projection[f"{method}_1"], projection[f"{method}_2"]
        axes.scatter(x, y, c=colors.of_lesion, s=26, linewidths=0.5, edgecolors="white")
        axes.set(xlabel=_axis(projection, method, 1), ylabel=_axis(projection, method, 2))
        axes.set_title(PANELS[method])
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[["top", "right"]].set_visible(False)
    name = None if color is None else str(color.name)
    if colors.ends:
        ramp = ScalarMappable(
            Normalize(*colors.ends), LinearSegmentedColormap.from_list("ramp", _RAMP)
        )
        figure.colorbar(ramp, ax=panels, location="bottom", shrink=0.4, aspect=40, label=name)
    elif colors.legend:
        dots = [Line2D([], [], marker="o", ls="", color=one) for one in colors.legend.values()]
        figure.legend(
            dots,
            list(colors.legend),
            title=name,
            loc="outside lower center",
            ncols=5,
            frameon=False,
        )
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def _panel(projection: pd.DataFrame, method: str, colors: Colors) -> str:
    across = _places(projection[f"{method}_1"].to_numpy())
    down = _SIDE - _places(projection[f"{method}_2"].to_numpy())
    dots = "".join(
        f'<circle data-i="{i}" cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{color}"/>'
        for i, (x, y, color) in enumerate(zip(across, down, colors.of_lesion, strict=True))
    )
    title = PANELS[method]
    return (
        f'<div><svg viewBox="0 0 {_SIDE} {_SIDE}" role="img" aria-label="{title} of the features, '
        f'one point a lesion"><rect width="{_SIDE}" height="{_SIDE}" rx="10"/>{dots}</svg>'
        f"<p><b>{title}</b> {_axis(projection, method, 1)} across, "
        f"{_axis(projection, method, 2)} up</p></div>"
    )


def _places(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.ptp(values) or 1.0
    return np.asarray(_MARGIN + (values - values.min()) / spread * (_SIDE - 2 * _MARGIN))


def _axis(projection: pd.DataFrame, method: str, number: int) -> str:
    explained = projection.attrs.get("explained")
    if method != "pca":
        return f"dimension {number}"
    share = f" ({100 * explained[number - 1]:.0f} % of the variance)" if explained else ""
    return f"component {number}{share}"


def _legend(colors: Colors, color: pd.Series[Any] | None) -> str:
    if color is None:
        return ""
    if colors.ends:
        low, high = map(escape, colors.legend)
        ramp = ", ".join(_RAMP)
        style = f"background:linear-gradient(90deg, {ramp})"
        keys = f'<span>{low}<i class="ramp" style="{style}"></i>{high}</span>'
    else:
        keys = "".join(
            f'<button type="button" data-group="{escape(name)}"><i style="background:{one}"></i>'
            f"{escape(name)}</button>"
            for name, one in colors.legend.items()
        )
    return f"<figcaption><b>{escape(str(color.name))}</b>{keys}</figcaption>"


def _text(value: object) -> str:
    return "missing" if pd.isna(value) else str(value)  # type: ignore[call-overload]  # a cell


def _mix(share: float) -> str:
    position = share * (len(_RAMP) - 1)
    low = min(int(position), len(_RAMP) - 2)
    one, other = ([int(_RAMP[k][j : j + 2], 16) for j in (1, 3, 5)] for k in (low, low + 1))
    mixed = [round(a + (b - a) * (position - low)) for a, b in zip(one, other, strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _resource(name: str) -> str:
    return files("lesionary.encode").joinpath(name).read_text(encoding="utf-8")
