"""Compose: several rooms at work together, from the demo to (later) whole studies."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.study.demo import Demo, run_demo

__all__ = ["Demo", "run_demo"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("lesionary.study.demo"), name)
    raise AttributeError(f"module 'lesionary.study' has no attribute {name!r}")
