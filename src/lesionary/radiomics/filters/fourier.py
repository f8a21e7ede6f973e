"""Filters that are defined by what they do to frequencies."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, prod
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from lesionary.radiomics.filters.boundary import Boundary
from lesionary.radiomics.filters.region import Box, Floats, Region

# Frequencies along each axis, in units of the Nyquist frequency, to the filter's gain.
Gains = NDArray[np.inexact[Any]]
Transfer = Callable[..., Gains]


def extended(
    region: Region, box: Box, dimension: int, boundary: Boundary, extent: int
) -> tuple[NDArray[Any], Box]:
    """Return the image with what is beyond its edges, and where the box is in it.

    A Fourier transform takes the image for one period of many. For other boundaries it gets
    ``extent`` voxels more on each side, and some to make the transform fast.
    """
    wanted, margins = list(box), [0, 0, 0]
    for axis in range(3 - dimension, 3):
        length = region.shape[axis]
        if boundary != "periodic":
            margins[axis] = extent
            length = scipy.fft.next_fast_len(length + 2 * extent, real=True) - 2 * extent
        wanted[axis] = slice(0, length)
    values = region.surrounded(
        (wanted[0], wanted[1], wanted[2]), (margins[0], margins[1], margins[2]), boundary
    )
    z, y, x = (
        slice(each.start - own.start + margin, each.stop - own.start + margin)
        for each, own, margin in zip(box, wanted, margins, strict=True)
    )
    return values, (z, y, x)


def through(
    values: NDArray[Any], shape: tuple[int, ...] | None, dimension: int, transfer: Transfer
) -> NDArray[np.float32]:
    """Return a periodic image after a filter that is known by its gain at each frequency.

    Parameters
    ----------
    values : ndarray, (z, y, x)
        The image, extended or not.
    shape : tuple of int or None
        The image's shape before it was extended, by which the standard's consensus samples
        frequencies. None: sample them where the Fourier transform has them.
    dimension : {3, 2}
    transfer : callable
        From frequencies along (z,) y and x to gains.
    """
    axes = tuple(range(3 - dimension, 3))
    lengths = [values.shape[axis] for axis in axes]
    # Single precision, since the whole image is in memory: 1e-6 of the response's range.
    spectrum = scipy.fft.rfftn(values.astype(np.float32, copy=False), axes=axes, workers=-1)
    ahead = [
        _frequencies(values.shape[axis], None if shape is None else shape[axis]) for axis in axes
    ]
    # The gain at each frequency's negative, which the other half of the spectrum has.
    behind = [np.roll(each[::-1], 1) for each in ahead]
    half = lengths[-1] // 2 + 1
    ahead[-1], behind[-1] = ahead[-1][:half], behind[-1][:half]
    if dimension == 2:
        spectrum *= _real(transfer, ahead, behind)
    else:
        for plane in range(lengths[0]):  # so that gains of one plane are in memory, not of all
            spectrum[plane] *= _real(
                transfer,
                [ahead[0][plane : plane + 1], *ahead[1:]],
                [behind[0][plane : plane + 1], *behind[1:]],
            )[0]
    return np.asarray(
        scipy.fft.irfftn(spectrum, s=lengths, axes=axes, workers=-1, overwrite_x=True)
    )


def riesz(order: tuple[int, ...], *axes: Floats) -> NDArray[np.complex128]:
    """Return the gain of a Riesz transform, of an order along x, y (and z).

    Parameters
    ----------
    order : tuple of int
        Along x, y (and z).
    *axes : ndarray
        Frequencies along (z,) y and x, to be broadcast together.
    """
    degree = sum(order)
    radius = np.sqrt(sum(np.square(each) for each in axes))
    turns = prod(each**times for each, times in zip(axes[::-1], order, strict=True))
    # There is no direction at frequency zero.
    unit = np.divide(turns, radius**degree, out=np.zeros(radius.shape), where=radius > 0)
    ways = factorial(degree) / prod(factorial(times) for times in order)
    return np.asarray((-1j) ** degree * np.sqrt(ways) * unit)


def _frequencies(length: int, own: int | None) -> Floats:
    found = np.asarray(2 * np.fft.fftfreq(length))
    if own is None:
        return found
    # The consensus samples frequencies of N voxels from -1 to 1, both included, where a Fourier
    # transform goes from -1 to 1 - 2 / N. On 64 voxels that makes up to 7 % of a difference.
    # However far the image was extended, its own N is what counts.
    return (found * own + (1 - own % 2)) / max(own - 1, 1)


def _real(transfer: Transfer, ahead: list[Floats], behind: list[Floats]) -> Gains:
    # Sampled like that, gains are not those of a real filter; its real part is what is meant.
    return np.asarray(transfer(*np.ix_(*ahead)) + np.conj(transfer(*np.ix_(*behind)))) / 2
