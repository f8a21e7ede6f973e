"""What was imaged? Voxels with geometry: read any format, crop, masks, write.

Arrays are ``(z, y, x)``; points are LPS millimetres ``(x, y, z)``.
"""

from lesionary.scan.geometry import Geometry
from lesionary.scan.read import read_scan
from lesionary.scan.recipe import Intensity, Recipe, load_recipe, recipe_names
from lesionary.scan.scan import ArrayVoxels, DicomSource, Scan, Voxels

__all__ = [
    "ArrayVoxels",
    "DicomSource",
    "Geometry",
    "Intensity",
    "Recipe",
    "Scan",
    "Voxels",
    "load_recipe",
    "read_scan",
    "recipe_names",
]
