"""The three solids that the body is made of.

All live in the atlas frame: millimetres in a reference patient, x to the left, y to the
back, z to the head, ``z = 0`` at the dome of the diaphragm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from lesionary.scan.geometry import FloatArray


@dataclass(frozen=True, eq=False)
class Stack:
    """A pile of superellipses whose centre and half axes change smoothly along z.

    Its surface is where ``|x - cx|^p / a^p + |y - cy|^p / b^p`` is 1. The two terms depend on
    x and z, and on y and z: that is what makes it cheap to draw.

    Attributes
    ----------
    knots : ndarray, shape (n, 5)
        Rows of ``z, cx, cy, a, b``, z ascending, in mm.
    power : float
        2 for ellipses; larger is boxier.
    cap : tuple of float or None
        ``(centre, half height)`` along z of a third term, which rounds the ends off.
    """

    knots: FloatArray
    power: float = 2.0
    cap: tuple[float, float] | None = None
    _curves: Callable[[FloatArray], FloatArray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        z, values = self.knots[:, 0], self.knots[:, 1:]
        straight = len(z) == 2
        object.__setattr__(
            self, "_curves", _line(z, values) if straight else PchipInterpolator(z, values)
        )

    @property
    def z_range(self) -> tuple[float, float]:
        """Lowest and highest z, mm."""
        return float(self.knots[0, 0]), float(self.knots[-1, 0])

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest corner (x, y, z) of a box around it, mm."""
        z, cx, cy, a, b = self.knots.T
        return (
            np.array([(cx - a).min(), (cy - b).min(), z[0]]),
            np.array([(cx + a).max(), (cy + b).max(), z[-1]]),
        )

    def section(self, z: FloatArray | float) -> FloatArray:
        """Return ``cx, cy, a, b`` at height ``z``, last axis of length 4."""
        return np.asarray(self._curves(np.clip(z, *self.z_range)))

    def terms(self, x: FloatArray, y: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the x term (with the z term and the -1) and the y term.

        ``x`` is ``(nz, ...)``, ``y`` is ``(nz, ...)``, ``z`` is ``(nz,)``; the sum of both
        terms is negative inside.
        """
        cx, cy, a, b = (np.expand_dims(c, tuple(range(1, x.ndim))) for c in self.section(z).T)
        x_term = np.abs((x - cx) / a) ** self.power - 1.0
        if self.cap is not None:
            middle, half = self.cap
            height = np.abs((z - middle) / half) ** self.power
            x_term = x_term + np.expand_dims(height, tuple(range(1, x.ndim)))
        return x_term, np.abs((y - cy) / b) ** self.power

    def level(self, points: ArrayLike) -> FloatArray:
        """Tell for points ``(n, 3)`` how far out they are: 0 the axis, 1 the surface."""
        x, y, z = np.asarray(points, dtype=np.float64).reshape(-1, 3).T
        x_term, y_term = self.terms(x, y, z)
        radius = np.maximum(x_term + y_term + 1.0, 0.0) ** (1.0 / self.power)
        low, high = self.z_range
        return np.where((z < low) | (z > high), np.inf, radius)


def _line(z: FloatArray, values: FloatArray) -> Callable[[FloatArray], FloatArray]:
    slope = (values[1] - values[0]) / (z[1] - z[0])
    return lambda at: values[0] + (np.asarray(at)[..., None] - z[0]) * slope


def stack(rows: Sequence[Sequence[float]], power: float = 2.0) -> Stack:
    """Pile up rows of ``z, cx, cy, a, b``, given from head to foot or from foot to head."""
    knots = np.asarray(rows, dtype=np.float64)
    return Stack(knots[np.argsort(knots[:, 0])], power)


def ellipsoid(
    center: ArrayLike, half: ArrayLike, tilt: tuple[float, float] = (0, 0), power: float = 2.0
) -> Stack:
    """Return a (super)ellipsoid; ``tilt`` is how far x and y of its axis move per mm of z."""
    (x, y, z), (a, b, c) = np.asarray(center, float), np.asarray(half, float)
    rows = [(z + s * c, x + s * c * tilt[0], y + s * c * tilt[1], a, b) for s in (-1, 1)]
    return Stack(np.array(rows), power, cap=(float(z), float(c)))


def dome(shape: Stack, foot: float) -> Stack:
    """Cut an ellipsoid off ``foot`` half heights below its middle and keep what is above."""
    middle, half = shape.knots.mean(axis=0), (shape.knots[1] - shape.knots[0]) / 2
    return Stack(np.array([middle - foot * half, shape.knots[1]]), shape.power, shape.cap)


def resized(shape: Stack, factor: float, offset: ArrayLike = (0.0, 0.0, 0.0)) -> Stack:
    """Scale a stack about its own middle, then move it by ``offset`` (x, y, z), mm."""
    dx, dy, dz = np.asarray(offset, dtype=np.float64)
    z, cx, cy, a, b = shape.knots.T
    middle = (z[0] + z[-1]) / 2
    rows = [middle + (z - middle) * factor + dz, cx + dx, cy + dy, a * factor, b * factor]
    cap = None
    if shape.cap is not None:
        cap = middle + (shape.cap[0] - middle) * factor + dz, shape.cap[1] * factor
    return Stack(np.stack(rows, axis=1), shape.power, cap)


def shrunk(shape: Stack, by_mm: float) -> Stack:
    """Make each section of a stack smaller by ``by_mm`` all around."""
    return Stack(shape.knots - [0, 0, 0, by_mm, by_mm], shape.power, shape.cap)


def mirrored(shape: Stack) -> Stack:
    """Return the same on the other side of the body."""
    return Stack(shape.knots * [1, -1, 1, 1, 1], shape.power, shape.cap)


@dataclass(frozen=True, eq=False)
class Tube:
    """A chain of tapered capsules.

    Attributes
    ----------
    points : ndarray, shape (n, 2, 3)
        First and last point of each capsule, mm.
    radii : ndarray, shape (n, 2)
        Radius at both, mm.
    core : float
        Radius of the inner tube (marrow, air) as a fraction of the outer; 0 is none.
    """

    points: FloatArray
    radii: FloatArray
    core: float = 0.0

    def __len__(self) -> int:
        return len(self.points)

    def sample(self, rng: np.random.Generator, n: int) -> FloatArray:
        """Return ``n`` random points on the axis, evenly by length, shape (n, 3)."""
        length = np.linalg.norm(self.points[:, 1] - self.points[:, 0], axis=1)
        which = rng.choice(len(self), size=n, p=length / length.sum())
        t = rng.random((n, 1))
        return np.asarray((1 - t) * self.points[which, 0] + t * self.points[which, 1])

    def distance(self, points: ArrayLike) -> FloatArray:
        """Distance of points ``(m, 3)`` from the surface, mm; negative inside."""
        p = np.asarray(points, dtype=np.float64).reshape(-1, 1, 3)
        a, ab = self.points[:, 0], self.points[:, 1] - self.points[:, 0]
        t = np.clip(((p - a) * ab).sum(-1) / (ab**2).sum(-1), 0, 1)
        away = np.linalg.norm(p - a - t[..., None] * ab, axis=-1)
        radius = self.radii[:, 0] + t * (self.radii[:, 1] - self.radii[:, 0])
        return np.asarray((away - radius).min(axis=1))


def tube(points: ArrayLike, radii: float | Sequence[float], core: float = 0.0) -> Tube:
    """Join ``points`` (n, 3) by capsules; one radius for all, or one a point."""
    line = np.asarray(points, dtype=np.float64)
    radius = np.broadcast_to(np.asarray(radii, dtype=np.float64), len(line))
    return Tube(
        np.stack([line[:-1], line[1:]], axis=1), np.stack([radius[:-1], radius[1:]], axis=1), core
    )


def curve(points: ArrayLike, n: int) -> FloatArray:
    """Return ``n`` points on a smooth line through ``points`` (m, 3)."""
    line = np.asarray(points, dtype=np.float64)
    knots = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    return np.asarray(PchipInterpolator(knots, line)(np.linspace(0, knots[-1], n)))


@dataclass(frozen=True, eq=False)
class Plate:
    """A curved sheet of bone: on each slice a thick line between two points that move with z.

    Attributes
    ----------
    knots : ndarray, shape (n, 5)
        Rows of ``z, x0, y0, x1, y1``, z ascending, in mm.
    radius : float
        Half its thickness, mm.
    core : float
        As of a :class:`Tube`.
    """

    knots: FloatArray
    radius: float
    core: float = 0.0

    def ends(self, z: NDArray[np.floating]) -> FloatArray:
        """Return ``x0, y0, x1, y1`` at heights ``z``, shape (4, nz)."""
        return np.array([np.interp(z, self.knots[:, 0], c) for c in self.knots[:, 1:].T])

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest corner (x, y, z) of a box around it, mm."""
        z, x0, y0, x1, y1 = self.knots.T
        r = self.radius
        return (
            np.array([min(x0.min(), x1.min()) - r, min(y0.min(), y1.min()) - r, z[0]]),
            np.array([max(x0.max(), x1.max()) + r, max(y0.max(), y1.max()) + r, z[-1]]),
        )

    def sample(self, rng: np.random.Generator, n: int) -> FloatArray:
        """Return ``n`` random points in its middle sheet, shape (n, 3)."""
        z = rng.uniform(self.knots[0, 0], self.knots[-1, 0], n)
        x0, y0, x1, y1 = self.ends(z)
        t = rng.uniform(0.1, 0.9, n)
        return np.stack([x0 + t * (x1 - x0), y0 + t * (y1 - y0), z], axis=1)
