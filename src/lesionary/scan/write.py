"""Write a volume as NIfTI, NRRD or MetaImage, at the right place in space."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import nibabel
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from lesionary.errors import ScanError
from lesionary.files import atomic_path
from lesionary.scan.geometry import Geometry
from lesionary.scan.scan import Scan

NIFTI_ENDINGS = (".nii", ".nii.gz")
ITK_ENDINGS = (".nrrd", ".mha")

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_STORED_AS = {"bool": np.uint8, "float16": np.float32}


def write_scan(scan: Scan, path: str | Path) -> Path:
    """Write a scan's voxels, in its unit, with its geometry.

    Parameters
    ----------
    path
        Its ending says the format: ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha``. All but
        ``.nii.gz`` are written uncompressed, so that a patch can be read without the rest.

    Returns
    -------
    Path
        The file, which is whole or not there.

    Examples
    --------
    >>> import tempfile
    >>> from lesionary.scan import read_scan
    >>> scan = read_scan(np.ones((2, 3, 4), np.int16), affine=np.diag([1, 1, 5, 1]))
    >>> file = write_scan(scan, Path(tempfile.mkdtemp()) / "scan.nii.gz")
    >>> read_scan(file).spacing_mm
    (1.0, 1.0, 5.0)
    """
    return write_volume(scan.read(), scan.geometry, path)


def write_volume(
    voxels: NDArray[Any], geometry: Geometry, path: str | Path, *, compress: bool = False
) -> Path:
    """Write an array ``(z, y, x)`` with its geometry; see :func:`write_scan`."""
    path = Path(path)
    name = path.name.lower()
    voxels = _storable(voxels, path)
    if name.endswith(NIFTI_ENDINGS):
        with atomic_path(path) as temporary:
            nibabel.save(_nifti(voxels, geometry), temporary)
    elif name.endswith(ITK_ENDINGS):
        with atomic_path(path) as temporary:
            sitk.WriteImage(_itk(voxels, geometry), str(temporary), useCompression=compress)
    else:
        raise ScanError(
            f"Cannot write {path}: its ending must be {', '.join(NIFTI_ENDINGS + ITK_ENDINGS)}."
        )
    return path


def _storable(voxels: NDArray[Any], path: Path) -> NDArray[Any]:
    """Return the voxels in a type that every format and its readers know."""
    voxels = np.asarray(voxels)
    if voxels.dtype.kind in "iu" and voxels.dtype.itemsize == 8:
        limits = np.iinfo(np.int32)
        if voxels.min() < limits.min or voxels.max() > limits.max:
            raise ScanError(f"Cannot write {path}: its whole numbers do not fit 32 bits.")
        return voxels.astype(np.int32)
    if voxels.dtype.kind not in "biuf" or voxels.dtype.itemsize > 8:
        raise ScanError(f"Cannot write {path}: no format holds voxels of type {voxels.dtype}.")
    stored = _STORED_AS.get(voxels.dtype.name, voxels.dtype.newbyteorder("="))
    return np.ascontiguousarray(voxels, dtype=stored)


def _nifti(voxels: NDArray[Any], geometry: Geometry) -> Any:
    # By nibabel, because ITK makes a sheared grid (a tilted gantry's) orthogonal in silence.
    affine = _LPS_TO_RAS @ geometry.affine
    image = cast(Any, nibabel.Nifti1Image)(voxels.T, affine)
    image.set_sform(affine, code="scanner")
    if np.allclose(geometry.direction.T @ geometry.direction, np.eye(3), atol=1e-4):
        image.set_qform(affine, code="scanner")
    image.header.set_xyzt_units("mm")
    return image


def _itk(voxels: NDArray[Any], geometry: Geometry) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(geometry.spacing_mm)
    image.SetOrigin(geometry.origin_mm)
    image.SetDirection(geometry.direction.ravel().tolist())
    return image
