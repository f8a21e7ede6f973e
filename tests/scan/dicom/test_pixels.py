"""Stored bits to values: every encoding gives the same numbers."""

from __future__ import annotations

import locale
import shutil

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from lesionary.errors import ScanError
from lesionary.scan.dicom import read_dicom


def pixels_at(z: float, dtype=np.int16) -> np.ndarray:
    low = 0 if np.dtype(dtype).kind == "u" else -100
    return np.random.default_rng(int(z)).integers(low, 100, (16, 20)).astype(dtype)


NATIVE = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda uid: uid.keyword)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.uint32])
def test_native_syntaxes(tmp_path, write_slice, syntax, dtype):
    for z in (0, 1, 2):
        write_slice(tmp_path / f"{z}.dcm", z, pixels_at(z, dtype), syntax=syntax)
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.read(1, 3), [pixels_at(1, dtype), pixels_at(2, dtype)])


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless], ids=lambda uid: uid.keyword)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
def test_syntaxes_that_pydicom_compresses(tmp_path, make_slice, syntax, dtype):
    for z in (0, 1, 2):
        ds = make_slice(z, pixels_at(z, dtype))
        ds.compress(syntax, generate_instance_uid=False)
        ds.save_as(tmp_path / f"{z}.dcm", enforce_file_format=True)
    scan = read_dicom(tmp_path)
    np.testing.assert_array_equal(scan.read(1, 3), [pixels_at(1, dtype), pixels_at(2, dtype)])


@pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000"])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_syntaxes_that_gdcm_compresses(tmp_path, write_slice, compressor, packed):
    (tmp_path / "scan").mkdir()
    pixels = np.random.default_rng(0).integers(-1000, 2000, (3, 32, 40)).astype(np.int16)
    plain = [write_slice(tmp_path / "plain" / f"{z}", z, pixels[z]) for z in (0, 1, 2)]
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.SetImageIO("GDCMImageIO")
    writer.SetUseCompression(True)
    writer.SetCompressor(compressor)
    before = locale.setlocale(locale.LC_CTYPE)
    for path in plain:
        writer.SetFileName(str(tmp_path / "scan" / path.name))
        writer.Execute(sitk.ReadImage(str(path)))
    # GDCM's writer leaves the process in the C locale, in which text is no longer UTF-8.
    locale.setlocale(locale.LC_CTYPE, before)
    written = pydicom.dcmread(tmp_path / "scan" / plain[0].name)
    assert written.file_meta.TransferSyntaxUID.is_compressed
    if compressor == "JPEG":  # no plugin of pydicom that comes with the package reads this one
        assert written.file_meta.TransferSyntaxUID == JPEGLosslessSV1
    source = tmp_path / "scan"
    if packed:
        source = shutil.make_archive(str(tmp_path / "packed"), "zip", source)
    np.testing.assert_array_equal(read_dicom(source).read(), pixels)


def test_no_decoder_names_the_syntax(tmp_path, make_slice):
    for z in (0, 1):
        ds = make_slice(z)
        ds.compress(RLELossless, generate_instance_uid=False)
        ds.file_meta.TransferSyntaxUID = HTJ2KLossless
        ds.save_as(tmp_path / f"{z}.dcm", enforce_file_format=True)
    scan = read_dicom(tmp_path)
    with pytest.raises(ScanError, match=r"0\.dcm.*High-Throughput JPEG 2000"):
        scan.read()


def test_damaged_compressed_pixels(tmp_path, make_slice):
    for z in (0, 1):
        ds = make_slice(z)
        ds.compress(JPEGLSLossless, generate_instance_uid=False)
        ds.PixelData = ds.PixelData[:60] + bytes(len(ds.PixelData) - 60)
        ds.save_as(tmp_path / f"{z}.dcm", enforce_file_format=True)
    with pytest.raises(ScanError, match=r"0\.dcm.*JPEG-LS"):
        read_dicom(tmp_path).read()


def test_rescale_is_each_slices_own(tmp_path, write_slice):
    scales = [(1, -1024), (2, 0), (0.5, 10)]
    for z, (slope, intercept) in enumerate(scales):
        write_slice(
            tmp_path / f"{z}.dcm",
            z,
            pixels_at(z),
            RescaleSlope=slope,
            RescaleIntercept=intercept,
        )
    voxels = read_dicom(tmp_path).read()
    assert voxels.dtype == np.float32
    for z, (slope, intercept) in enumerate(scales):
        np.testing.assert_array_equal(voxels[z], pixels_at(z) * slope + intercept)


def test_bits_above_the_stored_ones_are_no_pixels(tmp_path, write_slice):
    values = np.random.default_rng(0).integers(0, 4096, (16, 20)).astype(np.uint16)
    overlay = np.uint16(0xA000)
    for z in (0, 1):
        write_slice(
            tmp_path / f"{z}.dcm", z, values | overlay, BitsStored=12, RescaleIntercept=-1024
        )
    voxels = read_dicom(tmp_path).read()
    assert voxels.dtype == np.int16
    np.testing.assert_array_equal(voxels[0], values.astype(int) - 1024)


def test_twelve_signed_bits(tmp_path, write_slice):
    values = np.random.default_rng(0).integers(-2048, 2048, (16, 20)).astype(np.int16)
    for z in (0, 1):
        write_slice(tmp_path / f"{z}.dcm", z, values & 0x0FFF, BitsStored=12)
    np.testing.assert_array_equal(read_dicom(tmp_path).read()[1], values)


def test_twelve_signed_bits_in_rle(tmp_path, make_slice):
    values = np.random.default_rng(0).integers(-2048, 2048, (16, 20)).astype(np.int16)
    for z in (0, 1):
        ds = make_slice(z, values & 0x0FFF, BitsStored=12)
        ds.compress(RLELossless, generate_instance_uid=False)
        ds.save_as(tmp_path / f"{z}.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read_dicom(tmp_path).read()[1], values)


def test_unsigned_16_bits_do_not_wrap(tmp_path, write_slice):
    values = np.full((16, 20), 65535, np.uint16)
    for z in (0, 1):
        write_slice(tmp_path / f"{z}.dcm", z, values, RescaleIntercept=-1024)
    assert read_dicom(tmp_path).read().max() == 64511


def test_padding_keeps_its_value(tmp_path, write_slice):
    values = np.full((16, 20), -2000, np.int16)
    for z in (0, 1):
        write_slice(tmp_path / f"{z}.dcm", z, values, PixelPaddingValue=-2000)
    assert read_dicom(tmp_path).read().min() == -2000


def test_file_without_preamble(tmp_path, make_slice):
    for z in (0, 1):
        ds = make_slice(z, pixels_at(z), syntax=ImplicitVRLittleEndian)
        del ds.file_meta
        ds.save_as(tmp_path / f"{z}", implicit_vr=True, little_endian=True)
        assert (tmp_path / f"{z}").read_bytes()[:2] == b"\x08\x00"
    np.testing.assert_array_equal(read_dicom(tmp_path).read(), [pixels_at(0), pixels_at(1)])


def test_truncated_pixels_are_found_before_they_are_read(tmp_path, write_series):
    files = write_series(tmp_path)
    files[2].write_bytes(files[2].read_bytes()[:-20])
    with pytest.raises(ScanError, match=rf"{files[2].name} is truncated: 76 of 96 bytes"):
        read_dicom(tmp_path)


def test_file_cut_in_its_header(tmp_path, write_series):
    files = write_series(tmp_path)
    files[2].write_bytes(files[2].read_bytes()[:-110])
    with pytest.raises(ScanError, match=rf"{files[2].name} has no pixel data"):
        read_dicom(tmp_path)


def test_no_pixel_data_at_all(tmp_path, write_series):
    write_series(tmp_path, PixelData=None)
    with pytest.raises(ScanError, match=r"no pixel data in its 5 file\(s\)"):
        read_dicom(tmp_path)
