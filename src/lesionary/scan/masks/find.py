"""Which files of a folder are masks."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lesionary.scan.masks.labels import MASK_WORDS, file_stem
from lesionary.scan.masks.references import MASK_MODALITIES, read_dicom_header
from lesionary.scan.read import FORMATS

_STRUCTURE = re.compile(r"[gcp]tv\d*")


def is_label_file(path: Path) -> bool:
    """Tell whether a NIfTI, NRRD, MetaImage or NumPy file is a mask, by its name.

    It is one if its name, or that of its folder, holds a word such as ``mask``, ``seg``,
    ``label`` or ``roi``, or begins a word with ``GTV``, ``CTV`` or ``PTV``.

    Examples
    --------
    >>> [is_label_file(Path(p)) for p in ("CT_mask.nii.gz", "GTV-1.nrrd", "ct.nrrd", "mask.txt")]
    [True, True, False, False]
    """
    if not path.name.lower().endswith(FORMATS):
        return False
    words = re.split(r"[^a-z0-9]+", f"{path.parent.name} {file_stem(path)}".lower())
    return any(word in MASK_WORDS or _STRUCTURE.fullmatch(word) for word in words)


def list_files(folder: Path) -> list[Path]:
    """List the files in a folder and its sub-folders, sorted; hidden ones are passed over."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent, name) for name in sorted(names) if not name.startswith(".")]
    return found


def find_masks(folder: Path) -> list[Path]:
    """List the masks in a folder: label files, DICOM SEG and RTSTRUCT.

    A volume file that is the only one counts as a mask whatever its name.
    """
    files = list_files(folder)
    volumes = [path for path in files if path.name.lower().endswith(FORMATS)]
    labels = volumes if len(volumes) == 1 else [path for path in volumes if is_label_file(path)]
    rest = (path for path in files if path not in volumes)
    return labels + [path for path in rest if _is_dicom_mask(path)]


def _is_dicom_mask(path: Path) -> bool:
    header = read_dicom_header(path)
    return header is not None and header.get("Modality") in MASK_MODALITIES
