"""A handful of small scans, and a store of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionary.train.store import PatchStore, build_store

from .made import RECIPE, patient, write


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four scans with 1, 3, 2 and 1 lesions, and their table."""
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(0)
    rows = []
    for number, lesions in enumerate((1, 3, 2, 1), start=1):
        write(folder / f"{number}.nii", patient(number))
        for lesion in range(lesions):
            x, y, z = rng.uniform((-25, -10, 110), (25, 20, 145)).tolist()
            rows.append((f"{number}-{lesion}", f"p{number}", f"{number}.nii", x, y, z, number % 2))
    names = ["lesion_id", "patient_id", "image_path", "coordX", "coordY", "coordZ", "label"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "cohort.csv", index=False)
    return folder


@pytest.fixture
def own_scans(scans: Path, tmp_path: Path) -> Path:
    """A copy of the scans that a test may damage."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for file in scans.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture(scope="session")
def store(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> PatchStore:
    folder = tmp_path_factory.mktemp("store")
    return build_store(
        scans / "cohort.csv", folder, recipe=RECIPE, margin_vox=3, backgrounds=3, workers=0
    )
