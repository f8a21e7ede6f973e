"""Feature maps against measuring each neighbourhood separately."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.errors import RadiomicsError
from lesionary.radiomics.catalogue import feature_catalogue
from lesionary.radiomics.compute import measure
from lesionary.radiomics.run import neighbourhoods, voxel_map, voxel_maps, write_maps
from lesionary.radiomics.texture import AGGREGATIONS
from lesionary.radiomics.texture import FAMILIES as TEXTURE
from lesionary.scan import read_scan

SPACING = (1.0, 1.5, 2.0)
# A fixed origin gives a neighbourhood the bins of the whole.
SETTINGS = {
    "discretisation": {"bin_width": 20, "origin": 0},
    "aggregations": list(AGGREGATIONS),
}


@pytest.fixture
def blob():
    random = np.random.default_rng(0)
    z, y, x = np.ogrid[-3:4, -4:5, -4:5]
    image = random.integers(0, 100, (7, 9, 9)).astype(np.int16)
    return image, (z / 2.2) ** 2 + (y / 2.6) ** 2 + (x / 3) ** 2 <= 1


def each_alone(image, mask, features, radius, how, step):
    """Compare maps with measuring the neighbourhood of every so-manieth voxel alone."""
    maps = voxel_maps(image, mask, features, radius, how, spacing_mm=SPACING)
    assert list(maps) == list(features)
    index = np.stack(np.indices(mask.shape))
    checked = 0
    for at in np.argwhere(mask)[::step]:
        at = tuple(at)
        if np.isnan(maps[features[0]][at]):  # re-segmentation took it off
            continue
        near = np.abs(index - np.array(at)[:, None, None, None]).max(axis=0) <= radius
        alone = measure(image, mask & near, how, spacing_mm=SPACING)
        found = [maps[name][at] for name in features]
        np.testing.assert_allclose(found, alone[features], rtol=1e-9, atol=1e-12)
        checked += 1
    assert checked > 3
    return maps


@pytest.mark.parametrize("radius", [1, 2])
def test_each_voxel_is_its_neighbourhood_measured_alone(blob, radius):
    """All features of all families and aggregations."""
    image, mask = blob
    how = {**SETTINGS, "families": ["statistics", "histogram", *TEXTURE]}
    names = feature_catalogue(how["families"], how["aggregations"]).index.tolist()
    # The gradient of a histogram depends on the highest level there could be: that of the whole.
    names = [name for name in names if "gradient" not in name and "normalised_inv" not in name]
    maps = each_alone(image, mask, names, radius, how, 11)
    for found in maps.values():
        assert np.isnan(found[~mask]).all()


@pytest.mark.parametrize(
    "options",
    [
        {"distance": 2},
        {"distance": 5},
        {"coarseness": 1},
        {"resegmentation": {"range": [15, 80]}},
    ],
)
def test_maps_follow_the_settings(blob, options):
    image, mask = blob
    how = {**SETTINGS, "families": list(TEXTURE), "aggregations": ["3D_avg", "2D_s_mrg", "3D"]}
    names = [
        "ngldm_dependence_count_entropy_3d",
        "gldzm_large_distance_emphasis_3d",
        "glcm_joint_entropy_3d_avg",
        "glcm_contrast_2d_s_mrg",
        "ngtdm_contrast_3d",
        "glszm_zone_percentage_3d",
    ]
    each_alone(image, mask, names, 2, {**how, **options}, 5)


def test_distances_are_to_the_border_of_the_outline():
    """Not to a voxel that re-segmentation took off."""
    image = np.full((7, 7, 7), 50)
    image[3, 3, 3] = 70
    image[3, 3, 2] = 0
    how = {
        "discretisation": {"bin_width": 10, "origin": 0},
        "resegmentation": {"range": [10, 90]},
    }
    found = voxel_map(
        image, image >= 0, "gldzm_large_distance_emphasis_3d", 2, how, spacing_mm=SPACING
    )
    # The zone of 70 lies in the third layer of its cube, the other one begins at the border.
    assert found[3, 3, 3] == (9 + 1) / 2
    assert np.isnan(found[3, 3, 2])


def test_many_blocks_are_one_map(blob, monkeypatch):
    names = ["stat_mean", "glcm_contrast_3d_avg", "glszm_zone_percentage_3d"]
    expected = voxel_maps(*blob, names, spacing_mm=SPACING)
    monkeypatch.setattr(neighbourhoods, "_AT_ONCE", 1000)
    found = voxel_maps(*blob, names, spacing_mm=SPACING)
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name])


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
    for radius in (0, 1.5):
        with pytest.raises(RadiomicsError, match=f"at least 1, not {radius}"):
            voxel_map(*blob, "stat_mean", radius, spacing_mm=SPACING)
    with pytest.raises(RadiomicsError, match="no feature 'xyz'") as said:
        voxel_map(*blob, "xyz", spacing_mm=SPACING)
    assert len(str(said.value)) < 250


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
