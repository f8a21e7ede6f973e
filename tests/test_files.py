"""A file is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from lesionary.files import atomic_path, sha256


def test_new_file_in_a_new_folder(tmp_path: Path):
    target = tmp_path / "a" / "b" / "table.csv"
    with atomic_path(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), SystemExit(1)],
)
def test_what_was_there_stays_when_writing_fails(tmp_path: Path, failure: BaseException):
    target = tmp_path / "table.csv"
    target.write_text("old")

    def write() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half of the n")
            raise failure

    with pytest.raises(type(failure)):
        write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_disk_that_is_full_only_when_flushed(tmp_path: Path, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_path(tmp_path / "t") as temporary:
        temporary.write_text("new")
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_replaces_its_file_is_fine(tmp_path: Path):
    with atomic_path(tmp_path / "t.txt") as temporary:
        temporary.unlink()
        temporary.write_text("made anew")
    assert (tmp_path / "t.txt").read_text() == "made anew"


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.v2.nii.gz", "table.csv", "plain", ".hidden"])
def test_writers_that_look_at_the_ending_see_the_same(tmp_path: Path, name: str):
    with atomic_path(tmp_path / name) as temporary:
        assert temporary.suffixes == Path(name).suffixes
        assert temporary.parent == tmp_path
    assert (tmp_path / name).exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_an_ordinary_new_file(tmp_path: Path, umask: int, mode: int):
    before = os.umask(umask)
    try:
        with atomic_path(tmp_path / "t") as temporary:
            # Private until it is whole: nobody reads half a table.
            assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "t").stat().st_mode) == mode
        assert os.umask(umask) == umask
    finally:
        os.umask(before)


def test_a_folder_in_the_way(tmp_path: Path):
    (tmp_path / "t").mkdir()
    with pytest.raises(OSError, match="t"), atomic_path(tmp_path / "t") as temporary:
        temporary.write_text("new")
    assert [p.name for p in tmp_path.iterdir()] == ["t"]


def test_sha256_of_a_known_content(tmp_path: Path):
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert sha256(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
