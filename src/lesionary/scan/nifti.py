"""NIfTI-1, NIfTI-2 and Analyze-style pairs, ``.nii``, ``.nii.gz``, ``.hdr/.img``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.openers import Opener

from lesionary.errors import ScanError
from lesionary.scan.filevoxels import GzippedVoxels, RescaledVoxels, map_voxels
from lesionary.scan.geometry import Geometry
from lesionary.scan.itk import read_header
from lesionary.scan.scan import ArrayVoxels, Scan, Voxels

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_nifti(path: Path) -> Scan:
    """Read the header of a NIfTI file; the voxels stay in the file until asked for."""
    try:
        image = cast(Any, nibabel.load(path))
        proxy = image.dataobj
        offset, dtype = proxy.offset, proxy.dtype
        slope, intercept = float(proxy.slope), float(proxy.inter)
    except (ImageFileError, EOFError, OSError, ValueError) as error:
        raise ScanError(f"{path} cannot be read as NIfTI: {error}") from error

    shape = tuple(int(n) for n in image.shape)
    if len(shape) < 3 or any(n != 1 for n in shape[3:]):
        raise ScanError(
            f"{path} has {len(shape)} dimensions {shape}; a scan has three. "
            "Save the volume you mean as a file of its own."
        )
    if dtype.fields is not None or dtype.kind == "c":
        raise ScanError(f"{path} holds {dtype} (colour or complex) voxels, not intensities.")
    array_shape = (shape[2], shape[1], shape[0])

    file = Path(image.file_map["image"].filename)
    voxels: Voxels
    if file.suffix == ".gz":
        voxels = GzippedVoxels(file, offset=offset, dtype=dtype, shape=array_shape)
    else:
        voxels = ArrayVoxels(map_voxels(file, offset=offset, dtype=dtype, shape=array_shape))
    if (slope, intercept) != (1, 0):
        voxels = RescaledVoxels(voxels, slope, intercept)
    return Scan(_geometry(path, image, array_shape), voxels, source=str(path))


def _geometry(path: Path, image: Any, shape: tuple[int, int, int]) -> Geometry:
    """Take ITK's reading of sform and qform, so that other tools see the same place.

    nibabel and ITK both replace a spacing of zero by 1 mm, and ITK refuses a shear: here the
    first is an error, and the second is taken as it is.
    """
    with Opener(image.file_map.get("header", image.file_map["image"]).filename) as handle:
        stored = type(image.header).from_fileobj(handle, check=False)
    spacing = stored["pixdim"][1:4]
    if not (np.isfinite(spacing).all() and (spacing != 0).all()):
        raise ScanError(
            f"{path} has a voxel spacing of {spacing.tolist()} mm in its header; "
            "it must be positive. Write the file again with the right spacing."
        )
    plain = Geometry(shape, _RAS_TO_LPS @ image.affine)
    axes = plain.direction
    if np.abs(axes.T @ axes - np.eye(3)).max() > 1e-4:
        return plain
    return read_header(path)
