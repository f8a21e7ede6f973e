"""Painting solids onto a scan's own grid, with the partial volume that its voxels see.

A voxel takes on a tissue in proportion to how much of it lies inside. That share is
estimated from the solid's implicit function F and from its change across the voxel:
``1/2 - F / W`` clipped to 0..1, where W sums |change of F| along x, y and z. For a plane
this is the width of the voxel's shadow on the plane's normal, so that thick slices blur
slanted surfaces as they do in a scanner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.phantom.shapes import Plate, Stack, Tube
from lesionary.scan import Geometry
from lesionary.scan.geometry import FloatArray

Volume = NDArray[np.float32]
Box = tuple[slice, slice, slice]

_SLAB = 60_000  # voxels painted at a time: three such arrays stay in a core's cache


@dataclass(frozen=True)
class Pose:
    """How the atlas lies in the scanner: ``lps = atlas * scale + tilt * z + shift``.

    Attributes
    ----------
    scale : tuple of float
        Size of this patient relative to the atlas along x, y, z.
    shift_mm : tuple of float
        Where the atlas' origin lies, LPS mm.
    tilt : tuple of float
        How far x and y move per mm of z: a patient who does not lie straight.
    """

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tilt: tuple[float, float] = (0.0, 0.0)

    def to_lps(self, points: FloatArray) -> FloatArray:
        """Map atlas points ``(..., 3)`` to LPS mm."""
        scaled = np.asarray(points) * self.scale
        lean = np.stack([scaled[..., 2] * t for t in (*self.tilt, 0.0)], axis=-1)
        return np.asarray(scaled + lean + self.shift_mm)

    def to_atlas(self, points: FloatArray) -> FloatArray:
        """Map LPS points ``(..., 3)`` to the atlas."""
        moved = np.asarray(points) - self.shift_mm
        lean = np.stack([moved[..., 2] * t for t in (*self.tilt, 0.0)], axis=-1)
        return np.asarray((moved - lean) / self.scale)


class Canvas:
    """A CT volume being painted.

    Parameters
    ----------
    geometry : Geometry
        Axis-aligned grid of the scan.
    pose : Pose
    blur_mm : float
        Width of the in-plane blur of the reconstruction kernel; that along z is the slice.
    texture : ndarray
        Tileable cube of unit-variance noise, 2 mm a voxel, fixed to the patient.

    Attributes
    ----------
    hu : ndarray of float32, shape (z, y, x)
    blur_mm : ndarray, shape (3,)
        Width of a voxel's view along x, y, z.
    """

    def __init__(self, geometry: Geometry, pose: Pose, blur_mm: float, texture: Volume) -> None:
        self.geometry = geometry
        self.pose = pose
        self.hu: Volume = np.full(geometry.shape, -1000.0, dtype=np.float32)
        nz, ny, nx = geometry.shape
        dx, dy, dz = geometry.spacing_mm
        origin = np.asarray(geometry.origin_mm) - pose.shift_mm
        scaled_z = origin[2] + dz * np.arange(nz)
        self._z = scaled_z / pose.scale[2]
        lean_x, lean_y = (scaled_z[:, None] * t for t in pose.tilt)
        self._x = (origin[0] + dx * np.arange(nx)[None, :] - lean_x) / pose.scale[0]
        self._y = (origin[1] + dy * np.arange(ny)[None, :] - lean_y) / pose.scale[1]
        self._blur_vox = float(np.hypot(blur_mm, dx) / dx)
        self.blur_mm = np.array([dx * self._blur_vox, dy * self._blur_vox, dz])
        axes = self._x, self._y, self._z
        self._low = np.array([a.min() for a in axes]) - self.blur_mm
        self._high = np.array([a.max() for a in axes]) + self.blur_mm
        self._step = [dx / pose.scale[0], dy / pose.scale[1], dz / pose.scale[2]]
        self._texture = texture

    def stack(
        self,
        shape: Stack,
        hu: float,
        *,
        within: Stack | None = None,
        texture_hu: float = 0.0,
        shell_mm: float = 0.0,
        shell_hu: float = 0.0,
    ) -> None:
        """Fill a stack (only where it is ``within`` another) with a tissue, in a shell or not."""
        box = self._box(*shape.bounds())
        if box is None:
            return
        solids = [self._depths(s, box) for s in (shape, within) if s is not None]
        inward = np.float32(shell_mm / self.blur_mm[0])
        for where, *depths in zip(self._pieces(box), *solids, strict=True):
            value: Volume | np.float32 = np.float32(hu)
            if texture_hu:
                value = value + np.float32(texture_hu) * self._texture_at(where)
            if shell_mm:
                core = _share(depths[0] - inward)
                core *= value - np.float32(shell_hu)
                core += np.float32(shell_hu)
                value = core
            share = _share(depths[0] if within is None else np.minimum(*depths))
            self._blend(where, share, value)

    def tube(self, shape: Tube, hu: float, core_hu: float = 0.0) -> None:
        """Draw a tube: first the whole outside, then the whole core."""
        margin = shape.radii.max(axis=1, keepdims=True) + self.blur_mm[0] / 2
        low, high = shape.points.min(axis=1) - margin, shape.points.max(axis=1) + margin
        cores: list[tuple[Box, Volume]] = []
        capsules = zip(self._boxes(low, high), shape.points, shape.radii, strict=True)
        for box, (start, end), (r0, r1) in capsules:
            if box is None:
                continue
            axis = (end - start).astype(np.float32)
            unit = axis / (axis @ axis)
            dx, dy, dz = self._offsets(box, start)
            t = (dz * unit[2] + dy * unit[1]) + dx * unit[0]
            np.minimum(np.maximum(t, 0, out=t), 1, out=t)
            distance, width = self._distance(dx - t * axis[0], dy - t * axis[1], dz - t * axis[2])
            t *= np.float32(r1 - r0)
            t += np.float32(r0)
            least = float(min(r0, r1))
            self._blend(box, self._round(distance, width, t, least), np.float32(hu))
            if shape.core:
                t *= np.float32(shape.core)
                cores.append((box, self._round(distance, width, t, shape.core * least)))
        for box, share in cores:
            self._blend(box, share, np.float32(core_hu))

    def plate(self, shape: Plate, hu: float, core_hu: float = 0.0) -> None:
        """Draw a plate."""
        box = self._box(*shape.bounds())
        if box is None:
            return
        x0, y0, x1, y1 = shape.ends(self._z[box[0]])[:, :, None, None].astype(np.float32)
        dx, dy, _ = self._offsets(box, np.zeros(3))
        dx, dy, bx, by = dx - x0, dy - y0, x1 - x0, y1 - y0
        t = np.clip((dx * bx + dy * by) / (bx * bx + by * by), 0, 1)
        distance, width = self._distance(dx - t * bx, dy - t * by, np.zeros_like(t))
        for radius, value in ((shape.radius, hu), (shape.core * shape.radius, core_hu)):
            if radius:
                share = self._round(distance, width, np.float32(radius), radius)
                self._blend(box, share, np.float32(value))

    def _distance(self, dx: Volume, dy: Volume, dz: Volume) -> tuple[Volume, Volume]:
        """Length of vectors, and the width of a voxel's view along them."""
        dz *= dz
        squared = dx * dx
        squared += dy * dy
        squared += dz
        squared += np.float32(1e-6)
        wx, _, wz = self.blur_mm
        dz /= squared
        dz *= np.float32(wz**2 - wx**2)
        dz += np.float32(wx**2)
        return np.sqrt(squared, out=squared), np.sqrt(dz, out=dz)

    def _round(
        self, distance: Volume, width: Volume, radius: Volume | np.float32, least: float
    ) -> Volume:
        """Share of voxels that lies within ``radius`` of a line."""
        depth: Volume = radius - distance
        depth /= width
        share = _share(depth)
        share *= np.float32(min(1.0, 2 * least / self.blur_mm[0]))  # thinner than a voxel
        return share

    def _blend(self, where: Box, share: Volume, value: Volume | np.float32) -> None:
        view = self.hu[where]
        change = value - view
        change *= share
        view += change

    def _box(self, low: FloatArray, high: FloatArray) -> Box | None:
        """Return the voxels that an atlas box touches, if any."""
        return self._boxes(low[None], high[None])[0]

    def _boxes(self, low: FloatArray, high: FloatArray) -> list[Box | None]:
        """Return the voxels that atlas boxes touch; corners are ``(n, 3)`` in (x, y, z)."""
        if (low.min(axis=0) > self._high).any() or (high.max(axis=0) < self._low).any():
            return [None] * len(low)
        first, last = np.zeros((2, 3, len(low)), dtype=np.intp)
        rows: tuple[NDArray[np.intp] | int, ...] = (0, 0)
        for axis in (2, 1, 0):
            # A tilted patient's x and y differ from slice to slice: from the box's first to last.
            values = (self._x, self._y, self._z[None])[axis]
            begins = np.array([values[row, 0] + np.zeros(len(low)) for row in rows])
            step, count = self._step[axis], values.shape[1]
            first[axis] = np.ceil((low[:, axis] - begins.max(axis=0)) / step - 0.75).clip(0, count)
            last[axis] = np.floor((high[:, axis] - begins.min(axis=0)) / step + 1.75).clip(0, count)
            if axis == 2:
                top = count - 1
                rows = (np.minimum(first[2], top), np.clip(last[2] - 1, 0, top))
        return [
            (slice(z0, z1), slice(y0, y1), slice(x0, x1))
            if z1 > z0 and y1 > y0 and x1 > x0
            else None
            for (x0, y0, z0), (x1, y1, z1) in zip(first.T.tolist(), last.T.tolist(), strict=True)
        ]

    def _offsets(self, box: Box, origin: FloatArray) -> tuple[Volume, Volume, Volume]:
        z, y, x = box
        return (
            (self._x[z, x] - origin[0]).astype(np.float32)[:, None, :],
            (self._y[z, y] - origin[1]).astype(np.float32)[:, :, None],
            (self._z[z] - origin[2]).astype(np.float32)[:, None, None],
        )

    @staticmethod
    def _pieces(box: Box) -> Iterator[Box]:
        z, y, x = box
        step = max(1, _SLAB // ((y.stop - y.start) * (x.stop - x.start)))
        for start in range(z.start, z.stop, step):
            yield slice(start, min(start + step, z.stop)), y, x

    def _depths(self, shape: Stack, box: Box) -> Iterator[Volume]:
        """Yield, piece by piece, how deep voxels are in ``shape``, in widths of their view."""
        z, y, x = box
        fx, fy = (
            t.astype(np.float32) for t in shape.terms(self._x[z, x], self._y[z, y], self._z[z])
        )
        wx, wy = self._change(fx), self._change(fy)
        for piece, _, _ in self._pieces(box):
            k = slice(piece.start - z.start, piece.stop - z.start)
            depth = -fx[k, None, :] - fy[k, :, None]
            depth /= wx[k, None, :] + wy[k, :, None]
            yield depth

    def _change(self, term: Volume) -> Volume:
        """How much a term changes across a blurred voxel, in-plane and along z."""
        change = np.full_like(term, 1e-4)
        if term.shape[1] > 1:
            change += np.float32(self._blur_vox) * np.abs(np.gradient(term, axis=1))
        if term.shape[0] > 1:
            # The smaller of both neighbours': the other may be past a rounded end, where F soars.
            step = np.abs(np.diff(term, axis=0))
            change += np.minimum(np.vstack([step[:1], step]), np.vstack([step, step[-1:]]))
        return change

    def _texture_at(self, where: Box) -> Volume:
        z, y, x = where
        n = len(self._texture)
        middle = (z.start + z.stop) // 2
        iz, iy, ix = (
            np.floor(a / 2.0).astype(np.intp) % n
            for a in (self._z[z], self._y[middle, y], self._x[middle, x])
        )
        piece: Volume = self._texture[iz][:, iy][:, :, ix]
        return piece


def _share(depth: Volume) -> Volume:
    """Turn depth, in widths of a voxel's view, into the share of the voxel inside; in place."""
    depth += np.float32(0.5)
    return np.minimum(np.maximum(depth, 0, out=depth), 1, out=depth)
