"""Which lesions are computed together: a function of the table, so that a rerun agrees."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lesionary.encode.lesion import Lesion
from lesionary.scan.recipe import Recipe

_PATCH_BYTES = 128 << 20
"""Patches of one scan that are in memory at once; a scan with more is read again."""


@dataclass(frozen=True)
class ScanLesions:
    """Lesions whose patches are cut in one reading of their scan."""

    image_path: str
    lesions: tuple[Lesion, ...]


@dataclass(frozen=True)
class Shard:
    """A few whole scans: what is computed, and written, together.

    The network sees a shard's patches in batches of a fixed size that never reach into another
    shard. So the numbers do not depend on where a run was interrupted.
    """

    scans: tuple[ScanLesions, ...]

    @property
    def lesions(self) -> list[Lesion]:
        """All lesions of the shard, in the order in which they are computed."""
        return [lesion for scan in self.scans for lesion in scan.lesions]

    @cached_property
    def key(self) -> str:
        """Name of the shard, which changes with anything that its patches depend on."""
        rows = [
            (one.lesion_id, one.image_path, one.seed_mm, one.mask_path, one.mask_label)
            for one in self.lesions
        ]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:32]


def rows_digest(shards: Iterable[Shard], stamps: Iterable[Sequence[str]]) -> str:
    """Return one hash for all rows and for the state of the files they name."""
    digest = hashlib.sha256()
    for shard, of_scans in zip(shards, stamps, strict=True):
        digest.update(f"{shard.key} {' '.join(of_scans)}\n".encode())
    return digest.hexdigest()


def group_by_scan(lesions: Iterable[Lesion], recipes: Sequence[Recipe] = ()) -> list[ScanLesions]:
    """Group lesions by scan, in the order in which the scans come first."""
    lesion_bytes = 1 + sum(4 * int(np.prod(recipe.size_vox)) for recipe in recipes)
    most = max(1, _PATCH_BYTES // lesion_bytes)
    by_scan: dict[str, list[Lesion]] = {}
    for lesion in lesions:
        by_scan.setdefault(lesion.image_path, []).append(lesion)
    return [
        ScanLesions(image_path, tuple(group[start : start + most]))
        for image_path, group in by_scan.items()
        for start in range(0, len(group), most)
    ]


def plan_shards(scans: Iterable[ScanLesions], batch_size: int) -> list[Shard]:
    """Put neighbouring scans into one shard as long as their lesions fit one batch.

    Examples
    --------
    >>> scans = [
    ...     ScanLesions(path, tuple(Lesion(i, str(i), i + 2, path, (0, 0, 0)) for i in range(n)))
    ...     for path, n in (("a", 3), ("b", 2), ("c", 9), ("d", 1))
    ... ]
    >>> [len(shard.lesions) for shard in plan_shards(scans, batch_size=8)]
    [5, 9, 1]
    """
    shards: list[Shard] = []
    held: list[ScanLesions] = []
    for scan in scans:
        if held and sum(len(one.lesions) for one in [*held, scan]) > batch_size:
            shards.append(Shard(tuple(held)))
            held = []
        held.append(scan)
    if held:
        shards.append(Shard(tuple(held)))
    return shards
