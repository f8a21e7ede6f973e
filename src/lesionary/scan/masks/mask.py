"""A region of a scan, voxel by voxel."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lesionary.errors import MaskError
from lesionary.scan.geometry import Geometry


@dataclass(frozen=True, eq=False)
class Mask:
    """The voxels that belong to one region (a lesion, an organ); never none.

    Attributes
    ----------
    voxels : ndarray of bool, shape (z, y, x)
    geometry : Geometry
        Where the voxels are; its shape is that of ``voxels``.
    name : str
        What the region is called where it comes from (``GTV-1``).
    source : str
        The path it was read from, for messages and provenance.

    Examples
    --------
    >>> voxels = np.zeros((4, 8, 8), bool)
    >>> voxels[1:3, 2:4, 2:4] = True
    >>> mask = Mask(voxels, Geometry(voxels.shape, np.diag([1, 1, 5, 1])), "GTV-1")
    >>> mask.center_mm, round(mask.volume_ml, 6)
    ((2.5, 2.5, 7.5), 0.04)
    """

    voxels: NDArray[np.bool_] = field(repr=False)
    geometry: Geometry
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        where = f"Mask {self.name!r}" + (f" of {self.source}" if self.source else "")
        if self.voxels.dtype != np.bool_ or self.voxels.shape != self.geometry.shape:
            raise MaskError(
                f"{where}: voxels must be bool of shape {self.geometry.shape}, "
                f"not {self.voxels.dtype} of shape {self.voxels.shape}."
            )
        if not self.voxels.any():
            raise MaskError(f"{where} is empty: no voxel of the grid belongs to it.")

    @property
    def box_vox(self) -> tuple[slice, slice, slice]:
        """The smallest box (z, y, x) that holds the region, as slices of ``voxels``."""
        slices = []
        for axis in range(3):
            other = tuple(a for a in range(3) if a != axis)
            found = np.flatnonzero(self.voxels.any(axis=other))
            slices.append(slice(int(found[0]), int(found[-1]) + 1))
        return slices[0], slices[1], slices[2]

    @property
    def center_mm(self) -> tuple[float, float, float]:
        """Centre of mass, LPS mm."""
        box = self.box_vox
        center = ndimage.center_of_mass(self.voxels[box]) + np.array([s.start for s in box])
        x, y, z = self.geometry.to_mm(center).tolist()
        return x, y, z

    @property
    def volume_ml(self) -> float:
        """Number of voxels times the volume of one, in ml."""
        return float(np.count_nonzero(self.voxels) * self.geometry.voxel_volume_mm3 / 1000)

    def components(self) -> list[Mask]:
        """Split into connected lesions, largest first (voxels that share a corner connect)."""
        box = self.box_vox
        labels, count = ndimage.label(self.voxels[box], structure=np.ones((3, 3, 3)))
        if count == 1:
            return [self]
        sizes = np.bincount(labels.ravel())[1:]
        parts = ndimage.find_objects(labels)
        components = []
        for number in np.argsort(-sizes, kind="stable"):
            part = parts[number]
            voxels = np.zeros(self.voxels.shape, dtype=np.bool_)
            voxels[box][part] = labels[part] == number + 1
            components.append(replace(self, voxels=voxels))
        return components
