"""Which files a scan is in, whether they changed, and what their content is called."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from lesionary.files import sha256
from lesionary.scan.read import split_series

_HEADERS = (".mhd", ".nhdr", ".hdr", ".img")
"""Files whose voxels are in another one of the same stem."""


def files_of(source: str | Path) -> list[Path]:
    """List the files that a scan or mask may be read from, sorted; none where there is nothing."""
    path = split_series(source)[0]
    if path.is_dir():
        return sorted(Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    if path.suffix.lower() in _HEADERS:
        return sorted(one for one in path.parent.glob(f"{_escaped(path.stem)}.*") if one.is_file())
    return [path] if path.exists() else []


def stamp(sources: Iterable[str | Path]) -> str:
    """Return what changes when a file of the sources does: a digest of sizes and times."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source}\n".encode())
        for file in files_of(source):
            status = file.stat()
            digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def content_hash(files: Iterable[Path]) -> str:
    """Return the SHA-256 of one file, or of the sorted hashes of several, in hexadecimal.

    A DICOM series has the same one whatever its files are called.
    """
    hashes = sorted(sha256(file) for file in files)
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _escaped(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)
