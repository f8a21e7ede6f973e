"""Whether near voxels are alike: Moran's I and Geary's C, of every pair of voxels.

Both weigh each pair by the inverse of its distance. On a grid the sum over pairs is a
convolution, so a Fourier transform finds it, of every pair, without looking at one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

_ROWS = 4


def moran_and_geary(
    image: Floats, mask: NDArray[np.bool_], spacing_mm: Spacing
) -> tuple[float, float]:
    """Return Moran's I and Geary's C of at least two voxels that are not all the same.

    Parameters
    ----------
    image : ndarray, (z, y, x)
        Intensities; what is outside the mask does not matter.
    mask : ndarray of bool, (z, y, x)
    spacing_mm : tuple of float
        Along the array's axes.
    """
    values = image[mask].astype(np.float64)
    values -= values.mean()
    values /= values.std()
    square = values**2
    # Single precision is good for six digits here, and takes half the time.
    fields = np.zeros((3, *mask.shape), dtype=np.float32)
    for field, filled in zip(fields, (values, square, 1.0), strict=True):
        field[mask] = filled
    likeness, squares, pairs = _pair_sums(fields, spacing_mm)
    # The sum of (a - b)² is twice that of a² less twice that of a b. The variance is 1.
    n = values.size
    return likeness / pairs, (n - 1) / n * (squares - likeness) / pairs


def _pair_sums(fields: NDArray[np.float32], spacing_mm: Spacing) -> tuple[float, float, float]:
    """Add up z z, z² 1 and 1 1 over all ordered pairs of voxels, each over its distance."""
    half = [fft.next_fast_len(n, real=True) for n in fields.shape[1:]]
    axes = [np.arange(n + 1) * mm for n, mm in zip(half, spacing_mm, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    with np.errstate(divide="ignore"):
        weight = (1 / np.sqrt(z**2 + y**2 + x**2)).astype(np.float32)
    weight[0, 0, 0] = 0.0
    # The weights are even along each axis, and their transform is real and as even.
    kernel = fft.dctn(weight, type=1)
    kernel[:, :, 1:-1] *= 2  # the other half of a real transform's last axis

    nz, ny, nx = half
    # Padded to twice the size, axis by axis, so that no line of zeros is transformed; the last
    # transform is of a few rows at a time, so that what is padded is never there as a whole.
    flat = fft.fft(fft.rfft(fields, 2 * nx, axis=3), 2 * ny, axis=2)
    sums = np.zeros(3)
    for start in range(0, 2 * ny, _ROWS):
        rows = np.arange(start, min(start + _ROWS, 2 * ny))
        weights = kernel[:, np.minimum(rows, 2 * ny - rows)]
        value, square, one = fft.fft(flat[:, :, start : start + _ROWS], 2 * nz, axis=1)
        products = (
            value.real**2 + value.imag**2,
            square.real * one.real + square.imag * one.imag,
            one.real**2 + one.imag**2,
        )
        for i, power in enumerate(products):
            sums[i] += np.vdot(power[: nz + 1], weights)
            sums[i] += np.vdot(power[:nz:-1], weights[1:nz])
    likeness, squares, pairs = (sums / (8 * nz * ny * nx)).tolist()
    return likeness, squares, pairs
