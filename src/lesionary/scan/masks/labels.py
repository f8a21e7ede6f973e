"""Label files: NIfTI, NRRD, MetaImage, NumPy; every value but 0 is a region."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import MaskError
from lesionary.scan.geometry import Geometry
from lesionary.scan.masks.fit import fit
from lesionary.scan.masks.mask import Mask
from lesionary.scan.masks.region import Region
from lesionary.scan.read import FORMATS, read_scan

MASK_WORDS = frozenset(
    {"mask", "masks", "seg", "segmentation", "label", "labels", "labelmap", "roi"}
)
"""What a file name or folder says when it holds a mask."""

_MANY = 1000


def label_regions(path: Path, grid: Geometry | None, *, resample: bool) -> list[Region]:
    """List the labels of a file: named by value, or by the file where there is just one.

    A file with one label takes its name without the ending and without words such as
    ``mask`` (``GTV-1_mask.nrrd`` is ``GTV-1``; ``mask.nii.gz`` stays ``mask``).
    """
    scan = read_scan(path)
    values = _whole_numbers(scan.read(), path)
    # Most of a mask is 0: leaving it out first makes this 25 times faster.
    labels = [int(value) for value in np.unique(values[values != 0])]
    if not labels:
        raise MaskError(f"Mask {path} is empty: every voxel is 0.")
    if len(labels) > _MANY:
        raise MaskError(f"{path} holds {len(labels)} different values: an image, not a mask.")

    def read(name: str, label: int) -> Mask:
        return fit(Mask(values == label, scan.geometry, name, str(path)), grid, resample=resample)

    names = [region_name(path)] if len(labels) == 1 else [str(label) for label in labels]
    return [
        Region(name, label, partial(read, name, label))
        for name, label in zip(names, labels, strict=True)
    ]


def region_name(path: Path) -> str:
    """Name the only region of a file: its name less the ending and words such as ``mask``."""
    stem = file_stem(path)
    words = [word for word in re.split(r"[_. ]+", stem) if word.lower() not in MASK_WORDS]
    return "_".join(word for word in words if word) or stem


def file_stem(path: Path) -> str:
    """File name without its ending (``.nii.gz`` is one ending)."""
    ending = max((e for e in FORMATS if path.name.lower().endswith(e)), key=len, default="")
    return path.name[: len(path.name) - len(ending)]


def _whole_numbers(values: NDArray[Any], path: Path) -> NDArray[Any]:
    if values.dtype.kind in "bui":
        return values
    if not np.array_equal(values, np.rint(values)):
        raise MaskError(
            f"{path} holds values that are not whole numbers: an image or a probability map, "
            "not a mask. Threshold it first."
        )
    return values
