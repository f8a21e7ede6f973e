"""Indices and millimetres, against ITK."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.errors import ScanError
from lesionary.scan import Geometry

angles = st.floats(-180, 180)
lengths = st.floats(0.1, 10)
places = st.floats(-500, 500)


@settings(max_examples=50, derandomize=True)
@given(
    turn=st.tuples(angles, angles, angles),
    spacing=st.tuples(lengths, lengths, lengths),
    origin=st.tuples(places, places, places),
    index=st.tuples(places, places, places),
)
def test_indices_and_points_agree_with_itk(turn, spacing, origin, index):
    direction = sitk.Euler3DTransform((0, 0, 0), *np.deg2rad(turn)).GetMatrix()
    image = sitk.Image(4, 5, 6, sitk.sitkUInt8)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(direction)
    geometry = Geometry.from_itk((4, 5, 6), spacing, origin, direction)

    point = image.TransformContinuousIndexToPhysicalPoint(index[::-1])
    assert geometry.shape == (6, 5, 4)
    np.testing.assert_allclose(geometry.to_mm(index), point, atol=1e-9 * 5000)
    np.testing.assert_allclose(geometry.to_vox(point), index, atol=1e-7)
    np.testing.assert_allclose(Geometry((6, 5, 4), geometry.affine).spacing_mm, spacing)


def test_a_crop_keeps_every_voxel_where_it_was():
    geometry = Geometry.from_itk((10, 10, 10), (1, 2, 3), (5, 6, 7), np.eye(3).ravel())
    crop = geometry.crop((2, 3, 4), (5, 5, 5))
    np.testing.assert_allclose(crop.to_mm((1, 1, 1)), geometry.to_mm((3, 4, 5)))
    assert crop.shape == (5, 5, 5)


def test_contains_reaches_to_the_border_of_the_outermost_voxel():
    geometry = Geometry((4, 4, 4), np.diag([1.0, 1, 2, 1]))
    inside = geometry.contains([(3.4, 0, 0), (3.6, 0, 0), (0, 0, -0.9), (np.nan, 0, 0)])
    assert inside.tolist() == [True, False, True, False]
    low, high = geometry.bounds_mm
    assert low.tolist() == [-0.5, -0.5, -1.0]
    assert high.tolist() == [3.5, 3.5, 7.0]


def test_geometries_match_within_a_tolerance():
    geometry = Geometry((4, 4, 4), np.eye(4))
    moved = np.eye(4)
    moved[0, 3] = 0.005
    assert geometry.matches(Geometry((4, 4, 4), moved))
    moved[0, 3] = 0.5
    assert not geometry.matches(Geometry((4, 4, 4), moved))
    assert not geometry.matches(Geometry((4, 4, 5), np.eye(4)))


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (np.diag([1.0, 1, 0, 1]), "spacing must be positive"),
        (np.array([[1.0, 2, 0, 0], [1, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "singular"),
        (np.diag([1.0, np.nan, 1, 1]), "NaN"),
        (np.eye(3), "4x4"),
    ],
)
def test_a_broken_affine_is_refused(affine, reason):
    with pytest.raises(ScanError, match=reason):
        Geometry((4, 4, 4), affine)


def test_an_empty_axis_is_refused():
    with pytest.raises(ScanError, match="non-empty"):
        Geometry((4, 0, 4), np.eye(4))
