"""Which files of a folder are scans, which are masks, and which belong together.

A folder is searched with all its sub-folders; hidden files are passed over.

- **Masks**: DICOM SEG and RTSTRUCT; NIfTI, NRRD, MetaImage and NumPy files whose name, or
  whose folder's name, holds a word such as ``mask``, ``seg``, ``label`` or ``roi``, or a
  structure such as ``GTV-1``.
- **Scans**: DICOM series of CT, MR or PET, and all other volume files.
- **Which mask belongs to which scan**: a DICOM mask to the series it says it was made on. A
  volume file to the scan in the same folder with the same name, words such as ``image`` and
  ``mask`` aside (``CT_image`` and ``CT_mask``, ``007`` and ``007_seg``); else to the only
  scan in that folder; else to the one with that name elsewhere; else to the only scan.
  Anything less clear is an error, not a guess.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from lesionary.errors import MaskError
from lesionary.scan.masks.labels import MASK_WORDS, file_stem
from lesionary.scan.masks.references import (
    MASK_MODALITIES,
    read_dicom_header,
    referenced_series,
)
from lesionary.scan.read import FORMATS

_SCAN_MODALITIES = ("CT", "MR", "PT")
_SCAN_WORDS = frozenset({"image", "img", "volume", "vol"})
_DATA_OF_ANOTHER_FILE = (".img", ".img.gz")
_STRUCTURE = re.compile(r"[gcp]tv\d*")


@dataclass(frozen=True)
class Contents:
    """The scans and masks in one folder.

    Attributes
    ----------
    folder : Path
    volumes : tuple of Path
        Scans that are one file.
    series : mapping
        SeriesInstanceUID to what ``read_scan`` takes (``folder`` or ``folder#uid``).
    dicom_folder : Path or None
        The smallest folder that holds all series.
    masks : mapping
        Each mask's file to the series that it says it was made on (none for a volume file).
    damaged : tuple of str
        DICOM files that cannot be read, in words.
    """

    folder: Path
    volumes: tuple[Path, ...]
    series: dict[str, str]
    dicom_folder: Path | None
    masks: dict[Path, set[str]]
    damaged: tuple[str, ...]

    def scan_of(self, mask: Path) -> str:
        """Return the scan that a mask belongs to, as ``read_scan`` takes it.

        Raises
        ------
        MaskError
            If none does, or several may.
        """
        made_on = self.masks[mask]
        named = [self.series[uid] for uid in made_on if uid in self.series]
        if len(named) == 1:
            return named[0]
        if not made_on:
            near = [path for path in self.volumes if path.parent == mask.parent]
            namesakes = [path for path in self.volumes if _key(path) == _key(mask)]
            for candidates in ([p for p in near if p in namesakes], near, namesakes):
                if len(candidates) == 1:
                    return str(candidates[0])
        return self.only_scan()

    def only_scan(self) -> str:
        """Return the one scan in the folder, or raise a MaskError: there is none, or several.

        All DICOM series count as one: ``read_scan`` tells a scan from its localizer.
        """
        scans = [*self.volumes, *([self.dicom_folder] if self.dicom_folder else [])]
        if len(scans) == 1:
            return str(scans[0])
        if not scans:
            raise MaskError(f"There is no scan in {self.folder}.")
        names = ", ".join(os.path.relpath(scan, self.folder) for scan in scans[:10])
        raise MaskError(f"{self.folder} holds {len(scans)} scans that could be meant: {names}.")


def look_into(folder: str | Path) -> Contents:
    """Find the scans and masks in a folder; see the rules above."""
    folder = Path(folder)
    volumes: list[Path] = []
    masks: dict[Path, set[str]] = {}
    places: dict[str, set[Path]] = defaultdict(set)
    damaged: list[str] = []
    for path in _files(folder):
        name = path.name.lower()
        if is_label_file(path.relative_to(folder)):
            masks[path] = set()
        elif name.endswith(FORMATS):
            if not name.endswith(_DATA_OF_ANOTHER_FILE):
                volumes.append(path)
        else:
            try:
                header = read_dicom_header(path)
            except MaskError as error:
                damaged.append(str(error))
                continue
            if header is None:
                continue
            modality = header.get("Modality")
            if modality in MASK_MODALITIES:
                masks[path] = referenced_series(header)
            elif modality in _SCAN_MODALITIES:
                places[str(header.get("SeriesInstanceUID", ""))].add(path.parent)
    everywhere = set().union(*places.values())
    return Contents(
        folder,
        tuple(volumes),
        {uid: _series_path(uid, places) for uid in places},
        Path(os.path.commonpath(everywhere)) if everywhere else None,
        masks,
        tuple(damaged),
    )


def is_label_file(path: Path) -> bool:
    """Tell whether a volume file is a mask, by its name and that of its folder.

    ``path`` is relative to the folder that is searched, whose own name says nothing of its files.

    Examples
    --------
    >>> [is_label_file(Path(p)) for p in ("CT_mask.nii.gz", "GTV-1.nrrd", "ct.nrrd", "mask.txt")]
    [True, True, False, False]
    """
    if not path.name.lower().endswith(FORMATS):
        return False
    words = re.split(r"[^a-z0-9]+", f"{path.parent.name} {file_stem(path)}".lower())
    return any(word in MASK_WORDS or _STRUCTURE.fullmatch(word) for word in words)


def _files(folder: Path) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent, name) for name in sorted(names) if not name.startswith(".")]
    return found


def _series_path(uid: str, places: dict[str, set[Path]]) -> str:
    """Name a series by its folder, and by its UID too where the folder holds others."""
    folder = Path(os.path.commonpath(places[uid]))
    others = {path for other, paths in places.items() if other != uid for path in paths}
    shared = any(path == folder or folder in path.parents for path in others)
    return f"{folder}#{uid}" if shared else str(folder)


def _key(path: Path) -> str:
    """Return what a file's name says beside being a scan or a mask."""
    words = re.split(r"[_. ]+", file_stem(path).lower())
    return "_".join(word for word in words if word and word not in MASK_WORDS | _SCAN_WORDS)
