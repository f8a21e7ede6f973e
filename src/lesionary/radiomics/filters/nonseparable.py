"""Non-separable wavelets: rings of frequencies, alike in all directions."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from lesionary.radiomics.filters.boundary import Boundary
from lesionary.radiomics.filters.filter import Filter, Spacing
from lesionary.radiomics.filters.fourier import Gains, extended, riesz, through
from lesionary.radiomics.filters.region import Box, Floats, Region

# Beyond the edges of an image, in voxels of the first level.
_EXTENT = 16


class _Ring(Filter):
    level: Annotated[int, Field(ge=1, le=10)] = 1
    riesz: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    boundary: Boundary = "periodic"

    @model_validator(mode="after")
    def _possible(self) -> _Ring:
        if self.riesz is not None and (len(self.riesz) != self.dimension or not any(self.riesz)):
            raise ValueError(
                f"riesz is {self.dimension} orders, one an axis, and not all zero; "
                f"not {list(self.riesz)}"
            )
        return self

    def _name(self) -> str:
        order = "_riesz" + "".join(str(each) for each in self.riesz) if self.riesz else ""
        return f"{self.kind}_{self.level}{order}{self._flat()}"

    def _reach(self, spacing_mm: Spacing) -> None:  # noqa: ARG002
        return None

    def _respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats:  # noqa: ARG002
        extent = _EXTENT * 2 ** (self.level - 1)
        values, inside = extended(region, box, self.dimension, self.boundary, extent)
        return through(values, region.shape, self.dimension, self._gain)[inside].astype(np.float64)

    def _gain(self, *axes: Floats) -> Gains:
        radius = np.sqrt(sum(np.square(each) for each in axes))
        gain = self._ring(radius * 2 ** (self.level - 1))
        return gain if self.riesz is None else gain * riesz(self.riesz, *axes)

    @staticmethod
    @abstractmethod
    def _ring(radius: Floats) -> Floats: ...


class Simoncelli(_Ring):
    """The wavelet of Portilla and Simoncelli (IBSI ``PRT7``).

    Attributes
    ----------
    level : int
        1 for the highest frequencies, from a quarter of the Nyquist frequency to all of it; each
        level more halves them.
    riesz : tuple of int or None
        Order of a Riesz transform of the response, along x, y (and z).
    """

    kind: ClassVar[str] = "simoncelli"

    @staticmethod
    def _ring(radius: Floats) -> Floats:
        inside = (radius > 0.25) & (radius < 1)
        octaves = np.log2(2 * radius, out=np.zeros(radius.shape), where=inside)
        return np.where(inside, np.cos(np.pi / 2 * octaves), 0)


class Shannon(_Ring):
    """The wavelet of Shannon: all of an octave, and nothing else.

    Attributes
    ----------
    level : int
        1 for the highest frequencies, from half the Nyquist frequency to all of it; each level
        more halves them.
    riesz : tuple of int or None
        Order of a Riesz transform of the response, along x, y (and z).
    """

    kind: ClassVar[str] = "shannon"

    @staticmethod
    def _ring(radius: Floats) -> Floats:
        return ((radius > 0.5) & (radius <= 1)).astype(np.float64)
