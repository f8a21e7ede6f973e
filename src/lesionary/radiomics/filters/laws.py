"""Laws: level, edge, spot, wave and ripple along each axis, and the energy of the response."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from lesionary.radiomics.filters.filter import Filter, Pooling, Spacing
from lesionary.radiomics.filters.region import Box, Floats, Region
from lesionary.radiomics.filters.separable import (
    Chains,
    Kernel,
    needed,
    pooled,
    reach,
    response,
    rotations,
)
from lesionary.spelling import hint

_WEIGHTS = {
    "L3": (1, 2, 1),
    "L5": (1, 4, 6, 4, 1),
    "E3": (-1, 0, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S3": (-1, 2, -1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
}


class Laws(Filter):
    """Laws kernels, one an axis (IBSI ``JTXT``).

    Attributes
    ----------
    kernels : str
        Along x, y and (in three dimensions) z, such as ``E5L5S5``; each of length one.
    rotation_invariant : bool
        Pool the responses to the filter in all its right-angle rotations.
    pooling : {"max", "mean"}
    energy_vox : int or None
        Average the absolute response over so many voxels to either side (the energy map).
    """

    kind: ClassVar[str] = "laws"
    kernels: str
    rotation_invariant: bool = False
    pooling: Pooling = "max"
    energy_vox: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _known(self) -> Laws:
        found = self._letters()
        for each in found:
            if each not in _WEIGHTS:
                raise ValueError(f"there is no Laws kernel {each!r}{hint(each, _WEIGHTS)}")
        if len(found) != self.dimension:
            raise ValueError(
                f"name {self.dimension} kernels, one an axis, such as "
                f"{'E5L5S5' if self.dimension == 3 else 'L5E5'}; not {self.kernels!r}"
            )
        return self

    def _name(self) -> str:
        pooling = f"_{self.pooling}" if self.rotation_invariant else ""
        energy = f"_energy{self.energy_vox}" if self.energy_vox else ""
        return f"laws_{self.kernels.lower()}{pooling}{energy}{self._flat()}"

    def _reach(self, spacing_mm: Spacing) -> tuple[int, int, int]:  # noqa: ARG002
        z, y, x = (
            sum(both)
            for both in zip(
                np.max([reach(each) for each in self._filters()], axis=0).tolist(),
                reach(self._average()),
                strict=True,
            )
        )
        return z, y, x

    def _respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats:  # noqa: ARG002
        if self.energy_vox is None:
            return pooled(region, self._filters(), box, self.boundary, self.pooling)
        average = self._average()
        around = needed([average], box, region.shape, self.boundary)
        found = pooled(region, self._filters(), around, self.boundary, self.pooling)
        return response(
            Region(np.abs(found, out=found), around, region.shape), average, box, self.boundary
        )

    def _letters(self) -> list[str]:
        return re.findall("..?", self.kernels.upper())

    def _filters(self) -> list[Chains]:
        x, y, *z = ((_kernel(each),) for each in self._letters())
        chains: Chains = (z[0] if z else (), y, x)
        return rotations(chains, self.dimension) if self.rotation_invariant else [chains]

    def _average(self) -> Chains:
        size = 2 * (self.energy_vox or 0) + 1
        return self._spread((Kernel.of([1 / size] * size),))


def _kernel(name: str) -> Kernel:
    weights = np.array(_WEIGHTS[name], dtype=float)
    return Kernel.of(weights / np.linalg.norm(weights))
