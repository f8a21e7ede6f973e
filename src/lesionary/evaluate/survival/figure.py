"""What the figures of survival look like, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lesionary.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN_INCHES = 3.35
FONT = 7
INK, RULE = "#222222", "#B0B0B0"

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which differ in every kind of colour vision."""


def new_figure(height_inches: float, width_inches: float = COLUMN_INCHES) -> Figure:
    """Make a figure at least as wide as a column, without the state of pyplot."""
    from matplotlib.figure import Figure

    return Figure(
        figsize=(max(COLUMN_INCHES, width_inches), height_inches), dpi=300, layout="constrained"
    )


def write(figure: Figure, path: str | Path | None) -> Figure:
    """Write a figure as its path's ending says (``.png``, ``.svg``, ``.pdf``), if there is one."""
    if path is not None:
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format=Path(path).suffix[1:] or "png")
    return figure


def p_words(p: float) -> str:
    """Write a p-value as papers do."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
