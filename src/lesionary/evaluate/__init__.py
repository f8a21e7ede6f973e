"""Judge: how good it is, how sure we are, and whether it is better than the other.

Works on tables only. Every number comes with how many rows, events and patients it rests
on, an interval, and the name of the method that gave it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.evaluate.result import Result

__all__ = ["Result"]

_MODULE_OF = {"Result": "result"}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.evaluate.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.evaluate' has no attribute {name!r}")
