"""Is one better than the other? Paired tests of models that judged the same rows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.comparisons.comparison import Comparison, Difference
    from lesionary.evaluate.comparisons.correction import benjamini_hochberg, holm
    from lesionary.evaluate.comparisons.draw import draw_p_values
    from lesionary.evaluate.comparisons.family import compare

__all__ = ["Comparison", "Difference", "benjamini_hochberg", "compare", "draw_p_values", "holm"]

_MODULE_OF = {
    **dict.fromkeys(("Comparison", "Difference"), "comparison"),
    **dict.fromkeys(("benjamini_hochberg", "holm"), "correction"),
    "compare": "family",
    "draw_p_values": "draw",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.evaluate.comparisons.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.evaluate.comparisons' has no attribute {name!r}")
