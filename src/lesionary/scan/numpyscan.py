"""Voxels that come as a NumPy array with an affine."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import ScanError
from lesionary.scan.geometry import Geometry
from lesionary.scan.scan import ArrayVoxels, Scan


def scan_from_array(array: NDArray[Any], affine: ArrayLike | None, source: str = "array") -> Scan:
    """Wrap voxels ``(z, y, x)`` and an affine (index ``(x, y, z, 1)`` to LPS mm) as a scan."""
    if affine is None:
        raise ScanError(
            f"{source}: a bare array has no place in space. Give affine=, 4x4, which maps the "
            "voxel index (x, y, z, 1) to LPS millimetres."
        )
    if array.ndim != 3 or array.dtype.kind not in "iufb":
        raise ScanError(
            f"{source} is an array of {array.dtype} with shape {array.shape}; "
            "a scan is a real array (z, y, x)."
        )
    nz, ny, nx = array.shape
    return Scan(Geometry((nz, ny, nx), np.asarray(affine)), ArrayVoxels(array), source=source)


def read_numpy(path: Path, affine: ArrayLike | None) -> Scan:
    """Read ``.npz`` (arrays ``voxels`` and ``affine``) or ``.npy`` (with ``affine`` given)."""
    try:
        if path.suffix == ".npy":
            return scan_from_array(np.load(path, mmap_mode="r"), affine, str(path))
        with path.open("rb") as handle, np.load(handle) as arrays:
            missing = {"voxels", "affine"} - set(arrays.files)
            if missing:
                raise ScanError(f"{path} has no array named {' or '.join(sorted(missing))}.")
            return scan_from_array(arrays["voxels"], arrays["affine"], str(path))
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ScanError(f"{path} cannot be read as a NumPy file: {error}") from error
