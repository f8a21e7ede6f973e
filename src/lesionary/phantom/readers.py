"""Readers: people who outline the same lesion, each with a habit and an unsteady hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lesionary.scan.geometry import FloatArray

HABIT_MM = 0.6
"""Standard deviation between readers of how far outside the true surface they draw, mm."""

HAND_MM = 0.7
"""Standard deviation of a contour about its reader's habit, mm; and 0.04 of the radius more."""

_SHARPNESS = 4.0


@dataclass(frozen=True, eq=False)
class Contour:
    """How far out (mm) of the true surface one reader draws one lesion, by direction."""

    habit_mm: float
    bumps: FloatArray

    def __call__(self, directions: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the offset in mm along unit vectors ``(..., 3)``."""
        offset = np.full(directions.shape[:-1], self.habit_mm, dtype=directions.dtype)
        for *axis, height in self.bumps.astype(directions.dtype):
            near = directions @ np.array(axis, directions.dtype)
            offset += height * np.exp(_SHARPNESS * (near - 1))
        return offset


def reader_habit(seed: int, reader: int) -> float:
    """Return a reader's systematic offset in mm: the same for every lesion of a cohort."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**31, reader)))
    return float(rng.normal(0, HABIT_MM))


def draw_contour(habit_mm: float, radius_mm: float, rng: np.random.Generator) -> Contour:
    """Draw how one reader outlines one lesion of a given radius."""
    n = 12
    axes = rng.normal(size=(n, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    # Of n bumps, the mean of exp(2 k (cos - 1)) over the sphere is about 1 / 4k: unit variance.
    scale = (HAND_MM + 0.04 * radius_mm) * np.sqrt(4 * _SHARPNESS / n)
    return Contour(habit_mm, np.column_stack([axes, rng.normal(0, scale, n)]))
