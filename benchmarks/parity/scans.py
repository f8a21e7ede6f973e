"""The scans and seeds on which we compare patches: small, awkward, the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk


def _turned(x: float, y: float, z: float) -> np.ndarray:
    turn = sitk.Euler3DTransform((0, 0, 0), *np.deg2rad((x, y, z)))
    return np.reshape(turn.GetMatrix(), (3, 3))


SCANS: dict[str, dict[str, Any]] = {
    "aligned": {},
    "awkward spacing": {"spacing": (0.7636719, 0.7636719, 3.27)},
    "one mm": {"spacing": (1.0, 1.0, 1.0), "size": (110, 100, 80)},
    "nearly one mm": {"spacing": (1.0004, 0.9995, 2.0), "size": (110, 100, 50)},
    "fine": {"spacing": (0.5, 0.5, 0.625), "size": (150, 140, 130)},
    "thick": {"spacing": (0.9, 0.9, 7.5), "size": (110, 110, 16)},
    "flipped x y": {"direction": np.diag([-1.0, -1, 1])},
    "flipped z": {"direction": np.diag([1.0, 1, -1])},
    "flipped all": {"direction": np.diag([-1.0, -1, -1])},
    "sagittal": {"direction": np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]])},
    "coronal": {"direction": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])},
    "oblique": {"direction": _turned(10, 0, 0)},
    "very oblique": {"direction": _turned(25, -14, 33)},
    "nearly aligned": {"direction": _turned(1e-4, -2e-4, 1e-4)},
    "float": {"dtype": np.float32},
}

SEEDS = {
    "middle": (0.5, 0.5, 0.5),
    "off grid": (0.437, 0.561, 0.482),
    "border x": (0.04, 0.5, 0.45),
    "border y": (0.5, 0.97, 0.55),
    "border z": (0.52, 0.47, 0.03),
    "corner": (0.03, 0.96, 0.94),
    "outside": (0.5, 1.05, 0.5),
}
"""Where the seed is, as a fraction of the scan along its own x, y and z axis."""


def make_image(name: str) -> sitk.Image:
    """Make a scan of waves and integer noise."""
    how = SCANS[name]
    size = how.get("size", (112, 104, 40))
    z, y, x = np.indices(size[::-1])
    waves = 400 * np.sin(x / 9) * np.cos(y / 7) + 300 * np.sin(z / 3)
    noise = (x * 7919 + y * 104729 + z * 1299709 + x * y * 31 + y * z * 17) % 241 - 120
    image = sitk.GetImageFromArray((waves.round() + noise).astype(how.get("dtype", np.int16)))
    image.SetSpacing(how.get("spacing", (0.8, 0.8, 2.5)))
    image.SetOrigin((-61.3, -47.85, 12.5))
    image.SetDirection(how.get("direction", np.eye(3)).ravel())
    return image


def make_cases(folder: Path) -> list[dict[str, Any]]:
    """Write every scan into ``folder`` and list the seeds to cut in it."""
    cases = []
    for name in SCANS:
        image = make_image(name)
        path = folder / f"{name.replace(' ', '-')}.nrrd"
        sitk.WriteImage(image, str(path))
        for seed, fraction in SEEDS.items():
            index = [f * (n - 1) for f, n in zip(fraction, image.GetSize(), strict=True)]
            center = image.TransformContinuousIndexToPhysicalPoint(index)
            cases.append({"scan": name, "seed": seed, "path": str(path), "center_mm": center})
    return cases
