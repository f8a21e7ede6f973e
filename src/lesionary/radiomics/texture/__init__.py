"""Texture: how grey levels lie beside one another in a region.

Six families of matrices (GLCM, GLRLM, GLSZM, GLDZM, NGTDM and NGLDM) of an already discretised
region, with every way of the Image Biomarker Standardisation Initiative (IBSI 1) to put slices and
directions together.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.radiomics.texture.aggregation import AGGREGATIONS
    from lesionary.radiomics.texture.catalogue import FAMILIES, texture_catalogue
    from lesionary.radiomics.texture.compute import texture_features
    from lesionary.radiomics.texture.region import Region

__all__ = ["AGGREGATIONS", "FAMILIES", "Region", "texture_catalogue", "texture_features"]

_MODULE_OF = {
    "AGGREGATIONS": "aggregation",
    "FAMILIES": "catalogue",
    "Region": "region",
    "texture_catalogue": "catalogue",
    "texture_features": "compute",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        module = import_module(f"lesionary.radiomics.texture.{_MODULE_OF[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'lesionary.radiomics.texture' has no attribute {name!r}")
