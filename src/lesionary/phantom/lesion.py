"""A lesion's shape and how it looks in CT.

The body of a lesion is star-shaped: along each direction from its origin it ends at a
radius, an ellipsoid's with lobules on it. Centre and volume follow from that radius by
quadrature, independent of any grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.phantom.canvas import Box, Canvas, Pose, Volume
from lesionary.phantom.config import Lesion, Phase
from lesionary.phantom.shapes import Tube
from lesionary.phantom.tissue import attenuation
from lesionary.scan import Geometry
from lesionary.scan.geometry import FloatArray

Floats = NDArray[np.floating]

_LOBULE_SHARPNESS = 9.0
_EDGE_MM = {"smooth": 0.0, "lobulated": 0.5, "ill-defined": 4.0}
_LOBULATION = {"smooth": 0.03, "lobulated": 0.5, "ill-defined": 0.12}
_OPACITY = {"solid": 1.0, "part-solid": 0.38, "ground-glass": 0.38}

_ENHANCED = {  # (none, arterial, venous), HU
    "lung": (32, 55, 65),
    "mediastinum": (38, 62, 78),
    "liver": (38, 48, 58),
    "kidney": (34, 95, 85),
    "abdomen": (38, 65, 78),
    "pelvis": (38, 62, 78),
    "soft tissue": (26, 34, 40),
    "bone": (45, 65, 75),
}


def _sphere(n: int) -> FloatArray:
    """Return ``n`` directions spread evenly (a Fibonacci lattice), shape (n, 3)."""
    i = np.arange(n) + 0.5
    z, turn = 1 - 2 * i / n, np.pi * (1 + 5**0.5) * i
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)


_DIRECTIONS = _sphere(2000)


@dataclass(frozen=True, eq=False)
class LesionShape:
    """A lesion with every random detail fixed; the same in each scan of the patient.

    Attributes
    ----------
    lesion : Lesion
    half_mm : ndarray, shape (3,)
        Half axes of the ellipsoid before lobules.
    lobules : ndarray, shape (n, 4)
        Direction and height (relative to the radius) of each lobule.
    spicules : ndarray, shape (n, 5)
        Direction, length (mm) and radius at the root (mm) of each spicule.
    specks : ndarray, shape (n, 5)
        Position (relative to the radius), radius (mm) and HU of each calcification.
    waves : ndarray, shape (n, 4)
        Wave vector (rad/mm) and phase of each component of the texture.
    centroid_mm : ndarray, shape (3,)
        Centre of mass relative to the origin of the radius.
    """

    lesion: Lesion
    half_mm: FloatArray
    lobules: FloatArray
    spicules: FloatArray
    specks: FloatArray
    waves: FloatArray
    centroid_mm: FloatArray

    @property
    def volume_mm3(self) -> float:
        """Volume of the body, without spicules."""
        return float(np.pi / 6 * self.lesion.diameter_mm**3)

    @property
    def reach_mm(self) -> float:
        """Distance from the centre that holds all of the body, mm."""
        radius = self.radius(_DIRECTIONS).max() + np.linalg.norm(self.centroid_mm)
        return float(radius + _EDGE_MM[self.lesion.margin] / 2)

    def radius(self, directions: Floats) -> Floats:
        """Radius of the body along unit vectors ``(..., 3)``, from its origin, mm."""
        u = directions
        radius = 1 / np.sqrt(((u / self.half_mm.astype(u.dtype)) ** 2).sum(axis=-1))
        bump = np.ones_like(radius)
        for *axis, height in self.lobules.astype(u.dtype):
            bump += height * np.exp(_LOBULE_SHARPNESS * (u @ np.array(axis, u.dtype) - 1))
        return np.asarray(radius * bump)

    def polar(self, points: Volume) -> tuple[Volume, Volume]:
        """Distance (mm) and direction of points ``(..., 3)`` from the radius' origin."""
        from_origin = points + self.centroid_mm.astype(points.dtype)
        distance = np.sqrt((from_origin**2).sum(axis=-1))
        return distance, from_origin / np.maximum(distance, 1e-6)[..., None]


def draw_shape(lesion: Lesion, rng: np.random.Generator) -> LesionShape:
    """Fix the random details of a lesion."""
    r = lesion.diameter_mm / 2
    half = np.exp(rng.normal(0, 0.12, 3))
    n = int(rng.integers(8, 13))
    lobules = np.column_stack([_unit(rng, n), _LOBULATION[lesion.margin] * rng.uniform(0.4, 1, n)])
    n = round(70 * lesion.spiculation)
    length = lesion.spiculation * (3 + 0.7 * r) * rng.uniform(0.6, 1.2, n)
    spicules = np.column_stack([_unit(rng, n), length, rng.uniform(1.0, 1.8, n)])
    n = int(rng.integers(2, 6)) if lesion.calcification > 0 and lesion.site != "bone" else 0
    specks = np.column_stack(
        [
            _unit(rng, n) * rng.uniform(0, 0.6, (n, 1)),
            rng.uniform(0.12, 0.25, n) * r + 0.5,
            (200 + 700 * lesion.calcification) * rng.uniform(0.7, 1, n),
        ]
    )
    n = 30
    wavelength = rng.uniform(4.0, 14.0, n)
    waves = np.column_stack(
        [_unit(rng, n) * (2 * np.pi / wavelength)[:, None], rng.uniform(0, 2 * np.pi, n)]
    )
    raw = LesionShape(lesion, half, lobules, spicules, specks, waves, np.zeros(3))

    # Radius of the sphere of this volume is r; centre of mass, by quadrature over directions.
    unscaled = raw.radius(_DIRECTIONS)
    factor = r / np.cbrt((unscaled**3).mean())
    radius = factor * unscaled
    centroid = 0.75 * (radius[:, None] ** 4 * _DIRECTIONS).mean(axis=0) / (radius**3).mean()
    return replace(raw, half_mm=half * factor, centroid_mm=centroid)


def _unit(rng: np.random.Generator, n: int) -> FloatArray:
    vectors = rng.normal(size=(n, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def solid_hu(lesion: Lesion, phase: Phase) -> float:
    """Return the mean attenuation of a lesion's solid part in a contrast phase, HU."""
    return float(_ENHANCED[lesion.site][("none", "arterial", "venous").index(phase)])


def paint_lesion(canvas: Canvas, shape: LesionShape, center_mm: ArrayLike, phase: Phase) -> None:
    """Paint a lesion with its centre of mass at ``center_mm`` (LPS)."""
    lesion = shape.lesion
    solid = solid_hu(lesion, phase)
    opacity = _OPACITY[lesion.density]
    if len(shape.spicules):
        base = attenuation("lung", phase)
        strand = solid if opacity == 1 else base + 0.5 * (solid - base)
        canvas.tube(_spicule_tube(canvas.pose, shape, np.asarray(center_mm)), strand)

    box, points = _local(canvas.geometry, center_mm, shape.reach_mm + 2)
    distance, direction = shape.polar(points)
    radius = shape.radius(direction)
    voxel = np.abs(direction) @ canvas.blur_mm.astype(np.float32)
    edge = np.clip(0.5 + (radius - distance) / (voxel + _EDGE_MM[lesion.margin]), 0, 1)
    depth = distance / radius  # 0 at the origin, 1 on the surface
    view = canvas.hu[box]
    texture = edge * _texture(shape, points)
    if lesion.density == "part-solid":
        core = np.clip((0.55 - depth) * 5 + 0.5, 0, 1)
        edge *= opacity + (1 - opacity) * core
    else:
        edge *= np.float32(opacity)
    view += edge * (_tissue(shape, points, depth, solid, phase) - view)
    view += texture


def _texture(shape: LesionShape, points: Volume) -> Volume:
    """Deviation from the mean, HU: waves in all directions."""
    total = np.zeros(points.shape[:-1], dtype=np.float32)
    for *vector, offset in shape.waves.astype(np.float32):
        total += np.cos(points @ np.array(vector, np.float32) + offset)
    return total * np.float32(shape.lesion.heterogeneity_hu * np.sqrt(2 / len(shape.waves)))


def _tissue(
    shape: LesionShape, points: Volume, depth: Floats, solid: float, phase: Phase
) -> Volume:
    """HU that the lesion's tissue has where it fills a voxel."""
    lesion = shape.lesion
    sclerosis = 500 * lesion.calcification if lesion.site == "bone" else 0.0
    value = np.full(points.shape[:-1], solid + sclerosis, dtype=np.float32)
    if lesion.necrosis > 0:
        core = np.clip((0.85 * lesion.necrosis - depth) * 6 + 0.5, 0, 1)
        value += core * (np.float32(attenuation("fluid", phase) + 8) - value)
    for *place, size, peak in shape.specks.astype(np.float32):
        away = points - np.array(place, np.float32) * np.float32(lesion.diameter_mm / 2)
        value += peak * np.exp(-((away**2).sum(axis=-1)) / (2 * size**2))
    return value


def _spicule_tube(pose: Pose, shape: LesionShape, center_mm: FloatArray) -> Tube:
    """Return the spicules in the atlas frame: cones that start inside the body."""
    axis, length, root = shape.spicules[:, :3], shape.spicules[:, 3], shape.spicules[:, 4]
    radius = shape.radius(axis)
    ends = np.stack([0.7 * radius, radius + length], axis=1)
    points = center_mm - shape.centroid_mm + ends[..., None] * axis[:, None]
    return Tube(pose.to_atlas(points), np.stack([root, 0.3 * root], axis=1))


def lesion_mask(
    geometry: Geometry,
    shape: LesionShape,
    center_mm: ArrayLike,
    offset: Callable[[Floats], Floats] | None = None,
) -> tuple[Box, NDArray[np.bool_]]:
    """Return the voxels whose centre is in the body (spicules are not), in their box.

    ``offset`` gives how far out (mm) of the true surface a reader draws, by direction
    ``(..., 3)``. The voxel at the centre always belongs.
    """
    box, points = _local(geometry, center_mm, shape.reach_mm + 6)
    distance, direction = shape.polar(points)
    surface = shape.radius(direction)
    if offset is not None:
        surface = surface + offset(direction)
    mask = distance <= surface
    mask.flat[np.argmin((points**2).sum(axis=-1))] = True
    return box, mask


def _local(geometry: Geometry, center_mm: ArrayLike, reach_mm: float) -> tuple[Box, Volume]:
    """Return the box of voxels within ``reach_mm``, and their positions (mm) from the centre."""
    center = geometry.to_vox(center_mm)
    spacing = np.asarray(geometry.spacing_mm[::-1])
    start = np.maximum(np.floor(center - reach_mm / spacing), 0).astype(int)
    stop = np.minimum(np.ceil(center + reach_mm / spacing) + 1, geometry.shape).astype(int)
    z, y, x = (
        ((np.arange(a, b) - c) * s).astype(np.float32)
        for a, b, c, s in zip(start, stop, center, spacing, strict=True)
    )
    points = np.stack(np.broadcast_arrays(x, y[:, None], z[:, None, None]), axis=-1)
    return (slice(start[0], stop[0]), slice(start[1], stop[1]), slice(start[2], stop[2])), points
