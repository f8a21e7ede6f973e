"""One image plane with its place in the patient, from a classic slice or an enhanced object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pydicom import Dataset

from lesionary.errors import ScanError
from lesionary.scan.dicom.header import DISTINGUISHING, NATIVE, Header, refuse_damage
from lesionary.scan.dicom.parse import read_dataset
from lesionary.scan.dicom.parts import Opener


@dataclass(frozen=True, eq=False)
class Frame:
    """One plane of pixels.

    Attributes
    ----------
    header : Header
        The file it is in.
    index : int
        Which frame of the file, from 0.
    position_mm, orientation, spacing_mm
        ImagePositionPatient; ImageOrientationPatient (direction of increasing column, then of
        increasing row); PixelSpacing (between rows, then between columns).
    slice_spacing_mm : float
        Between slices (or slice thickness) as the header says, 0 where it does not; only
        believed where one slice stands alone.
    slope, intercept : float
        From stored values to the scan's unit.
    labels : mapping
        What tells it apart from other frames at the same position.
    """

    header: Header
    index: int
    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, ...]
    slice_spacing_mm: float
    slope: float
    intercept: float
    rescale_type: str
    labels: Mapping[str, str] = field(repr=False)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.header.unsigned("Rows")

    @property
    def columns(self) -> int:
        """Number of columns."""
        return self.header.unsigned("Columns")


def read_frames(headers: list[Header], opener: Opener) -> list[Frame]:
    """Return every frame of a series' files.

    Raises
    ------
    ScanError
        Where a file lacks pixels, has fewer than its header promises, or does not say where
        its frames are.
    """
    frames: list[Frame] = []
    for header in headers:
        with refuse_damage(header):
            frames += _enhanced(header, opener) if header.enhanced else [_classic(header)]
    for frame in frames:
        _check_frame(frame)
    for header in {frame.header for frame in frames}:
        _check_pixels(header)
    return frames


def _check_frame(frame: Frame) -> None:
    numbers = (*frame.position_mm, *frame.orientation, *frame.spacing_mm, frame.slope)
    if not np.isfinite((*numbers, frame.intercept)).all():
        raise ScanError(f"{frame.header.part}: geometry or rescale holds NaN or infinity.")
    if min(frame.rows, frame.columns) < 1:
        raise ScanError(f"{frame.header.part}: Rows and Columns must be more than 0.")
    if min(frame.spacing_mm) <= 0:
        raise ScanError(
            f"{frame.header.part}: PixelSpacing is {list(frame.spacing_mm)} mm and must be more."
        )


def _check_pixels(header: Header) -> None:
    if not header.pixels_at:
        raise ScanError(
            f"{header.part} has no pixel data: the file is cut off, or only its header was "
            "exported. Fetch it again, or leave it out."
        )
    allocated, stored = header.unsigned("BitsAllocated"), header.unsigned("BitsStored")
    if allocated not in (8, 16, 32) or stored > allocated:
        raise ScanError(
            f"{header.part} stores {stored} bits a pixel in {allocated}; up to 8, 16 or 32 bits in "
            "as many can be read."
        )
    if header.transfer_syntax in NATIVE:
        needed = (
            header.n_frames
            * header.unsigned("Rows")
            * header.unsigned("Columns")
            * (header.unsigned("BitsAllocated") // 8)
        )
        there = min(header.pixels_length, header.size - header.pixels_at)
        if there < needed:
            raise ScanError(
                f"{header.part} is truncated: {there} of {needed} bytes of pixel data are there. "
                "Fetch the file again."
            )


def _classic(header: Header) -> Frame:
    if header.n_frames > 1:
        raise ScanError(
            f"{header.part} holds {header.n_frames} frames but no functional groups that say where "
            "they are. Convert it to an enhanced or a classic series."
        )
    position = header.numbers("ImagePositionPatient", 3)
    orientation = header.numbers("ImageOrientationPatient", 6)
    spacing = header.numbers("PixelSpacing", 2)
    if position is None or orientation is None or spacing is None:
        raise ScanError(
            f"{header.part} does not say where it is: ImagePositionPatient, "
            "ImageOrientationPatient and PixelSpacing are needed."
        )
    return Frame(
        header,
        0,
        position,
        orientation,
        spacing,
        header.number("SpacingBetweenSlices", 0) or header.number("SliceThickness", 0),
        header.number("RescaleSlope", 1),
        header.number("RescaleIntercept", 0),
        header.text("RescaleType"),
        {keyword: header.text(keyword) for keyword in DISTINGUISHING},
    )


def _enhanced(header: Header, opener: Opener) -> list[Frame]:
    dataset, header = read_dataset(
        header,
        opener,
        ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    )
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if len(groups) != header.n_frames:
        raise ScanError(
            f"{header.part} holds {header.n_frames} frames but describes {len(groups)}: "
            "the file is damaged."
        )
    frames = []
    for index, group in enumerate(groups):

        def macro(name: str, group: Dataset = group) -> Dataset:
            items = group.get(name) or shared.get(name)
            return items[0] if items else Dataset()

        position = macro("PlanePositionSequence").get("ImagePositionPatient")
        orientation = macro("PlaneOrientationSequence").get("ImageOrientationPatient")
        measures = macro("PixelMeasuresSequence")
        spacing = measures.get("PixelSpacing")
        if not (position and orientation and spacing):
            raise ScanError(
                f"{header.part}: frame {index + 1} does not say where it is (plane position, "
                "plane orientation and pixel measures are needed)."
            )
        rescale = macro("PixelValueTransformationSequence")
        slope, intercept = rescale.get("RescaleSlope", 1), rescale.get("RescaleIntercept", 0)
        rescale_type = str(rescale.get("RescaleType") or "")
        world = macro("RealWorldValueMappingSequence")
        if header.text("Modality") == "PT" and "RealWorldValueSlope" in world:
            slope, intercept = world.RealWorldValueSlope, world.RealWorldValueIntercept
            rescale_type = str(world.MeasurementUnitsCodeSequence[0].CodeValue)
        content = macro("FrameContentSequence")
        labels = {
            "StackID": content.get("StackID"),
            "TemporalPositionIndex": content.get("TemporalPositionIndex"),
            "EffectiveEchoTime": macro("MREchoSequence").get("EffectiveEchoTime"),
            "DiffusionBValue": macro("MRDiffusionSequence").get("DiffusionBValue"),
            "FrameAcquisitionNumber": content.get("FrameAcquisitionNumber"),
        }
        frames.append(
            Frame(
                header,
                index,
                tuple(map(float, position)),
                tuple(map(float, orientation)),
                tuple(map(float, spacing)),
                float(measures.get("SpacingBetweenSlices") or measures.get("SliceThickness") or 0),
                float(slope),
                float(intercept),
                rescale_type,
                {name: "" if value is None else str(value) for name, value in labels.items()},
            )
        )
    return frames
