"""The files of a source: a folder's, a list's, or the members of a zip archive in memory."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, cast

from lesionary.errors import ScanError

#: One enhanced CT of 2,000 slices of 1024 x 1024 pixels is 4 GiB: more is no scan.
MAX_MEMBER_BYTES = 4 << 30
MAX_ARCHIVE_BYTES = 64 << 30
#: Deflate makes at most 1:1032 of blank slices and about 1:3 of a CT. The ratio is taken over the
#: whole archive, and only where the content is large enough to do harm.
MAX_RATIO = 100
RATIO_MATTERS_ABOVE_BYTES = 256 << 20


@dataclass(frozen=True)
class Part:
    """One file on disk or, where ``member`` is given, one member of the archive at ``path``."""

    path: Path
    member: str = ""

    def __str__(self) -> str:
        return f"{self.member} in {self.path.name}" if self.member else str(self.path)


class Opener:
    """Opens parts; an archive stays open for as long as the opener."""

    def __init__(self) -> None:
        self._archives: dict[Path, zipfile.ZipFile] = {}

    def __enter__(self) -> Opener:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for archive in self._archives.values():
            archive.close()

    def open(self, part: Part) -> BinaryIO:
        """Open ``part`` for reading; seeking is possible in both kinds."""
        if not part.member:
            return part.path.open("rb")
        member = self._archive(part).open(part.member)
        return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, member), 1 << 14))

    def open_whole(self, part: Part) -> BinaryIO:
        """Open ``part`` to read voxels; a member is held against its checksum first.

        Since Python 3.13, seeking in a member that is not compressed goes past the check.
        """
        if not part.member:
            return part.path.open("rb")
        return io.BytesIO(self._archive(part).read(part.member))

    def size(self, part: Part) -> int:
        """Return the number of bytes in ``part``, which is open or was."""
        if not part.member:
            return part.path.stat().st_size
        return self._archives[part.path].getinfo(part.member).file_size

    def _archive(self, part: Part) -> zipfile.ZipFile:
        if part.path not in self._archives:
            self._archives[part.path] = zipfile.ZipFile(part.path)
        return self._archives[part.path]


def list_parts(source: str | Path | Sequence[str | Path]) -> list[Part]:
    """List every file of a folder (recursively), a zip archive, a file or a list of files."""
    if not isinstance(source, str | Path):
        if not source:
            raise ScanError("The list of DICOM files is empty.")
        return [part for item in source for part in _list_file(Path(item))]
    path = Path(source)
    if path.is_dir():
        return [
            Part(file)
            for folder, _, names in sorted(os.walk(path, onerror=_refuse_folder))
            for name in sorted(names)
            if (file := Path(folder, name)).is_file()
        ]
    return _list_file(path)


def _refuse_folder(error: OSError) -> None:
    raise ScanError(f"Cannot look into {error.filename}: {error.strerror}.")


def _list_file(path: Path) -> list[Part]:
    if path.is_dir():
        raise ScanError(f"{path} is a folder; a list of DICOM files may hold files only.")
    try:
        with path.open("rb") as handle:
            is_archive = path.suffix.lower() == ".zip" or handle.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise ScanError(f"Cannot open {path}: {error.strerror}.") from error
    return _list_archive(path) if is_archive else [Part(path)]


def _list_archive(path: Path) -> list[Part]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise ScanError(f"{path} is not a readable zip archive: {error}.") from error
    for info in members:
        name = info.filename
        posix = PurePosixPath(name.replace("\\", "/"))
        if posix.is_absolute() or ".." in posix.parts or re.match(r"[A-Za-z]:", name):
            raise ScanError(
                f"{path} holds a member named {name!r}, which points out of the archive. "
                "Nothing was read; pack the scan again without '..' or absolute names."
            )
        if info.flag_bits & 1:
            raise ScanError(f"{path}: member {name} is encrypted. Unpack the archive first.")
        if info.file_size > MAX_MEMBER_BYTES:
            raise ScanError(
                f"{path}: member {name} claims {info.file_size / 2**30:.1f} GiB; "
                f"at most {MAX_MEMBER_BYTES >> 30} GiB are read from a zip member."
            )
    total = sum(info.file_size for info in members)
    ratio = total / max(path.stat().st_size, 1)
    if total > MAX_ARCHIVE_BYTES or (total > RATIO_MATTERS_ABOVE_BYTES and ratio > MAX_RATIO):
        raise ScanError(
            f"{path} would unpack to {total / 2**30:.1f} GiB ({ratio:.0f} times its size), as a "
            f"zip bomb does. The limits are {MAX_ARCHIVE_BYTES >> 30} GiB and, above "
            f"{RATIO_MATTERS_ABOVE_BYTES >> 20} MiB, {MAX_RATIO} times. If you trust the archive, "
            "unpack it and give the folder."
        )
    return [Part(path, info.filename) for info in members]
