"""PyRadiomics' features: its names, definitions and parameter files, for models that exist.

Where PyRadiomics and the standard (IBSI 1) differ, this is PyRadiomics: its grid begins in the
image's corner, its bins at a multiple of their width, kurtosis is not in excess, and so on. The
kernels that count and measure are those of :mod:`lesionary.radiomics`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.radiomics.pyradiomics.measure import feature_names, measure_pyradiomics
    from lesionary.radiomics.pyradiomics.parameters import Parameters, read_params

__all__ = ["Parameters", "feature_names", "measure_pyradiomics", "read_params"]

_MODULE_OF = {
    "Parameters": "parameters",
    "feature_names": "measure",
    "measure_pyradiomics": "measure",
    "read_params": "parameters",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        module = import_module(f"lesionary.radiomics.pyradiomics.{_MODULE_OF[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'lesionary.radiomics.pyradiomics' has no attribute {name!r}")
