"""Everything else that SimpleITK reads: MetaImage by region, the rest whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from lesionary.errors import ScanError
from lesionary.scan.geometry import Geometry
from lesionary.scan.scan import Scan


class ItkVoxels:
    """Voxels of a file that SimpleITK reads.

    Uncompressed MetaImage is read by slice; of anything else ITK reads the whole file for
    one slice, so that is done once and kept.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int]) -> None:
        self._path = path
        self._shape = shape
        self._whole: NDArray[Any] | None = None

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return slices ``start`` to ``stop``."""
        if self._whole is None:
            if _gives_single_slices(self._path):
                return self._read_file(start, stop)
            self._whole = self._read_file(0, self._shape[0])
        return self._whole[start:stop]

    def _read_file(self, start: int, stop: int) -> NDArray[Any]:
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(self._path))
        reader.SetExtractIndex([0, 0, start])
        reader.SetExtractSize([self._shape[2], self._shape[1], stop - start])
        try:
            return np.asarray(sitk.GetArrayFromImage(reader.Execute()))
        except RuntimeError as error:
            raise ScanError(
                f"{self._path} is truncated or corrupt: slices {start} to {stop - 1} "
                f"cannot be read ({_reason(error)})."
            ) from error


def _gives_single_slices(path: Path) -> bool:
    if path.suffix.lower() not in (".mha", ".mhd"):
        return False
    with path.open("rb") as handle:
        return not re.search(rb"^CompressedData\s*=\s*True", handle.read(4096), re.M | re.I)


def read_header(path: Path) -> Geometry:
    """Return the geometry that ITK sees in a file's header."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise ScanError(f"{path} cannot be read: {_reason(error)}") from error
    size = reader.GetSize()
    if len(size) != 3 or reader.GetNumberOfComponents() != 1:
        raise ScanError(
            f"{path} has size {size} with {reader.GetNumberOfComponents()} component(s) a voxel; "
            "a scan has three axes and one number a voxel."
        )
    return Geometry.from_itk(size, reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection())


def read_itk(path: Path) -> Scan:
    """Read the header of any volume that SimpleITK knows."""
    geometry = read_header(path)
    return Scan(geometry, ItkVoxels(path, geometry.shape), source=str(path))


def _reason(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else "unknown reason"
