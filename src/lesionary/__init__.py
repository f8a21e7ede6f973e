"""From CT scans to a validated imaging biomarker.

The names below are the front door; each room of the house (``lesionary.cohort``,
``lesionary.scan``, ``lesionary.phantom``, ...) exports a few more. They load on first
use, so that ``import lesionary`` stays fast.

Research use only. Lesionary is not a medical device.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lesionary.errors import LesionaryError

if TYPE_CHECKING:
    from lesionary.cohort import Cohort, read_cohort
    from lesionary.encode import extract, load_encoder
    from lesionary.scan import Recipe, Scan, read_mask, read_scan

__version__ = "0.1.0"

__all__ = [
    "Cohort",
    "LesionaryError",
    "Recipe",
    "Scan",
    "__version__",
    "extract",
    "load_encoder",
    "read_cohort",
    "read_mask",
    "read_scan",
]

_ROOM_OF = {
    "Cohort": "lesionary.cohort",
    "read_cohort": "lesionary.cohort",
    "extract": "lesionary.encode",
    "load_encoder": "lesionary.encode",
    "Recipe": "lesionary.scan",
    "Scan": "lesionary.scan",
    "read_mask": "lesionary.scan",
    "read_scan": "lesionary.scan",
}


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        return getattr(import_module(_ROOM_OF[name]), name)
    raise AttributeError(f"module 'lesionary' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
