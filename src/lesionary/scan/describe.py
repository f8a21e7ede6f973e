"""What a person wants to know of a scan before trusting it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lesionary.progress import track
from lesionary.scan.lattice import nearest_axes
from lesionary.scan.scan import Scan

_SLAB = 16
_SAMPLE = 4
"""Percentiles are of every fourth voxel along each axis."""


@dataclass(frozen=True)
class Description:
    """Geometry, intensities and problems of a scan.

    Attributes
    ----------
    orientation : str
        The sides of the patient towards which x, y and z of the grid run, as ``LPS``.
    oblique_degrees : float
        Largest angle between an axis of the grid and the patient's.
    minimum, p1, median, p99, maximum : float
        Intensities, in the scan's unit.
    nan_voxels : int
    problems : tuple of str
        What to look at, the reader's own notes included; empty where nothing stands out.
    """

    orientation: str
    oblique_degrees: float
    minimum: float
    p1: float
    median: float
    p99: float
    maximum: float
    nan_voxels: int
    problems: tuple[str, ...]


def describe_scan(scan: Scan) -> Description:
    """Read a scan once, slab by slab, and say what it holds.

    Examples
    --------
    >>> from lesionary.scan import read_scan
    >>> scan = read_scan(np.full((4, 4, 4), -1000.0), affine=np.eye(4))
    >>> describe_scan(scan).problems[0]
    'every voxel has the value -1000'
    """
    nan_voxels, minimum, maximum = 0, np.inf, -np.inf
    sample = []
    for start in track(range(0, scan.shape[0], _SLAB), "Reading"):
        slab = scan.read(start, min(start + _SLAB, scan.shape[0]))
        missing = int(np.isnan(slab).sum()) if slab.dtype.kind == "f" else 0
        nan_voxels += missing
        if missing < slab.size:
            minimum = min(minimum, float(np.nanmin(slab)))
            maximum = max(maximum, float(np.nanmax(slab)))
        some = np.asarray(slab[::_SAMPLE, ::_SAMPLE, ::_SAMPLE]).ravel()
        sample.append(some[np.isfinite(some)])
    values = np.concatenate(sample)
    p1, median, p99 = np.percentile(values, (1, 50, 99)).tolist() if values.size else [np.nan] * 3
    axes, own = nearest_axes(scan.geometry)
    letters = [""] * 3
    for side, axis in enumerate(own):
        letters[axis] = ("RL", "AP", "IS")[side][int(scan.geometry.direction[side, axis] > 0)]
    tilt = float(np.degrees(np.arccos(np.clip(np.diag(axes), -1, 1))).max())
    return Description(
        orientation="".join(letters),
        oblique_degrees=tilt,
        minimum=minimum,
        p1=p1,
        median=median,
        p99=p99,
        maximum=maximum,
        nan_voxels=nan_voxels,
        problems=(*scan.notes, *_problems(scan, nan_voxels, minimum, maximum, tilt)),
    )


def _problems(
    scan: Scan, nan_voxels: int, minimum: float, maximum: float, tilt: float
) -> list[str]:
    found = []
    if nan_voxels:
        found.append(f"{nan_voxels} voxels are NaN: patches that hold one are refused")
    if minimum == maximum:
        found.append(f"every voxel has the value {minimum:g}")
    if scan.unit == "HU" and minimum >= 0:
        found.append(f"no value is below 0 (lowest {minimum:g}): are these HU, or HU + 1024?")
    elif scan.unit == "HU" and (minimum < -4096 or maximum > 32767):
        found.append(f"values from {minimum:g} to {maximum:g} are beyond what a CT can hold")
    thick = max(scan.spacing_mm)
    if thick > 5:
        found.append(f"voxels are {thick:g} mm along one axis: small lesions fall between slices")
    if min(scan.shape) == 1:
        found.append("it is a single slice, not a volume")
    if tilt > 1:
        found.append(f"its axes are turned {tilt:.1f} degrees from the patient's")
    return found
