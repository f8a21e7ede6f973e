"""The files of one series, and how their planes lie to one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lesionary.cohort.curate.image import Image
from lesionary.scan.geometry import FloatArray

SAME_PLACE_MM = 0.01
"""Slices closer than this are at the same place."""

PLANES = ("sagittal", "coronal", "axial")
"""By the patient's axis (x, y, z) that the slices are stacked along."""


@dataclass(frozen=True, eq=False)
class ImageSeries:
    """One series of a folder.

    Attributes
    ----------
    name : str
        What tables call it (``series_0001``).
    images : tuple of Image
        Its files, in the order of their paths.
    """

    name: str
    images: tuple[Image, ...]

    @property
    def first(self) -> Image:
        """The first file, which speaks for the others where they agree."""
        return self.images[0]

    @property
    def modality(self) -> str:
        """DICOM's code."""
        return self.first.modality

    @cached_property
    def stack(self) -> Stack | None:
        """How the slices lie; None for what is no image of CT, MR or PET."""
        planes = [image.planes for image in self.images if image.planes is not None]
        if not planes:
            return None
        return Stack(
            np.concatenate([one.positions_mm for one in planes]),
            np.concatenate([one.orientations for one in planes]),
            np.concatenate([one.spacings_mm for one in planes]),
            tuple(dict.fromkeys((one.rows, one.columns) for one in planes)),
        )

    def column(self, name: str) -> list[str | float]:
        """Return what the files say under a name, without those that are silent."""
        return [image.facts[name] for image in self.images if name in image.facts]


@dataclass(frozen=True, eq=False)
class Stack:
    """Planes of a series, in any order.

    Attributes
    ----------
    positions_mm : ndarray, shape (n, 3)
    orientations : ndarray, shape (n, 6)
    spacings_mm : ndarray, shape (n, 2)
        Between rows, between columns.
    matrices : tuple of (int, int)
        Each size there is, rows and columns.
    """

    positions_mm: FloatArray
    orientations: FloatArray
    spacings_mm: FloatArray
    matrices: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.positions_mm)

    @cached_property
    def normal(self) -> FloatArray:
        """Unit vector at right angles to the first plane."""
        normal = np.cross(self.orientations[0, :3], self.orientations[0, 3:])
        length = float(np.linalg.norm(normal))
        return np.asarray(normal / length) if length > 0 else np.full(3, np.nan)

    @property
    def plane(self) -> str:
        """The nearest of axial, coronal and sagittal; empty where directions are broken."""
        if np.isnan(self.normal).any():
            return ""
        return PLANES[int(np.argmax(np.abs(self.normal)))]

    @property
    def oblique_deg(self) -> float:
        """Largest angle between an axis of the image and the nearest of the patient."""
        row, column = self.orientations[0, :3], self.orientations[0, 3:]
        nearest = [float(np.abs(axis).max()) for axis in (row, column, self.normal)]
        return float(np.degrees(np.arccos(np.clip(min(nearest), -1, 1))))

    @cached_property
    def depths_mm(self) -> FloatArray:
        """Sorted places along the normal."""
        return np.sort(self.positions_mm @ self.normal)

    @cached_property
    def steps_mm(self) -> FloatArray:
        """Distances between neighbouring places, those of slices in one place left out."""
        steps = np.diff(self.depths_mm)
        return np.asarray(steps[steps > SAME_PLACE_MM])

    @property
    def repeated(self) -> int:
        """Slices that lie where another one is."""
        return len(self.depths_mm) - 1 - len(self.steps_mm)

    @property
    def step_mm(self) -> float | None:
        """Distance from slice to slice, the median; None with less than two places."""
        return float(np.median(self.steps_mm)) if len(self.steps_mm) else None

    def gaps(self, tolerance_mm: float) -> list[tuple[float, float, int]]:
        """List holes: where one begins and how wide it is in mm, and how many slices it lacks."""
        if self.step_mm is None:
            return []
        places = self._places
        wide = np.flatnonzero(self.steps_mm > self.step_mm + tolerance_mm)
        lacking = np.rint(self.steps_mm / self.step_mm).astype(int) - 1
        return [(float(places[k]), float(self.steps_mm[k]), max(int(lacking[k]), 0)) for k in wide]

    def crowded(self, tolerance_mm: float) -> list[tuple[float, float]]:
        """List neighbours that are nearer than the others: place and distance, mm."""
        if self.step_mm is None:
            return []
        close = np.flatnonzero(self.steps_mm < self.step_mm - tolerance_mm)
        return [(float(self._places[k]), float(self.steps_mm[k])) for k in close]

    @property
    def _places(self) -> NDArray[np.float64]:
        depths = self.depths_mm
        return np.asarray(depths[:-1][np.diff(depths) > SAME_PLACE_MM])


def group_series(images: Sequence[Image]) -> list[ImageSeries]:
    """Group files by SeriesInstanceUID; series are numbered in the order of their first file."""
    groups: dict[str, list[Image]] = {}
    for image in images:
        groups.setdefault(image.series_uid, []).append(image)
    return [
        ImageSeries(f"series_{number:04d}", tuple(group))
        for number, group in enumerate(groups.values(), start=1)
    ]
