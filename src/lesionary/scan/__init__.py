"""What was imaged? Voxels with geometry: read any format, crop, masks, write.

Arrays are ``(z, y, x)``; points are LPS millimetres ``(x, y, z)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lesionary.scan.geometry import Geometry
from lesionary.scan.read import read_scan
from lesionary.scan.scan import ArrayVoxels, DicomSource, Scan, Voxels

if TYPE_CHECKING:
    from lesionary.scan.describe import Description, describe_scan
    from lesionary.scan.dicom import Series, list_series
    from lesionary.scan.draw import draw_strip, draw_views
    from lesionary.scan.masks import (
        Mask,
        list_rois,
        read_mask,
        read_masks,
        write_mask,
        write_rtstruct,
        write_seg,
    )
    from lesionary.scan.recipe import Intensity, Recipe, load_recipe, recipe_names
    from lesionary.scan.write import write_scan

__all__ = [
    "ArrayVoxels",
    "Description",
    "DicomSource",
    "Geometry",
    "Intensity",
    "Mask",
    "Recipe",
    "Scan",
    "Series",
    "Voxels",
    "describe_scan",
    "draw_strip",
    "draw_views",
    "list_rois",
    "list_series",
    "load_recipe",
    "read_mask",
    "read_masks",
    "read_scan",
    "recipe_names",
    "write_mask",
    "write_rtstruct",
    "write_scan",
    "write_seg",
]

# What needs pydicom, matplotlib or pydantic loads on first use: a patch of a NIfTI needs none.
_MODULE_OF = {
    **dict.fromkeys(("Description", "describe_scan"), "describe"),
    **dict.fromkeys(("Series", "list_series"), "dicom"),
    **dict.fromkeys(("draw_strip", "draw_views"), "draw"),
    **dict.fromkeys(("Mask", "list_rois", "read_mask", "read_masks"), "masks"),
    **dict.fromkeys(("write_mask", "write_rtstruct", "write_seg"), "masks"),
    **dict.fromkeys(("Intensity", "Recipe", "load_recipe", "recipe_names"), "recipe"),
    "write_scan": "write",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.scan.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.scan' has no attribute {name!r}")
