"""DICOM RTSTRUCT: outlines in millimetres, drawn on a scan's slices.

Rules of reading:

- A contour belongs to the slice whose plane is nearest, within half a slice; of a contour
  midway between two slices, the one with the higher index. Contours beyond the first or last
  slice by more than that lie outside the scan and are dropped.
- Contours of one plane bound a region together (see ``fill_outlines``). Contours of different
  planes that fall to the same slice are united.
- Nothing is interpolated between planes: slices without a contour stay empty.
- A contour that crosses slices is refused: it cannot be drawn voxel by voxel in this scan.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from lesionary.errors import MaskError
from lesionary.scan.geometry import FloatArray, Geometry
from lesionary.scan.masks.mask import Mask
from lesionary.scan.masks.raster import fill_outlines
from lesionary.scan.masks.references import referenced_series
from lesionary.scan.masks.region import Region
from lesionary.scan.scan import Scan

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "INTERPOLATED_PLANAR")

# A contour is flat where its points are within this of its plane, in slices.
_FLAT_SLICES = 0.1


def contour_regions(dataset: Dataset, path: Path, scan: Scan | None) -> list[Region]:
    """List the ROIs of a structure set."""
    contours = {
        int(item.ReferencedROINumber): list(item.get("ContourSequence") or [])
        for item in dataset.get("ROIContourSequence") or []
    }
    found = []
    for roi in dataset.get("StructureSetROISequence") or []:
        number, name = int(roi.ROINumber), str(roi.get("ROIName", "")).strip()
        mine = contours.get(number, [])
        read = partial(_read, mine, name, path, scan, dataset)
        found.append(Region(name, number, read, _problem(mine)))
    return found


def _problem(contours: list[Dataset]) -> str:
    kinds = {str(contour.get("ContourGeometricType", "")) for contour in contours}
    if not contours:
        return "has no contours"
    if kinds == {"POINT"}:
        return "is a point, not a region"
    if not kinds & set(_CLOSED):
        return f"has no closed contours (only {', '.join(sorted(kinds))}), so it bounds no region"
    return ""


def _read(
    contours: list[Dataset], name: str, path: Path, scan: Scan | None, dataset: Dataset
) -> Mask:
    if scan is None:
        raise MaskError(
            f"{path}: an RTSTRUCT holds outlines in space, without a voxel grid. Give the scan "
            "it was drawn on."
        )
    _check_frame_of_reference(dataset, path, scan)
    voxels = _draw(contours, name, path, scan.geometry)
    if not voxels.any():
        raise MaskError(
            f"{path}: ROI {name!r} is empty on this scan: its contours lie outside it or "
            f"between voxel centres ({scan.geometry})."
        )
    return Mask(voxels, scan.geometry, name, str(path))


def _draw(contours: list[Dataset], name: str, path: Path, grid: Geometry) -> NDArray[np.bool_]:
    planes: dict[tuple[float, bool], list[FloatArray]] = defaultdict(list)
    for number, contour in enumerate(contours, start=1):
        kind = str(contour.get("ContourGeometricType", ""))
        if kind not in _CLOSED:
            continue
        points = grid.to_vox(_points_mm(contour, f"{path}: ROI {name!r}, contour {number}"))
        depth = points[:, 0]
        plane = float((depth.min() + depth.max()) / 2)
        if np.abs(depth - plane).max() > _FLAT_SLICES:
            raise MaskError(
                f"{path}: ROI {name!r}, contour {number} crosses slices (it spans "
                f"{np.ptp(depth):.2f} slices): it was drawn in other planes than this scan's. "
                "Give the series it was drawn on."
            )
        planes[round(plane, 3), kind == "CLOSEDPLANAR_XOR"].append(points[:, 1:])

    voxels = np.zeros(grid.shape, dtype=np.bool_)
    for (plane, xor), polygons in planes.items():
        slice_index = int(np.floor(plane + 0.5))
        if 0 <= slice_index < grid.shape[0]:
            voxels[slice_index] |= fill_outlines(polygons, grid.shape[1:], xor=xor)
    return voxels


def _points_mm(contour: Dataset, where: str) -> FloatArray:
    """Parse the points from the file's own text: ten times faster than one object a number."""
    element = contour.get_item("ContourData")
    value = element.value if element is not None else b""
    numbers = value.split(b"\\") if isinstance(value, bytes) else value
    try:
        points = np.array([float(number) for number in numbers]).reshape(-1, 3)
    except (TypeError, ValueError) as error:
        raise MaskError(f"{where}: its points cannot be read ({error}).") from error
    if not len(points) or not np.isfinite(points).all():
        raise MaskError(f"{where}: it has no points, or points that are not finite.")
    return points


def _check_frame_of_reference(dataset: Dataset, path: Path, scan: Scan) -> None:
    """Refuse contours drawn in a space that is not the scan's, where both say which it is."""
    if scan.dicom is None or not scan.dicom.frame_of_reference_uid:
        return
    frames = {
        str(uid)
        for roi in dataset.get("StructureSetROISequence") or []
        if (uid := roi.get("ReferencedFrameOfReferenceUID"))
    }
    if frames and scan.dicom.frame_of_reference_uid not in frames | referenced_series(dataset):
        raise MaskError(
            f"{path} was not drawn on this scan: its frame of reference is "
            f"{', '.join(sorted(frames))}, the scan's {scan.dicom.frame_of_reference_uid}."
        )
