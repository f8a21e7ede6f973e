"""Which voxels are the lesion? Masks from label files, DICOM SEG and RTSTRUCT, and back.

A voxel belongs to an outline's region where its centre is inside; ``ImagePositionPatient``
is the centre of the first voxel, so nothing moves by half a voxel on the way.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.scan.masks.contents import Contents, look_into
    from lesionary.scan.masks.mask import Mask
    from lesionary.scan.masks.read import list_regions, list_rois, read_mask, read_masks
    from lesionary.scan.masks.region import NoRegionError, Region, choose
    from lesionary.scan.masks.rtstruct_writing import write_rtstruct
    from lesionary.scan.masks.seg_writing import write_seg
    from lesionary.scan.masks.write import write_mask

__all__ = [
    "Contents",
    "Mask",
    "NoRegionError",
    "Region",
    "choose",
    "list_regions",
    "list_rois",
    "look_into",
    "read_mask",
    "read_masks",
    "write_mask",
    "write_rtstruct",
    "write_seg",
]

_MODULE_OF = {
    "Contents": "contents",
    "Mask": "mask",
    "NoRegionError": "region",
    "Region": "region",
    "choose": "region",
    "list_regions": "read",
    "list_rois": "read",
    "look_into": "contents",
    "read_mask": "read",
    "read_masks": "read",
    "write_mask": "write",
    "write_rtstruct": "rtstruct_writing",
    "write_seg": "seg_writing",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.scan.masks.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.scan.masks' has no attribute {name!r}")
