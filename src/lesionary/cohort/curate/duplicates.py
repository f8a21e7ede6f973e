"""Series with the same voxels, whoever they are said to be of."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from lesionary.cohort.curate.flag import Flag, impossible, judged
from lesionary.scan import Scan

_SLAB = 16


def content_of(scan: Scan) -> str:
    """Hash a scan's voxels in its unit, whatever type stores them and whoever they are of."""
    digest = hashlib.sha256(repr(scan.shape).encode())
    for start in range(0, scan.shape[0], _SLAB):
        slab = scan.read(start, min(start + _SLAB, scan.shape[0]))
        digest.update(np.ascontiguousarray(slab, dtype="<f4").data)
    return digest.hexdigest()


def duplicate_flags(contents: Mapping[str, str]) -> dict[str, list[Flag]]:
    """Compare the content of all series, by their names; those without voxels have none.

    Examples
    --------
    >>> flags = duplicate_flags({"a": "c0ffee", "b": "c0ffee", "c": ""})
    >>> [flag.outcome for name in "abc" for flag in flags[name]]
    ['failed', 'failed', 'not possible']
    """
    same: dict[str, list[str]] = defaultdict(list)
    for name, content in contents.items():
        if content:
            same[content].append(name)
    flags = {}
    for name, content in contents.items():
        if not content:
            flag = impossible("duplicates", "It has no voxels to compare.")
        else:
            others = [other for other in same[content] if other != name]
            said = (
                f"The same voxels as {', '.join(others)}." if others else "Its voxels are unique."
            )
            flag = judged("duplicates", not others, said, len(others))
        flags[name] = [flag]
    return flags
