from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from lesionary.radiomics.filters import apply, read_filter


def blob(sigma, shape=(61, 61, 61)):
    at = np.meshgrid(*(np.arange(n) - n // 2 for n in shape), indexing="ij")
    return np.exp(-sum(each**2 for each in at) / (2 * sigma**2))


def test_the_response_to_a_gaussian_is_known():
    # A Gaussian smoothed by a Gaussian is one, and so the Laplacian at its centre is known.
    own, sigma = 4.0, 3.0
    found = apply({"log": {"sigma_mm": sigma, "truncate": 6}}, blob(own), spacing_mm=(1, 1, 1))
    wide = own**2 + sigma**2
    assert found[30, 30, 30] == pytest.approx(-3 / wide * (own**2 / wide) ** 1.5, rel=1e-6)


@pytest.mark.parametrize("dimension", [2, 3])
def test_anisotropic_voxels_are_smoothed_in_mm(dimension, noise):
    spacing = (2.0, 1.0, 0.8)
    found = apply({"log": {"sigma_mm": 2, "dimension": dimension}}, noise, spacing_mm=spacing)
    sigmas = 2 / np.array(spacing)
    axes = range(3 - dimension, 3)
    expected = np.zeros_like(noise)
    for along in axes:
        order = [2 if axis == along else 0 for axis in axes]
        expected += ndimage.gaussian_filter(
            noise, sigmas[3 - dimension :], order=order, mode="reflect", axes=tuple(axes)
        )
    # scipy makes its weights add up to 1; the standard takes them as sampled.
    np.testing.assert_allclose(found, expected, atol=0.004 * np.ptp(expected))


def test_a_constant_image_has_no_edges():
    image = np.full((20, 20, 20), -1000.0)
    found = apply({"log": {"sigma_mm": 2}}, image, spacing_mm=(1, 1, 1))
    # What the truncation leaves: in proportion to the density at 4 sigma.
    assert np.abs(found).max() < 1


def test_pyradiomics_convention_is_its_filter(noise):
    image = np.tile(noise, (3, 3, 3))
    spacing = (2.0, 1.0, 0.9)
    whole = sitk.GetImageFromArray(image)
    whole.SetSpacing(spacing[::-1])
    expected = sitk.GetArrayFromImage(sitk.LaplacianRecursiveGaussian(whole, 1.2, True))
    spec = {"log": {"sigma_mm": 1.2, "convention": "pyradiomics"}}
    found = apply(spec, image, spacing_mm=spacing)
    # ITK keeps what it has so far in single precision.
    np.testing.assert_allclose(found, expected, atol=5e-7 * np.ptp(expected))
    box = (slice(15, 20), slice(20, 26), slice(22, 30))
    np.testing.assert_allclose(
        apply(spec, image, box, spacing_mm=spacing), found[box], atol=1e-12 * np.ptp(expected)
    )
    assert read_filter(spec).name == "log-sigma-1-2-mm-3D"


def test_pyradiomics_multiplies_by_sigma_squared():
    image = blob(5.0)
    sigma = 4.0
    ibsi = apply({"log": {"sigma_mm": sigma * 2}}, image, spacing_mm=(2, 2, 2))
    theirs = apply(
        {"log": {"sigma_mm": sigma * 2, "convention": "pyradiomics"}}, image, spacing_mm=(2, 2, 2)
    )
    middle = (slice(15, 46),) * 3
    np.testing.assert_allclose(theirs[middle], sigma**2 * ibsi[middle], atol=0.01 * np.ptp(theirs))


def test_pyradiomics_convention_holds_for_fewer_slices_than_itk_takes(noise):
    spec = {"log": {"sigma_mm": 1.5, "convention": "pyradiomics"}}
    thin = noise[:2]
    thick = np.concatenate([np.repeat(thin[:1], 40, axis=0), np.repeat(thin[1:], 40, axis=0)])
    expected = apply(spec, thick, spacing_mm=(1, 1, 1))[39:41]
    np.testing.assert_allclose(apply(spec, thin, spacing_mm=(1, 1, 1)), expected, atol=1e-6)


def test_pyradiomics_convention_sees_no_curvature_in_a_slope(noise):
    spec = {"log": {"sigma_mm": 2, "convention": "pyradiomics"}}
    z, y, x = np.ogrid[:5, :5, :121]
    ramp = -1000 + 3.0 * x + 0 * y + 0 * z
    found = apply(spec, ramp, (slice(0, 5), slice(0, 5), slice(58, 63)), spacing_mm=(1, 1, 1))
    np.testing.assert_allclose(found, 0, atol=1e-9)
