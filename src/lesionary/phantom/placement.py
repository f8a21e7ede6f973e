"""Where a lesion of each site can sit in a given anatomy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lesionary.phantom import skeleton, torso
from lesionary.phantom.anatomy import Anatomy
from lesionary.phantom.canvas import Pose
from lesionary.phantom.config import Lesion, Site
from lesionary.phantom.shapes import Stack
from lesionary.scan.geometry import FloatArray

_TRIES = 400
_GAP_MM = 6.0


def place(
    lesion: Lesion,
    anatomy: Anatomy,
    pose: Pose,
    taken: list[tuple[FloatArray, float]],
    rng: np.random.Generator,
) -> FloatArray | None:
    """Find a centre for a lesion.

    Of many candidates in the site's tissue, those that have room for the radius are
    preferred; where the organ is too small (a large tumour of a rib), the roomiest is used.

    Parameters
    ----------
    lesion : Lesion
    anatomy : Anatomy
    pose : Pose
    taken : list of (center, radius)
        Lesions already there, atlas mm.
    rng : Generator

    Returns
    -------
    ndarray, shape (3,), or None
        Centre in the atlas frame; None where other lesions leave no place.
    """
    radius = lesion.diameter_mm / 2 / min(pose.scale)
    points, room = _CANDIDATES[lesion.site](anatomy, rng)
    # The scan ends at both ends of the trunk, and shows a lesion whole.
    whole = (points[:, 2] > torso.BOTTOM + radius) & (points[:, 2] < torso.TOP - radius)
    points, room = points[whole], room[whole]
    for center, other in taken:
        clear = np.linalg.norm(points - center, axis=1) > radius + other + _GAP_MM
        points, room = points[clear], room[clear]
    if not len(points):
        return None
    fits = np.flatnonzero(room >= 0.9 * radius)
    return np.asarray(points[fits[0] if len(fits) else np.argmax(room)])


Candidates = tuple[FloatArray, FloatArray]
"""Points ``(n, 3)`` in a site's tissue, and the radius (mm) that fits around each."""


def _in_stack(shape: Stack, rng: np.random.Generator, n: int = _TRIES) -> FloatArray:
    low, high = shape.bounds()
    points = rng.uniform(low, high, (4 * n, 3))
    return points[shape.level(points) < 0.97][:n]


def _room_in(shape: Stack, points: FloatArray) -> FloatArray:
    """Approximate distance from the surface, mm: along the shorter half axis of the section."""
    _, _, a, b = shape.section(points[:, 2]).T
    width = np.minimum(a, b)
    low, high = shape.z_range
    if shape.cap is not None:
        width = np.minimum(width, shape.cap[1])
    ends = np.minimum(points[:, 2] - low, high - points[:, 2])
    return np.asarray(np.minimum((1 - shape.level(points)) * width, ends))


def _lung(anatomy: Anatomy, rng: np.random.Generator) -> Candidates:
    points = _in_stack(torso.LUNGS, rng, 4 * _TRIES)
    room = _room_in(torso.LUNGS, points)
    for name in ("mediastinum", "heart", "right dome", "left dome"):
        room = np.minimum(room, -_room_outside(anatomy.organs[name], points))
    room = np.where(anatomy.open_lung(points) > 0, room, 0)
    return points[room > 3], room[room > 3]


def _room_outside(shape: Stack, points: FloatArray) -> FloatArray:
    level = np.minimum(shape.level(points), 10.0)
    _, _, a, b = shape.section(points[:, 2]).T
    return np.asarray((1 - level) * np.minimum(a, b))


def _liver(anatomy: Anatomy, rng: np.random.Generator) -> Candidates:
    points = _in_stack(anatomy.organs["liver"], rng)
    room = np.minimum(_room_in(anatomy.organs["liver"], points), _room_in(torso.CAVITY, points) - 2)
    room = np.minimum(room, -_room_outside(anatomy.organs["gallbladder"], points))
    return points[room > 3], room[room > 3]


def _kidney(anatomy: Anatomy, rng: np.random.Generator) -> Candidates:
    sides = [anatomy.organs["left kidney"], anatomy.organs["right kidney"]]
    points = np.concatenate([_in_stack(kidney, rng, _TRIES // 2) for kidney in sides])
    points = rng.permutation(points)
    level = np.minimum(*(kidney.level(points) for kidney in sides))
    # Tumours bulge out of the cortex: the centre is in the kidney, the rest need not be.
    cortex = level > 0.45
    return points[cortex], 14.0 + 10.0 * level[cortex]


def _along(lines: list[FloatArray], off_mm: float, rng: np.random.Generator) -> FloatArray:
    """Return points about ``off_mm`` away from points on lines, in shuffled order."""
    line = np.concatenate(lines)
    away = rng.normal(size=line.shape)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return rng.permutation(line + away * off_mm)


def _mediastinum(anatomy: Anatomy, rng: np.random.Generator) -> Candidates:
    lines = [
        torso.TRACHEA.sample(rng, _TRIES),
        *(torso.BRONCHI[side].sample(rng, _TRIES // 3) for side in ("left", "right")),
        torso.ESOPHAGUS.sample(rng, _TRIES // 3),
    ]
    points = _along(lines, 18.0, rng)
    points[:, 1] -= rng.uniform(0, 26, len(points))
    shape = anatomy.organs["mediastinum"]
    room = _room_in(shape, points)
    room = np.minimum(room, torso.TRACHEA.distance(points) + 6)
    good = (shape.level(points) < 0.9) & (points[:, 2] > 20) & (torso.TRACHEA.distance(points) > 2)
    good &= anatomy.organs["heart"].level(points) > 1.05
    return points[good], room[good]


def _abdomen(anatomy: Anatomy, rng: np.random.Generator) -> Candidates:
    points = rng.uniform((-85, -75, -225), (85, 25, -95), (4 * _TRIES, 3))
    room = _room_in(torso.CAVITY, points)
    for name in ("liver", "left liver", "spleen", "stomach", "left kidney", "right kidney"):
        room = np.minimum(room, -_room_outside(anatomy.organs[name], points))
    spine = skeleton.discs()
    room = np.minimum(room, -_room_outside(spine, points) - 6)
    return points[room > 3], room[room > 3]


def _pelvis(anatomy: Anatomy, rng: np.random.Generator) -> Candidates:
    points = rng.uniform((-80, -60, -365), (80, 60, -235), (4 * _TRIES, 3))
    room = _room_in(torso.CAVITY, points)
    room = np.minimum(room, -_room_outside(anatomy.organs["bladder"], points))
    sacrum = skeleton.pelvis().sacrum
    room = np.minimum(room, -_room_outside(sacrum, points))
    return points[room > 3], room[room > 3]


def _soft_tissue(_: Anatomy, rng: np.random.Generator) -> Candidates:
    points = _in_stack(torso.BODY, rng, 4 * _TRIES)
    points = points[np.abs(points[:, 2] + 75) < 300]
    under_skin = _room_in(torso.BODY, points)
    outside_cavity = -_room_outside(torso.CAVITY, points) - 14  # ribs and pelvis lie close
    room = np.minimum(under_skin, outside_cavity)
    return points[room > 4], room[room > 4]


def _bone(_: Anatomy, rng: np.random.Generator) -> Candidates:
    n = _TRIES // 4
    bodies = np.concatenate([_in_stack(bone.body, rng, 8) for bone in skeleton.vertebrae()])
    ribs = np.concatenate([rib.sample(rng, 5) for rib in skeleton.ribs()[0]])
    pelvis = skeleton.pelvis()
    wings = np.concatenate([wing.sample(rng, n // 2) for wing in pelvis.wings])
    sacrum = _in_stack(pelvis.sacrum, rng, n // 2)
    parts = [(bodies, 14.0), (ribs, 9.0), (wings, 16.0), (sacrum, 14.0),
             (skeleton.sternum().sample(rng, 20), 10.0)]  # fmt: skip
    points = np.concatenate([p for p, _ in parts])
    room = np.concatenate([np.full(len(p), r) for p, r in parts])
    order = rng.permutation(len(points))
    return points[order], room[order]


_CANDIDATES: Mapping[Site, Callable[[Anatomy, np.random.Generator], Candidates]] = {
    "lung": _lung,
    "liver": _liver,
    "kidney": _kidney,
    "mediastinum": _mediastinum,
    "abdomen": _abdomen,
    "pelvis": _pelvis,
    "soft tissue": _soft_tissue,
    "bone": _bone,
}
