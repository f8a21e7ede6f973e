"""A point in a scan as a radiologist looks at it: three orthogonal views around a seed."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, map_coordinates

from lesionary.errors import ScanError
from lesionary.files import atomic_path
from lesionary.scan.scan import ArrayVoxels, Scan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lesionary.scan.masks import Mask

WINDOWS = {"lung": (-600.0, 1500.0), "soft-tissue": (40.0, 400.0), "bone": (400.0, 1800.0)}
"""CT windows by name: level and width in HU."""

# Patient axes (0 x, 1 y, 2 z) to the right and upwards of each view, the sign of "upwards" (the
# image's top is anterior, or the head), and the letters at the left, right, top and bottom.
_VIEWS = {
    "axial": (0, 1, -1, "RLAP"),
    "coronal": (0, 2, +1, "RLHF"),
    "sagittal": (1, 2, +1, "APHF"),
}
_PAPER, _OUTSIDE, _INK, _SEED, _OUTLINE = "#0b0e14", "#1d2a44", "#e6e9ef", "#ffb454", "#59c2ff"
_GAP = 2
"""Pixels between the views of a strip."""


def draw_views(
    scan: Scan,
    center_mm: Sequence[float],
    path: str | Path | None = None,
    *,
    window: str | tuple[float, float] = "auto",
    size_mm: float = 50.0,
    mask: Mask | None = None,
) -> Figure:
    """Draw the axial, coronal and sagittal plane through a point, in true proportions.

    Parameters
    ----------
    scan : Scan
    center_mm : sequence of float
        The point ``(x, y, z)``, LPS mm; a cross with a gap marks it.
    path : path, optional
        Where to write the picture: ``.png``, ``.svg`` or ``.pdf``.
    window : str or (level, width)
        ``lung``, ``soft-tissue``, ``bone``, or level and width in the scan's unit. ``auto``
        takes the lung window where a quarter of the axial view is air, else soft tissue; for
        what is no CT, the 1st to the 99th percentile of what is seen.
    size_mm : float
        Side of the square that is shown, mm.
    mask : Mask, optional
        A region whose outline is drawn; its grid may differ from the scan's.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from lesionary.scan import ArrayVoxels, Geometry, Scan
    >>> grid = Geometry((20, 64, 64), np.diag([0.8, 0.8, 2.5, 1]))
    >>> scan = Scan(grid, ArrayVoxels(np.zeros(grid.shape, np.int16)), "CT", "HU")
    >>> len(draw_views(scan, grid.center_mm).axes)
    3
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    if not size_mm > 0:
        raise ScanError(f"The size of the view must be a positive number of mm, not {size_mm}.")
    planes = {name: _sample(scan, center_mm, name, size_mm, order=1) for name in _VIEWS}
    if all(np.isnan(plane).all() for plane in planes.values()):
        raise ScanError(
            f"Nothing to draw: {_point(center_mm)} lies outside the scan, whose centre is "
            f"{_point(scan.geometry.center_mm)} (x, y, z in LPS mm)."
        )
    low, high = _limits(window, planes, scan)
    half = size_mm / 2

    # A Figure of its own, never pyplot: no global state, no window, no backend to choose.
    figure = Figure(figsize=(9.0, 3.35), dpi=100, facecolor=_PAPER)
    places = {"left": 0.015, "right": 0.985, "bottom": 0.09, "top": 0.92, "wspace": 0.05}
    for axes, name in zip(figure.subplots(1, 3, gridspec_kw=places), _VIEWS, strict=True):
        extent = (-half, half, -half, half)
        axes.imshow(
            np.ma.masked_invalid(planes[name]),
            cmap=colormaps["gray"].with_extremes(bad=_OUTSIDE),
            vmin=low,
            vmax=high,
            extent=extent,
            interpolation="nearest",
        )
        if mask is not None:
            region = Scan(mask.geometry, ArrayVoxels(mask.voxels))
            inside = np.nan_to_num(_sample(region, center_mm, name, size_mm, order=0)) > 0
            if inside.any():
                axes.contour(
                    inside, [0.5], colors=_OUTLINE, linewidths=1.2, extent=extent, origin="upper"
                )
        _annotate(axes, name, half)
    level, width = (low + high) / 2, high - low
    caption = f"{_point(center_mm)} mm LPS   ·   window {level:.4g} / {width:.4g} {scan.unit}"
    figure.text(0.5, 0.03, caption, color=_INK, fontsize=9, ha="center", va="center")
    if path is not None:
        _save(figure, Path(path))
    return figure


def draw_strip(
    scan: Scan,
    center_mm: Sequence[float],
    *,
    window: str | tuple[float, float] = "auto",
    size_mm: float = 50.0,
    mask: Mask | None = None,
    pixels: int = 160,
) -> bytes:
    """Return the three views of :func:`draw_views` side by side as a small PNG, for galleries.

    Each view is ``pixels`` wide and high. It has the outline of the mask, a bar of 10 mm in the
    first view, and no words.
    """
    from matplotlib.image import imsave

    planes = {
        name: _sample(scan, center_mm, name, size_mm, order=1, pixels=pixels) for name in _VIEWS
    }
    low, high = _limits(window, planes, scan)
    strip = np.zeros((pixels, 3 * pixels + 2 * _GAP, 3), np.uint8)
    for number, (name, plane) in enumerate(planes.items()):
        grey = np.clip((np.nan_to_num(plane, nan=low) - low) / (high - low), 0, 1) * 255
        view = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=-1)
        if mask is not None:
            region = Scan(mask.geometry, ArrayVoxels(mask.voxels))
            inside = _sample(region, center_mm, name, size_mm, order=0, pixels=pixels) > 0
            view[inside & ~binary_erosion(inside, border_value=1)] = _rgb(_OUTLINE)
        if number == 0:
            end = 8 + round(10 / size_mm * pixels)
            view[-10:-5, 7 : end + 1] = _rgb(_PAPER)
            view[-9:-6, 8:end] = _rgb(_INK)
        left = number * (pixels + _GAP)
        strip[:, left : left + pixels] = view
    png = BytesIO()
    imsave(png, strip, format="png")
    return png.getvalue()


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def _sample(
    scan: Scan,
    center_mm: Sequence[float],
    view: str,
    size_mm: float,
    order: int,
    pixels: int = 256,
) -> NDArray[np.float32]:
    """Return the view's plane as a square of pixels, first row at the top; NaN outside."""
    right, up, sign, _ = _VIEWS[view]
    steps = (np.arange(pixels) - (pixels - 1) / 2) * (size_mm / pixels)
    points = np.tile(np.asarray(center_mm, dtype=np.float64), (pixels, pixels, 1))
    points[..., right] += steps
    points[..., up] -= sign * steps[:, None]
    seen = scan.geometry.contains(points)
    plane = np.full(seen.shape, np.nan, dtype=np.float32)
    if seen.any():
        index = scan.geometry.to_vox(points[seen])
        last = np.asarray(scan.shape) - 1
        start = np.clip(np.floor(index.min(axis=0)).astype(int), 0, last)
        stop = np.clip(np.ceil(index.max(axis=0)).astype(int), 0, last) + 1
        slab = scan.read(start[0], stop[0])[:, start[1] : stop[1], start[2] : stop[2]]
        plane[seen] = map_coordinates(
            slab.astype(np.float32), (index - start).T, order=order, mode="nearest"
        )
    return plane


def _limits(
    window: str | tuple[float, float], planes: dict[str, NDArray[np.float32]], scan: Scan
) -> tuple[float, float]:
    if window == "auto":
        seen = np.stack(list(planes.values()))
        # NIfTI and its like do not say that they hold a CT; only a CT goes down to air like this.
        is_ct = scan.unit == "HU" or (not scan.modality and np.nanmin(seen) < -500)
        if not is_ct:
            low, high = np.nanpercentile(seen, [1, 99]).tolist()
            return low, max(high, low + 1e-6)
        window = "lung" if np.nanmean(planes["axial"] < -400) > 0.25 else "soft-tissue"
    if isinstance(window, str):
        if window not in WINDOWS:
            raise ScanError(
                f"There is no window {window!r}; take auto, {', '.join(WINDOWS)}, or a level and "
                "a width."
            )
        window = WINDOWS[window]
    level, width = window
    if not width > 0:
        raise ScanError(f"The width of a window must be positive, not {width}.")
    return level - width / 2, level + width / 2


def _annotate(axes: Axes, view: str, half: float) -> None:
    """Add the seed's cross, the scale bar, the patient's sides and the view's name."""
    from matplotlib.patheffects import withStroke

    axes.set_axis_off()
    legible = [withStroke(linewidth=2, foreground=_PAPER)]
    gap, reach = 0.32 * half, 0.62 * half
    for sign in (-1, 1):
        axes.plot([sign * gap, sign * reach], [0, 0], color=_SEED, linewidth=1.0)
        axes.plot([0, 0], [sign * gap, sign * reach], color=_SEED, linewidth=1.0)
    bar = max((n for n in (1, 2, 5, 10, 20, 50, 100) if n <= half * 0.55), default=half * 0.55)
    left, floor = -0.92 * half, -0.84 * half
    axes.plot([left, left + bar], [floor, floor], color=_INK, linewidth=2.5, path_effects=legible)
    text: dict[str, Any] = {"color": _INK, "fontsize": 9, "path_effects": legible}
    axes.text(left, floor + 0.06 * half, f"{bar:.3g} mm", va="bottom", **text)
    letters = _VIEWS[view][3]
    places = [(-0.97, 0, "left"), (0.97, 0, "right"), (0, 0.95, "center"), (0, -0.95, "center")]
    for letter, (x, y, align) in zip(letters, places, strict=True):
        axes.text(x * half, y * half, letter, ha=align, va="center", fontweight="bold", **text)
    axes.set_title(view, color=_INK, fontsize=10, pad=4)
    axes.set_xlim(-half, half)
    axes.set_ylim(-half, half)


def _save(figure: Figure, path: Path) -> None:
    if path.suffix.lower() not in {".png", ".pdf", ".svg"}:
        raise ScanError(f"Pictures are written as .png, .svg or .pdf, so not as {path.name}.")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, facecolor=figure.get_facecolor())


def _point(point_mm: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.1f}" for value in point_mm) + ")"
