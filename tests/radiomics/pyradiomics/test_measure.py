"""PyRadiomics' definitions against closed forms, loops and one another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lesionary.errors import RadiomicsError
from lesionary.radiomics.pyradiomics import measure_pyradiomics
from lesionary.radiomics.run import choose_method

SPACING = (1.2, 0.8, 2.5)


@pytest.fixture
def ball():
    z, y, x = np.ogrid[-7:8, -9:10, -9:10]
    random = np.random.default_rng(0)
    image = random.normal(40, 30, (15, 19, 19)).cumsum(axis=2).round().astype(np.int16)
    return image, (z / 5) ** 2 + (y / 8) ** 2 + (x / 7) ** 2 <= 1


def measured(ball, setting=None, **params):
    params = {"setting": setting or {}, **params}
    return measure_pyradiomics(*ball, params, spacing_mm=SPACING)


def test_first_order_as_scipy_has_it(ball):
    image, mask = ball
    values = image[mask].astype(float)
    found = measured(ball, {"voxelArrayShift": 100, "binWidth": 7})
    first = "original_firstorder_"
    assert found[first + "Kurtosis"] == pytest.approx(stats.kurtosis(values, fisher=False))
    assert found[first + "Skewness"] == pytest.approx(stats.skew(values))
    assert found[first + "Energy"] == pytest.approx(((values + 100) ** 2).sum())
    assert found[first + "TotalEnergy"] == pytest.approx(((values + 100) ** 2).sum() * 2.4)
    assert found[first + "Minimum"] == values.min()
    # Bins begin at a multiple of their width.
    counts = np.unique(values // 7, return_counts=True)[1]
    assert found[first + "Entropy"] == pytest.approx(stats.entropy(counts, base=2))


def test_maximal_correlation_by_loops():
    image = np.random.default_rng(1).integers(1, 5, (2, 5, 5))
    mask = np.ones(image.shape, bool)
    setting = {"binWidth": 1, "weightingNorm": "no_weighting"}
    params = {"setting": setting, "featureClass": {"glcm": ["MCC", "Contrast"]}}
    found = measure_pyradiomics(image, mask, params, spacing_mm=SPACING)
    p = np.zeros((4, 4))
    for a in np.argwhere(mask):
        for b in np.argwhere(mask):
            if np.abs(a - b).max() == 1:
                p[image[tuple(a)] - 1, image[tuple(b)] - 1] += 1
    p /= p.sum()
    q = np.zeros((4, 4))
    for i, j, k in np.ndindex(4, 4, 4):
        q[i, j] += p[i, k] * p[j, k] / (p[i].sum() * p[:, k].sum())
    second = np.sort(np.linalg.eigvals(q).real)[-2]
    assert found["original_glcm_MCC"] == pytest.approx(second**0.5)
    i, j = np.indices((4, 4))
    assert found["original_glcm_Contrast"] == pytest.approx((p * (i - j) ** 2).sum())


@pytest.mark.parametrize("norm", ["manhattan", "euclidean", "infinity"])
def test_weights_of_directions_by_loops(norm):
    image = np.random.default_rng(2).integers(1, 4, (3, 4, 5))
    mask = np.ones(image.shape, bool)
    setting = {"binWidth": 1, "weightingNorm": norm, "distances": [1, 2]}
    params = {"setting": setting, "featureClass": {"glcm": ["Contrast"]}}
    found = measure_pyradiomics(image, mask, params, spacing_mm=SPACING)
    total = weighted = 0.0
    for a in np.argwhere(mask):
        for b in np.argwhere(mask):
            step = np.abs(a - b)
            if 1 <= step.max() <= 2:
                length = {"manhattan": 1, "euclidean": 2, "infinity": np.inf}[norm]
                weight = np.exp(-(np.linalg.norm(step * SPACING[::-1], length) ** 2))
                total += weight
                weighted += weight * float(image[tuple(a)] - image[tuple(b)]) ** 2
    assert found["original_glcm_Contrast"] == pytest.approx(weighted / total)


def test_several_distances_are_averaged_over_their_directions(ball):
    params = {"featureClass": {"glcm": ["Contrast"]}}
    one, two, both = (
        measured(ball, {"distances": near}, **params).iloc[0] for near in ([1], [2], [1, 2])
    )
    assert both == pytest.approx((13 * one + 49 * two) / 62)


def test_any_plane_can_be_measured_slice_by_slice(ball):
    image, mask = ball
    classes = {"featureClass": dict.fromkeys(["glcm", "glrlm", "glszm", "gldm", "ngtdm"])}
    expected = measured(ball, {"force2D": True}, **classes)
    for axis in (1, 2):
        turned = np.moveaxis(image, 0, axis), np.moveaxis(mask, 0, axis)
        found = measured(turned, {"force2D": True, "force2Ddimension": axis}, **classes)
        # Directions in a plane come in another order, which only averages may feel.
        pd.testing.assert_series_equal(found, expected, rtol=1e-9)


def test_a_cube_has_the_diameters_and_axes_of_one():
    mask = np.zeros((9, 9, 9), bool)
    mask[2:7, 2:7, 2:7] = True
    image = np.arange(9.0**3).reshape(mask.shape)
    params = {"featureClass": {"shape": None}}
    found = measure_pyradiomics(image, mask, params, spacing_mm=(1, 1, 1))
    shape = "original_shape_"
    assert found[shape + "VoxelVolume"] == 125
    for word in ("Slice", "Column", "Row"):  # between the middles of the sides' voxel faces
        assert found[f"{shape}Maximum2DDiameter{word}"] == pytest.approx(np.hypot(5, 4))
    assert found[shape + "Maximum3DDiameter"] == pytest.approx(np.sqrt(25 + 16 + 16))
    # The variance of 0..4 is 2.
    assert found[shape + "MajorAxisLength"] == pytest.approx(4 * np.sqrt(2))
    assert found[shape + "Flatness"] == pytest.approx(1)


def test_shape_2d_of_a_rectangle_and_of_diagonal_pixels():
    mask = np.zeros((1, 6, 8), bool)
    mask[0, 1:4, 1:6] = True
    params = {"setting": {"force2D": True}, "featureClass": {"shape2D": None}}
    image = np.zeros(mask.shape)
    found = measure_pyradiomics(image, mask, params, spacing_mm=(2, 1, 5))
    shape = "original_shape2D_"
    corner = 2 * 1 / 8
    assert found[shape + "PixelSurface"] == 15 * 2
    assert found[shape + "MeshSurface"] == pytest.approx(30 - 4 * corner)
    assert found[shape + "Perimeter"] == pytest.approx(2 * 4 * 2 + 2 * 2 * 1 + 4 * np.hypot(1, 0.5))
    assert found[shape + "MaximumDiameter"] == pytest.approx(np.hypot(10, 2))
    # Two pixels that touch in a corner are two diamonds.
    mask[:] = False
    mask[0, 1, 1] = mask[0, 2, 2] = True
    found = measure_pyradiomics(image, mask, params, spacing_mm=(1, 1, 5))
    assert found[shape + "MeshSurface"] == pytest.approx(1)
    assert found[shape + "Perimeter"] == pytest.approx(8 * np.sqrt(0.5))
    thick = np.ones((2, 6, 8), bool)
    found = measure_pyradiomics(np.zeros(thick.shape), thick, params, spacing_mm=(1, 1, 5))
    assert found.isna().all()
    assert "2 slices" in found.attrs["reasons"][shape + "Perimeter"]


def test_what_is_measured_only_where_a_file_names_it(ball):
    """As older signatures do."""
    shape = ["Compactness1", "Compactness2", "SphericalDisproportion", "MeshVolume", "SurfaceArea"]
    found = measured(ball, featureClass={"shape": shape, "firstorder": ["StandardDeviation"]})
    found = found.rename(lambda name: name.split("_")[-1])
    assert sorted(found.index) == sorted([*shape, "StandardDeviation"])
    volume, area = found["MeshVolume"], found["SurfaceArea"]
    assert found["Compactness1"] == pytest.approx(volume / np.sqrt(np.pi * area**3))
    assert found["Compactness2"] == pytest.approx(36 * np.pi * volume**2 / area**3)
    ball_area = (36 * np.pi * volume**2) ** (1 / 3)
    assert found["SphericalDisproportion"] == pytest.approx(area / ball_area)
    assert found["StandardDeviation"] == pytest.approx(ball[0][ball[1]].std())
    flat = {"setting": {"force2D": True}, "featureClass": {"shape2D": ["SphericalDisproportion"]}}
    both = measure_pyradiomics(*ball, flat, spacing_mm=SPACING)
    assert list(both.attrs["reasons"]) == ["original_shape2D_SphericalDisproportion"]
    square = np.zeros((1, 9, 9), bool)
    square[0, 2:7, 2:7] = True
    flat["featureClass"]["shape2D"] = ["SphericalDisproportion", "Sphericity"]
    one = measure_pyradiomics(np.zeros(square.shape), square, flat, spacing_mm=SPACING)
    assert one.prod() == pytest.approx(1)


def test_filtered_images(ball):
    image, mask = ball
    classes = {"firstorder": ["Maximum", "Minimum", "Mean"]}
    types = ["Square", "SquareRoot", "Logarithm", "Exponential"]
    found = measured(ball, imageType={name: {} for name in types}, featureClass=classes)
    values, largest = image[mask].astype(float), np.abs(image.astype(float)).max()
    means = {
        "square": (values / np.sqrt(largest)) ** 2,
        "squareroot": np.sign(values) * np.sqrt(np.abs(values) * largest),
        "logarithm": np.sign(values) * np.log(np.abs(values) + 1) * largest / np.log(largest + 1),
        "exponential": np.exp(values * np.log(largest) / largest),
    }
    for name, expected in means.items():
        assert found[f"{name}_firstorder_Mean"] == pytest.approx(expected.mean())
    # Of a ramp the gradient is its slope in mm, and the Laplacian zero, as are high frequencies.
    ramp = np.broadcast_to(3.0 * np.arange(19), image.shape).copy()
    kinds = {"Gradient": {}, "LoG": {"sigma": [2]}, "Wavelet": {}}
    found = measured((ramp, mask), imageType=kinds, featureClass={"firstorder": ["Mean"]})
    assert found["gradient_firstorder_Mean"] == pytest.approx(3 / 1.2, rel=1e-5)
    assert len(found) == 1 + 1 + 8
    assert abs(found["wavelet-LHL_firstorder_Mean"]) < 1e-9
    assert found["wavelet-LLL_firstorder_Mean"] == pytest.approx(
        ramp[mask].mean() * 2**1.5, rel=0.05
    )


def test_cropping_first_changes_nothing_without_filters(ball):
    for setting in ({}, {"resegmentRange": [20, 400]}, {"binCount": 16}):
        expected = measured(ball, setting)
        found = measured(ball, {**setting, "preCrop": True, "padDistance": 2})
        pd.testing.assert_series_equal(found, expected, check_exact=True)


def test_resegmentation_leaves_shape_unless_asked(ball):
    whole = measured(ball)
    part = measured(ball, {"resegmentRange": [20, 200]})
    cut = measured(ball, {"resegmentRange": [20, 200], "resegmentShape": True})
    volume, maximum = "original_shape_VoxelVolume", "original_firstorder_Maximum"
    assert part[volume] == whole[volume] > cut[volume]
    assert part[maximum] == cut[maximum] <= 200 < whole[maximum]


def test_degenerate_regions():
    image = np.random.default_rng(3).normal(size=(5, 6, 7))
    one = np.zeros(image.shape, bool)
    one[2, 2, 2] = True
    with pytest.raises(RadiomicsError, match="0 dimensions"):
        measure_pyradiomics(image, one, {"setting": {}}, spacing_mm=SPACING)
    one[2, 3, 2] = True
    params = {"setting": {"minimumROIDimensions": 1, "minimumROISize": 5}}
    with pytest.raises(RadiomicsError, match="minimumROISize"):
        measure_pyradiomics(image, one, params, spacing_mm=SPACING)
    with pytest.raises(RadiomicsError, match="resegmentRange leaves 0"):
        measure_pyradiomics(
            image,
            one,
            {"setting": {"minimumROIDimensions": 1, "resegmentRange": [50, 60]}},
            spacing_mm=SPACING,
        )
    mask = np.ones(image.shape, bool)
    with pytest.raises(RadiomicsError, match="more than 5000 grey"):
        measure_pyradiomics(image, mask, {"setting": {"binWidth": 1e-5}}, spacing_mm=SPACING)
    flat = measure_pyradiomics(
        np.full(image.shape, 7), np.ones(image.shape, bool), {"setting": {}}, spacing_mm=SPACING
    )
    assert flat.notna().all()
    assert flat["original_firstorder_Kurtosis"] == flat["original_glcm_Contrast"] == 0
    assert flat["original_glcm_MCC"] == flat["original_glcm_Correlation"] == 1
    image[2, 2, 2] = np.nan
    with pytest.raises(RadiomicsError, match="NaN"):
        measure_pyradiomics(image, np.ones(image.shape, bool), {"setting": {}}, spacing_mm=SPACING)
    # A region without neighbours has intensities and no co-occurrence.
    apart = np.zeros(image.shape, bool)
    apart[::2, ::2, ::2] = True
    image[2, 2, 2] = 0
    found = measure_pyradiomics(image, apart, {"setting": {}}, spacing_mm=SPACING)
    assert found["original_firstorder_Mean"] == pytest.approx(image[apart].mean())
    assert np.isnan(found["original_glcm_JointEntropy"])
    assert "neighbour" in found.attrs["reasons"]["original_glcm_JointEntropy"]


def test_the_profile_of_a_file_is_known_by_its_keys(tmp_path):
    (tmp_path / "params.yaml").write_text("setting: {binWidth: 10}\n")
    method = choose_method(tmp_path / "params.yaml")
    assert method.about["profile"] == "pyradiomics"
    assert method.about["setting"]["binWidth"] == 10
    assert len(method.columns) == 107
