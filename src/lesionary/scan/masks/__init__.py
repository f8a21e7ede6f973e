"""Which voxels are the lesion? Masks from label files, DICOM SEG and RTSTRUCT, and back.

A voxel belongs to an outline's region where its centre is inside; ``ImagePositionPatient``
is the centre of the first voxel, so nothing moves by half a voxel on the way.
"""

from lesionary.scan.masks.contents import Contents, look_into
from lesionary.scan.masks.mask import Mask
from lesionary.scan.masks.read import list_regions, list_rois, read_mask, read_masks
from lesionary.scan.masks.region import NoRegionError, Region, choose
from lesionary.scan.masks.write import write_mask
from lesionary.scan.masks.write_rtstruct import write_rtstruct
from lesionary.scan.masks.write_seg import write_seg

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
