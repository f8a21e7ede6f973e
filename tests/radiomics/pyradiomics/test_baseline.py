"""PyRadiomics' own baseline values of its brain MR."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionary.radiomics.pyradiomics import measure_pyradiomics
from lesionary.scan import read_mask, read_scan

_ALL = (
    "brain1",
    "brain1_2d",
    "brain1_FBN",
    "brain1_combined",
    "brain1_flatRegion",
    "brain1_normalization",
    "brain1_resampling",
    "brain1_resegmentation",
)
_MOST = tuple(case for case in _ALL if case != "brain1_combined")
CASES = {
    "shape": ("brain1", "brain1_resampling"),
    "shape2D": ("brain1_shape2D",),
    "firstorder": tuple(case for case in _ALL if case not in _ALL[1:5]),
    "glcm": _ALL,
    "glrlm": _ALL,
    "glszm": _MOST,
    "gldm": _MOST,
    "ngtdm": _MOST,
}
# The table is older than PyRadiomics' mesh: PyRadiomics 3.0.1 is as far from it as we are.
OLD_MESH = {
    ("brain1", f"original_shape_{name}")
    for name in ("MeshVolume", "SurfaceArea", "SurfaceVolumeRatio", "Sphericity")
}


@pytest.fixture(scope="module")
def brain():
    """The image and its mask; the data's folder comes with the first test."""
    read = {}

    def of(folder: Path):
        if not read:
            image = read_scan(folder / "brain1_image.nrrd")
            read["brain"] = image, read_mask(folder / "brain1_label.nrrd", image, label=1)
        return read["brain"]

    return of


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("feature_class", "case"), [(name, case) for name, cases in CASES.items() for case in cases]
)
def test_the_baseline(real_data, brain, feature_class, case):
    folder = real_data / "pyradiomics"
    table = pd.read_csv(folder / f"baseline/baseline_{feature_class}.csv", index_col=0, dtype=str)
    column = table[case]
    image, mask = brain(folder)
    if feature_class == "shape2D":  # of the slice that is largest
        one = np.zeros_like(mask.voxels)
        largest = mask.voxels.sum(axis=(1, 2)).argmax()
        one[largest] = mask.voxels[largest]
        mask = replace(mask, voxels=one)
    setting = ast.literal_eval(column["diagnostics_Configuration_Settings"])
    params = {"setting": setting, "featureClass": {feature_class: None}}
    found = measure_pyradiomics(image, mask, params)
    expected = column[column.index.str.startswith("original_")].astype(float)
    assert set(found.index) == set(expected.index)
    off = {
        name: (found[name], value)
        for name, value in expected.items()
        if not np.isclose(
            found[name], value, rtol=1e-3 if (case, name) in OLD_MESH else 1e-6, atol=1e-12
        )
    }
    assert not off
