"""One function that reads any scan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import ScanError
from lesionary.scan.scan import Scan

ScanSource = str | Path | Sequence[str | Path] | NDArray[Any]

_NIFTI = (".nii", ".nii.gz", ".hdr", ".img", ".img.gz")
_NRRD = (".nrrd", ".nhdr")
_NUMPY = (".npy", ".npz")
_ITK = (".mha", ".mhd", ".gipl", ".gipl.gz", ".mnc", ".vtk")

FORMATS = _NIFTI + _NRRD + _NUMPY + _ITK
"""File endings of volumes that are one file (DICOM has no reliable ending)."""


def read_scan(
    source: ScanSource,
    *,
    affine: ArrayLike | None = None,
    allow_missing_slices: bool = False,
) -> Scan:
    """Read a scan: geometry at once, voxels when they are asked for.

    Parameters
    ----------
    source
        A NIfTI, NRRD, MetaImage or NumPy file; a DICOM file, folder (searched with its
        sub-folders), zip archive or list of files; or an array ``(z, y, x)``. Where a folder
        or archive holds several series, ``"path#SeriesInstanceUID"`` says which one.
    affine : array_like, shape (4, 4), optional
        For a bare array or ``.npy``: voxel index ``(x, y, z, 1)`` to LPS mm.
    allow_missing_slices : bool
        DICOM only: fill a gap between slices by linear interpolation, and say so in
        ``Scan.notes``, instead of refusing the series.

    Returns
    -------
    Scan
        In HU for CT, SUV for PET where the header allows, else in the file's own units.

    Raises
    ------
    ScanError
        If there is no scan, more than one, or one that cannot be read without guessing.

    Examples
    --------
    >>> import numpy as np
    >>> read_scan(np.zeros((2, 3, 4)), affine=np.diag([1, 1, 5, 1])).spacing_mm
    (1.0, 1.0, 5.0)
    """
    if isinstance(source, np.ndarray):
        from lesionary.scan.numpyscan import scan_from_array

        return scan_from_array(source, affine)
    if not isinstance(source, str | Path):
        from lesionary.scan.dicom import read_dicom

        return read_dicom(source, allow_missing_slices=allow_missing_slices)

    path, series_uid = split_series(source)
    if is_dicom_source(path):
        from lesionary.scan.dicom import read_dicom

        return read_dicom(path, series_uid=series_uid, allow_missing_slices=allow_missing_slices)
    if series_uid:
        raise ScanError(f"{path} is a single volume: take '#{series_uid}' off its name.")
    return _read_volume(path, affine)


def split_series(source: str | Path) -> tuple[Path, str | None]:
    """Split ``path#SeriesInstanceUID``; a ``#`` that is part of an existing path stays."""
    text = str(source)
    path, separator, series_uid = text.rpartition("#")
    if not separator or Path(text).exists():
        return Path(text), None
    return Path(path), series_uid


def is_dicom_source(path: Path) -> bool:
    """Tell whether a path is for the DICOM reader: whatever is no volume in one file."""
    if not path.exists():
        raise ScanError(f"There is no file or folder {path}.")
    return path.is_dir() or not path.name.lower().endswith(FORMATS)


def _read_volume(path: Path, affine: ArrayLike | None) -> Scan:
    name = path.name.lower()
    if name.endswith(_NIFTI):
        from lesionary.scan.nifti import read_nifti

        return read_nifti(path)
    if name.endswith(_NRRD):
        from lesionary.scan.nrrd import read_nrrd

        return read_nrrd(path)
    if name.endswith(_NUMPY):
        from lesionary.scan.numpyscan import read_numpy

        return read_numpy(path, affine)
    from lesionary.scan.itk import read_itk

    return read_itk(path)
