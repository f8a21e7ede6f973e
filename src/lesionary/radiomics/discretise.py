"""Discretisation: intensities to grey levels, from 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import RadiomicsError
from lesionary.radiomics.settings import Discretisation, Resegmentation

Floats = NDArray[np.float64]

# A GLCM has as many cells as the square of the levels, and one for each direction.
MOST_LEVELS = 5000


@dataclass(frozen=True)
class Levels:
    """Grey levels of a region's voxels.

    Attributes
    ----------
    of : ndarray of int
        Of each voxel, from 1.
    count : int
        The highest level there could be: the number of bins, or the highest there is where bins
        have a fixed width.
    """

    of: NDArray[np.intp]
    count: int


def discretise(values: Floats, how: Discretisation, range_: Resegmentation) -> Levels:
    """Put intensities into bins.

    Examples
    --------
    >>> levels = discretise(np.array([-1.0, 0, 4]), Discretisation(bin_number=2), Resegmentation())
    >>> levels.of.tolist()
    [1, 1, 2]
    """
    low = values.min()
    if how.bin_number is not None:
        span = values.max() - low
        if span == 0:
            return Levels(np.ones(values.size, dtype=np.intp), 1)
        # Multiplied first, so that whole numbers on the border of two bins are not rounded off it.
        found = np.floor(how.bin_number * (values - low) / span).astype(np.intp) + 1
        return Levels(np.minimum(found, how.bin_number), how.bin_number)
    assert how.bin_width is not None
    origin = bin_origin(values, how, range_)
    if low < origin:
        raise RadiomicsError(
            f"The region's lowest intensity is {low:g}, below the first bin's beginning, "
            f"{origin:g}: lower discretisation.origin or raise resegmentation.range."
        )
    most = np.floor((values.max() - origin) / how.bin_width) + 1
    if most > MOST_LEVELS:
        raise RadiomicsError(
            f"Bins of {how.bin_width:g} from {origin:g} to {values.max():g} make {most:.0f} grey "
            f"levels; {MOST_LEVELS} is the most there can be. Choose wider bins, a fixed number "
            "of bins, or a narrower resegmentation.range."
        )
    found = np.floor((values - origin) / how.bin_width).astype(np.intp) + 1
    return Levels(found, int(most))


def bin_origin(values: Floats, how: Discretisation, range_: Resegmentation) -> float:
    """Return where the first bin of a fixed width begins."""
    if how.origin is not None:
        return how.origin
    return float(values.min()) if range_.range[0] is None else range_.range[0]
