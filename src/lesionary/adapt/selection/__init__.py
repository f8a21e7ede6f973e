"""Which columns to keep: selectors for pipelines, learnt on the training rows only.

All are scikit-learn transformers that keep columns as they are, and say of each removed column
who removed it and why (``reasons_``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.adapt.selection.chain import SELECTORS, SelectorChain, selector_chain
    from lesionary.adapt.selection.correlation import CorrelationFilter
    from lesionary.adapt.selection.elimination import RFE
    from lesionary.adapt.selection.forest import ForestImportance
    from lesionary.adapt.selection.lasso import Lasso
    from lesionary.adapt.selection.missing import MissingShare
    from lesionary.adapt.selection.mrmr import MRMR
    from lesionary.adapt.selection.selector import Selector
    from lesionary.adapt.selection.stability import StabilitySelection
    from lesionary.adapt.selection.univariate import UnivariateScreen
    from lesionary.adapt.selection.variance import NearZeroVariance
    from lesionary.adapt.selection.volume import volume_confounding

__all__ = [
    "MRMR",
    "RFE",
    "SELECTORS",
    "CorrelationFilter",
    "ForestImportance",
    "Lasso",
    "MissingShare",
    "NearZeroVariance",
    "Selector",
    "SelectorChain",
    "StabilitySelection",
    "UnivariateScreen",
    "selector_chain",
    "volume_confounding",
]

_MODULE_OF = {
    "CorrelationFilter": "correlation",
    "ForestImportance": "forest",
    "Lasso": "lasso",
    "MRMR": "mrmr",
    "MissingShare": "missing",
    "NearZeroVariance": "variance",
    "RFE": "elimination",
    "Selector": "selector",
    "StabilitySelection": "stability",
    "UnivariateScreen": "univariate",
    **dict.fromkeys(("SELECTORS", "SelectorChain", "selector_chain"), "chain"),
    "volume_confounding": "volume",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.adapt.selection.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.adapt.selection' has no attribute {name!r}")
