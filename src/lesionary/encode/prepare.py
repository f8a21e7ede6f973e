"""From a scan to the patches of its lesions: what a worker process does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lesionary.encode.inputs import content_hash, files_of, stamp
from lesionary.encode.lesion import Lesion
from lesionary.encode.plan import ScanLesions
from lesionary.encode.precropped import whole_patch
from lesionary.errors import LesionaryError, ScanError
from lesionary.scan import Scan, Voxels, read_scan
from lesionary.scan.recipe import Recipe

if TYPE_CHECKING:
    from lesionary.scan.masks import Mask

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Prepared:
    """The patches of one scan's lesions.

    Attributes
    ----------
    patches : tuple of ndarray of float32, each (n, 1, D, H, W)
        One array a recipe, of the lesions that are ``ready``.
    ready : tuple of Lesion
    failed : tuple of (Lesion, str)
        The others, with the reason.
    stamp, content : str
        What tells whether the scan's files changed, and the hash of what was read.
    """

    patches: tuple[NDArray[np.float32], ...]
    ready: tuple[Lesion, ...]
    failed: tuple[tuple[Lesion, str], ...]
    stamp: str
    content: str


def sources(scan: ScanLesions) -> list[str]:
    """List what is read for a scan's lesions: the scan, and masks that seeds come from."""
    masks = {lesion.mask_path for lesion in scan.lesions if lesion.mask_path}
    return [scan.image_path, *sorted(masks)]


def prepare(task: ScanLesions, recipes: Sequence[Recipe], precropped: bool) -> Prepared:
    """Read a scan once, and cut the patches of its lesions by every recipe.

    What is wrong with a scan or a lesion does not raise: it is a reason to set aside.
    """
    before = stamp(sources(task))
    try:
        scan = read_scan(task.image_path)
        files = list(scan.dicom.files) if scan.dicom else []
        content = content_hash(files or files_of(task.image_path))
    except Exception as error:  # whatever a damaged file does to a reader
        reason = reason_of(error)
        return Prepared((), (), tuple((one, reason) for one in task.lesions), before, "")

    if len(recipes) > 1:
        scan = replace(scan, voxels=KeptSlices(scan.voxels, scan.shape[0]))
    seeds: dict[Lesion, Point] = {}
    failed: list[tuple[Lesion, str]] = []
    for lesion in task.lesions:
        try:
            seeds[lesion] = scan.geometry.center_mm if precropped else seed_of(lesion, scan)
        except Exception as error:
            failed.append((lesion, reason_of(error)))
    cut = _cut_whole if precropped else Scan.patches
    try:
        patches = [cut(scan, list(seeds.values()), recipe) for recipe in recipes]
    except Exception:  # one of them: cut each alone to see which
        each = []
        for lesion, seed in list(seeds.items()):
            try:
                each.append([cut(scan, [seed], recipe) for recipe in recipes])
            except Exception as error:
                failed.append((lesion, reason_of(error)))
                del seeds[lesion]
        patches = [np.concatenate(of_recipe) for of_recipe in zip(*each, strict=True)]
    if not seeds:
        patches = []
    return Prepared(tuple(patches), tuple(seeds), tuple(failed), before, content)


def unreadable(task: ScanLesions) -> Prepared:
    """Return what stands for a scan that ended the process that was to prepare it."""
    reason = (
        f"Reading {task.image_path} ended its process: too little memory, or a file "
        "that its reader cannot stand."
    )
    return Prepared((), (), tuple((one, reason) for one in task.lesions), "", "")


class KeptSlices:
    """Voxels of which each slice is read once, for several recipes; the others stay unread."""

    def __init__(self, voxels: Voxels, count: int) -> None:
        self._voxels = voxels
        self._slices: list[NDArray[Any] | None] = [None] * count

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return slices ``start`` to ``stop``."""
        missing = [i for i in range(start, stop) if self._slices[i] is None]
        if missing:
            first, last = missing[0], missing[-1] + 1
            self._slices[first:last] = list(self._voxels.read(first, last))
        return np.stack([one for one in self._slices[start:stop] if one is not None])


def _cut_whole(scan: Scan, seeds: Sequence[Point], recipe: Recipe) -> NDArray[np.float32]:
    return np.stack([whole_patch(scan, recipe)] * len(seeds))


def seed_of(lesion: Lesion, scan: Scan) -> Point:
    """Return where a lesion is, (x, y, z) in LPS mm; it is an error if that is not in the scan."""
    seed = lesion.seed_mm or mask_of(lesion, scan).center_mm
    if not scan.geometry.contains(seed):
        low, high = scan.geometry.bounds_mm
        raise ScanError(
            f"The seed {_text(seed)} mm lies outside the scan, which reaches from {_text(low)} to "
            f"{_text(high)} (x, y, z in LPS mm). Are the coordinates RAS, or voxel indices?"
        )
    return seed


def _text(point: Iterable[float]) -> str:
    return "(" + ", ".join(f"{value:.1f}" for value in point) + ")"


def mask_of(lesion: Lesion, scan: Scan, *, resample: bool = False) -> Mask:
    """Read a lesion's outline, on the grid of its scan; one of another grid if asked to."""
    from lesionary.scan import read_mask  # half a second of imports that few cohorts need

    assert lesion.mask_path is not None
    label = lesion.mask_label
    if label is None or not label.isdigit():
        return read_mask(lesion.mask_path, scan, roi=label, resample=resample)
    return read_mask(lesion.mask_path, scan, label=int(label), resample=resample)


def reason_of(error: Exception) -> str:
    """Return a sentence for errors.csv; of what nobody foresaw, with its kind."""
    text = " ".join(str(error).split())
    return (
        text if isinstance(error, LesionaryError | OSError) else f"{type(error).__name__}: {text}"
    )
