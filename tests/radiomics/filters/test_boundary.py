from __future__ import annotations

import numpy as np
import pytest

from lesionary.radiomics.filters.boundary import source

NUMPY = {"nearest": "edge", "periodic": "wrap", "mirror": "symmetric"}


@pytest.mark.parametrize("boundary", NUMPY)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_boundaries_are_those_of_numpy_however_far_out(boundary, length):
    row = np.arange(10, 10 + length)
    found = row[source(np.arange(-13, length + 13), length, boundary)]
    np.testing.assert_array_equal(found, np.pad(row, 13, mode=NUMPY[boundary]))


def test_zero_has_no_source_outside():
    np.testing.assert_array_equal(source(np.arange(-2, 4), 2, "zero"), [-1, -1, 0, 1, -1, -1])


@pytest.mark.parametrize("length", [4, 5])
def test_an_odd_axis_is_made_even_before_it_is_repeated(length):
    row = np.arange(length)
    even = np.pad(row, (0, length % 2), mode="wrap")
    found = row[source(np.arange(-9, length + 9), length, "periodic-even")]
    np.testing.assert_array_equal(found, np.pad(even, 9, mode="wrap")[: length + 18])
