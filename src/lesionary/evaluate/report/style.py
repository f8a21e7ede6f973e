"""See :mod:`lesionary.evaluate.figure_style`."""

from lesionary.evaluate.figure_style import COLORS, GREY, figure_of

__all__ = ["COLORS", "GREY", "figure_of"]
