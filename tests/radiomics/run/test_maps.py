"""Feature maps against measuring each neighbourhood separately."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.errors import RadiomicsError
from lesionary.radiomics.compute import measure
from lesionary.radiomics.run import voxel_map, voxel_maps, write_maps
from lesionary.scan import read_scan

SPACING = (1.0, 1.5, 2.0)
# A fixed origin gives a neighbourhood the bins of the whole.
SETTINGS = {
    "discretisation": {"bin_width": 20, "origin": 0},
    "aggregations": ["3D_avg", "3D_mrg", "3D", "2.5D_mrg"],
}


@pytest.fixture
def blob():
    random = np.random.default_rng(0)
    z, y, x = np.ogrid[-3:4, -4:5, -4:5]
    image = random.integers(0, 100, (7, 9, 9)).astype(np.int16)
    return image, (z / 2.2) ** 2 + (y / 2.6) ** 2 + (x / 3) ** 2 <= 1


@pytest.mark.parametrize(
    "feature",
    [
        "stat_mean",
        "stat_skewness",
        "hist_entropy",
        "glcm_joint_entropy_3d_avg",
        "glcm_correlation_3d_mrg",
        "glcm_contrast_25d_mrg",
        "glrlm_run_entropy_3d_avg",
        "glszm_small_zone_emphasis_3d",
        "ngtdm_coarseness_3d",
        "ngldm_dependence_count_entropy_3d",
    ],
)
@pytest.mark.parametrize("radius", [1, 2])
def test_each_voxel_is_its_neighbourhood_measured_alone(blob, feature, radius):
    image, mask = blob
    found = voxel_map(image, mask, feature, radius, SETTINGS, spacing_mm=SPACING)
    assert np.isnan(found[~mask]).all()
    index = np.stack(np.indices(mask.shape))
    for at in np.argwhere(mask)[:: 7 * radius]:
        near = np.abs(index - at[:, None, None, None]).max(axis=0) <= radius
        family = {"stat": "statistics", "hist": "histogram"}.get(feature[:4], feature.split("_")[0])
        how = {**SETTINGS, "families": [family]}
        alone = measure(image, mask & near, how, spacing_mm=SPACING)
        np.testing.assert_allclose(found[tuple(at)], alone[feature], rtol=1e-12, atol=1e-12)


def test_what_is_not_defined_is_nan(blob):
    image, mask = blob
    alone = np.zeros(mask.shape, bool)
    alone[1, 1, 1] = alone[5, 5, 5] = True
    maps = voxel_maps(image, alone, ["stat_mean", "glcm_contrast_3d_avg"], spacing_mm=SPACING)
    np.testing.assert_array_equal(maps["stat_mean"][alone], image[alone])
    assert np.isnan(maps["glcm_contrast_3d_avg"]).all()


def test_what_cannot_be_mapped_is_said(blob):
    with pytest.raises(RadiomicsError, match="did you mean 'stat_mean'"):
        voxel_map(*blob, "stat_meen", spacing_mm=SPACING)
    with pytest.raises(RadiomicsError, match="no feature 'morph_volume'"):
        voxel_map(*blob, "morph_volume", spacing_mm=SPACING)
    with pytest.raises(RadiomicsError, match="interpolation: null"):
        voxel_map(*blob, "stat_mean", settings="ct", spacing_mm=SPACING)
    with pytest.raises(RadiomicsError, match="at least 1"):
        voxel_map(*blob, "stat_mean", 0, spacing_mm=SPACING)


def test_maps_of_a_cohort_are_written_on_the_grid_of_the_scan(cohort_csv, tmp_path):
    table = pd.read_csv(cohort_csv)
    table.loc[0, "mask_path"] = "gone.nii.gz"
    lost = write_maps(table, ["stat_mean"], tmp_path / "maps", root=tmp_path, workers=0)
    assert [one.lesion_id for one in lost] == [table.loc[0, "lesion_id"]]
    assert len(list((tmp_path / "maps").iterdir())) == 5
    row = table.iloc[1]
    found = read_scan(tmp_path / "maps" / f"{row['lesion_id']}_stat_mean.nii.gz")
    image = read_scan(tmp_path / row["image_path"])
    assert found.geometry.matches(image.geometry)
    labels = read_scan(tmp_path / row["mask_path"]).read()
    expected = voxel_map(
        image.read(), labels, "stat_mean", spacing_mm=image.spacing_mm, label=int(row["mask_label"])
    )
    np.testing.assert_array_equal(found.read(), expected.astype(np.float32))
