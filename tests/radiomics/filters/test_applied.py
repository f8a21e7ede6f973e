from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.errors import RadiomicsError
from lesionary.radiomics.filters import apply, margin_mm, read_filter

SPACING = (1.5, 1.0, 0.8)
IMAGE = np.random.default_rng(9).normal(-300, 250, (14, 19, 23))
BOUNDARIES = ("zero", "nearest", "periodic", "mirror")
FINITE = [
    {"mean": {"size_vox": 5}},
    {"mean": {"size_vox": 3, "dimension": 2}},
    {"log": {"sigma_mm": 1.5}},
    {"laws": {"kernels": "E5L5S3", "rotation_invariant": True, "energy_vox": 2}},
    {"gabor": {"sigma_mm": 1, "wavelength_mm": 2, "theta_step_deg": 60}},
    {"wavelet": {"bands": "LHH", "family": "db3", "level": 2}},
    {"wavelet": {"bands": "HL", "family": "db2", "dimension": 2, "rotation_invariant": True}},
]
WHOLE = [
    {"simoncelli": {}},
    {"shannon": {"dimension": 2}},
    {"log": {"sigma_mm": 1.5, "riesz": [0, 1, 1]}},
]


@st.composite
def boxes(draw):
    found = []
    for length in IMAGE.shape:
        start = draw(st.integers(0, length - 1))
        found.append(slice(start, draw(st.integers(start + 1, length))))
    return tuple(found)


@settings(max_examples=6, deadline=None)
@given(box=boxes(), boundary=st.sampled_from(BOUNDARIES))
@pytest.mark.parametrize("spec", [*FINITE, *WHOLE], ids=str)
def test_a_box_is_filtered_as_in_the_whole_image(spec, box, boundary):
    ((kind, values),) = spec.items()
    asked = {kind: {**values, "boundary": boundary}}
    whole = apply(asked, IMAGE, spacing_mm=SPACING)
    found = apply(asked, IMAGE, box, spacing_mm=SPACING)
    np.testing.assert_allclose(found, whole[box], atol=1e-6 * np.ptp(whole))


@pytest.mark.parametrize("spec", FINITE, ids=str)
def test_a_crop_with_the_margin_is_enough(spec):
    image = np.random.default_rng(9).normal(-300, 250, (50, 61, 64))
    margin = margin_mm([spec], SPACING)
    box, around, inside = [], [], []
    for mm in SPACING:
        vox = math.ceil(margin / mm - 1e-9)
        box.append(slice(30, 33))
        around.append(slice(max(30 - vox, 0), 33 + vox))
        inside.append(slice(30 - around[-1].start, 33 - around[-1].start))
    expected = apply(spec, image, tuple(box), spacing_mm=SPACING)
    found = apply(spec, image[tuple(around)], tuple(inside), spacing_mm=SPACING)
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.ptp(image))


def test_the_margin_of_several_filters_is_the_widest():
    assert margin_mm([], SPACING) == 0
    assert margin_mm([{"mean": {"size_vox": 7}}, {"log": {"sigma_mm": 1}}], (3, 1, 1)) == 9
    for spec in (*WHOLE, {"mean": {"size_vox": 3, "boundary": "periodic"}}):
        assert margin_mm([spec], SPACING) == math.inf


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, bool])
def test_any_number_is_filtered(kind):
    image = (np.arange(125).reshape(5, 5, 5) % 2).astype(kind)
    for spec in (FINITE[0], FINITE[4], WHOLE[0]):
        expected = apply(spec, image.astype(float), spacing_mm=(1, 1, 1))
        found = apply(spec, image, spacing_mm=(1, 1, 1))
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("spec", [*FINITE, *WHOLE], ids=str)
def test_one_voxel_is_an_image(spec):
    found = apply(spec, np.full((1, 1, 1), 5.0), spacing_mm=SPACING)
    assert found.shape == (1, 1, 1)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("spec", [FINITE[2], FINITE[4], WHOLE[0]], ids=str)
def test_voxels_that_are_no_numbers_are_refused_within_reach(spec):
    image = np.zeros((40, 40, 40))
    image[3, 3, 0] = np.nan
    near = (slice(2, 5),) * 3
    with pytest.raises(RadiomicsError, match="1 voxels within the filter's reach"):
        apply(
            {k: {**v, "boundary": "zero"} for k, v in spec.items()}, image, near, spacing_mm=SPACING
        )
    if spec in FINITE:
        far = (slice(30, 35),) * 3
        assert apply(spec, image, far, spacing_mm=SPACING).shape == (5, 5, 5)


def test_bad_images_boxes_and_spacings_are_refused():
    spec = FINITE[0]
    with pytest.raises(RadiomicsError, match=r"\(z, y, x\) array of numbers"):
        apply(spec, np.zeros((3, 3)), spacing_mm=(1, 1, 1))
    with pytest.raises(RadiomicsError, match="three positive numbers"):
        apply(spec, IMAGE, spacing_mm=(1, 0, 1))
    with pytest.raises(RadiomicsError, match="no voxel of the image"):
        apply(spec, IMAGE, (slice(50, 60),) * 3, spacing_mm=SPACING)


def test_reach_is_in_voxels_of_each_axis():
    assert read_filter({"log": {"sigma_mm": 2}}).reach_vox((4, 2, 1)) == (2, 4, 8)
    assert read_filter({"log": {"sigma_mm": 2, "dimension": 2}}).reach_vox((4, 2, 1)) == (0, 4, 8)
