"""From painted anatomy to what the scanner delivers: kernel, noise, whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionary.phantom.canvas import Canvas, Volume
from lesionary.phantom.config import Kernel, Scanner

BLUR_MM = {"soft": 1.6, "sharp": 0.5}
"""In-plane blur of each kernel, added to that of the voxels."""

_PEAK_PER_MM = {"soft": 0.12, "sharp": 0.3}
_OVERSHOOT = 0.12
_TILES = 8


def acquire(canvas: Canvas, scanner: Scanner, rng: np.random.Generator) -> NDArray[np.int16]:
    """Return the scan in HU, shape (z, y, x).

    Noise is strongest in the middle of the body and independent between slices. Its
    spectrum rises like a ramp and falls off at the kernel's frequency.
    """
    nz, ny, nx = canvas.geometry.shape
    out = np.empty((nz, ny, nx), dtype=np.int16)
    tiles = _noise_tiles((ny, nx), canvas.geometry.spacing_mm[0], scanner.kernel, rng)
    level = np.float32(scanner.noise_hu) * _noise_map(canvas)
    which = rng.integers(_TILES, size=nz)
    shift = rng.integers((ny, nx), size=(nz, 2))
    flip = rng.choice(np.array([-1, 1], np.float32), size=nz)
    for k in range(nz):
        image = canvas.hu[k]
        if scanner.kernel == "sharp":
            image = _sharpened(image)
        noise = np.roll(tiles[which[k]], shift[k], axis=(0, 1))
        noise *= level
        noise *= flip[k]
        noise += image
        np.rint(noise, out=noise)
        out[k] = np.clip(noise, -1024, 3071, out=noise)
    return out


def _noise_map(canvas: Canvas) -> Volume:
    """Noise relative to the middle of the body, shape (y, x): rays there cross most tissue."""
    _, ny, nx = canvas.geometry.shape
    corner = canvas.geometry.to_mm(np.zeros(3)) - canvas.pose.shift_mm
    dx, dy, _ = canvas.geometry.spacing_mm
    x, y = corner[0] + dx * np.arange(nx), corner[1] + dy * np.arange(ny)
    radius = (x[None, :] / 170) ** 2 + (y[:, None] / 110) ** 2
    return np.asarray(0.45 + 0.55 * np.exp(-0.8 * radius), dtype=np.float32)


def _noise_tiles(
    shape: tuple[int, int], spacing_mm: float, kernel: Kernel, rng: np.random.Generator
) -> Volume:
    """Return slices of noise with the kernel's spectrum and unit variance."""
    ny, nx = shape
    fy, fx = np.fft.fftfreq(ny, spacing_mm)[:, None], np.fft.rfftfreq(nx, spacing_mm)
    f = np.hypot(fy, fx) / _PEAK_PER_MM[kernel]
    gain = (np.sqrt(f + 0.02) * np.exp(-(f**2) / 4)).astype(np.float32)
    white = rng.standard_normal((_TILES, ny, nx), dtype=np.float32)
    tiles = np.fft.irfft2(np.fft.rfft2(white) * gain, s=shape).astype(np.float32)
    return np.asarray(tiles / tiles.std())


def _sharpened(image: Volume) -> Volume:
    """Add a share of the difference to the neighbours: edges overshoot, flat parts stay."""
    out = image * np.float32(1 + 4 * _OVERSHOOT)
    share = np.float32(_OVERSHOOT) * image
    out[1:] -= share[:-1]
    out[:-1] -= share[1:]
    out[:, 1:] -= share[:, :-1]
    out[:, :-1] -= share[:, 1:]
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        out[edge] = image[edge]
    return out
