"""One image of a cohort through the steps: what a worker process does."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import LesionaryError, MaskError
from lesionary.scan import Geometry, Scan, read_mask, read_scan
from lesionary.scan.intensity import Pipeline, Volume, resample_mask
from lesionary.scan.intensity.step import Parameters
from lesionary.scan.read import split_series
from lesionary.scan.write import write_volume


@dataclass(frozen=True)
class MaskTask:
    """A lesion's mask: where it is, which label of it, and where it goes if it has to change."""

    path: str
    label: str | None
    target: str


@dataclass(frozen=True)
class ImageTask:
    """One image and what goes with it.

    Attributes
    ----------
    image, region : str or None
        Paths of the scan and of the mask that statistics are taken from.
    target : str
        Where the result goes, relative to ``out``.
    masks : tuple of MaskTask
    """

    image: str
    region: str | None
    out: Path
    target: str
    masks: tuple[MaskTask, ...] = ()

    @property
    def files(self) -> list[Path]:
        """All files that the result may depend on."""
        sources = [
            self.image,
            *([self.region] if self.region else []),
            *(m.path for m in self.masks),
        ]
        return [file for source in sources for file in _files(split_series(source)[0])]


@dataclass(frozen=True)
class ImageDone:
    """What became of an image: masks that were written or failed, by their task's position."""

    masks_written: dict[int, str] = field(default_factory=dict)
    masks_failed: dict[int, str] = field(default_factory=dict)
    reason: str = ""


def measure_image(task: tuple[ImageTask, Pipeline]) -> Parameters | str:
    """Return what the image says to the step that is fitted next, or why it says nothing."""
    image, pipeline = task
    try:
        return pipeline.measure(read_volume(image.image, image.region)[1])
    except Exception as error:  # whatever a damaged file does to a reader
        return reason_of(error)


def prepare_image(task: tuple[ImageTask, Pipeline]) -> ImageDone:
    """Apply the steps, and write the image and the masks whose grid has changed."""
    image, pipeline = task
    try:
        scan, volume = read_volume(image.image, image.region)
        result = pipeline.apply(volume)
        write_volume(result.voxels, result.geometry, image.out / image.target, compress=True)
    except Exception as error:
        return ImageDone(reason=reason_of(error))
    if result.geometry.matches(scan.geometry):
        return ImageDone()
    written, failed = {}, {}
    for position, mask in enumerate(image.masks):
        try:
            _move_mask(mask, scan, result.geometry, image.out)
            written[position] = mask.target
        except Exception as error:
            failed[position] = reason_of(error)
    return ImageDone(written, failed)


def read_volume(path: str, region: str | None = None) -> tuple[Scan, Volume]:
    """Read an image and, where there is one, the mask that statistics are taken from."""
    scan = read_scan(path)
    inside = read_mask(region, scan).voxels if region else None
    return scan, Volume(np.asarray(scan.read(), np.float32), scan.geometry, inside, path)


def reason_of(error: Exception) -> str:
    """Say what went wrong in one line; of what is no message to the user, only the kind.

    A parser's own message may hold a value that identifies a patient.
    """
    if isinstance(error, LesionaryError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for it."
    return f"It cannot be read or written ({type(error).__name__})."


def _move_mask(mask: MaskTask, scan: Scan, grid: Geometry, out: Path) -> None:
    label = int(mask.label) if mask.label is not None else None
    voxels: NDArray[np.bool_] = resample_mask(
        read_mask(mask.path, scan, label=label).voxels, scan.geometry, grid
    )
    if not voxels.any():
        raise MaskError(
            f"{mask.path}: nothing is left of the mask on the new grid; it is smaller than a voxel."
        )
    write_volume(voxels, grid, out / mask.target, compress=True)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    return [path, *path.parent.glob(f"{path.stem}.raw*")]
