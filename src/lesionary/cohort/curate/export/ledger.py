"""What is finished already, so that an interrupted run goes on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lesionary.errors import LesionaryError
from lesionary.files import atomic_path

Record = dict[str, Any]

_FOLDER = ".lesionary"


class ExportError(LesionaryError):
    """Files cannot be converted, anonymised or prepared, or not into this folder."""


class Ledger:
    """Records of finished pieces of work, one small file each, hidden in the folder of results.

    A record counts as long as the version, the settings, the input's files (their sizes and times)
    and the result's files are what they were.

    Parameters
    ----------
    out : Path
        The folder of results.
    kind : str
        The command; runs of several kinds may share a folder.
    settings : str
        All that the results depend on, besides the input.
    """

    def __init__(self, out: Path, kind: str, settings: str) -> None:
        self._out = out
        self._folder = out / _FOLDER / kind
        self._settings = digest(f"{version('lesionary')}\n{settings}")

    def find(self, key: str, files: Iterable[Path]) -> Record | None:
        """Return the record of a finished piece, or None where it is to be done (again)."""
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if entry["settings"] != self._settings or entry["input"] != stamp(files):
            return None
        if not all((self._out / name).exists() for name in entry["written"]):
            return None
        record: Record = entry["record"]
        return record

    def note(self, key: str, files: Iterable[Path], written: list[str], record: Record) -> None:
        """Keep the record of a finished piece; ``written`` are paths relative to the folder."""
        entry = {
            "settings": self._settings,
            "input": stamp(files),
            "written": written,
            "record": record,
        }
        with atomic_path(self._path(key)) as temporary:
            temporary.write_text(json.dumps(entry), encoding="utf-8")

    def _path(self, key: str) -> Path:
        return self._folder / f"{digest(key)}.json"


def stamp(files: Iterable[Path]) -> str:
    """Return what changes when one of the files does: a digest of sizes and times."""
    states = []
    for file in sorted(files):
        if file.exists():
            status = file.stat()
            states.append(f"{status.st_size} {status.st_mtime_ns}")
    return digest("\n".join(states))


def digest(text: str) -> str:
    """Return a short hash, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
