"""Images that filters are tried on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest


@pytest.fixture(scope="session")
def noise() -> np.ndarray:
    """Noise around -500, with three different lengths, one of them odd."""
    return np.random.default_rng(6).normal(-500, 300, (12, 15, 18))


@pytest.fixture(scope="session")
def impulse() -> np.ndarray:
    image = np.zeros((41, 41, 41))
    image[20, 20, 20] = 1
    return image


@pytest.fixture(scope="session")
def phantom(real_data: Path) -> Callable[[str], np.ndarray]:
    """Digital phantoms of IBSI 2 by name, (z, y, x), 2 mm."""
    folder = real_data / "ibsi_2_digital_phantom" / "nifti"
    return lambda name: read_nifti(folder / name / "image" / f"{name}.nii.gz")


def read_nifti(path: Path) -> np.ndarray:
    return np.asarray(nib.load(path).dataobj, dtype=np.float64).T
