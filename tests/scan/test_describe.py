"""What is said of a scan."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from lesionary.scan import ArrayVoxels, Geometry, Scan, describe_scan


def scan_of(voxels, direction=(0, 0, 0), spacing=(1.0, 1.0, 2.0), unit="HU") -> Scan:
    turn = sitk.Euler3DTransform((0, 0, 0), *np.deg2rad(direction)).GetMatrix()
    geometry = Geometry.from_itk(voxels.shape[::-1], spacing, (0, 0, 0), turn)
    return Scan(geometry, ArrayVoxels(voxels), "CT", unit, notes=("a note of the reader",))


def test_intensities_are_those_of_numpy():
    voxels = np.random.default_rng(0).normal(0, 300, (40, 40, 40))
    said = describe_scan(scan_of(voxels))
    assert (said.minimum, said.maximum) == (voxels.min(), voxels.max())
    sampled = np.concatenate([voxels[k : k + 16][::4, ::4, ::4].ravel() for k in range(0, 40, 16)])
    np.testing.assert_allclose(
        (said.p1, said.median, said.p99), np.percentile(sampled, (1, 50, 99))
    )
    assert said.nan_voxels == 0
    assert said.problems == ("a note of the reader",)


@pytest.mark.parametrize(
    ("direction", "letters"), [((0, 0, 0), "LPS"), ((180, 0, 0), "LAI"), ((0, 0, 90), "PRS")]
)
def test_orientation_names_the_sides_the_axes_run_to(direction, letters):
    said = describe_scan(scan_of(np.arange(27.0).reshape(3, 3, 3) - 9, direction))
    assert said.orientation == letters
    assert said.oblique_degrees == pytest.approx(0, abs=1e-6)


def test_problems_are_found():
    voxels = np.full((20, 20, 20), 40.0)
    voxels[3, 4, 5] = np.nan
    said = describe_scan(scan_of(voxels, (0, 0, 15), (1, 1, 7.5)))
    text = "; ".join(said.problems)
    assert said.nan_voxels == 1
    for expected in ("1 voxels are NaN", "every voxel", "HU + 1024", "7.5 mm", "15.0 degrees"):
        assert expected in text


def test_a_scan_of_nothing_but_nan_is_described():
    said = describe_scan(scan_of(np.full((4, 4, 4), np.nan)))
    assert said.nan_voxels == 64
    assert np.isnan(said.median)
