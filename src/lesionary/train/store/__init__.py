"""Patches for training: cut once from the scans, then read at the speed of memory.

A published training run reads a whole scan for every sample. Here one pass over the scans
cuts a crop around each lesion, a margin wider than the network's input, and a few crops from
elsewhere in the body; training reads those.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.train.store.batches import LesionBatches
    from lesionary.train.store.build import build_store
    from lesionary.train.store.patchstore import PatchStore

__all__ = ["LesionBatches", "PatchStore", "build_store"]

# Processes that cut crops import this package, and need neither torch nor pandas.
_MODULE_OF = {"LesionBatches": "batches", "PatchStore": "patchstore", "build_store": "build"}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.train.store.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.train.store' has no attribute {name!r}")
