"""How figures look: one column wide, readable, told apart without colour, as vector and PNG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lesionary.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN = 3.35
"""Width of a journal's column, inches."""

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which the colour-blind tell apart; without the yellow, which is hardly seen."""

GREY, INK, RULE = "#7F7F7F", "#222222", "#B0B0B0"
"""Of what is beside the point; of words and lines; of lines to read from."""

FONT = 7
"""Smallest letters, points."""

_DASHES = ("-", "--", ":", "-.")
_MARKERS = "osD^vPX"
_DOTS = 300  # an inch

_STYLE: Any = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "legend.fontsize": FONT,
    "legend.title_fontsize": FONT,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
    "pdf.fonttype": 42,
}


@contextmanager
def figure_of(height: float, width: float = COLUMN) -> Iterator[Figure]:
    """Make a figure, inches, in which text and lines are as they should be.

    It is as wide as a column at least; what is drawn is drawn in the context.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(max(COLUMN, width), height), layout="constrained")
        yield figure
        # Ticks that are only made when the figure is written have to know, too.
        for axes in figure.axes:
            axes.tick_params(labelsize=FONT, width=_STYLE["xtick.major.width"])


def looks(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give each model its colour and, where colours come round again, its dashes."""
    return {
        name: {
            "color": COLORS[number % len(COLORS)],
            "linestyle": _DASHES[number // len(COLORS) % len(_DASHES)],
        }
        for number, name in enumerate(names)
    }


def markers(names: Sequence[str]) -> dict[str, str]:
    """Give each model its marker."""
    return {name: _MARKERS[number % len(_MARKERS)] for number, name in enumerate(names)}


def legend_below(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Name what is drawn in a list under the axes, which it can then not cover."""
    figure.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=1,
        handlelength=1.8,
        labelspacing=0.3,
        borderaxespad=0.2,
    )


def write_figure(figure: Figure, path: str | Path | None) -> Figure:
    """Write a figure as its path's ending says (``.png``, ``.svg``, ``.pdf``), if there is one."""
    if path is not None:
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format=Path(path).suffix[1:] or "png", dpi=_DOTS)
    return figure


def save_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as ``stem.pdf`` and ``stem.png`` the same each time."""
    written = []
    for suffix, about in ((".pdf", {"CreationDate": None}), (".png", {"Software": None})):
        path = stem.with_name(stem.name + suffix)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=_DOTS, metadata=about)
        written.append(path)
    return written
