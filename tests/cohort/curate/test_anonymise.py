import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pydicom import DataElement, Dataset, Sequence, dcmread
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataset import FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    CTImageStorage,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    UltrasoundImageStorage,
    generate_uid,
)
from typer.testing import CliRunner

from lesionary.cli.curate_convert import anonymise as command
from lesionary.cohort.curate.export import ExportError, anonymise_folder
from lesionary.cohort.curate.export.burned_in import shows_text
from lesionary.cohort.curate.export.profile import action
from lesionary.scan import read_mask, read_scan

PIXELS = np.arange(48, dtype=np.int16).reshape(6, 8) - 20
# A text, a name, a number, a date, a time and a UID that can be nothing but planted.
WORD, DATE, TIME, NUMBER = "Xanadu", "19470823", "031415", "314159265"
PLANTED_UID = "1.3.6.1.4.1.99999.777.31415926.5358979"


def make_slice(syntax=ExplicitVRLittleEndian, sop_class=CTImageStorage, **attributes) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    ds.FrameOfReferenceUID = "1.2.3.6"
    ds.Modality, ds.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientName, ds.PatientID = "Doe^Jane", "4711-0815"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19300101", "F", "093Y"
    ds.PatientWeight = 70
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20200131", "101500", "ACC-99"
    ds.SeriesDate = "20200205"
    ds.Manufacturer, ds.ConvolutionKernel = "SIEMENS", "B30f"
    ds.ImagePositionPatient = [1.5, 2.5, 3.5]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.75, 0.5], 3
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = PIXELS.shape
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    order = "<" if syntax.is_little_endian else ">"
    ds.add_new("PixelData", "OW", PIXELS.astype(f"{order}i2").tobytes())
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def save(ds: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    syntax = ds.file_meta.TransferSyntaxUID
    ds.save_as(
        path,
        enforce_file_format=True,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    return path


def run(tmp_path: Path, **options):
    options = {"secret": tmp_path / "keys" / "secret", "workers": 0} | options
    return anonymise_folder(tmp_path / "in", tmp_path / "out", **options)


def only(tmp_path: Path, **options) -> Dataset:
    (file,) = run(tmp_path, **options).files["file"]
    return dcmread(tmp_path / "out" / file)


PLANTED = {
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC"), f"Ward 7 {WORD}"),
    "PN": f"{WORD}^Kubla",
    "AE": WORD,
    "CS": WORD.upper(),
    "UR": f"http://{WORD}/",
    "DA": DATE,
    "TM": TIME,
    "DT": DATE + TIME,
    "UI": PLANTED_UID,
    "UN": WORD.encode(),
    "OB": WORD.encode(),
}
# The image's own structure: what these hold decides what the rest of the file means.
STRUCTURE = {
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "Modality", "ImageType",
    "PhotometricInterpretation", "PatientName", "PatientID", "PixelData", "PatientPosition",
    "DirectoryRecordSequence", "EncapsulatedDocument",
}  # fmt: skip


def plant_all(ds: Dataset) -> int:
    """Plant an identity in every attribute that the standard knows and that holds text."""
    count = 0
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if keyword in STRUCTURE or tag >> 16 < 8 or vr not in PLANTED:
            continue
        if vr == "UI" and keyword.endswith(("SOPClassUID", "TransferSyntaxUID")):
            continue
        value = PLANTED[vr] + (
            b" " if vr == "OB" and len(PLANTED[vr]) % 2 else b"" if vr in ("OB", "UN") else ""
        )
        ds.add(DataElement(tag, vr, value))
        count += 1
    return count


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("dates", "keep"), [("remove", ()), ("shift", ("patient", "descriptions"))]
)
def test_no_identity_survives(tmp_path: Path, syntax: UID, dates, keep):
    ds = make_slice(syntax)
    count = plant_all(ds)
    assert count > 1500
    # The same, two sequences deep, in a sequence that stays and in one of every kind.
    inner = Dataset()
    plant_all(inner)
    middle = Dataset()
    middle.ReferencedSeriesSequence = Sequence([inner])
    plant_all(middle)
    ds.SharedFunctionalGroupsSequence = Sequence([middle])
    for keyword in ("ContentSequence", "ReferencedImageSequence", "RequestAttributesSequence"):
        nested = Dataset()
        plant_all(nested)
        setattr(ds, keyword, Sequence([nested]))
    # Private blocks, curves, overlays, and attributes that nobody knows.
    ds.private_block(0x0029, f"{WORD} HEADER", create=True).add_new(1, "LO", WORD)
    ds.add_new(0x00091001, "UN", WORD.encode())
    ds.add_new(0x50003000, "OB", WORD.encode())
    ds.add_new(0x60003000, "OW", WORD.encode())
    ds.add_new(0x60024000, "LT", WORD)
    ds.add_new(0x00100FFF, "LO", WORD)
    ds.PatientName, ds.PatientID = f"{WORD}^Kubla", f"{WORD} {NUMBER}"
    ds.PatientComments = f"born {DATE}"
    ds.preamble = (b"II*\0" + WORD.encode()).ljust(128, b"\0")
    ds.file_meta.SourceApplicationEntityTitle = WORD
    ds.file_meta.PrivateInformationCreatorUID = PLANTED_UID
    ds.file_meta.PrivateInformation = WORD.encode()
    source = save(ds, tmp_path / "in" / WORD / f"{WORD}.dcm")
    for secret in (WORD, DATE, TIME, NUMBER, PLANTED_UID, ds.SOPInstanceUID):
        assert secret.encode() in source.read_bytes()

    done = run(tmp_path, dates=dates, keep=keep, write_burned_in=True)
    assert len(done.files) == 1, done.set_aside["reason"].tolist()
    forbidden = [WORD, "Kubla", DATE, NUMBER, PLANTED_UID, ds.SOPInstanceUID, "1.2.3.4"]
    if dates == "remove":
        forbidden.append(TIME)
    for file in (tmp_path / "out").rglob("*"):
        content = file.read_bytes().lower() if file.is_file() else b""
        for secret in forbidden:
            assert secret.lower().encode() not in content, (file.name, secret)
            assert secret.lower() not in str(file.relative_to(tmp_path / "out")).lower()


def test_the_profile_is_followed_attribute_by_attribute(tmp_path: Path):
    ds = make_slice(InstitutionName="General", StudyID="7", SeriesDescription="Thorax")
    ds.DeviceSerialNumber, ds.OperatorsName = "12345", "Smith^John"
    save(ds, tmp_path / "in" / "a.dcm")
    new = only(tmp_path)
    assert "SeriesDescription" not in new  # X
    assert new.PatientBirthDate == new.PatientSex == new.StudyID == new.AccessionNumber == ""  # Z
    assert (new.InstitutionName, new.DeviceSerialNumber) == ("ANONYMISED", "ANONYMISED")  # X/Z/D
    assert new.StudyInstanceUID.startswith("2.25.")  # U
    assert UID(new.StudyInstanceUID).is_valid
    assert "OperatorsName" not in new or "Smith" not in str(new.OperatorsName)
    assert "PatientAge" not in new
    assert "PatientWeight" not in new
    for keyword in (
        "Manufacturer",
        "ConvolutionKernel",
        "PixelSpacing",
        "ImageType",
        "SOPClassUID",
    ):
        assert new[keyword].value == ds[keyword].value
    assert np.array_equal(new.pixel_array, PIXELS)


def test_what_was_done_is_recorded(tmp_path: Path):
    save(make_slice(), tmp_path / "in" / "a.dcm")
    new = only(tmp_path, dates="shift", keep=["patient"])
    assert new.PatientIdentityRemoved == "YES"
    codes = [item.CodeValue for item in new.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113108", "113107"]
    assert new.LongitudinalTemporalInformationModified == "MODIFIED"
    assert (new.PatientSex, new.PatientWeight, new.PatientAge) == ("F", 70, "090Y")
    assert new.PatientBirthDate == ""


def test_codes_are_consistent_keyed_and_keep_references(tmp_path: Path):
    first, second = make_slice(), make_slice()
    reference = Dataset()
    reference.ReferencedSOPClassUID = CTImageStorage
    reference.ReferencedSOPInstanceUID = first.SOPInstanceUID
    second.ReferencedImageSequence = Sequence([reference])
    save(first, tmp_path / "in" / "a.dcm")
    save(second, tmp_path / "in" / "b.dcm")
    done = run(tmp_path)
    new = {
        ds.SOPInstanceUID: ds for ds in (dcmread(tmp_path / "out" / f) for f in done.files["file"])
    }
    (referring,) = [ds for ds in new.values() if "ReferencedImageSequence" in ds]
    item = referring.ReferencedImageSequence[0]
    assert new[item.ReferencedSOPInstanceUID] is not referring
    assert item.ReferencedSOPClassUID == CTImageStorage
    assert len({ds.StudyInstanceUID for ds in new.values()}) == 1
    assert all(ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID for ds in new.values())

    same = anonymise_folder(
        tmp_path / "in", tmp_path / "same", secret=tmp_path / "keys" / "secret", workers=0
    )
    other = anonymise_folder(
        tmp_path / "in", tmp_path / "other", secret=tmp_path / "keys" / "second", workers=0
    )
    assert same.files["file"].tolist() == done.files["file"].tolist()
    assert not set(other.files["file"]) & set(done.files["file"])
    assert not set(other.files["patient_id"]) & set(done.files["patient_id"])


def test_shifted_dates_keep_intervals_and_differ_between_patients(tmp_path: Path):
    for name, patient in (("a", "1001"), ("b", "1002")):
        save(
            make_slice(PatientID=patient, AcquisitionDateTime="20200131101500.5+0100"),
            tmp_path / "in" / name,
        )
    done = run(tmp_path, dates="shift")
    new = [dcmread(tmp_path / "out" / file) for file in done.files["file"]]
    study = [pd.Timestamp(ds.StudyDate) for ds in new]
    for day, ds in zip(study, new, strict=True):
        assert day < pd.Timestamp("2020-01-31")
        assert pd.Timestamp(ds.SeriesDate) - day == pd.Timedelta(days=5)
        assert ds.AcquisitionDateTime == ds.StudyDate + "101500.5+0100"
        assert ds.StudyTime == "101500"
    assert study[0] != study[1]


def test_kept_descriptions_lose_the_patients_words(tmp_path: Path):
    roi = Dataset()
    roi.ROINumber, roi.ROIName = 1, "GTV-1 DOE"
    ds = make_slice(SeriesDescription="Thorax of Jane, 4711-0815", StructureSetROISequence=[roi])
    save(ds, tmp_path / "in" / "a.dcm")
    new = only(tmp_path, keep=["descriptions"])
    assert new.StructureSetROISequence[0].ROIName == "GTV-1"
    assert not re.search("jane|4711", new.SeriesDescription, re.IGNORECASE)
    assert new.SeriesDescription.startswith("Thorax of")


@pytest.mark.parametrize(("dates", "told"), [("remove", ""), ("shift", ""), ("keep", " 31.1.2020")])
def test_kept_descriptions_lose_dates_and_everybodys_words(tmp_path: Path, dates, told):
    ds = make_slice(
        PatientName="Li-Smythe^Xu=王^小明",
        OperatorsName="Quisling^Ada",
        SpecificCharacterSet="ISO_IR 192",
        SeriesDescription="Thorax Xu Smythe LiSmythe 王小明 QUISLING 31.1.2020",
        SegmentSequence=[segment := Dataset()],
    )
    segment.SegmentLabel = "GTV Xu quisling 31.1.2020"
    save(ds, tmp_path / "in" / "a.dcm")
    new = only(tmp_path, keep=["descriptions"], dates=dates)
    assert new.SeriesDescription == f"Thorax{told}"
    assert new.SegmentSequence[0].SegmentLabel == f"GTV{told}"


def test_terms_of_devices_stay_where_the_patient_is_called_like_one(tmp_path: Path):
    ds = make_slice(
        PatientName="Hu^Se", RescaleType="HU", ScanningSequence="SE", SeriesDescription="Hu head"
    )
    save(ds, tmp_path / "in" / "a.dcm")
    new = only(tmp_path, keep=["descriptions"])
    assert (new.RescaleType, new.ScanningSequence) == ("HU", "SE")
    assert new.SeriesDescription == "head"


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
@pytest.mark.parametrize("signed", [True, False])
def test_overlays_in_unused_bits_are_cleared(tmp_path: Path, syntax: UID, signed: bool):
    values = PIXELS if signed else np.abs(PIXELS)
    order = "<" if syntax.is_little_endian else ">"
    hidden = ((values.astype(np.uint16) & 0x0FFF) | 0x8000).astype(f"{order}u2")
    ds = make_slice(syntax, BitsStored=12, HighBit=11, PixelRepresentation=int(signed))
    ds.PixelData = hidden.tobytes()
    for element, vr, value in ((0x10, "US", 6), (0x11, "US", 8), (0x102, "US", 15)):
        ds.add_new(0x60000000 + element, vr, value)
    save(ds, tmp_path / "in" / "a.dcm")
    new = only(tmp_path)
    assert np.array_equal(np.frombuffer(new.PixelData, f"{order}i2").reshape(6, 8), values)
    assert not [tag for tag in new.keys() if tag.group >> 8 == 0x60]  # noqa: SIM118


def text_image(text: str, size: int = 14) -> np.ndarray:
    figure = Figure(figsize=(4, 3), dpi=80, facecolor="black")
    canvas = FigureCanvasAgg(figure)
    figure.text(0.05, 0.9, text, color="white", fontsize=size)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., 0].copy()


def speckle() -> np.ndarray:
    """An ultrasound's fan of speckle, without text."""
    rng = np.random.default_rng(0)
    y, x = np.indices((240, 320))
    radius, angle = np.hypot(y, x - 160), np.arctan2(x - 160, y + 1)
    echo = rng.rayleigh(40, (240, 320)).clip(0, 255)
    return np.where((radius < 220) & (np.abs(angle) < 0.7), echo, 0).astype(np.uint8)


@pytest.mark.parametrize("size", [8, 14, 24])
def test_text_is_seen_in_pixels(size):
    image = np.maximum(text_image("DOE JANE 1930", size), speckle())
    assert shows_text(image)
    assert shows_text(255 - image)
    assert not shows_text(text_image(""))
    assert not shows_text(np.linspace(0, 255, 76800).reshape(240, 320))


def test_speckle_is_no_text():
    assert not shows_text(speckle())


def ultrasound(image: np.ndarray, **attributes) -> Dataset:
    ds = make_slice(sop_class=UltrasoundImageStorage, Modality="US", **attributes)
    ds.Rows, ds.Columns = image.shape
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = image.astype(np.uint8).tobytes()
    ds["PixelData"].VR = "OB"
    return ds


def test_burned_in_text_is_held_back(tmp_path: Path):
    save(ultrasound(np.maximum(text_image("DOE JANE"), speckle())), tmp_path / "in" / "text.dcm")
    save(ultrasound(speckle()), tmp_path / "in" / "plain.dcm")
    save(make_slice(BurnedInAnnotation="YES"), tmp_path / "in" / "said.dcm")
    done = run(tmp_path)
    assert done.files["modality"].tolist() == ["US"]
    held = done.set_aside.set_index("file")["reason"]
    assert "header says" in held["said.dcm"]
    assert "look as if text" in held["text.dcm"]
    assert len(run(tmp_path, write_burned_in=True).files) == 3


def test_what_cannot_be_made_anonymous_is_set_aside(tmp_path: Path):
    pdf = make_slice(sop_class=EncapsulatedPDFStorage, EncapsulatedDocument=b"%PDF Doe  ")
    save(pdf, tmp_path / "in" / "pdf.dcm")
    good = save(make_slice(), tmp_path / "in" / "good.dcm")
    (tmp_path / "in" / "copy.dcm").write_bytes(good.read_bytes())
    (tmp_path / "in" / "broken.dcm").write_bytes(good.read_bytes()[:200])
    (tmp_path / "in" / "readme.txt").write_text("Doe")
    done = run(tmp_path)
    assert len(done.files) == 1
    assert done.passed_over == 1
    reasons = done.set_aside["reason"].tolist()
    assert len(reasons) == 3
    assert any("cannot be made anonymous" in reason for reason in reasons)
    assert any("same SOPInstanceUID" in reason for reason in reasons)
    assert (tmp_path / "out-errors.csv").exists()
    assert not list((tmp_path / "out").glob("*errors*"))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_objects_without_a_preamble_are_anonymised_too(tmp_path: Path, syntax: UID):
    ds = make_slice(syntax)
    file = tmp_path / "in" / "IM1"
    file.parent.mkdir()
    del ds.file_meta
    ds.save_as(file, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    assert file.read_bytes()[128:132] != b"DICM"
    new = only(tmp_path, mapping=tmp_path / "who.csv")
    assert np.array_equal(new.pixel_array, PIXELS)
    assert new.PatientName != "Doe^Jane"
    only(tmp_path, mapping=tmp_path / "who.csv")
    assert pd.read_csv(tmp_path / "who.csv")["PatientID"].tolist() == ["4711-0815"]


def test_a_folder_without_dicom_is_an_error(tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "readme.txt").write_text("no DICOM " * 30)
    for _ in range(2):
        with pytest.raises(ExportError, match=r"No file in .* is a DICOM object"):
            run(tmp_path)


def test_a_file_that_is_cut_off_takes_no_ones_place(tmp_path: Path):
    whole = save(make_slice(), tmp_path / "in" / "a.dcm")
    (tmp_path / "in" / "b.dcm").write_bytes(whole.read_bytes()[:-10])
    (tmp_path / "in" / "c.dcm").write_bytes(whole.read_bytes())
    done = run(tmp_path)
    said = done.set_aside.set_index("file")["reason"]
    assert "86 of 96 bytes" in said["b.dcm"]
    assert "same SOPInstanceUID" in said["c.dcm"]
    (file,) = done.files["file"]
    assert np.array_equal(dcmread(tmp_path / "out" / file).pixel_array, PIXELS)


def test_it_goes_on_where_it_stopped(tmp_path: Path):
    for k in range(3):
        save(make_slice(), tmp_path / "in" / f"{k}.dcm")
    first = run(tmp_path)
    at = (tmp_path / "out" / first.files["file"][0]).stat().st_mtime_ns
    again = run(tmp_path, mapping=tmp_path / "keys" / "who.csv")
    assert again.earlier == 3
    assert (tmp_path / "out" / first.files["file"][0]).stat().st_mtime_ns == at
    pd.testing.assert_frame_equal(again.files, first.files)
    assert run(tmp_path, dates="shift").earlier == 0
    who = pd.read_csv(tmp_path / "keys" / "who.csv")
    assert who["PatientID"].tolist() == ["4711-0815"]
    assert who["patient_id"].tolist() == first.files["patient_id"].unique().tolist()
    assert (tmp_path / "keys" / "secret").stat().st_mode & 0o077 == 0


def test_settings_that_would_give_patients_away(tmp_path: Path):
    save(make_slice(), tmp_path / "in" / "a.dcm")
    with pytest.raises(ExportError, match="must not lie in"):
        run(tmp_path, secret=tmp_path / "out" / "secret")
    with pytest.raises(ExportError, match="must not lie in"):
        run(tmp_path, mapping=tmp_path / "out" / "who.csv")
    (tmp_path / "short").write_text("abc")
    with pytest.raises(ExportError, match="at least 16"):
        run(tmp_path, secret=tmp_path / "short")
    with pytest.raises(ExportError, match="did you mean 'patient'"):
        run(tmp_path, keep=["patients"])
    with pytest.raises(ExportError, match="which is read"):
        anonymise_folder(tmp_path / "in", tmp_path / "in" / "out", secret=tmp_path / "secret")
    with pytest.raises(ExportError, match="no folder"):
        anonymise_folder(tmp_path / "none", tmp_path / "out", secret=tmp_path / "secret")


def test_names_where_numbers_should_be_are_removed(tmp_path: Path):
    source = save(make_slice(KVP="120.5", SliceThickness="3.25"), tmp_path / "in" / "a.dcm")
    content = source.read_bytes()
    content = content.replace(b"120.5 ", b"Jane D").replace(b"DS\x04\x003.25", b"LO\x04\x00Jane")
    source.write_bytes(content)
    new = only(tmp_path)
    assert "KVP" not in new
    assert "SliceThickness" not in new
    assert list(new.PixelSpacing) == [0.75, 0.5]


@pytest.mark.parametrize(
    ("keyword", "vr", "expected"),
    [
        ("PatientName", "PN", "Z"),
        ("PatientID", "LO", "Z/D"),
        ("StudyDate", "DA", "Z"),
        ("ContentSequence", "SQ", "Z"),
        ("ReferencedImageSequence", "SQ", "recurse"),
        ("CurveDate", "DA", "X"),
        ("ContourData", "DS", "K"),
        ("TextValue", "UT", "X"),
        ("PixelData", "OW", "K"),
        ("TreatmentDate", "DA", None),
    ],
)
def test_actions_of_table_e_1_1(keyword, vr, expected):
    found = action(Tag(keyword), vr, frozenset(), "remove")
    assert found != "K" if expected is None else found in expected.split("/")


def test_every_listed_attribute_is_called_by_its_name():
    from lesionary.cohort.curate.export import profile

    file = Path(profile.__file__).with_name("confidentiality_profile.csv")
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    assert len(rows) == 655
    known = rows[rows["keyword"] != ""]
    assert known["keyword"].tolist() == [keyword_for_tag(int(tag, 16)) for tag in known["tag"]]
    assert set(rows["action"]) == {"D", "Z", "X", "U", "Z/D", "X/Z", "X/D", "X/Z/D", "X/Z/U*"}


def test_the_command(tmp_path: Path):
    app = typer.Typer()
    app.command()(command)
    save(make_slice(), tmp_path / "in" / "a.dcm")
    words = [str(tmp_path / "in"), "--secret", str(tmp_path / "s"), "--out", str(tmp_path / "out")]
    who = tmp_path / "who.csv"
    done = CliRunner().invoke(app, [*words, "--workers", "0", "--mapping", str(who)])
    assert done.exit_code == 0, done.output
    assert "1 files of 1 patient(s); anonymised.csv lists them." in done.output
    assert "who.csv, which identifies patients." in done.output.replace("\n", "")
    assert who.exists()


@pytest.mark.real_data
def test_a_real_patient_is_the_same_scan_afterwards(real_data: Path, tmp_path: Path):
    source = real_data / "lung1" / "LUNG1-001"
    done = anonymise_folder(
        source, tmp_path / "out", secret=tmp_path / "s", keep=["descriptions"], workers=0
    )
    assert done.set_aside.empty
    old, new = read_scan(source), read_scan(tmp_path / "out")
    assert new.geometry.matches(old.geometry, 1e-6)
    assert np.array_equal(new.read(60, 70), old.read(60, 70))
    (contours,) = done.files.loc[done.files["modality"] == "RTSTRUCT", "file"]
    mask = read_mask(tmp_path / "out" / contours, new, roi="GTV-1")
    assert np.count_nonzero(mask.voxels) == pytest.approx(54449, abs=1)
