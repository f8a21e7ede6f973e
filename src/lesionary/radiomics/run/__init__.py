"""From a cohort to a table: every outlined lesion measured, with how it was done.

The same plan, shards and provenance as those of extraction by networks
(:mod:`lesionary.encode`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lesionary.radiomics.run.mapping import write_maps
    from lesionary.radiomics.run.maps import voxel_map, voxel_maps
    from lesionary.radiomics.run.method import Method, choose_method
    from lesionary.radiomics.run.run import Measurement, run_radiomics

__all__ = [
    "Measurement",
    "Method",
    "choose_method",
    "run_radiomics",
    "voxel_map",
    "voxel_maps",
    "write_maps",
]

_MODULE_OF = {
    "Measurement": "run",
    "Method": "method",
    "choose_method": "method",
    "run_radiomics": "run",
    "voxel_map": "maps",
    "voxel_maps": "maps",
    "write_maps": "mapping",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"lesionary.radiomics.run.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'lesionary.radiomics.run' has no attribute {name!r}")
