"""Write masks as a DICOM RTSTRUCT on the series they were made on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from highdicom.base import SOPClass
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from lesionary.files import atomic_path
from lesionary.scan.masks.mask import Mask
from lesionary.scan.masks.source import SERIES_NUMBER, VERSION, each_once, read_sources
from lesionary.scan.masks.trace import trace_outlines
from lesionary.scan.masks.write import shared_grid
from lesionary.scan.scan import Scan

_COLOURS = ((255, 0, 0), (0, 160, 255), (0, 200, 80), (255, 170, 0), (190, 80, 255))
_DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"


def write_rtstruct(masks: Sequence[Mask], scan: Scan, path: str | Path) -> Path:
    """Write masks as one RTSTRUCT, an ROI each, in their order.

    Outlines run midway between voxel centres, and regions with holes are keyhole polygons, so
    that reading the file back gives the very same voxels. The object belongs to the scan's
    patient, study and frame of reference, whose identifiers it takes from the scan's own
    files: treat it like them.

    Parameters
    ----------
    scan : Scan
        Read from DICOM files (not from an archive).

    Raises
    ------
    MaskError
        If a mask is on another grid than the scan, or the scan has no DICOM files.
    """
    shared_grid(masks, scan.geometry)
    path = Path(path)
    sources = read_sources(scan)
    frame = str(sources[0].get("FrameOfReferenceUID", ""))
    structures = _structure_set(sources, frame)
    for number, mask in enumerate(masks, start=1):
        structures.StructureSetROISequence.append(
            _item(
                ROINumber=number,
                ReferencedFrameOfReferenceUID=frame,
                ROIName=mask.name or f"Region {number}",
                ROIGenerationAlgorithm="SEMIAUTOMATIC",
            )
        )
        structures.ROIContourSequence.append(
            _item(
                ROIDisplayColor=list(_COLOURS[(number - 1) % len(_COLOURS)]),
                ContourSequence=_contours(mask, sources),
                ReferencedROINumber=number,
            )
        )
        structures.RTROIObservationsSequence.append(
            _item(
                ObservationNumber=number,
                ReferencedROINumber=number,
                RTROIInterpretedType="",
                ROIInterpreter="",
            )
        )
    with atomic_path(path) as temporary:
        structures.save_as(temporary)
    return path


def _structure_set(sources: Sequence[Dataset], frame: str) -> SOPClass:
    """Make a structure set without ROIs that refers to every image of the series."""
    first = sources[0]
    now = datetime.now().astimezone()
    structures = SOPClass(
        study_instance_uid=first.StudyInstanceUID,
        series_instance_uid=generate_uid(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=generate_uid(),
        sop_class_uid=RTStructureSetStorage,
        instance_number=1,
        modality="RTSTRUCT",
        manufacturer="Lesionary",
        manufacturer_model_name="Lesionary",
        software_versions=VERSION,
        series_description="Structures by Lesionary",
        # A contour's text may be longer than the 64 KB that explicit VR allows it.
        transfer_syntax_uid=ImplicitVRLittleEndian,
        specific_character_set=first.get("SpecificCharacterSet"),
    )
    structures.copy_patient_and_study_information(first)
    series = _item(
        SeriesInstanceUID=first.SeriesInstanceUID,
        ContourImageSequence=[_image_reference(source) for source in each_once(sources)],
    )
    study = _item(
        ReferencedSOPClassUID=_DETACHED_STUDY,
        ReferencedSOPInstanceUID=first.StudyInstanceUID,
        RTReferencedSeriesSequence=[series],
    )
    structures.update(
        _item(
            FrameOfReferenceUID=frame,
            PositionReferenceIndicator="",
            OperatorsName="",
            StructureSetLabel="Lesionary",
            StructureSetDate=now.strftime("%Y%m%d"),
            StructureSetTime=now.strftime("%H%M%S"),
            ApprovalStatus="UNAPPROVED",
            ReferencedFrameOfReferenceSequence=[
                _item(FrameOfReferenceUID=frame, RTReferencedStudySequence=[study])
            ],
            StructureSetROISequence=[],
            ROIContourSequence=[],
            RTROIObservationsSequence=[],
        )
    )
    return structures


def _contours(mask: Mask, sources: Sequence[Dataset]) -> list[Dataset]:
    """Trace a mask, slice by slice; each contour names the image it is drawn on."""
    slices, rows, columns = mask.box_vox
    contours = []
    for k in range(slices.start, slices.stop):
        for polygon in trace_outlines(mask.voxels[k, rows, columns]):
            in_plane = polygon + np.array([rows.start, columns.start])
            points = mask.geometry.to_mm(np.insert(in_plane, 0, k, axis=1))
            contours.append(
                _item(
                    ContourGeometricType="CLOSED_PLANAR",
                    NumberOfContourPoints=len(points),
                    ContourData=[f"{value:.4f}" for value in points.ravel()],
                )
            )
            if len(sources) > 1:
                contours[-1].ContourImageSequence = [_image_reference(sources[k])]
    return contours


def _image_reference(image: Dataset) -> Dataset:
    return _item(
        ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID
    )


def _item(**attributes: Any) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item
