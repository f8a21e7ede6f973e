"""One scan's crops on disk: a .npy of voxels, and beside it what it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lesionary.encode.inputs import stamp
from lesionary.encode.plan import ScanLesions, Shard
from lesionary.encode.prepare import sources
from lesionary.files import atomic_path
from lesionary.train.store.crops import Cutting, ScanCrops, cut_crops, lost

HEADER_BYTES = 128
"""Of a ``.npy`` with five axes: numpy fills it up to a multiple of 64."""


@dataclass(frozen=True)
class Part:
    """What is known of one scan's crops.

    Attributes
    ----------
    ready : tuple of str
        The ``lesion_id`` of each row of the ``.npy``.
    set_aside : dict
        The scan's other lesions, and why.
    stamp : str
        Of the scan's files, which changes when they do.
    """

    ready: tuple[str, ...]
    set_aside: dict[str, str]
    stamp: str


@dataclass(frozen=True)
class Parts:
    """The folder of all scans' crops.

    A part is named by the lesions it was cut for, so one of other lesions is never taken for it.
    """

    path: Path

    def voxels(self, key: str) -> Path:
        """Where a scan's crops are."""
        return self.path / f"{key}.npy"

    def read(self, scan: ScanLesions) -> Part | None:
        """Return what is known of a scan's crops, or None where they were not cut yet."""
        try:
            about = json.loads(self._about(part_key(scan)).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Part(tuple(about["ready"]), about["set_aside"], about["stamp"])

    def write(self, scan: ScanLesions, cut: ScanCrops, stamp: str) -> None:
        """Write a scan's crops, whole or not at all: what describes them comes last."""
        key = part_key(scan)
        self._about(key).unlink(missing_ok=True)
        self.voxels(key).unlink(missing_ok=True)
        if cut.ready:
            with atomic_path(self.voxels(key)) as temporary:
                _save(temporary, cut.crops)
        about = {"ready": cut.ready, "set_aside": cut.set_aside, "stamp": stamp}
        with atomic_path(self._about(key)) as temporary:
            temporary.write_text(json.dumps(about), encoding="utf-8")

    def _about(self, key: str) -> Path:
        return self.path / f"{key}.json"


@dataclass(frozen=True)
class CutInto:
    """Cut one scan's crops into a folder: what worker processes are given to do."""

    parts: Parts
    cutting: Cutting

    def __call__(self, scan: ScanLesions) -> None:
        """Cut and write."""
        before = stamp_of(scan)
        self.parts.write(scan, cut_crops(scan, self.cutting), before)

    def set_aside(self, scan: ScanLesions) -> None:
        """Write what stands for a scan that ended the process that was to cut it."""
        self.parts.write(scan, lost(scan, self.cutting), stamp_of(scan))


def _save(path: Path, crops: NDArray[np.int16]) -> None:
    """Write a ``.npy``. On a full disk, ``np.save`` can lose the last bytes and not say so."""
    with path.open("wb") as file:
        npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(crops))
        file.write(np.ascontiguousarray(crops).data)


def part_key(scan: ScanLesions) -> str:
    """Name a scan's crops by the rows of the table that they depend on."""
    return Shard((scan,)).key


def stamp_of(scan: ScanLesions) -> str:
    """Return what changes when a file changes that the scan's crops are read from."""
    return stamp(sources(scan))
