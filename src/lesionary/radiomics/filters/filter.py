"""What every filter is: a spec that can be written in YAML, and a response where it is wanted."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from lesionary.radiomics.filters.boundary import Boundary
from lesionary.radiomics.filters.region import Box, Floats, Region
from lesionary.radiomics.filters.separable import Chain, Chains

Spacing = tuple[float, float, float]
Pooling = Literal["mean", "max"]


class Filter(BaseModel):
    """A filter and its parameters.

    Attributes
    ----------
    dimension : {3, 2}
        2 filters slice by slice, in the plane of the last two axes.
    boundary : {"mirror", "nearest", "periodic", "zero"}
        What the filter finds beyond the edge of the image.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]

    dimension: Literal[2, 3] = 3
    boundary: Boundary = "mirror"

    @property
    def name(self) -> str:
        """Name of the filtered image, for the columns of its features."""
        return self._name()

    def reach_vox(self, spacing_mm: Spacing) -> tuple[int, int, int] | None:
        """Return how far the filter looks to either side (z, y, x); None: at the whole image."""
        return self._reach(spacing_mm)

    def respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats:
        """Return the response in a box of the image."""
        return self._respond(region, box, spacing_mm)

    @abstractmethod
    def _name(self) -> str: ...

    @abstractmethod
    def _reach(self, spacing_mm: Spacing) -> tuple[int, int, int] | None: ...

    @abstractmethod
    def _respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats: ...

    def _spread(self, chain: Chain) -> Chains:
        return (chain if self.dimension == 3 else (), chain, chain)

    def _flat(self) -> str:
        return "_2d" if self.dimension == 2 else ""
