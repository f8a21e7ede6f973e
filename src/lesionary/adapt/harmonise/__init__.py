"""Take the scanner out of the features: what differs between batches and is not biology.

A batch is a scanner, a kernel, a hospital. Parameters are learnt from training rows, saved, and
applied to patients who come later.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.adapt.harmonise.combat import ComBat
    from lesionary.adapt.harmonise.controls import Centring, MComBat
    from lesionary.adapt.harmonise.door import load_harmoniser, save_harmoniser
    from lesionary.adapt.harmonise.harmoniser import Harmoniser, HarmoniseWarning
    from lesionary.adapt.harmonise.nested import NestedComBat

__all__ = [
    "Centring",
    "ComBat",
    "HarmoniseWarning",
    "Harmoniser",
    "MComBat",
    "NestedComBat",
    "load_harmoniser",
    "save_harmoniser",
]

_MODULE_OF = {
    "Centring": "controls",
    "ComBat": "combat",
    "HarmoniseWarning": "harmoniser",
    "Harmoniser": "harmoniser",
    "MComBat": "controls",
    "NestedComBat": "nested",
    "load_harmoniser": "door",
    "save_harmoniser": "door",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.adapt.harmonise.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.adapt.harmonise' has no attribute {name!r}")
