from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from lesionary.radiomics.filters.region import Region
from lesionary.radiomics.filters.separable import Kernel, pooled, response, rotations

SCIPY = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}
TAPS = {"z": [1.0, -2.0, 4.0], "y": [0.5, 1.0, -1.0, 3.0], "x": [2.0, 1.0]}


def chains(**taps):
    z, y, x = (tuple(Kernel.of(each) for each in taps[axis]) for axis in "zyx")
    return z, y, x


def by_scipy(image, steps, boundary):
    for axis, each in enumerate(steps):
        for taps in each:
            # An even kernel gets a zero behind it: its middle is the tap behind the middle.
            padded = np.append(taps, 0) if len(taps) % 2 == 0 else taps
            image = ndimage.convolve1d(image, padded, axis=axis, mode=SCIPY[boundary])
    return image


@pytest.mark.parametrize("boundary", SCIPY)
def test_separable_convolution_is_that_of_scipy(boundary, noise):
    filters = chains(z=[TAPS["z"]], y=[TAPS["y"]], x=[TAPS["x"]])
    region = Region.whole(noise)
    found = response(region, filters, region.box, boundary)
    expected = by_scipy(noise, [[TAPS["z"]], [TAPS["y"]], [TAPS["x"]]], boundary)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("boundary", SCIPY)
def test_kernels_after_one_another_each_meet_the_boundary(boundary, noise):
    filters = chains(z=[TAPS["z"], TAPS["x"]], y=[], x=[TAPS["y"], TAPS["y"]])
    region = Region.whole(noise)
    found = response(region, filters, region.box, boundary)
    expected = by_scipy(noise, [[TAPS["z"], TAPS["x"]], [], [TAPS["y"], TAPS["y"]]], boundary)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("boundary", SCIPY)
def test_a_kernel_may_be_longer_than_the_image(boundary):
    image = np.arange(3.0).reshape(1, 1, 3)
    taps = np.arange(1.0, 12.0)
    region = Region.whole(image)
    found = response(region, ((), (), (Kernel.of(taps),)), region.box, boundary)
    expected = ndimage.convolve1d(image, taps, axis=2, mode=SCIPY[boundary])
    np.testing.assert_allclose(found, expected)


def test_dilated_kernels_have_holes():
    assert Kernel.of([1, 2]).dilated(2) == Kernel((1.0, 0.0, 2.0, 0.0), 2)
    assert Kernel.of([1, 2, 3]).flipped() == Kernel((3.0, 2.0, 1.0), 1)
    assert Kernel.of([1, 2]).flipped() == Kernel((2.0, 1.0), 0)


@pytest.mark.parametrize(("dimension", "count"), [(3, 24), (2, 4)])
@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_rotating_the_filter_is_rotating_the_image(dimension, count, pooling):
    image = np.random.default_rng(0).normal(size=(7, 7, 7))
    z, y, x = chains(z=[TAPS["z"]], y=[TAPS["y"]], x=[TAPS["x"]])
    asked = (z if dimension == 3 else (), y, x)
    turned = rotations(asked, dimension)
    assert len(set(turned)) == count

    def plain(volume):
        return response(Region.whole(volume), asked, Region.whole(volume).box, "mirror")

    responses = []
    for back, there in _turns(dimension):
        responses.append(back(plain(there(image))))
    expected = np.mean(responses, axis=0) if pooling == "mean" else np.max(responses, axis=0)
    region = Region.whole(image)
    found = pooled(region, turned, region.box, "mirror", pooling)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def _turns(dimension):
    """Return rotations and their inverses, built of quarter turns."""
    if dimension == 2:
        for k in range(4):
            yield (lambda v, k=k: np.rot90(v, -k, (1, 2))), (lambda v, k=k: np.rot90(v, k, (1, 2)))
        return
    # Six ways to look at a die, each turned four times.
    faces = [(0, (0, 1)), (1, (0, 1)), (2, (0, 1)), (3, (0, 1)), (1, (0, 2)), (3, (0, 2))]
    for quarter, plane in faces:
        for k in range(4):

            def there(v, quarter=quarter, plane=plane, k=k):
                return np.rot90(np.rot90(v, quarter, plane), k, (1, 2))

            def back(v, quarter=quarter, plane=plane, k=k):
                return np.rot90(np.rot90(v, -k, (1, 2)), -quarter, plane)

            yield back, there
