"""Grey level size zones: how large the patches of one level are."""

from __future__ import annotations

from lesionary.radiomics.texture.matrices import Matrices, counted
from lesionary.radiomics.texture.zones import Zones


def matrices(zones: Zones) -> Matrices:
    """Count zones by level and size."""
    return counted(len(zones.voxels), 1, zones.slice, zones.level, zones.size, zones.voxels)
