"""Where voxels are: the map between array indices and millimetres in the patient.

Two orders meet here, and names say which is meant: whatever ends in ``_mm`` is
``(x, y, z)`` in LPS (x to the patient's left, y to the back, z to the head), whatever ends
in ``_vox``, and every array and ``shape``, is ``(z, y, x)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import ScanError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Geometry:
    """A voxel grid in space.

    Attributes
    ----------
    shape : tuple of int
        Number of voxels ``(z, y, x)``.
    affine : ndarray, shape (4, 4)
        Maps a voxel index ``(x, y, z, 1)`` to LPS millimetres, as in ITK; the centre of the
        first voxel is at index 0. For NIfTI's RAS, negate the first two rows.
    spacing_mm : tuple of float
        Distance between voxel centres along the grid's x, y and z axis, in mm.
    direction : ndarray, shape (3, 3)
        Unit vectors (columns) of the grid's x, y and z axis in LPS.
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    spacing_mm: tuple[float, float, float] = field(init=False)
    direction: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.array_equal(affine[3], [0, 0, 0, 1]):
            raise ScanError("The affine must be 4x4 with a last row of 0 0 0 1.")
        if not np.isfinite(affine).all():
            raise ScanError("The affine holds NaN or infinity: the file's geometry is broken.")
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        if (spacing <= 0).any():
            raise ScanError(f"Voxel spacing must be positive, but is {spacing.tolist()} mm.")
        if abs(np.linalg.det(affine[:3, :3] / spacing)) < 1e-3:
            raise ScanError("The affine is singular: two axes of the grid point the same way.")
        shape = tuple(int(n) for n in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ScanError(f"A scan needs three non-empty axes, but its shape is {shape}.")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "spacing_mm", tuple(spacing.tolist()))
        object.__setattr__(self, "direction", affine[:3, :3] / spacing)

    @classmethod
    def from_itk(
        cls,
        size: Sequence[int],
        spacing: Sequence[float],
        origin: Sequence[float],
        direction: Sequence[float],
    ) -> Geometry:
        """Build from ITK's size, spacing, origin (all x, y, z) and row-major direction.

        Spacing and direction are kept to the last bit, which is lost where they are worked
        out from the affine, and which the published recipes need.
        """
        columns = np.array(direction, dtype=np.float64).reshape(3, 3)
        affine = np.eye(4)
        affine[:3, :3] = columns * np.asarray(spacing)
        affine[:3, 3] = origin
        nx, ny, nz = size
        geometry = cls((nz, ny, nx), affine)
        object.__setattr__(geometry, "spacing_mm", tuple(float(s) for s in spacing))
        object.__setattr__(geometry, "direction", columns)
        return geometry

    @property
    def origin_mm(self) -> tuple[float, float, float]:
        """Centre of the first voxel, LPS mm."""
        x, y, z = self.affine[:3, 3].tolist()
        return x, y, z

    @property
    def center_mm(self) -> tuple[float, float, float]:
        """Centre of the grid, LPS mm."""
        x, y, z = self.to_mm((np.asarray(self.shape) - 1) / 2).tolist()
        return x, y, z

    @property
    def bounds_mm(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest LPS ``(x, y, z)`` that the grid's voxels reach, in mm."""
        ends = [(-0.5, n - 0.5) for n in self.shape]
        corners = self.to_mm(np.stack(np.meshgrid(*ends), axis=-1).reshape(-1, 3))
        return corners.min(axis=0), corners.max(axis=0)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, mm³."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def to_mm(self, index_vox: ArrayLike) -> FloatArray:
        """Map continuous indices ``(..., 3)`` in (z, y, x) to LPS mm ``(..., 3)`` in (x, y, z)."""
        index = np.asarray(index_vox, dtype=np.float64)[..., ::-1]
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_vox(self, point_mm: ArrayLike) -> FloatArray:
        """Map LPS mm ``(..., 3)`` in (x, y, z) to continuous indices ``(..., 3)`` in (z, y, x)."""
        offset = np.asarray(point_mm, dtype=np.float64) - self.affine[:3, 3]
        return np.asarray((offset @ np.linalg.inv(self.affine[:3, :3]).T)[..., ::-1])

    def contains(self, point_mm: ArrayLike) -> NDArray[np.bool_]:
        """Tell whether points ``(..., 3)`` lie in a voxel of the grid (NaN: no)."""
        index = self.to_vox(point_mm)
        inside = (index >= -0.5) & (index <= np.asarray(self.shape) - 0.5)
        return np.asarray(inside.all(axis=-1))

    def crop(self, start_vox: Sequence[int], shape: Sequence[int]) -> Geometry:
        """Return the geometry of the sub-grid of ``shape`` that begins at ``start_vox``."""
        affine = self.affine.copy()
        affine[:3, 3] = self.to_mm(start_vox)
        nz, ny, nx = shape
        return Geometry((nz, ny, nx), affine)

    def matches(self, other: Geometry, tolerance_mm: float = 0.01) -> bool:
        """Tell whether both grids put every voxel at the same place, within ``tolerance_mm``."""
        if self.shape != other.shape:
            return False
        ends = [(0, n - 1) for n in self.shape]
        corners = np.stack(np.meshgrid(*ends), axis=-1).reshape(-1, 3)
        return bool(np.abs(self.to_mm(corners) - other.to_mm(corners)).max() <= tolerance_mm)

    def __repr__(self) -> str:
        def numbers(values: Sequence[float]) -> str:
            return ", ".join(f"{value:.4g}" for value in values)

        return (
            f"Geometry(shape={self.shape}, spacing_mm=({numbers(self.spacing_mm)}), "
            f"origin_mm=({numbers(self.origin_mm)}))"
        )
