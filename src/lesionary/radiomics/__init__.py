"""Measure: handcrafted features of a region, as the standard defines them.

Definitions, names and codes are those of the Image Biomarker Standardisation Initiative; those of
PyRadiomics are a profile of their own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.radiomics.catalogue import feature_catalogue
    from lesionary.radiomics.compute import measure, measure_prepared
    from lesionary.radiomics.preparation import Prepared, prepare
    from lesionary.radiomics.pyradiomics import measure_pyradiomics, read_params
    from lesionary.radiomics.run import run_radiomics, voxel_map, voxel_maps
    from lesionary.radiomics.settings import (
        Discretisation,
        Interpolation,
        Resegmentation,
        Settings,
        load_settings,
        settings_names,
    )
    from lesionary.radiomics.texture import texture_catalogue, texture_features

__all__ = [
    "Discretisation",
    "Interpolation",
    "Prepared",
    "Resegmentation",
    "Settings",
    "feature_catalogue",
    "load_settings",
    "measure",
    "measure_prepared",
    "measure_pyradiomics",
    "prepare",
    "read_params",
    "run_radiomics",
    "settings_names",
    "texture_catalogue",
    "texture_features",
    "voxel_map",
    "voxel_maps",
]

_MODULE_OF = {
    "feature_catalogue": "catalogue",
    **dict.fromkeys(
        (
            "measure",
            "measure_prepared",
        ),
        "compute",
    ),
    **dict.fromkeys(
        (
            "Prepared",
            "prepare",
        ),
        "preparation",
    ),
    **dict.fromkeys(
        (
            "measure_pyradiomics",
            "read_params",
        ),
        "pyradiomics",
    ),
    **dict.fromkeys(
        (
            "run_radiomics",
            "voxel_map",
            "voxel_maps",
        ),
        "run",
    ),
    **dict.fromkeys(
        (
            "Discretisation",
            "Interpolation",
            "Resegmentation",
            "Settings",
            "load_settings",
            "settings_names",
        ),
        "settings",
    ),
    **dict.fromkeys(
        (
            "texture_catalogue",
            "texture_features",
        ),
        "texture",
    ),
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.radiomics.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.radiomics' has no attribute {name!r}")
