"""Binning: grey levels of equal width, as the Image Biomarker Standardisation Initiative has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lesionary.scan.intensity.scaling import lowest_and_highest
from lesionary.scan.intensity.step import Fit, Parameters, Step, number
from lesionary.scan.intensity.volume import (
    FloatArray,
    IntensityError,
    Volume,
    Within,
    refuse_constant,
)


def bin_by_width(voxels: NDArray[Any], width: float, origin: float) -> FloatArray:
    """Give bins of a fixed width numbers: ``x' = floor((x - origin) / width) + 1``.

    Parameters
    ----------
    voxels : ndarray
    width : float
        In the image's unit.
    origin : float
        Where bin 1 begins; lower values get bins 0, -1, ...

    Examples
    --------
    >>> bin_by_width(np.array([-1000, -976, -975]), width=25, origin=-1000).tolist()
    [1.0, 1.0, 2.0]
    """
    if not width > 0:
        raise IntensityError(f"The width of a bin must be positive, but is {width:g}.")
    x = np.asarray(voxels, dtype=np.float64)
    return (np.floor((x - origin) / width) + 1).astype(np.float32)


def bin_by_count(voxels: NDArray[Any], count: int, minimum: float, maximum: float) -> FloatArray:
    """Give a fixed count of bins numbers: ``x' = floor(count (x - min) / (max - min)) + 1``.

    The maximum is in the last bin; values beyond the range are in the first and the last.

    Examples
    --------
    >>> bin_by_count(np.array([0, 4, 5, 10]), count=2, minimum=0, maximum=10).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    if not maximum > minimum:
        raise IntensityError(f"There are no bins between {minimum:g} and {maximum:g}.")
    x = np.asarray(voxels, dtype=np.float64)
    level = np.floor(count * (x - minimum) / (maximum - minimum)) + 1
    binned: FloatArray = np.clip(level, 1, count).astype(np.float32)
    return binned


class Binning(Step):
    """``binning: {width: 25, origin: -1000}``, or ``{count: 64, within: region, fit: image}``.

    Without ``origin``, bins of a fixed width begin at the lowest value measured.
    """

    name: ClassVar[str] = "binning"
    width: float | None = Field(default=None, gt=0)
    origin: float | None = None
    count: int | None = Field(default=None, ge=1)
    within: Within = "image"
    fit: Fit = "image"

    @model_validator(mode="after")
    def _one_of_two(self) -> Binning:
        if (self.width is None) == (self.count is None):
            raise ValueError("give either width or count")
        if self.origin is not None and (self.width is None or self.fit == "train"):
            raise ValueError("origin belongs to a width, and leaves nothing to fit")
        return self

    def measure(self, volume: Volume) -> Parameters:
        """Return the lowest and the highest value."""
        if self.origin is not None:
            return {"minimum": self.origin, "maximum": self.origin}
        values = volume.values(self.within)
        if self.count is not None:
            refuse_constant(values, volume.source)
        return {"minimum": float(values.min()), "maximum": float(values.max())}

    def pool(self, measured: Sequence[Parameters]) -> Parameters:
        """Return the lowest and the highest of all."""
        return lowest_and_highest(measured)

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:
        """Replace values by the numbers of their bins."""
        low, high = number(learnt, "minimum"), number(learnt, "maximum")
        if self.width is not None:
            return volume.with_voxels(bin_by_width(volume.voxels, self.width, low))
        assert self.count is not None
        return volume.with_voxels(bin_by_count(volume.voxels, self.count, low, high))
