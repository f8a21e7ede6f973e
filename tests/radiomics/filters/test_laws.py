from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from lesionary.radiomics.filters import apply


def test_kernels_lie_along_x_y_and_z(impulse):
    found = apply({"laws": {"kernels": "E3L5S5"}}, impulse, spacing_mm=(1, 1, 1))
    edge = np.array([-1, 0, 1]) / np.sqrt(2)
    level = np.array([1, 4, 6, 4, 1]) / np.sqrt(70)
    spot = np.array([-1, 0, 2, 0, -1]) / np.sqrt(6)
    expected = spot[:, None, None] * level[:, None] * edge
    np.testing.assert_allclose(found[18:23, 18:23, 19:22], expected, atol=1e-12)
    assert np.count_nonzero(np.abs(found) > 1e-12) == np.count_nonzero(expected)


@pytest.mark.parametrize("boundary", ["zero", "nearest", "mirror", "periodic"])
def test_energy_is_the_mean_absolute_response(noise, boundary):
    modes = {"zero": "constant", "nearest": "nearest", "mirror": "reflect", "periodic": "wrap"}
    plain = {"kernels": "L5E5", "dimension": 2, "boundary": boundary, "rotation_invariant": True}
    response = apply({"laws": plain}, noise, spacing_mm=(1, 1, 1))
    found = apply({"laws": {**plain, "energy_vox": 3}}, noise, spacing_mm=(1, 1, 1))
    expected = ndimage.uniform_filter(np.abs(response), (1, 7, 7), mode=modes[boundary])
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_rotation_invariant_response_turns_with_the_image(noise):
    spec = {"laws": {"kernels": "E5W5S5", "rotation_invariant": True, "boundary": "mirror"}}
    turned = np.rot90(noise, 1, (0, 2))
    found = apply(spec, turned, spacing_mm=(1, 1, 1))
    expected = np.rot90(apply(spec, noise, spacing_mm=(1, 1, 1)), 1, (0, 2))
    np.testing.assert_allclose(found, expected, atol=1e-9)
