"""Small pictures of a series and of the regions drawn on it, for a quick look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lesionary.scan import Mask, Scan, draw_strip

_MARGIN = 1.8
_SMALLEST_MM, _LARGEST_MM = 60.0, 500.0


@dataclass(frozen=True)
class Thumbnail:
    """Axial, coronal and sagittal view through the middle of a series or of a region.

    Attributes
    ----------
    roi : str
        The region whose outline it shows; empty for a view of the whole series.
    png : bytes
    volume_ml : float or None
        Of the region.
    """

    roi: str
    png: bytes
    volume_ml: float | None = None


def whole(scan: Scan) -> Thumbnail:
    """Draw the middle of a scan, as wide as its slices."""
    low, high = scan.geometry.bounds_mm
    extent = float((high - low).max())
    return Thumbnail("", draw_strip(scan, scan.geometry.center_mm, size_mm=extent))


def outlined(scan: Scan, mask: Mask) -> Thumbnail:
    """Draw a region with its surroundings; ``mask`` is on the scan's grid."""
    extent = max(
        (part.stop - part.start) * spacing
        for part, spacing in zip(mask.box_vox, scan.spacing_mm[::-1], strict=True)
    )
    size = float(np.clip(_MARGIN * extent, _SMALLEST_MM, _LARGEST_MM))
    png = draw_strip(scan, mask.center_mm, size_mm=size, mask=mask)
    return Thumbnail(mask.name, png, mask.volume_ml)
