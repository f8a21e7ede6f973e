"""How a series was made: technique, never identity."""

from __future__ import annotations

from contextlib import suppress

from pydicom import Dataset
from pydicom.multival import MultiValue

from lesionary.scan.dicom.header import PARSER_ERRORS

#: Attribute to the name and kind under which it is reported.
_NUMBERS = {
    "SliceThickness": "slice_thickness_mm",
    "KVP": "kvp",
    "XRayTubeCurrent": "tube_current_ma",
    "XRayTubeCurrentInmA": "tube_current_ma",
    "Exposure": "exposure_mas",
    "ReconstructionDiameter": "reconstruction_diameter_mm",
    "GantryDetectorTilt": "gantry_tilt_deg",
    "SpiralPitchFactor": "pitch",
    "MagneticFieldStrength": "field_strength_t",
    "RepetitionTime": "repetition_time_ms",
    "EchoTime": "echo_time_ms",
    "EffectiveEchoTime": "echo_time_ms",
    "FlipAngle": "flip_angle_deg",
}
_TEXTS = {
    "Manufacturer": "manufacturer",
    "ManufacturerModelName": "model",
    "ConvolutionKernel": "kernel",
    "BodyPartExamined": "body_part",
    "PatientPosition": "patient_position",
    "ScanOptions": "scan_options",
    "ScanningSequence": "scanning_sequence",
    "Units": "pet_units",
    "DecayCorrection": "decay_correction",
    "ReconstructionMethod": "reconstruction_method",
    "ImageType": "image_type",
}
_CONTRAST = "ContrastBolusAgent"
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")

ACQUISITION_KEYWORDS = (*_NUMBERS, *_TEXTS, _CONTRAST, "ContrastBolusAgentSequence", *_GROUPS)


def describe_acquisition(dataset: Dataset) -> dict[str, str | float]:
    """Return technique attributes by plain names with units (``kvp``, ``kernel``, ...).

    In enhanced objects they lie in functional groups; those of the first frame count.
    ``contrast`` is ``"yes"`` or ``"no"`` where the header names an agent or its absence, and
    left out where it is silent.
    """
    described: dict[str, str | float] = {}
    for items in _layers(dataset):
        for keyword, name in (*_TEXTS.items(), *_NUMBERS.items()):
            # An attribute that cannot be read is no reason to refuse the scan.
            with suppress(*PARSER_ERRORS):
                value = items.get(keyword)
                if name not in described and value not in (None, ""):
                    described[name] = float(value) if keyword in _NUMBERS else _text(value)
    agent = str(dataset.get(_CONTRAST) or "").strip().lower()
    if agent or dataset.get("ContrastBolusAgentSequence"):
        described["contrast"] = "no" if agent in ("no", "none", "n", "without") else "yes"
    return described


def _layers(dataset: Dataset) -> list[Dataset]:
    """List the data set and the functional groups of its first frame."""
    layers = [dataset]
    for group in _GROUPS:
        if items := dataset.get(group):
            layers += [part.value[0] for part in items[0] if part.VR == "SQ" and part.value]
    return layers


def _text(value: object) -> str:
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
