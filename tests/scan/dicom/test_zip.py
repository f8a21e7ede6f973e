"""Archives are read in memory, and hostile ones are refused."""

from __future__ import annotations

import struct
import zipfile

import numpy as np
import pytest

from lesionary.errors import ScanError
from lesionary.scan.dicom import parts, read_dicom


@pytest.fixture
def files(tmp_path, write_series):
    return write_series(tmp_path / "series")


def pack(path, files, names=None, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for file, name in zip(files, names or [f"CT/{f.name}" for f in files], strict=True):
            archive.writestr(zipfile.ZipInfo(name), file.read_bytes(), compression)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_zip_reads_as_its_folder(tmp_path, files, compression):
    path = pack(tmp_path / "scan.zip", files, compression=compression)
    scan = read_dicom(path)
    folder = read_dicom(tmp_path / "series")
    assert scan.geometry.matches(folder.geometry)
    np.testing.assert_array_equal(scan.read(1, 4), folder.read(1, 4))
    assert scan.dicom is not None
    assert scan.dicom.files == ()
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "series"]


def test_a_zip_of_another_name(tmp_path, files):
    assert read_dicom(pack(tmp_path / "scan", files)).shape[0] == 5


@pytest.mark.parametrize("name", ["../evil.dcm", "a/../../evil.dcm", "/etc/x", "C:\\x", "..\\x"])
def test_names_that_leave_the_archive(tmp_path, files, name):
    path = pack(tmp_path / "scan.zip", files[:1], [name])
    with pytest.raises(ScanError, match="points out of the archive"):
        read_dicom(path)


def test_zip_bomb_by_ratio(tmp_path, monkeypatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2 << 20))
    with pytest.raises(ScanError, match="no DICOM file"):  # blank, but too small to do harm
        read_dicom(path)
    monkeypatch.setattr(parts, "RATIO_MATTERS_ABOVE_BYTES", 1 << 20)
    with pytest.raises(ScanError, match="zip bomb"):
        read_dicom(path)


def test_zip_bomb_by_size(tmp_path, files, monkeypatch):
    path = pack(tmp_path / "scan.zip", files)
    monkeypatch.setattr(parts, "MAX_ARCHIVE_BYTES", 1000)
    with pytest.raises(ScanError, match="zip bomb"):
        read_dicom(path)
    monkeypatch.setattr(parts, "MAX_MEMBER_BYTES", 100)
    with pytest.raises(ScanError, match="from a zip member"):
        read_dicom(path)


def test_a_member_larger_than_it_claims(tmp_path, files):
    """A forged size in the directory cannot make more come out than it says."""
    path = pack(tmp_path / "scan.zip", files)
    data = path.read_bytes()
    for size in {file.stat().st_size for file in files}:  # UIDs are not all of one length
        data = data.replace(struct.pack("<L", size), struct.pack("<L", size - 40))
    path.write_bytes(data)
    with pytest.raises(ScanError, match=r"could be read: .*BadZipFile"):
        read_dicom(path)


def test_damaged_archives(tmp_path, files):
    path = pack(tmp_path / "scan.zip", files)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ScanError, match="not a readable zip"):
        read_dicom(path)


def test_encrypted_member(tmp_path, files):
    path = pack(tmp_path / "scan.zip", files)
    data = bytearray(path.read_bytes())
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ScanError, match="encrypted"):
        read_dicom(path)


def test_archive_damaged_after_its_headers_were_read(tmp_path, files):
    path = pack(tmp_path / "scan.zip", files, compression=zipfile.ZIP_STORED)
    scan = read_dicom(path)
    data = bytearray(path.read_bytes())
    at = data.find(files[0].read_bytes()[-96:])
    data[at + 50] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(ScanError, match="Cannot read the pixels of"):
        scan.read()
