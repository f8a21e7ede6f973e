from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest

from lesionary.radiomics.filters import apply
from lesionary.radiomics.filters.fourier import riesz
from lesionary.radiomics.filters.nonseparable import Shannon, Simoncelli

ODD = np.random.default_rng(3).normal(-200, 100, (9, 11, 13))
EVEN = np.random.default_rng(4).normal(-200, 100, (8, 10, 12))


def straightforward(image, level, ring):
    """Filter as the consensus does: frequencies from -1 to 1, both included, DC in the middle."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in image.shape), indexing="ij")
    radius = np.sqrt(sum(each**2 for each in axes)) * 2 ** (level - 1)
    spectrum = np.fft.fftshift(np.fft.fftn(image)) * ring(radius)
    return np.fft.ifftn(np.fft.ifftshift(spectrum)).real


def simoncelli(radius):
    inside = (radius > 0.25) & (radius < 1)
    return inside * np.cos(np.pi / 2 * np.log2(2 * np.where(inside, radius, 1)))


def shannon(radius):
    return np.where((radius > 0.5) & (radius <= 1), 1, 0)


@pytest.mark.parametrize("image", [ODD, EVEN])
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("kind", [simoncelli, shannon])
def test_half_a_spectrum_gives_the_same_as_all_of_it(image, level, kind):
    spec = {kind.__name__: {"level": level}}
    found = apply(spec, image, spacing_mm=(1, 1, 1))
    expected = straightforward(image, level, kind)
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(image).max())
    flat = apply({kind.__name__: {"level": level, "dimension": 2}}, image, spacing_mm=(1, 1, 1))
    expected = straightforward(image[5], level, kind)
    np.testing.assert_allclose(flat[5], expected, atol=2e-6 * np.abs(image).max())


@pytest.mark.parametrize("ring", [Simoncelli._ring, Shannon._ring])
def test_rings_of_all_levels_make_a_tight_frame(ring):
    radius = np.linspace(0.02, 0.499, 400)
    total = sum(ring(radius * 2**level) ** 2 for level in range(8))
    np.testing.assert_allclose(total, 1, atol=1e-12)


def test_a_mirrored_image_has_no_seam():
    ramp = np.broadcast_to(np.arange(32.0) * 10, (32, 32, 32))
    seam = apply({"simoncelli": {}}, ramp, spacing_mm=(1, 1, 1))
    smooth = apply({"simoncelli": {"boundary": "mirror"}}, ramp, spacing_mm=(1, 1, 1))
    assert np.abs(smooth).max() < 0.2 * np.abs(seam).max()


@pytest.mark.parametrize("boundary", ["zero", "nearest", "mirror"])
@pytest.mark.parametrize("length", [47, 48])
def test_far_from_the_edge_the_boundary_does_not_matter(boundary, length):
    image = np.zeros((length,) * 3)
    image[20:28, 20:28, 20:28] = 100
    box = (slice(16, 32),) * 3
    expected = apply({"simoncelli": {}}, image, box, spacing_mm=(1, 1, 1))
    found = apply({"simoncelli": {"boundary": boundary}}, image, box, spacing_mm=(1, 1, 1))
    np.testing.assert_allclose(found, expected, atol=0.001 * np.ptp(expected))


@pytest.mark.parametrize(("dimension", "degree"), [(2, 1), (2, 3), (3, 1), (3, 2)])
def test_riesz_transforms_of_a_degree_keep_all_energy(dimension, degree):
    axes = np.ix_(*[np.linspace(-1, 1, 7) + 0.01] * dimension)
    total = 0.0
    for chosen in combinations_with_replacement(range(dimension), degree):
        order = tuple(chosen.count(axis) for axis in range(dimension))
        total = total + np.abs(riesz(order, *axes)) ** 2
    np.testing.assert_allclose(total, 1)


def test_riesz_along_x_turns_a_cosine_into_a_sine():
    # 63 voxels: frequencies are sampled where a Fourier transform of 63 has them, but for 63 / 62.
    wave = 2 * np.pi * 9 * np.arange(63) / 63
    image = np.broadcast_to(np.cos(wave), (5, 63, 63))
    spec = {"shannon": {"level": 2, "riesz": [1, 0], "dimension": 2}}
    found = apply(spec, image, spacing_mm=(1, 1, 1))
    np.testing.assert_allclose(found, np.broadcast_to(np.sin(wave), image.shape), atol=1e-5)
    turned = {"shannon": {"level": 2, "riesz": [0, 1], "dimension": 2}}
    np.testing.assert_allclose(apply(turned, image, spacing_mm=(1, 1, 1)), 0, atol=1e-5)


@pytest.mark.parametrize("shape", [(25, 25, 25), (24, 20, 22)])
@pytest.mark.parametrize("order", [(1, 0, 0), (0, 0, 1), (0, 2, 0), (1, 1, 1)])
def test_riesz_of_the_laplacian_of_gaussian_is_its_definition(order, shape):
    image = np.random.default_rng(5).normal(size=shape)
    plain = {"sigma_mm": 2, "boundary": "periodic"}
    response = apply({"log": plain}, image, spacing_mm=(1, 1, 1))
    z, y, x = np.meshgrid(*(np.fft.fftfreq(n) for n in shape), indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2)
    radius[0, 0, 0] = np.inf
    degree = sum(order)
    gain = x ** order[0] * y ** order[1] * z ** order[2] / radius**degree
    ways = {(1, 0, 0): 1, (0, 0, 1): 1, (0, 2, 0): 1, (1, 1, 1): 6}[order]
    gain = (-1j) ** degree * np.sqrt(ways) * gain
    expected = np.fft.ifftn(np.fft.fftn(response) * gain).real
    found = apply({"log": {**plain, "riesz": order}}, image, spacing_mm=(1, 1, 1))
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.ptp(response))
