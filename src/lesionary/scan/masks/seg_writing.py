"""Write masks as a DICOM segmentation of the series they were made on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from lesionary.files import atomic_path
from lesionary.scan.geometry import Geometry
from lesionary.scan.masks.mask import Mask
from lesionary.scan.masks.source import SERIES_NUMBER, VERSION, each_once, read_sources
from lesionary.scan.masks.write import shared_grid
from lesionary.scan.scan import Scan


def write_seg(masks: Sequence[Mask], scan: Scan, path: str | Path) -> Path:
    """Write masks as one binary DICOM SEG, a segment each, in their order (they may overlap).

    The object belongs to the scan's patient, study and frame of reference, whose identifiers
    it takes from the scan's own files: treat it like them.

    Parameters
    ----------
    scan : Scan
        Read from DICOM files (not from an archive).

    Raises
    ------
    MaskError
        If a mask is on another grid than the scan, or the scan has no DICOM files.
    """
    grid = shared_grid(masks, scan.geometry)
    path = Path(path)
    sources = read_sources(scan)
    with warnings.catch_warnings():
        # The warning about a one-word patient's name would print the name.
        warnings.filterwarnings("ignore", message="The string .* person name")
        segmentation = _build(masks, sources, grid, scan)
    with atomic_path(path) as temporary:
        segmentation.save_as(temporary)
    return path


def _build(
    masks: Sequence[Mask], sources: Sequence[Dataset], grid: Geometry, scan: Scan
) -> hd.seg.Segmentation:
    algorithm = hd.AlgorithmIdentificationSequence(
        name="Lesionary", family=codes.cid7162.ManualProcessing, version=VERSION
    )
    return hd.seg.Segmentation(
        source_images=each_once(sources),
        pixel_array=np.stack([mask.voxels for mask in masks], axis=-1).view(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            hd.seg.SegmentDescription(
                segment_number=number,
                segment_label=mask.name or f"Region {number}",
                # What the region is, its name says; a code that claims more may be wrong.
                segmented_property_category=codes.cid7150.Tissue,
                segmented_property_type=codes.SCT.Tissue,
                algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
                algorithm_identification=algorithm,
            )
            for number, mask in enumerate(masks, start=1)
        ],
        series_instance_uid=generate_uid(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Lesionary",
        manufacturer_model_name="Lesionary",
        software_versions=VERSION,
        device_serial_number="0",
        series_description="Segmentation by Lesionary",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **_planes(grid, scan.acquisition.get("slice_thickness_mm")),
    )


def _planes(grid: Geometry, thickness_mm: str | float | None) -> dict[str, object]:
    """Say where every slice is, from the scan's geometry."""
    dx, dy, dz = grid.spacing_mm
    first = grid.to_mm([(k, 0, 0) for k in range(grid.shape[0])])
    return {
        "pixel_measures": hd.PixelMeasuresSequence(
            pixel_spacing=(dy, dx),
            slice_thickness=float(thickness_mm or dz),
            spacing_between_slices=dz,
        ),
        "plane_orientation": hd.PlaneOrientationSequence(
            coordinate_system=hd.CoordinateSystemNames.PATIENT,
            image_orientation=grid.direction[:, :2].T.ravel().tolist(),
        ),
        "plane_positions": [
            hd.PlanePositionSequence(hd.CoordinateSystemNames.PATIENT, point.tolist())
            for point in first
        ],
    }
