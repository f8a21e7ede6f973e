"""The texture of many small regions at once: cubes around voxels, each measured alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lesionary.radiomics.texture.aggregation import AGGREGATIONS
from lesionary.radiomics.texture.compute import Computed
from lesionary.radiomics.texture.matrices import Floats, Ints
from lesionary.radiomics.texture.region import IntArray, Region


@dataclass(frozen=True)
class Cubes(Region):
    """Cubes one above the other in one volume, with zeros between them.

    What is counted for each slice of a region is counted here for each part: a cube, or a slice
    of one.

    Parameters
    ----------
    slices_each
        Slices of the volume that make a part.
    """

    slices_each: int

    def slice_of(self, positions: Ints) -> Ints:
        """Part of each position in ``flat``."""
        return super().slice_of(positions) // self.slices_each

    def voxels(self, in_plane: bool) -> Ints:  # noqa: ARG002  (parts are what they are)
        """Count the voxels with a level of each part."""
        parts = self.volume.shape[0] // self.slices_each
        return np.asarray(np.count_nonzero(self.volume.reshape(parts, -1), axis=1))


def cube_features(
    levels: IntArray,
    outline: NDArray[np.bool_],
    family: str,
    aggregation: str,
    *,
    n_levels: int,
    distance: int = 1,
    coarseness: int = 0,
) -> dict[str, Floats]:
    """Measure a family in each cube, as :func:`texture_features` does in one region.

    Parameters
    ----------
    levels : array of int, (n, z, y, x)
        Grey levels of n cubes, from 1, and 0 outside the region. Each cube has some.
    outline : array of bool, (n, z, y, x)
        The morphological mask.
    family, aggregation : str
    n_levels, distance, coarseness
        As for :func:`texture_features`.

    Returns
    -------
    dict
        By IBSI code, a value a cube: ``(n,)``; NaN where it is not defined.
    """
    how = AGGREGATIONS[aggregation]
    # No voxel of a cube lies further from another.
    distance = min(distance, max(levels.shape[1:]))
    between = [(0, 0), *[(distance, distance)] * 3]
    volume = np.pad(levels.astype(np.min_scalar_type(-n_levels - 1)), between)
    height = volume.shape[1]
    shape = (-1, *volume.shape[2:])
    cubes = Cubes(
        volume.reshape(shape),
        n_levels,
        distance,
        np.pad(outline, between).reshape(shape),
        1 if how.in_plane and not how.merge_slices else height,
    )
    # Slices that are to be merged are one part already.
    each = replace(how, merge_slices=False)
    values = Computed(cubes, distance, coarseness).features(family, each)
    return {code: _mean(value.reshape(len(levels), -1)) for code, value in values.items()}


def _mean(values: Floats) -> Floats:
    """Average over the slices and directions for which a feature is defined."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
