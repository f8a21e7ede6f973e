"""The plot of differences against means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesionary.evaluate.figure_style import COLORS, GREY, figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lesionary.evaluate.reliability.limits import BlandAltman


def draw_bland_altman(found: BlandAltman, name: str = "", unit: str = "") -> Figure:
    """Draw each subject's difference over its mean, with bias and limits and their intervals.

    Parameters
    ----------
    found : BlandAltman
    name
        Of the feature: the title.
    unit
        Of the feature, for the axes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    told = f" ({unit})" if unit else ""
    with figure_of(2.6) as figure:
        axes = figure.add_subplot()
        axes.axhline(0.0, color=GREY, linewidth=0.5)
        lines = (
            (found.bias, "bias", "-"),
            (found.upper, "upper", "--"),
            (found.lower, "lower", "--"),
        )
        for result, label, dashes in lines:
            if result.low is not None and result.high is not None:
                axes.axhspan(result.low, result.high, color=COLORS[0], alpha=0.12, linewidth=0)
            axes.axhline(result.value, color=COLORS[0], linestyle=dashes, linewidth=1.0)
            axes.annotate(
                f"{label} {result.value:.3g}",
                (1.0, result.value),
                xycoords=axes.get_yaxis_transform(),
                xytext=(2, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                annotation_clip=False,
            )
        axes.plot(
            found.mean, found.difference, "o", markersize=3, color=COLORS[1], alpha=0.7, mew=0
        )
        axes.set_xlabel(f"Mean of both{told}")
        axes.set_ylabel(f"Difference{told}")
        axes.set_title(name, loc="left")
    return figure
