"""From a scan to the crops of its lesions: what a worker process does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lesionary.encode.lesion import Lesion
from lesionary.encode.plan import ScanLesions
from lesionary.encode.prepare import reason_of, seed_of, unreadable
from lesionary.errors import ScanError
from lesionary.scan import ArrayVoxels, Geometry, Scan, read_scan
from lesionary.scan.geometry import FloatArray
from lesionary.scan.lattice import SIDES, nearest_axes
from lesionary.scan.recipe import Recipe
from lesionary.train.store.body import away_from, body_points_mm, draw_points

_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class Cutting:
    """How crops are cut.

    Attributes
    ----------
    recipe : Recipe
        Of the network's input.
    margin_vox : int
        Voxels that a crop is larger than that, on each side.
    backgrounds : int
        Crops from elsewhere in the body, for each lesion.
    avoid_lesions : bool
        No background that training may see overlaps the patch of a lesion.
    seed : int
    """

    recipe: Recipe
    margin_vox: int
    backgrounds: int
    avoid_lesions: bool
    seed: int

    @property
    def crop(self) -> Recipe:
        """The recipe of a crop, which keeps the scan's values."""
        recipe, margin = self.recipe, self.margin_vox
        a, b, c = (n + 2 * margin for n in recipe.size_vox)
        seed = recipe.seed_vox and tuple(index + margin for index in recipe.seed_vox)
        update = {"size_vox": (a, b, c), "seed_vox": seed, "intensity": None}
        return recipe.model_copy(update=update)


@dataclass(frozen=True)
class ScanCrops:
    """The crops of one scan's lesions.

    Attributes
    ----------
    crops : ndarray of int16, shape (n, 1 + backgrounds, z, y, x)
        HU; first that around the lesion.
    ready : tuple of str
        The ``lesion_id`` of each.
    set_aside : dict
        The other lesions, and why.
    """

    crops: NDArray[np.int16]
    ready: tuple[str, ...]
    set_aside: dict[str, str]


def cut_crops(task: ScanLesions, cutting: Cutting) -> ScanCrops:
    """Read a scan once, and cut the crops of its lesions.

    What is wrong with a scan or a lesion does not raise: it is a reason to set aside.
    """
    crop = cutting.crop
    ready: dict[str, NDArray[np.int16]] = {}
    try:
        scan = _read(task.image_path, whole=cutting.backgrounds > 0)
    except Exception as error:  # whatever a damaged file does to a reader
        reason = reason_of(error)
        return _joined(ready, {lesion.lesion_id: reason for lesion in task.lesions}, cutting)

    seeds: dict[Lesion, tuple[float, float, float]] = {}
    set_aside: dict[str, str] = {}
    for lesion in task.lesions:
        try:
            seeds[lesion] = seed_of(lesion, scan)
        except Exception as error:
            set_aside[lesion.lesion_id] = reason_of(error)
    try:
        points = _background_points(scan, np.array(list(seeds.values())), cutting)
    except Exception as error:
        set_aside |= {lesion.lesion_id: reason_of(error) for lesion in seeds}
        return _joined(ready, set_aside, cutting)

    for lesion, seed in seeds.items():
        rng = np.random.default_rng([cutting.seed, _number(lesion.lesion_id)])
        centers = np.vstack([[seed], draw_points(points, cutting.backgrounds, rng)])
        try:
            ready[lesion.lesion_id] = _as_int16(scan.patches(centers, crop)[:, 0])
        except Exception as error:
            set_aside[lesion.lesion_id] = reason_of(error)
    return _joined(ready, set_aside, cutting)


def lost(task: ScanLesions, cutting: Cutting) -> ScanCrops:
    """Return what stands for a scan that ended the process that was to cut its crops."""
    failed = unreadable(task).failed
    return _joined({}, {lesion.lesion_id: reason for lesion, reason in failed}, cutting)


def _read(image_path: str, *, whole: bool) -> Scan:
    scan = read_scan(image_path)
    if scan.unit == "SUV":
        raise ScanError(
            f"{image_path} holds SUV, of which the patch store would keep whole numbers only. "
            "It is for CT."
        )
    return replace(scan, voxels=ArrayVoxels(scan.read())) if whole else scan


def _background_points(scan: Scan, seeds: FloatArray, cutting: Cutting) -> FloatArray:
    """List the points that backgrounds of this scan may be centred at, LPS mm."""
    if not cutting.backgrounds or not len(seeds):
        return np.empty((0, 3))
    points = body_points_mm(scan.read(), scan.geometry)
    if not cutting.avoid_lesions:
        return points
    axes, reach_mm = _patch_frame(scan.geometry, cutting)
    clear = away_from(points @ axes, seeds @ axes, reach_mm) @ axes.T
    if not len(clear):
        raise ScanError(
            f"No place in the body of {scan.source} is far enough from its lesions for a "
            "background: allow overlap (avoid_lesions: false), or leave the scan out."
        )
    return clear


def _patch_frame(geometry: Geometry, cutting: Cutting) -> tuple[FloatArray, FloatArray]:
    """Return the axes (columns) that patches lie along, and how far a patch and its jitter reach.

    A patch and one that may be shifted by the margin are apart where their centres are that
    far from each other along one axis.
    """
    recipe = cutting.recipe
    axes, own = nearest_axes(geometry)
    spacing = recipe.spacing_mm or tuple(geometry.spacing_mm[axis] for axis in own)
    if recipe.axes == "patient":
        axes = np.eye(3)
    reach_vox = np.empty(3)
    for letter, n in zip(recipe.orientation, recipe.size_vox, strict=True):
        reach_vox[SIDES[letter][0]] = n + cutting.margin_vox
    return axes, reach_vox * spacing


def _as_int16(patches: NDArray[np.float32]) -> NDArray[np.int16]:
    whole: NDArray[np.int16] = np.rint(patches.clip(_INT16.min, _INT16.max)).astype(np.int16)
    return whole


def _number(lesion_id: str) -> int:
    """Return a number for a lesion that does not depend on the other rows of its table."""
    return int.from_bytes(hashlib.sha256(lesion_id.encode()).digest()[:8], "big")


def _joined(
    ready: dict[str, NDArray[np.int16]], set_aside: dict[str, str], cutting: Cutting
) -> ScanCrops:
    shape = (0, 1 + cutting.backgrounds, *cutting.crop.size_vox)
    crops = np.stack(list(ready.values())) if ready else np.empty(shape, np.int16)
    return ScanCrops(crops, tuple(ready), set_aside)
