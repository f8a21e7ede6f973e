"""A part of an image that knows where it lies: its edges are not the image's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics.filters.boundary import Boundary, source

Box = tuple[slice, slice, slice]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """Voxels of a box in an image.

    Attributes
    ----------
    values : ndarray, (z, y, x)
        The voxels of the box.
    box : tuple of slice
        Where they lie in the image.
    shape : tuple of int
        The whole image's shape (z, y, x).
    """

    values: NDArray[Any]
    box: Box
    shape: tuple[int, int, int]

    @classmethod
    def whole(cls, image: NDArray[Any]) -> Region:
        """Return the region that is all of an image."""
        z, y, x = image.shape
        return cls(image, (slice(0, z), slice(0, y), slice(0, x)), (z, y, x))

    def read(self, box: Box) -> Floats:
        """Return the voxels of a box of the image that lies in this region."""
        inside = tuple(
            slice(want.start - own.start, want.stop - own.start)
            for want, own in zip(box, self.box, strict=True)
        )
        return finite(self.values[inside]).astype(np.float64)

    def surrounded(
        self, box: Box, margin: tuple[int, int, int], boundary: Boundary
    ) -> NDArray[Any]:
        """Return a box and so many voxels on each side of it, beyond the image's edges too."""
        values = self.values
        for axis, (want, own, beside) in enumerate(zip(box, self.box, margin, strict=True)):
            found = source(
                np.arange(want.start - beside, want.stop + beside), self.shape[axis], boundary
            )
            values = np.take(values, np.maximum(found - own.start, 0), axis=axis)
            if (found < 0).any():
                values[(slice(None),) * axis + (found < 0,)] = 0
        return finite(values)


def finite(values: NDArray[Any]) -> NDArray[Any]:
    """Return values as they are, if all of them are numbers."""
    if values.dtype.kind != "f":
        return values
    broken = values.size - int(np.count_nonzero(np.isfinite(values)))
    if broken:
        raise RadiomicsError(
            f"{broken} voxels within the filter's reach of the region are NaN or infinite: mend "
            "the image (fill what was not scanned with air), or leave the filter out."
        )
    return values
