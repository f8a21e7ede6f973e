"""Measuring a region: names, sources, and regions that leave little to measure."""

from __future__ import annotations

import numpy as np
import pytest

from lesionary.errors import RadiomicsError
from lesionary.radiomics.catalogue import FAMILIES, feature_catalogue
from lesionary.radiomics.compute import measure
from lesionary.radiomics.texture import AGGREGATIONS
from lesionary.scan import Geometry, Mask, read_scan

Region = tuple[np.ndarray, np.ndarray]
ALL = {"aggregations": list(AGGREGATIONS)}
ONE_MM = {"spacing_mm": (1, 1, 1)}


def test_names_and_keys_are_those_of_the_catalogue(blob: Region) -> None:
    table = feature_catalogue()
    assert table.index.is_unique
    assert table["key"].is_unique
    assert set(table["family"]) == set(FAMILIES)
    by_name, by_code = (
        measure(*blob, ALL, profile=profile, **ONE_MM) for profile in ("names", "ibsi")
    )
    assert by_name.index.tolist() == table.index.tolist()
    assert by_code.index.tolist() == table["key"].tolist()
    assert np.array_equal(by_name.to_numpy(), by_code.to_numpy())
    assert by_name.notna().all()
    chosen = {"families": ["ngtdm", "statistics"], "aggregations": ["2.5D"]}
    names = measure(*blob, chosen, **ONE_MM).index
    assert len(names) == 18 + 5
    assert names[-1] == "ngtdm_strength_25d"
    with pytest.raises(RadiomicsError, match="did you mean 'ibsi'"):
        measure(*blob, chosen, profile="IBSI", **ONE_MM)


def test_a_scan_and_an_array_give_the_same(blob: Region) -> None:
    image, mask = blob
    affine = np.diag([0.8, 0.9, 2.5, 1.0])
    scan = read_scan(image, affine=affine)
    from_array = measure(image, mask, "ct", spacing_mm=(0.8, 0.9, 2.5))
    for region in (mask, Mask(mask, Geometry(mask.shape, affine))):
        assert measure(scan, region, "ct").equals(from_array)
    moved = affine.copy()
    moved[0, 3] = 5
    with pytest.raises(RadiomicsError, match="not on the scan's grid"):
        measure(scan, Mask(mask, Geometry(mask.shape, moved)), "ct")
    with pytest.raises(RadiomicsError, match="knows its spacing"):
        measure(scan, mask, "ct", **ONE_MM)


def test_a_label_is_chosen(blob: Region) -> None:
    image, mask = blob
    labels = np.where(mask, 4, 0).astype(np.uint8)
    labels[:2, :2, :2] = 9
    with pytest.raises(RadiomicsError, match="2 labels, 4, 9: say which one"):
        measure(image, labels, "ct", **ONE_MM)
    with pytest.raises(RadiomicsError, match="whole number, not '4'"):
        measure(image, labels, "ct", label="4", **ONE_MM)
    scan = read_scan(image, affine=np.eye(4))
    with pytest.raises(RadiomicsError, match="one region already"):
        measure(scan, Mask(mask, scan.geometry), "ct", label=4)
    chosen = measure(image, labels, "ct", label=4, **ONE_MM)
    assert chosen.equals(measure(image, mask, "ct", **ONE_MM))


def test_where_the_region_lies_does_not_matter(blob: Region) -> None:
    image, mask = blob
    wide = [(9, 4), (3, 6), (5, 5)]
    how = {**ALL, "families": [name for name in FAMILIES if name != "local_intensity"]}
    moved = measure(np.pad(image, wide), np.pad(mask, wide), how, **ONE_MM)
    np.testing.assert_allclose(moved, measure(image, mask, how, **ONE_MM), rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, -100.0, 3.5])
def test_one_voxel(value: float) -> None:
    mask = np.zeros((5, 5, 5), bool)
    mask[2, 2, 2] = True
    found = measure(np.full(mask.shape, value), mask, ALL, **ONE_MM)
    reasons = found.attrs["reasons"]
    assert found.index.tolist() == feature_catalogue().index.tolist()
    assert set(found.index[found.isna()]) == set(reasons)
    assert all(reasons.values())
    assert found["morph_volume"] == pytest.approx(1 / 6)
    assert found["morph_volume_voxels"] == 1
    assert found["morph_maximum_3d_diameter"] == pytest.approx(1)
    assert found["stat_mean"] == value
    assert "one voxel" in reasons["morph_elongation"]
    assert "division by zero" in reasons["stat_skewness"]
    assert reasons["morph_morans_i"] == "one voxel has no neighbour"


def test_one_voxel_at_the_corner_of_a_scan() -> None:
    image = np.zeros((1, 1, 1))
    found = measure(image, np.ones_like(image), "ct", spacing_mm=(1, 1, 10))
    assert found["morph_volume_voxels"] == pytest.approx(10)


def test_a_constant_region(blob: Region) -> None:
    _, mask = blob
    for how in ({"discretisation": {"bin_number": 32}}, {"discretisation": {"bin_width": 25}}):
        found = measure(np.full(mask.shape, 7), mask, how, **ONE_MM)
        assert set(found.index[found.isna()]) == set(found.attrs["reasons"])
        assert found["stat_variance"] == 0
        assert found["hist_entropy"] == 0
        assert "all intensities are the same" in found.attrs["reasons"]["morph_gearys_c"]
        assert "one grey level" in found.attrs["reasons"]["ivh_volume_at_intensity_10"]


def test_one_slice_and_one_line(blob: Region) -> None:
    image, mask = blob
    slab = np.zeros_like(mask)
    slab[11] = mask[11]
    found = measure(image, slab, ALL, spacing_mm=(1, 1, 10))
    assert found["morph_least_axis_length"] == pytest.approx(0, abs=1e-6)
    assert found["morph_volume_voxels"] == slab.sum() * 10
    line = np.zeros_like(mask)
    line[11, 19, 15:30] = True
    found = measure(image, line, ALL, **ONE_MM)
    assert found["morph_minor_axis_length"] == pytest.approx(0, abs=1e-6)
    assert "volume" in found.attrs["reasons"]["morph_volume_density_aee"]
    assert set(found.index[found.isna()]) == set(found.attrs["reasons"])


def test_thick_slices_become_thin(blob: Region) -> None:
    image, mask = blob
    found = measure(image, mask, "ct", spacing_mm=(1, 1, 10))
    assert found.notna().all()
    assert found["morph_volume_voxels"] == pytest.approx(10 * mask.sum(), rel=0.02)


def test_negative_intensities_and_a_fixed_number_of_bins(blob: Region) -> None:
    image, mask = blob
    how = {"discretisation": {"bin_number": 16}}
    below, above = (measure(image + shift, mask, how, **ONE_MM) for shift in (-5000, 5000))
    assert below["stat_maximum"] < 0
    hist = [name for name in below.index if name.startswith(("hist_", "gl", "ng"))]
    np.testing.assert_allclose(below[hist], above[hist])
    assert below["hist_maximum"] == 16


def test_a_region_that_re_segmentation_cuts(blob: Region) -> None:
    """Shape is of the outline, intensity of what is left."""
    image, mask = blob
    cut = measure(image, mask, {"resegmentation": {"range": [0, 60]}}, **ONE_MM)
    full = measure(image, mask, {}, **ONE_MM)
    assert cut["morph_volume"] == full["morph_volume"]
    assert cut["stat_minimum"] >= 0 > full["stat_minimum"]
    with pytest.raises(RadiomicsError, match="leaves none of the region"):
        measure(image, mask, {"resegmentation": {"range": [9000, None]}}, **ONE_MM)
