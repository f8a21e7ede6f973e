"""Checks of the regions that were drawn on a series: none empty, none outside the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread

from lesionary.cohort.curate.flag import Flag, impossible, judged
from lesionary.cohort.curate.rules import Rules
from lesionary.errors import MaskError
from lesionary.scan import Scan
from lesionary.scan.geometry import FloatArray, Geometry
from lesionary.scan.masks import Mask, Region, list_regions

_POINT = "is a point, not a region"


@dataclass(frozen=True)
class Drawn:
    """A region of a mask file on its scan.

    Attributes
    ----------
    name : str
    problem : str
        Why it has no voxel on the scan; empty where it has.
    outside : float or None
        Share of its contour points (or voxels) outside the image; None where it has none.
    """

    name: str
    problem: str
    outside: float | None


def read_drawn(path: Path, scan: Scan) -> Iterator[tuple[Drawn, Mask | None]]:
    """Read the regions of an RTSTRUCT or SEG one by one; points of reference are passed over.

    Raises
    ------
    MaskError
        If the file cannot be read.
    """
    regions = [one for one in list_regions(path, scan) if one.problem != _POINT]
    contours = _contours(path)
    unplaced = {one.number: one for one in list_regions(path)} if contours is None else {}
    for region in regions:
        points = (
            _voxels_mm(unplaced[region.number])
            if contours is None
            else contours.get(region.number, np.empty((0, 3)))
        )
        outside = float(np.mean(~scan.geometry.contains(points))) if len(points) else None
        if region.problem:
            yield Drawn(region.name, region.problem, outside), None
            continue
        try:
            mask = region.read()
        except MaskError as error:
            yield Drawn(region.name, str(error), outside), None
        else:
            yield Drawn(region.name, "", outside), mask


def region_flags(drawn: Sequence[Drawn], damaged: Sequence[str], rules: Rules) -> list[Flag]:
    """Judge the regions of a series; ``damaged`` says which mask files could not be read."""
    flags = []
    if rules.rois:
        empty = [f"{one.name}: {one.problem}" for one in drawn if one.problem]
        if not drawn and not damaged:
            flags.append(impossible("rois", "No RTSTRUCT or SEG in the folder refers to it."))
        else:
            bad = [*damaged, *empty]
            said = " ".join(bad) or f"{len(drawn)} ROI(s), none empty."
            flags.append(judged("rois", not bad, said, len(bad)))
    if rules.contours_inside is not None:
        limit = rules.contours_inside.max_share
        shares = [(one.name, one.outside) for one in drawn if one.outside is not None]
        if not shares:
            flags.append(impossible("contours_inside", "There are no contours to look at."))
        else:
            worst = max(share for _, share in shares)
            beyond = [f"{name} ({share:.1%})" for name, share in shares if share > limit]
            said = (
                f"Outside the image: {', '.join(beyond)} of their points."
                if beyond
                else f"{len(shares)} ROI(s) lie inside the image."
            )
            flags.append(judged("contours_inside", not beyond, said, worst))
    return flags


def no_region_flags(reason: str, rules: Rules) -> list[Flag]:
    """Say of the checks that are asked for that there is no image to make them on."""
    asked = {"rois": rules.rois, "contours_inside": rules.contours_inside is not None}
    return [impossible(name, reason) for name, wanted in asked.items() if wanted]


def _contours(path: Path) -> dict[int, FloatArray] | None:
    """Return the points of each ROI of an RTSTRUCT in LPS mm; None for what is none."""
    dataset = dcmread(path, stop_before_pixels=True)
    if dataset.get("Modality") != "RTSTRUCT":
        return None
    return {
        int(item.ReferencedROINumber): _points_mm(item)
        for item in dataset.get("ROIContourSequence") or []
    }


def _points_mm(item: Dataset) -> FloatArray:
    texts = [_undecoded(contour) for contour in item.get("ContourSequence") or []]
    points = [np.array(text.split(b"\\")).astype(np.float64) for text in texts if text]
    whole = [numbers.reshape(-1, 3) for numbers in points if numbers.size % 3 == 0]
    return np.concatenate(whole) if whole else np.empty((0, 3))


def _undecoded(contour: Dataset) -> bytes:
    """Return a contour's numbers as the file spells them: pydicom takes seconds to convert."""
    if "ContourData" not in contour:
        return b""
    value = contour.get_item("ContourData").value
    return value.strip(b" \0") if isinstance(value, bytes) else b""


def _voxels_mm(region: Region) -> FloatArray:
    try:
        mask = region.read()
    except MaskError:
        return np.empty((0, 3))
    geometry: Geometry = mask.geometry
    return geometry.to_mm(np.argwhere(mask.voxels))
