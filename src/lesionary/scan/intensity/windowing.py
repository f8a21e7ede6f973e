"""Windowing: clip to a range, as a display does."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lesionary.scan.intensity.step import Parameters, Step
from lesionary.scan.intensity.volume import FloatArray, Volume


def window(voxels: NDArray[Any], level: float, width: float) -> FloatArray:
    """Clip to a window: ``x' = min(max(x, level - width / 2), level + width / 2)``.

    Parameters
    ----------
    voxels : ndarray
    level, width : float
        Centre and width, in the image's unit (lung: -600 and 1500 HU).

    Examples
    --------
    >>> window(np.array([-2000, -600, 400]), level=-600, width=1500).tolist()
    [-1350.0, -600.0, 150.0]
    """
    half = width / 2
    clipped: FloatArray = np.clip(voxels, level - half, level + half).astype(np.float32)
    return clipped


class Window(Step):
    """``window: {level: -600, width: 1500}``."""

    name: ClassVar[str] = "window"
    level: float
    width: float = Field(gt=0)

    def apply(self, volume: Volume, learnt: Parameters) -> Volume:  # noqa: ARG002
        """Clip."""
        return volume.with_voxels(window(volume.voxels, self.level, self.width))
