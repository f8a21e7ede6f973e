"""A small cohort of outlined lesions on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

SIZES = {"a": 3, "b": 1, "c": 2}
"""Lesions of each scan."""
FAST = {
    "interpolation": None,
    "discretisation": {"bin_width": 50},
    "families": ["statistics", "glcm"],
    "aggregations": ["3D_mrg"],
}


def write(path: Path, voxels: np.ndarray) -> None:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((1.2, 1.1, 2.5))
    image.SetOrigin((-20.0, 5.0, -100.0))
    sitk.WriteImage(image, str(path))


@pytest.fixture
def cohort_csv(tmp_path: Path) -> Path:
    """Six lesions of three scans, the labels 1, 2, 3 of a mask a scan; rows are shuffled."""
    random = np.random.default_rng(1)
    rows = []
    for name, count in SIZES.items():
        write(tmp_path / f"{name}.nii.gz", random.integers(-200, 300, (12, 30, 30)).astype("i2"))
        mask = np.zeros((12, 30, 30), np.uint8)
        for i in range(count):
            mask[2 : 5 + i, 3 + 9 * i : 10 + 9 * i, 5:20] = i + 1
            row = (f"{name}{i}", f"{name}.nii.gz", f"{name}_mask.nii.gz", i + 1)
            rows.append(row)
        write(tmp_path / f"{name}_mask.nii.gz", mask)
    names = ["lesion_id", "image_path", "mask_path", "mask_label"]
    table = pd.DataFrame(rows, columns=names).sample(frac=1, random_state=3)
    table.to_csv(tmp_path / "cohort.csv", index=False)
    return tmp_path / "cohort.csv"
