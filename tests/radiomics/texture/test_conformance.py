"""Values and matrices of the Image Biomarker Standardisation Initiative."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from lesionary.radiomics.texture import AGGREGATIONS, texture_catalogue, texture_features

NAMES = {
    "2D, averaged": "2D_avg",
    "2D, slice-merged": "2D_s_mrg",
    "2.5D, direction-merged": "2.5D_d_mrg",
    "2.5D, merged": "2.5D_mrg",
    "3D, averaged": "3D_avg",
    "3D, merged": "3D_mrg",
}


def half_a_digit(values: pd.DataFrame) -> pd.DataFrame:
    """What rounding to three significant digits can take off or add."""
    return 0.5 * 10 ** (np.floor(np.log10(values.abs().where(values != 0, 1e-9))) - 2)


def test_every_value_of_the_digital_phantom(phantom: np.ndarray) -> None:
    table = pd.read_csv(
        Path(__file__).with_name("ibsi_digital_phantom.csv"), comment="#", index_col="code"
    )
    assert table["name"].equals(texture_catalogue()["name"])
    features = texture_features(phantom)
    assert (features["reason"] == "").all()
    values = features.pivot_table(index="code", columns="aggregation", values="value")
    values = values.loc[table.index, list(AGGREGATIONS)]
    expected = table[list(AGGREGATIONS)]
    assert values.notna().equals(expected.notna())
    assert values.count().sum() == len(features) == 408
    wrong = (values - expected).abs() > half_a_digit(expected) * (1 + 1e-9)
    assert not wrong.any(axis=None), values[wrong].dropna(how="all")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("configuration", "spacing", "lowest", "bins"),
    [
        ("config. A", None, -500, 25.0),
        ("config. B", (3.0, 2.0, 2.0), -500, 32),
        ("config. C", (2.0, 2.0, 2.0), -1000, 25.0),
    ],
)
def test_every_value_of_the_ct_phantom(
    real_data: Path,
    configuration: str,
    spacing: tuple[float, ...] | None,
    lowest: float,
    bins: float,
) -> None:
    """Bins are a width in HU (a float) or a number (an integer)."""
    folder = real_data / "ibsi_1_ct_radiomics_phantom" / "nifti"
    image = nib.load(folder / "image" / "phantom.nii.gz")
    old = np.array(image.header.get_zooms()[::-1], dtype=float)
    hu = np.asarray(image.dataobj).T.astype(float)
    mask = np.asarray(nib.load(folder / "mask" / "mask.nii.gz").dataobj).T.astype(float)
    if spacing is not None:
        hu, mask = resampled(hu, old, spacing), resampled(mask, old, spacing)
    hu, mask = np.rint(hu), mask >= 0.5
    kept = mask & (hu >= lowest) & (hu <= 400)
    if isinstance(bins, float):
        levels = np.floor((hu - lowest) / bins) + 1
    else:
        low, high = hu[kept].min(), hu[kept].max()
        levels = np.minimum(np.floor(bins * (hu - low) / (high - low)) + 1, bins)
    features = texture_features(np.where(kept, levels, 0).astype(int), mask=mask)

    values = pd.read_csv(real_data / "ibsi_1_reference_values" / "ibsi_1_reference_values.csv")
    values = values[values["data_set"].eq(configuration) & values["aggregation"].notna()]
    # The manual's table of this feature lacks its code and has that of the family instead.
    values["ibsi_code"] = values["ibsi_code"].replace("9SAK", "5QRC")
    values["aggregation"] = values["aggregation"].replace(NAMES)
    values = values.set_index(["ibsi_code", "aggregation"])
    assert len(values) == (136 if configuration == "config. C" else 272)
    error = (features["value"].reindex(values.index) - values["value"]).abs()
    # Dependence count percentage has no tolerance: it is 1.
    wrong = values[~(error <= values["tolerance"].fillna(0))]
    assert wrong.empty, wrong.assign(error=error)


def resampled(volume: np.ndarray, old: np.ndarray, new: tuple[float, ...]) -> np.ndarray:
    """Interpolate linearly on a grid with the same centre."""
    lines = []
    for length, from_mm, to_mm in zip(volume.shape, old, new, strict=True):
        n = int(np.ceil(length * from_mm / to_mm))
        lines.append((length - 1) / 2 + (np.arange(n) - (n - 1) / 2) * to_mm / from_mm)
    grid = np.meshgrid(*lines, indexing="ij")
    return ndimage.map_coordinates(volume, grid, order=1, mode="nearest")
