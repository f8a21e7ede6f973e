"""Small cohorts to break."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk


@pytest.fixture
def table() -> pd.DataFrame:
    """Three lesions of two patients, nothing wrong."""
    return pd.DataFrame(
        {
            "lesion_id": ["a1", "a2", "b1"],
            "patient_id": ["007", "007", "012"],
            "image_path": ["a.nii.gz", "a.nii.gz", "b.nii.gz"],
            "coordX": [1.5, 2.0, -3.25],
            "coordY": [10.0, 11.0, 12.0],
            "coordZ": [-40.0, -41.5, 7.0],
        }
    )


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder with two scans, 20 x 16 x 10 voxels of 2 x 2 x 5 mm from (-20, -10, -50) mm."""
    for name in ("a.nii.gz", "b.nii.gz"):
        image = sitk.GetImageFromArray(np.zeros((10, 16, 20), np.int16))
        image.SetSpacing((2.0, 2.0, 5.0))
        image.SetOrigin((-20.0, -10.0, -50.0))
        sitk.WriteImage(image, str(tmp_path / name))
    return tmp_path
