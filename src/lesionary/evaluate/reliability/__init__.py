"""How far measurements of one thing agree: readers, repeats, scanners.

Ratings are arrays (subjects, raters) or, of many features at once, (subjects, raters, features).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.reliability.concordance import ccc
    from lesionary.evaluate.reliability.dispersion import qcd
    from lesionary.evaluate.reliability.intraclass import ICC_FORMS, icc
    from lesionary.evaluate.reliability.limits import (
        BlandAltman,
        bland_altman,
        bland_altman_table,
    )
    from lesionary.evaluate.reliability.limits_figure import draw_bland_altman
    from lesionary.evaluate.reliability.ratings import Ratings, read_ratings
    from lesionary.evaluate.reliability.table import METRICS, agreement_table

__all__ = [
    "ICC_FORMS",
    "METRICS",
    "BlandAltman",
    "Ratings",
    "agreement_table",
    "bland_altman",
    "bland_altman_table",
    "ccc",
    "draw_bland_altman",
    "icc",
    "qcd",
    "read_ratings",
]

_MODULE_OF = {
    **dict.fromkeys(("METRICS", "agreement_table"), "table"),
    **dict.fromkeys(("BlandAltman", "bland_altman", "bland_altman_table"), "limits"),
    "draw_bland_altman": "limits_figure",
    "ccc": "concordance",
    "qcd": "dispersion",
    **dict.fromkeys(("ICC_FORMS", "icc"), "intraclass"),
    **dict.fromkeys(("Ratings", "read_ratings"), "ratings"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.evaluate.reliability.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.evaluate.reliability' has no attribute {name!r}")
