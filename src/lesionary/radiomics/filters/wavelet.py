"""Separable wavelets: low or high frequencies along each axis, level by level."""

from __future__ import annotations

from math import sqrt
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from lesionary.radiomics.filters.filter import Filter, Pooling, Spacing
from lesionary.radiomics.filters.region import Box, Floats, Region
from lesionary.radiomics.filters.separable import (
    Chain,
    Chains,
    Kernel,
    pooled,
    reach,
    rotations,
)

_DB3_A, _DB3_B = sqrt(10), sqrt(5 + 2 * sqrt(10))

# Low-pass filters of the decomposition, from their closed forms, up to a factor.
_LOW_PASS = {
    "haar": (1, 1),
    "db2": (1 - sqrt(3), 3 - sqrt(3), 3 + sqrt(3), 1 + sqrt(3)),
    "db3": (
        1 + _DB3_A - _DB3_B,
        5 + _DB3_A - 3 * _DB3_B,
        10 - 2 * _DB3_A - 2 * _DB3_B,
        10 - 2 * _DB3_A + 2 * _DB3_B,
        5 + _DB3_A + 3 * _DB3_B,
        1 + _DB3_A + _DB3_B,
    ),
    "coif1": (
        sqrt(7) - 3,
        1 - sqrt(7),
        14 - 2 * sqrt(7),
        14 + 2 * sqrt(7),
        5 + sqrt(7),
        1 - sqrt(7),
    ),
}


class Wavelet(Filter):
    """A separable wavelet, undecimated.

    Attributes
    ----------
    family : {"haar", "db2", "db3", "coif1"}
    bands : str
        ``L`` or ``H`` along x, y and (in three dimensions) z, at the last level; all levels before
        it are low-pass.
    level : int
    rotation_invariant : bool
        Pool the responses to the filter in all its right-angle rotations.
    pooling : {"mean", "max"}
    convention : {"ibsi", "pyradiomics"}
        ``pyradiomics`` is periodic, with one voxel more along an axis of odd length, and does not
        widen the filters from level to level.
    """

    kind: ClassVar[str] = "wavelet"
    family: Literal["haar", "db2", "db3", "coif1"] = "coif1"
    bands: Annotated[str, Field(pattern="^[LH]{2,3}$")]
    level: Annotated[int, Field(ge=1, le=8)] = 1
    rotation_invariant: bool = False
    pooling: Pooling = "mean"
    convention: Literal["ibsi", "pyradiomics"] = "ibsi"

    @model_validator(mode="after")
    def _possible(self) -> Wavelet:
        if len(self.bands) != self.dimension:
            raise ValueError(
                f"bands: name {self.dimension}, one an axis, such as "
                f"{'LLH' if self.dimension == 3 else 'LH'}; not {self.bands!r}"
            )
        if self.convention == "pyradiomics":
            for given in ("boundary", "rotation_invariant"):
                if getattr(self, given) != type(self).model_fields[given].default:
                    raise ValueError(f"PyRadiomics' wavelets have no {given}: leave it out")
        return self

    def _name(self) -> str:
        if self.convention == "pyradiomics":
            return f"wavelet{self.level if self.level > 1 else ''}-{self.bands}"
        pooling = f"_{self.pooling}" if self.rotation_invariant else ""
        return f"wavelet_{self.family}_{self.level}_{self.bands.lower()}{pooling}{self._flat()}"

    def _reach(self, spacing_mm: Spacing) -> tuple[int, int, int] | None:  # noqa: ARG002
        if self.convention == "pyradiomics":
            return None
        z, y, x = np.max([reach(each) for each in self._filters()], axis=0).tolist()
        return z, y, x

    def _respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats:  # noqa: ARG002
        boundary = "periodic-even" if self.convention == "pyradiomics" else self.boundary
        return pooled(region, self._filters(), box, boundary, self.pooling)

    def _filters(self) -> list[Chains]:
        x, y, *z = (self._chain(band) for band in self.bands)
        chains: Chains = (z[0] if z else (), y, x)
        return rotations(chains, self.dimension) if self.rotation_invariant else [chains]

    def _chain(self, band: str) -> Chain:
        steps = [1 if self.convention == "pyradiomics" else 2**each for each in range(self.level)]
        last = _high(self.family) if band == "H" else _low(self.family)
        return (*(_low(self.family).dilated(step) for step in steps[:-1]), last.dilated(steps[-1]))


def _low(family: str) -> Kernel:
    taps = np.array(_LOW_PASS[family])
    return Kernel.of(taps / np.linalg.norm(taps))


def _high(family: str) -> Kernel:
    """Return the quadrature mirror of the low-pass filter."""
    taps = np.array(_low(family).taps[::-1])
    taps[::2] *= -1
    return Kernel.of(taps)
