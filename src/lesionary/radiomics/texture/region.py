"""A discretised region, cropped and padded so that neighbours are an offset away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import RadiomicsError

IntArray = NDArray[np.integer]
Step = tuple[int, int, int]


@dataclass(frozen=True)
class Region:
    """Grey levels of a region in a tight box with a margin of zeros.

    The box is one flat array. A step from a voxel to another is then an offset, and a step out
    of the region ends on a zero: no border needs a thought.

    Parameters
    ----------
    volume
        Levels, 1 to ``n_levels`` inside and 0 outside, ``(z, y, x)`` with the margin.
    n_levels
        Grey levels that there could be.
    margin
        Zeros on each side, in voxels.
    mask
        The region by its outline, which may have more voxels than have a level; as ``volume``.
    """

    volume: IntArray
    n_levels: int
    margin: int
    mask: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        levels: ArrayLike,
        *,
        mask: ArrayLike | None = None,
        n_levels: int | None = None,
        margin: int = 1,
    ) -> Region:
        """Check the levels of a region and cut out their box.

        Parameters
        ----------
        levels : array of int, (z, y, x)
            Discretised intensities, from 1, and 0 outside the region.
        mask : array of bool, (z, y, x), optional
            The morphological mask, where re-segmentation has taken voxels off the region: the
            distance to the border is measured in it. Default: where there is a level.
        n_levels : int, optional
            Number of grey levels. Default: the highest level.
        margin : int
            The longest step to a neighbour, in voxels.
        """
        levels = np.asarray(levels)
        if levels.ndim != 3 or not np.issubdtype(levels.dtype, np.integer):
            raise RadiomicsError(
                f"Grey levels are a (z, y, x) array of integers, not {levels.ndim} dimensions of "
                f"{levels.dtype}: discretise the image first."
            )
        if margin < 1:
            raise RadiomicsError(f"The distance to a neighbour is at least 1 voxel, not {margin}.")
        inside = levels != 0
        if not inside.any():
            raise RadiomicsError(
                "The region has no voxel with a grey level: is the mask empty, or does "
                "re-segmentation leave nothing of it?"
            )
        outline = inside if mask is None else _outline(mask, inside)
        box = _bounding_box(outline)
        levels = levels[box]
        lowest, highest = int(levels.min()), int(levels.max())
        if lowest < 0:
            raise RadiomicsError(
                f"A grey level is {lowest}: levels count from 1, and 0 is outside the region."
            )
        n_levels = highest if n_levels is None else n_levels
        if highest > n_levels:
            raise RadiomicsError(
                f"A grey level is {highest}, but there are {n_levels} levels: give the number of "
                "levels that the image was discretised to."
            )
        dtype = np.min_scalar_type(-n_levels - 1)
        return cls(
            np.pad(levels.astype(dtype), margin), n_levels, margin, np.pad(outline[box], margin)
        )

    @cached_property
    def flat(self) -> IntArray:
        """Levels of the box, one after another."""
        return self.volume.ravel()

    @cached_property
    def inside(self) -> NDArray[np.intp]:
        """Positions in ``flat`` of the voxels that have a level."""
        return np.flatnonzero(self.flat)

    @cached_property
    def levels(self) -> NDArray[np.intp]:
        """Levels of the voxels ``inside``."""
        return self.flat[self.inside].astype(np.intp)

    def slice_of(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """Slice of each position in ``flat``."""
        return np.asarray(positions // int(np.prod(self.volume.shape[1:])))

    def offset(self, step: Step) -> int:
        """Return how far apart in ``flat`` voxels are that lie a step ``(z, y, x)`` apart."""
        _, rows, columns = self.volume.shape
        return int((step[0] * rows + step[1]) * columns + step[2])

    def voxels(self, in_plane: bool) -> NDArray[np.intp]:
        """Count the voxels with a level: of each slice, or of all, as an array of one."""
        if not in_plane:
            return np.array([self.inside.size])
        return np.asarray(np.count_nonzero(self.volume, axis=(1, 2)))

    def slices(self, in_plane: bool) -> NDArray[np.intp]:
        """Slice of each voxel inside; 0 where slices play no part."""
        voxels = self.voxels(in_plane)
        return np.repeat(np.arange(voxels.size), voxels)


def directions(in_plane: bool, distance: int = 1) -> list[Step]:
    """List one of each two opposite steps to the voxels at a Chebyshev distance.

    Examples
    --------
    >>> directions(in_plane=True)
    [(0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1)]
    >>> len(directions(in_plane=False))
    13
    """
    reach = range(-distance, distance + 1)
    steps = product((0,) if in_plane else reach, reach, reach)
    return [step for step in steps if step > (0, 0, 0) and max(map(abs, step)) == distance]


def _outline(mask: ArrayLike, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    mask = np.asarray(mask).astype(bool)
    if mask.shape != inside.shape:
        raise RadiomicsError(
            f"The mask's shape {mask.shape} is not that of the grey levels, {inside.shape}."
        )
    if (inside & ~mask).any():
        raise RadiomicsError(
            "Voxels outside the mask have a grey level: the region's levels are to lie within "
            "its morphological mask."
        )
    return mask


def _bounding_box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    found = (np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1)))
    return tuple(slice(int(there[0]), int(there[-1]) + 1) for there in found)
