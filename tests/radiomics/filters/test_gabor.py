from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from lesionary.radiomics.filters import apply

GABOR = {"sigma_mm": 2.0, "wavelength_mm": 3.0, "gamma": 0.8}


def envelope(theta_deg, spacing=(1.0, 1.0), radius=15, sigma=2.0, gamma=0.8):
    at = np.arange(-radius, radius + 1)
    y, x = np.meshgrid(at * spacing[0], at * spacing[1], indexing="ij")
    turn = np.deg2rad(theta_deg)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return np.exp(-(along**2 + (gamma * across) ** 2) / (2 * sigma**2)), along


@pytest.mark.parametrize("theta", [0.0, 30.0, 60.0, 225.0])
def test_the_response_to_an_impulse_is_the_envelope(impulse, theta):
    spec = {"gabor": {**GABOR, "theta_deg": theta, "dimension": 2, "boundary": "zero"}}
    found = apply(spec, impulse, spacing_mm=(1, 1, 1))
    expected, _ = envelope(theta, radius=20)
    np.testing.assert_allclose(found[20], expected, atol=1e-5)
    assert np.abs(np.delete(found, 20, axis=0)).max() < 1e-12


@pytest.mark.parametrize(
    ("boundary", "numpy"), [("mirror", "symmetric"), ("zero", "constant"), ("nearest", "edge")]
)
def test_the_response_is_a_convolution(noise, boundary, numpy):
    spacing = (3.0, 1.0, 1.5)
    spec = {"gabor": {**GABOR, "theta_deg": 20, "dimension": 2, "boundary": boundary}}
    found = apply(spec, noise, spacing_mm=spacing)
    window, along = envelope(20, spacing[1:])
    kernel = window * np.exp(2j * np.pi * along / 3.0)
    padded = np.pad(noise[4], 15, mode=numpy)
    expected = np.abs(signal.convolve2d(padded, kernel, mode="valid"))
    np.testing.assert_allclose(found[4], expected, atol=2e-4 * expected.max())


def test_directions_are_pooled(noise):
    one = [
        apply({"gabor": {**GABOR, "theta_deg": theta, "dimension": 2}}, noise, spacing_mm=(1, 1, 1))
        for theta in range(0, 360, 45)
    ]
    for pooling, pool in (("mean", np.mean), ("max", np.max)):
        spec = {"gabor": {**GABOR, "theta_step_deg": 45, "pooling": pooling, "dimension": 2}}
        found = apply(spec, noise, spacing_mm=(1, 1, 1))
        np.testing.assert_allclose(found, pool(one, axis=0), rtol=1e-9)


def test_an_odd_number_of_directions_is_pooled_too(noise):
    one = [
        apply({"gabor": {**GABOR, "theta_deg": theta, "dimension": 2}}, noise, spacing_mm=(1, 1, 1))
        for theta in range(0, 360, 72)
    ]
    spec = {"gabor": {**GABOR, "theta_step_deg": 72, "dimension": 2}}
    found = apply(spec, noise, spacing_mm=(1, 1, 1))
    np.testing.assert_allclose(found, np.mean(one, axis=0), rtol=1e-9)


def test_three_dimensions_average_the_orthogonal_planes(noise):
    spec = {"gabor": {**GABOR, "theta_step_deg": 45}}
    flat = {"gabor": {**GABOR, "theta_step_deg": 45, "dimension": 2}}
    found = apply(spec, noise, spacing_mm=(1, 1, 1))
    planes = []
    for normal in range(3):
        stacked = apply(flat, np.moveaxis(noise, normal, 0), spacing_mm=(1, 1, 1))
        planes.append(np.moveaxis(stacked, 0, normal))
    np.testing.assert_allclose(found, np.mean(planes, axis=0), rtol=1e-9)


def test_slabs_do_not_change_the_response(noise, monkeypatch):
    spec = {"gabor": {**GABOR, "theta_step_deg": 90}}
    expected = apply(spec, noise, spacing_mm=(1, 1, 1))
    monkeypatch.setattr("lesionary.radiomics.filters.gabor._AT_ONCE", 5000)
    np.testing.assert_allclose(apply(spec, noise, spacing_mm=(1, 1, 1)), expected, rtol=1e-12)
