"""SUV by body weight, against the closed form worked out by hand.

Fluorine-18 has a half-life of 6586.2 s. With a dose of 400 MBq, a weight of 80 kg and one
half-life between injection and start of scan, 1 Bq/mL is 80,000 g / 200,000,000 Bq = 0.0004 SUV.
"""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedPETImageStorage, PositronEmissionTomographyImageStorage

from lesionary.scan.dicom import read_dicom

HALF_LIFE = 6586.2
PER_BECQUEREL = 0.0004
PIXELS = np.arange(48, dtype=np.int16).reshape(6, 8)


def tracer(**attributes) -> Sequence:
    ds = Dataset()
    ds.RadionuclideTotalDose = 4e8
    ds.RadionuclideHalfLife = HALF_LIFE
    ds.RadiopharmaceuticalStartTime = "100000"
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return Sequence([ds])


@pytest.fixture
def read_pet(tmp_path, write_series):
    """Read a PET series whose scan began one half-life (1:49:46.2) after injection."""

    def read(**attributes):
        standard = {
            "Modality": "PT",
            "SOPClassUID": PositronEmissionTomographyImageStorage,
            "Units": "BQML",
            "DecayCorrection": "START",
            "CorrectedImage": ["DECY", "ATTN"],
            "PatientWeight": 80,
            "SeriesDate": "20200301",
            "SeriesTime": "114946.2",
            "AcquisitionDate": "20200301",
            "AcquisitionTime": "115500",
            "RadiopharmaceuticalInformationSequence": tracer(),
            "RescaleSlope": 10,
            "pixels": PIXELS,
        }
        write_series(tmp_path, **{**standard, **attributes})
        return read_dicom(tmp_path)

    return read


def assert_suv(scan, factor):
    assert scan.unit == "SUV"
    np.testing.assert_allclose(scan.read(2, 3)[0], PIXELS * 10 * factor, rtol=1e-6)


def test_decay_corrected_to_the_start_of_scan(read_pet):
    assert_suv(read_pet(), PER_BECQUEREL)


def test_decay_corrected_to_injection(read_pet):
    assert_suv(read_pet(DecayCorrection="ADMIN"), PER_BECQUEREL / 2)


def test_start_date_and_time_of_injection(read_pet):
    sequence = tracer(
        RadiopharmaceuticalStartDateTime="20200301100000.00+0100", RadiopharmaceuticalStartTime=None
    )
    scan = read_pet(RadiopharmaceuticalInformationSequence=sequence)
    assert_suv(scan, PER_BECQUEREL)


def test_shifted_date_of_injection_is_not_believed(read_pet):
    sequence = tracer(RadiopharmaceuticalStartDateTime="19500101100000")
    assert_suv(read_pet(RadiopharmaceuticalInformationSequence=sequence), PER_BECQUEREL)


def test_injection_before_midnight(read_pet):
    sequence = tracer(RadiopharmaceuticalStartTime="230000")
    scan = read_pet(
        SeriesTime="004946.2",
        AcquisitionTime="005500",
        RadiopharmaceuticalInformationSequence=sequence,
    )
    assert_suv(scan, PER_BECQUEREL)


def test_series_time_of_a_later_reconstruction(read_pet):
    """Acquisition minus frame reference time, plus where in the frame the mean count rate is."""
    duration_s = 180.0
    decay = np.log(2) / HALF_LIFE * duration_s
    mean_s = duration_s / decay * np.log(decay / (1 - np.exp(-decay)))
    scan = read_pet(
        SeriesTime="180000",
        AcquisitionTime="115446.2",
        FrameReferenceTime=1000 * (300 + mean_s),
        ActualFrameDuration=int(1000 * duration_s),
    )
    assert_suv(scan, PER_BECQUEREL)


def test_ge_private_start_of_scan(read_pet, tmp_path, write_series, make_slice):
    def with_private(ds):
        block = ds.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x0D, "DT", "20200301114946.20")
        return ds

    _save_private(tmp_path, make_slice, with_private, SeriesTime="180000")
    assert_suv(read_dicom(tmp_path), PER_BECQUEREL)


@pytest.mark.parametrize(
    ("element", "value", "factor"), [(0x00, "0.25", 0.25), (0x09, "2.0", 2 * PER_BECQUEREL)]
)
def test_philips_counts(tmp_path, make_slice, element, value, factor):
    def with_private(ds):
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(element, "DS", value)
        return ds

    _save_private(tmp_path, make_slice, with_private, Units="CNTS")
    assert_suv(read_dicom(tmp_path), factor)


def _save_private(folder, make_slice, change, **attributes):
    for z in (0, 3, 6):
        ds = make_slice(
            z,
            PIXELS,
            **{
                "Modality": "PT",
                "Units": "BQML",
                "DecayCorrection": "START",
                "PatientWeight": 80,
                "SeriesDate": "20200301",
                "SeriesTime": "114946.2",
                "AcquisitionDate": "20200301",
                "AcquisitionTime": "115500",
                "RadiopharmaceuticalInformationSequence": tracer(),
                "RescaleSlope": 10,
                **attributes,
            },
        )
        change(ds).save_as(folder / f"{z}.dcm", enforce_file_format=True)


def test_already_suv(read_pet):
    assert_suv(read_pet(Units="GML"), 1)


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ({"PatientWeight": 0}, "PatientWeight is missing"),
        (
            {"RadiopharmaceuticalInformationSequence": tracer(RadionuclideTotalDose=None)},
            "RadionuclideTotalDose is missing",
        ),
        (
            {"RadiopharmaceuticalInformationSequence": tracer(RadionuclideHalfLife=None)},
            "RadionuclideHalfLife is missing",
        ),
        (
            {"RadiopharmaceuticalInformationSequence": tracer(RadiopharmaceuticalStartTime=None)},
            "time of injection is missing",
        ),
        ({"SeriesTime": "180000"}, "start of the scan is unknown"),
        ({"AcquisitionDate": ""}, "date or time of acquisition is missing"),
        ({"DecayCorrection": "NONE"}, "not decay-corrected"),
        ({"Units": "CNTS"}, "values are counts"),
        ({"Units": "PROPCPS"}, "values are in PROPCPS"),
        ({"Units": "GML", "SUVType": "LBM"}, "SUV by LBM"),
    ],
)
def test_what_is_missing_is_told(read_pet, attributes, missing):
    scan = read_pet(**attributes)
    assert scan.unit == "a.u."
    assert missing in scan.notes[0]
    np.testing.assert_array_equal(scan.read(0, 1)[0], PIXELS * 10)


def test_enhanced_pet(tmp_path, make_slice):
    ds = make_slice(
        pixels=np.concatenate([PIXELS] * 3),
        Modality="PT",
        SOPClassUID=EnhancedPETImageStorage,
        PatientWeight=80,
        DecayCorrected="YES",
        DecayCorrectionDateTime="20200301114946.2",
        RadiopharmaceuticalInformationSequence=tracer(),
    )
    ds.NumberOfFrames, ds.Rows = 3, 6
    shared, orientation, measures, world, unit = (Dataset() for _ in range(5))
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [4, 4]
    unit.CodeValue, unit.CodingSchemeDesignator = "Bq/ml", "UCUM"
    world.RealWorldValueSlope, world.RealWorldValueIntercept = 10.0, 0.0
    world.MeasurementUnitsCodeSequence = Sequence([unit])
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.RealWorldValueMappingSequence = Sequence([world])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence()
    for k in range(3):
        group, position = Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, 4 * k]
        group.PlanePositionSequence = Sequence([position])
        ds.PerFrameFunctionalGroupsSequence.append(group)
    ds.save_as(tmp_path / "pet.dcm", enforce_file_format=True)
    assert_suv(read_dicom(tmp_path), PER_BECQUEREL)
