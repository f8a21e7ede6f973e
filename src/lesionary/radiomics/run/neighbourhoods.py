"""The cubes around all voxels of a region, measured many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lesionary.radiomics.discretise import discretise
from lesionary.radiomics.histogram import histogram_of_each
from lesionary.radiomics.preparation import Prepared
from lesionary.radiomics.settings import Settings
from lesionary.radiomics.statistics import statistics_of_each
from lesionary.radiomics.texture import FAMILIES as TEXTURE
from lesionary.radiomics.texture.cubes import cube_features

Floats = NDArray[np.float64]

_AT_ONCE = 1 << 18
"""Voxels of cubes, or entries of their matrices, that are looked at together."""


@dataclass(frozen=True)
class Neighbourhoods:
    """The cube around each voxel of a region.

    Attributes
    ----------
    values, grey : ndarray, (z, y, x)
        Intensities and grey levels, with a margin of the radius; levels are 0 outside.
    outline : ndarray of bool, (z, y, x)
        The morphological mask, with that margin.
    centres : ndarray of int, (n, 3)
        Corner of each cube in these.
    side : int
    levels : int
        Grey levels of the whole region.
    """

    values: Floats
    grey: NDArray[np.integer]
    outline: NDArray[np.bool_]
    centres: NDArray[np.intp]
    side: int
    levels: int

    @classmethod
    def of(cls, region: Prepared, how: Settings, radius: int) -> Neighbourhoods:
        """Put the voxels of a region into bins that all cubes share."""
        inside = region.intensity
        found = discretise(region.values, how.discretisation, how.resegmentation)
        grey = np.zeros(inside.shape, dtype=np.min_scalar_type(-found.count - 1))
        grey[inside] = found.of
        return cls(
            np.pad(region.image.astype(np.float64), radius),
            np.pad(grey, radius),
            np.pad(region.morphological, radius),
            np.argwhere(inside),
            2 * radius + 1,
            found.count,
        )

    def measured(
        self, family: str, aggregation: str, keys: Iterable[str], how: Settings
    ) -> dict[str, Floats]:
        """Measure features of a family in each cube: ``(n,)`` by key."""
        if family in TEXTURE:
            blocks = [self._textures(at, family, aggregation, how) for at in self._blocks(how)]
        else:
            blocks = [self._intensities(at, family) for at in self._blocks(how)]
        return {key: np.concatenate([block[key] for block in blocks]) for key in keys}

    def _blocks(self, how: Settings) -> Iterator[tuple[NDArray[np.intp], ...]]:
        """Yield the corners of so many cubes as may be looked at together."""
        wide = self.side + 2 * min(how.distance, self.side)
        count = max(1, _AT_ONCE // max(wide**3, wide * self.levels))
        for start in range(0, len(self.centres), count):
            yield tuple(self.centres[start : start + count].T)

    def _cubes(self, of: NDArray[Any], at: tuple[NDArray[np.intp], ...]) -> NDArray[Any]:
        return np.asarray(sliding_window_view(of, (self.side,) * 3)[at])

    def _textures(
        self, at: tuple[NDArray[np.intp], ...], family: str, aggregation: str, how: Settings
    ) -> dict[str, Floats]:
        return cube_features(
            self._cubes(self.grey, at),
            self._cubes(self.outline, at),
            family,
            aggregation,
            n_levels=self.levels,
            distance=how.distance,
            coarseness=how.coarseness,
        )

    def _intensities(self, at: tuple[NDArray[np.intp], ...], family: str) -> dict[str, Floats]:
        values, grey = (
            self._cubes(of, at).reshape(len(at[0]), -1) for of in (self.values, self.grey)
        )
        inside = grey > 0
        size = inside.sum(axis=1)
        found: dict[str, Floats] = {}
        for voxels in np.unique(size):  # those of one size make a table
            rows = np.flatnonzero(size == voxels)
            here = inside[rows]
            if family == "statistics":
                of_rows = statistics_of_each(values[rows][here].reshape(-1, voxels))
            else:
                of_rows = histogram_of_each(
                    grey[rows][here].reshape(-1, voxels).astype(np.intp), self.levels
                )
            for key, value in of_rows.items():
                found.setdefault(key, np.empty(len(size)))[rows] = value
        return found
