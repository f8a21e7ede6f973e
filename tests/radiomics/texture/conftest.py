"""The digital phantom of the Image Biomarker Standardisation Initiative (CC BY 4.0)."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def phantom() -> np.ndarray:
    """Levels of the digital phantom, (z, y, x): 74 of its 80 voxels are in the region."""
    slices = [
        ["14411", "14611", "41641", "44641"],
        ["14411", "11611", "01311", "44611"],
        ["14400", "11111", "11011", "11611"],
        ["14400", "11111", "11111", "11611"],
    ]
    return np.array([[[int(level) for level in row] for row in rows] for rows in slices])
