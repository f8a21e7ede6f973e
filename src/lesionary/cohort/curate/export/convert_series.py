"""One series and its masks to files: what a worker process does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lesionary.cohort.build import plain
from lesionary.cohort.curate.export.prepare_image import reason_of
from lesionary.cohort.curate.identity import without_identity
from lesionary.errors import MaskError
from lesionary.scan import Mask, Scan
from lesionary.scan.dicom import read_dicom
from lesionary.scan.masks import NoRegionError, Region, choose, list_regions
from lesionary.scan.write import write_volume

_SAME_CENTER_MM = 0.5
_SAME_VOLUME = 0.02


@dataclass(frozen=True)
class SeriesTask:
    """A series, and how it is to be written.

    Attributes
    ----------
    target : str
        Where the image goes, relative to ``out`` and without ending.
    roi : tuple of str
        Names or patterns of the regions that are wanted; none: all.
    identity, dates : frozenset of str
        Words and dates that may be in no name.
    """

    uid: str
    files: tuple[Path, ...]
    masks: tuple[Path, ...]
    out: Path
    target: str
    ending: str
    roi: tuple[str, ...]
    resample: bool
    identity: frozenset[str]
    dates: frozenset[str]


@dataclass
class SeriesDone:
    """What became of a series; all of it can be written as JSON.

    Attributes
    ----------
    reason : str
        Why there is no image; empty where there is one.
    failed : list of (str, str)
        Mask files and why they, or a region of them, failed: another run may do better.
    settled : list of (str, str)
        Regions that come twice or are not there: another run would find the same.
    """

    reason: str = ""
    image: dict[str, Any] = field(default_factory=dict)
    rois: list[dict[str, Any]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    settled: list[tuple[str, str]] = field(default_factory=list)

    @property
    def written(self) -> list[str]:
        """The files, relative to the folder of results."""
        files = [self.image["file"]] if self.image else []
        return files + [roi["file"] for roi in self.rois]


class _SameRegionError(MaskError):
    """A region is in two files."""


def convert_series(task: SeriesTask) -> SeriesDone:
    """Read a series, write it, and write every region of its masks that is wanted."""
    try:
        scan = read_dicom(task.files, series_uid=task.uid)
        file = f"{task.target}{task.ending}"
        write_volume(scan.read(), scan.geometry, task.out / file, compress=True)
    except Exception as error:  # whatever a damaged file does to a reader
        return SeriesDone(reason=reason_of(error))
    done = SeriesDone(image=_described(scan, file))
    try:
        _convert_masks(task, scan, done)
    except Exception as error:
        done.failed.append(("", reason_of(error)))
    return done


def _described(scan: Scan, file: str) -> dict[str, Any]:
    nz, ny, nx = scan.shape
    dx, dy, dz = scan.spacing_mm
    return {
        "file": file,
        "unit": scan.unit,
        "columns": nx,
        "rows": ny,
        "slices": nz,
        "spacing_x_mm": round(dx, 6),
        "spacing_y_mm": round(dy, 6),
        "spacing_z_mm": round(dz, 6),
        "notes": " ".join(scan.notes),
    }


def _convert_masks(task: SeriesTask, scan: Scan, done: SeriesDone) -> None:
    taken: set[str] = set()
    there: list[str] = []
    for path in task.masks:
        try:
            regions = list_regions(path, scan, resample=task.resample)
            there += [region.name for region in regions if not region.problem]
            wanted = _wanted(regions, str(path), task.roi)
        except NoRegionError:
            continue
        except Exception as error:
            done.failed.append((str(path), reason_of(error)))
            continue
        for region in wanted:
            try:
                row = _write_region(region, path, task, scan, taken, done.rois)
            except _SameRegionError as error:
                done.settled.append((str(path), str(error)))
            except Exception as error:
                done.failed.append((str(path), reason_of(error)))
            else:
                done.rois.append(row)
    if task.roi and task.masks and not done.rois and not done.failed:
        names = ", ".join(repr(_unnamed(name, task)) for name in there)
        asked = ", ".join(map(repr, task.roi))
        done.settled.append(("", f"No ROI is called {asked}; there are {names or 'none'}."))


def _wanted(regions: Sequence[Region], source: str, roi: tuple[str, ...]) -> list[Region]:
    """Return the regions that any of the patterns means, in the file's order."""
    if not roi:
        return choose(regions, source)
    chosen: set[int] = set()
    for pattern in roi:
        try:
            chosen |= {region.number for region in choose(regions, source, pattern)}
        except NoRegionError:
            continue
    return [region for region in regions if region.number in chosen]


def _write_region(
    region: Region,
    path: Path,
    task: SeriesTask,
    scan: Scan,
    taken: set[str],
    earlier: list[dict[str, Any]],
) -> dict[str, Any]:
    mask = region.read()
    name = _unnamed(mask.name, task) or f"ROI {region.number}"
    center, volume = mask.center_mm, mask.volume_ml
    for other in earlier:
        if other["roi"].lower() == name.lower() and _is_same(center, volume, other):
            raise _SameRegionError(f"ROI {name!r} is the same region as in {other['source']}.")
    file = f"{task.target}_{_unused(plain(name) or str(region.number), taken)}_mask{task.ending}"
    write_volume(mask.voxels, _grid(mask, scan), task.out / file, compress=True)
    x, y, z = center
    return {
        "file": file,
        "roi": name,
        "source": path.name,
        "coordX": x,
        "coordY": y,
        "coordZ": z,
        "volume_ml": volume,
    }


def _unnamed(name: str, task: SeriesTask) -> str:
    return without_identity(name, task.identity, task.dates)


def _grid(mask: Mask, scan: Scan) -> Any:
    if not mask.geometry.matches(scan.geometry):
        raise MaskError(f"ROI {mask.name!r} is not on the grid of its scan.")
    return scan.geometry


def _is_same(center: tuple[float, ...], volume: float, other: dict[str, Any]) -> bool:
    there = [other[f"coord{axis}"] for axis in "XYZ"]
    return math.dist(center, there) < _SAME_CENTER_MM and math.isclose(
        volume, other["volume_ml"], rel_tol=_SAME_VOLUME
    )


def _unused(name: str, taken: set[str]) -> str:
    """Return the name, numbered where it is taken; case does not tell files apart everywhere."""
    found, number = name, 1
    while found.lower() in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found.lower())
    return found
