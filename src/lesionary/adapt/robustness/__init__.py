"""Which features survive another scanner, kernel or reader, and which can be brought back.

From a phantom, test-retest scans or several readers to a verdict on each feature, and
parameters that are applied to patients.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.adapt.robustness.assess import Robustness, assess_robustness
    from lesionary.adapt.robustness.cuts import CutOffs
    from lesionary.adapt.robustness.folder import (
        apply_robustness,
        load_robustness,
        save_robustness,
    )

__all__ = [
    "CutOffs",
    "Robustness",
    "apply_robustness",
    "assess_robustness",
    "load_robustness",
    "save_robustness",
]

_MODULE_OF = {
    "CutOffs": "cuts",
    **dict.fromkeys(("Robustness", "assess_robustness"), "assess"),
    **dict.fromkeys(("apply_robustness", "load_robustness", "save_robustness"), "folder"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.adapt.robustness.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.adapt.robustness' has no attribute {name!r}")
