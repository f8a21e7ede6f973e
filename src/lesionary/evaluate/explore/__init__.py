"""Explore: what each feature is like, what it tells of a class, and what it repeats."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.explore.exploration import Exploration, explore
    from lesionary.evaluate.explore.rows import FeatureRows, read_feature_rows

__all__ = ["Exploration", "FeatureRows", "explore", "read_feature_rows"]

_MODULE_OF = {
    **dict.fromkeys(("Exploration", "explore"), "exploration"),
    **dict.fromkeys(("FeatureRows", "read_feature_rows"), "rows"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.evaluate.explore.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.evaluate.explore' has no attribute {name!r}")
