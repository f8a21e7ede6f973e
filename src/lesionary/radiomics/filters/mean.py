"""Mean: the average of a cube (or square) around each voxel."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from lesionary.radiomics.filters.filter import Filter, Spacing
from lesionary.radiomics.filters.region import Box, Floats, Region
from lesionary.radiomics.filters.separable import Chains, Kernel, reach, response


class Mean(Filter):
    """The average of a cube around each voxel (IBSI ``S60F``).

    Attributes
    ----------
    size_vox : int
        Voxels along each side of the cube; odd.
    """

    kind: ClassVar[str] = "mean"
    size_vox: Annotated[int, Field(ge=1)]

    @field_validator("size_vox")
    @classmethod
    def _odd(cls, size: int) -> int:
        if size % 2 == 0:
            raise ValueError(f"the size is odd, so that a voxel is in the middle; not {size}")
        return size

    def _name(self) -> str:
        return f"mean_{self.size_vox}{self._flat()}"

    def _reach(self, spacing_mm: Spacing) -> tuple[int, int, int]:  # noqa: ARG002
        return reach(self._chains())

    def _respond(self, region: Region, box: Box, spacing_mm: Spacing) -> Floats:  # noqa: ARG002
        return response(region, self._chains(), box, self.boundary)

    def _chains(self) -> Chains:
        return self._spread((Kernel.of([1 / self.size_vox] * self.size_vox),))
