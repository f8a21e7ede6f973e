"""The Gaussian that recursive filters make, and its second derivative, as kernels.

A recursive filter answers to one voxel with waves that fade: here two, fitted to the Gaussian
(Deriche 1993; Farnebäck and Westin 2006). In closed form, that answer is a kernel like any other,
and need not be computed where nobody looks.
"""

from __future__ import annotations

import numpy as np

from lesionary.radiomics.filters.region import Floats
from lesionary.radiomics.filters.separable import Kernel

# How fast the two waves fade and turn in a standard deviation, and the size of their cosine and
# sine: for the Gaussian, and for its second derivative but for a share of the Gaussian.
_FADES = (-1.3932, -1.3732)
_TURNS = (0.6681, 2.0787)
_SMOOTH = ((1.3530, 1.8151), (-0.3531, 0.0902))
_CURVED = ((-1.3563, 5.2318), (0.3446, -2.2355))

# Where the slower wave has faded to 3e-10.
_REACH = 16.0


def radius(sigma: float) -> int:
    """Return how many voxels to either side the kernels look."""
    return int(np.ceil(_REACH * sigma))


def gaussian(sigma: float) -> tuple[Kernel, Kernel]:
    """Return the Gaussian, and its second derivative times sigma squared, in units of voxels.

    Scaled so that a constant stays what it is and has no curvature, and a parabola has its own.
    """
    apart = np.abs(np.arange(-radius(sigma), radius(sigma) + 1))
    smooth, curved = _waves(apart / sigma, _SMOOTH), _waves(apart / sigma, _CURVED)
    smooth /= smooth.sum()
    curved -= smooth * curved.sum()
    return Kernel.of(smooth), Kernel.of(curved * (sigma**2 / (curved @ (apart**2 / 2))))


def _waves(at: Floats, sizes: tuple[tuple[float, float], ...]) -> Floats:
    found = np.zeros_like(at)
    for fade, turn, (cosine, sine) in zip(_FADES, _TURNS, sizes, strict=True):
        found += np.exp(fade * at) * (cosine * np.cos(turn * at) + sine * np.sin(turn * at))
    return found
