"""Filters: images that bring out edges, blobs, waves and textures, to be measured like the image.

Definitions are those of the Image Biomarker Standardisation Initiative (IBSI 2), with PyRadiomics'
Laplacian of Gaussian and wavelets as a convention of their own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.radiomics.filters.applied import apply, margin_mm
    from lesionary.radiomics.filters.filter import Filter
    from lesionary.radiomics.filters.spec import FILTERS, read_filter, read_filters

__all__ = ["FILTERS", "Filter", "apply", "margin_mm", "read_filter", "read_filters"]

_MODULE_OF = {
    "FILTERS": "spec",
    "Filter": "filter",
    "apply": "applied",
    "margin_mm": "applied",
    "read_filter": "spec",
    "read_filters": "spec",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        module = import_module(f"lesionary.radiomics.filters.{_MODULE_OF[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'lesionary.radiomics.filters' has no attribute {name!r}")
