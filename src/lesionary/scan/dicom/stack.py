"""Order a series' planes into one grid of voxels, or say why they make none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.errors import ScanError
from lesionary.scan.dicom.frames import Frame
from lesionary.scan.dicom.series import image_type, some
from lesionary.scan.geometry import FloatArray, Geometry

#: How far a slice may lie from its place in an even grid: headers that round positions to 0.1 mm
#: are common. In scans with slices closer than 0.5 mm, a fifth of their distance.
PLACE_TOLERANCE_MM = 0.1
#: Slices closer than this are at the same position.
SAME_PLACE_MM = 0.01
#: With this many times more places than slices, a position is wrong rather than slices missing.
MOST_MISSING = 10
#: By how much a component of a direction may differ between slices of one orientation.
DIRECTION_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Slice:
    """One slice of the grid: a frame, or the weighted mean of its two neighbours in a gap."""

    frames: tuple[tuple[Frame, float], ...]

    @property
    def nearest(self) -> Frame:
        """The frame itself, or the nearer neighbour (the lower one where both are as near)."""
        return max(self.frames, key=lambda item: item[1])[0]


@dataclass(frozen=True)
class Stack:
    """The grid, its slices in z order, and what was handled to get there."""

    geometry: Geometry
    slices: tuple[Slice, ...]
    notes: tuple[str, ...]


def stack_frames(
    frames: list[Frame],
    stored: Callable[[Frame], NDArray[Any]],
    *,
    allow_missing_slices: bool = False,
) -> Stack:
    """Sort frames along their normal (row direction x column direction) into a grid.

    Parameters
    ----------
    frames : list of Frame
        In any order.
    stored : callable
        Returns the stored pixels of a frame; asked only where two frames are in one place.
    allow_missing_slices : bool
        Fill gaps by linear interpolation instead of refusing.

    Raises
    ------
    ScanError
        Where planes differ in size or orientation, lie in the same place with other content,
        are spaced unevenly, or are missing.
    """
    frames, notes = _without_localizers(frames)
    _check_one_plane(frames)
    _check_one_stack(frames)
    row, column = _directions(frames[0])
    normal = np.cross(row, column)
    frames = sorted(frames, key=lambda frame: float(np.dot(frame.position_mm, normal)))
    frames = _without_duplicates(frames, normal, stored, notes)
    positions = np.array([frame.position_mm for frame in frames])

    if len(frames) == 1:
        spacing = frames[0].slice_spacing_mm
        if spacing <= 0:
            raise ScanError(
                f"{frames[0].header.part} is a single slice without SliceThickness: the size of "
                "its voxels along z is unknown. Give the whole series."
            )
        notes.append(f"One slice only; its header says it is {spacing:g} mm thick.")
        step, places = normal * spacing, np.array([0])
    else:
        step, places = _even_step(positions, row, column, normal, notes)

    n_slices = int(places[-1]) + 1
    missing = sorted(set(range(n_slices)) - set(places.tolist()))
    if missing:
        where = _positions(positions[0] + np.outer(missing, step), normal)
        if not allow_missing_slices:
            raise ScanError(
                f"{len(missing)} slice(s) are missing, of {n_slices} that are "
                f"{np.linalg.norm(step):g} mm apart: none at {where}. Fetch them, or allow missing "
                "slices (allow_missing_slices=True) to have them interpolated."
            )
        notes.append(f"{len(missing)} missing slice(s) interpolated, at {where}.")

    between_rows, between_columns = frames[0].spacing_mm
    between_slices = float(np.linalg.norm(step))
    geometry = Geometry.from_itk(
        (frames[0].columns, frames[0].rows, n_slices),
        (between_columns, between_rows, between_slices),
        frames[0].position_mm,
        np.column_stack([row, column, step / between_slices]).ravel().tolist(),
    )
    return Stack(geometry, _fill(frames, places), tuple(notes))


def _without_localizers(frames: list[Frame]) -> tuple[list[Frame], list[str]]:
    volume = [frame for frame in frames if "LOCALIZER" not in image_type(frame.header)]
    if not volume or len(volume) == len(frames):
        return frames, []
    return volume, [f"{len(frames) - len(volume)} localizer image(s) in the series left out."]


def _check_one_plane(frames: list[Frame]) -> None:
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if _same_plane(frame, group[0]):
                group.append(frame)
                break
        else:
            groups.append([frame])
    if len(groups) > 1:
        kinds = "; ".join(f"{len(group)} image(s) {_plane(group[0])}" for group in groups)
        raise ScanError(
            f"The series mixes images that make no single volume: {kinds}. "
            "Give the files of one of them as a list."
        )


def _same_plane(one: Frame, other: Frame) -> bool:
    return (
        (one.rows, one.columns) == (other.rows, other.columns)
        and _near(one.spacing_mm, other.spacing_mm, 1e-4 * min(one.spacing_mm))
        and _near(one.orientation, other.orientation, DIRECTION_TOLERANCE)
    )


def _near(one: Sequence[float], other: Sequence[float], tolerance: float) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def _plane(frame: Frame) -> str:
    normal = np.abs(np.cross(frame.orientation[:3], frame.orientation[3:]))
    name = ("sagittal", "coronal", "axial")[int(np.argmax(normal))]
    y, x = frame.spacing_mm
    return f"{name}, {frame.columns} x {frame.rows} pixels of {x:.4g} x {y:.4g} mm"


def _check_one_stack(frames: list[Frame]) -> None:
    for label in ("StackID", "TemporalPositionIndex"):
        counts = Counter(frame.labels.get(label, "") for frame in frames)
        if len(counts) > 1:
            kinds = ", ".join(f"{value or 'none'} ({n} frames)" for value, n in counts.items())
            raise ScanError(
                f"{frames[0].header.part} holds several volumes, told apart by {label}: {kinds}. "
                "Export the one you need as a series of its own."
            )


def _directions(frame: Frame) -> tuple[FloatArray, FloatArray]:
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not np.allclose(lengths, 1, atol=1e-2) or abs(row @ column) > 1e-2:
        raise ScanError(
            f"{frame.header.part}: ImageOrientationPatient {list(frame.orientation)} is not two "
            "unit vectors at right angles."
        )
    return row / lengths[0], column / lengths[1]


def _without_duplicates(
    frames: list[Frame],
    normal: FloatArray,
    stored: Callable[[Frame], NDArray[Any]],
    notes: list[str],
) -> list[Frame]:
    """Keep one frame a position; the others must be equal to the last pixel."""
    groups: list[list[Frame]] = []
    for frame in frames:
        last = groups[-1][0].position_mm if groups else (np.inf,) * 3
        if np.abs(np.subtract(frame.position_mm, last)).max() <= SAME_PLACE_MM:
            groups[-1].append(frame)
        else:
            groups.append([frame])
    repeated = [group for group in groups if len(group) > 1]
    for group in repeated:
        first = stored(group[0])
        for other in group[1:]:
            same_scale = (group[0].slope, group[0].intercept) == (other.slope, other.intercept)
            if not same_scale or not np.array_equal(first, stored(other)):
                raise ScanError(_explain_repeats(repeated, normal))
    if repeated:
        extra = len(frames) - len(groups)
        notes.append(f"{extra} duplicated slice(s), equal to the last pixel, left out.")
    return [group[0] for group in groups]


def _explain_repeats(repeated: list[list[Frame]], normal: FloatArray) -> str:
    differing = []
    for label in repeated[0][0].labels:
        values = max(len({frame.labels[label] for frame in group}) for group in repeated)
        if values > 1:
            differing.append(f"{label} ({values} values)")
    why = (
        f"They differ in {', '.join(differing)}: these are several volumes (phases, echoes or "
        "acquisitions) in one series. Give the files of one of them as a list."
        if differing
        else "Nothing in their headers tells them apart. Give the files that are meant as a list."
    )
    where = _positions(np.array([group[0].position_mm for group in repeated]), normal)
    names = ", ".join(sorted({str(frame.header.part) for frame in repeated[0]}))
    return (
        f"{len(repeated)} position(s) hold more than one image with different pixels, at {where} "
        f"(first: {names}). {why}"
    )


def _even_step(
    positions: FloatArray,
    row: FloatArray,
    column: FloatArray,
    normal: FloatArray,
    notes: list[str],
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the step from slice to slice in mm, and each slice's place in an even grid."""
    along = positions @ normal
    places = _places(along)
    spacing = (along[-1] - along[0]) / places[-1]

    sideways = positions @ np.column_stack([row, column])
    drift = sideways[-1] - sideways[0]
    shift = drift / places[-1]
    stray = np.linalg.norm(sideways - sideways[0] - np.outer(places, shift), axis=1).max()
    if stray > PLACE_TOLERANCE_MM:
        raise ScanError(
            f"The slices are shifted sideways against one another by up to {stray:.3g} mm: they "
            "make no regular grid."
        )
    step = normal * spacing
    # Rounded directions make positions drift by hundredths; a tilted gantry by whole mm.
    if np.linalg.norm(drift) > PLACE_TOLERANCE_MM:
        step = step + shift[0] * row + shift[1] * column
        tilt = np.degrees(np.arctan2(np.linalg.norm(shift), spacing))
        notes.append(
            f"Tilted gantry ({tilt:.1f} degrees): every slice is shifted by "
            f"{np.linalg.norm(shift):.3g} mm against the one before. The affine holds the shear; "
            "no voxel was moved."
        )
    return step, places


def _places(along: FloatArray) -> NDArray[np.int64]:
    """Find the place of each sorted position in an even grid, leaving gaps open."""
    gaps = np.diff(along)
    typical = np.sort(gaps)[(len(gaps) - 1) // 2]
    tolerance = min(PLACE_TOLERANCE_MM, typical / 5)
    if typical > SAME_PLACE_MM and along[-1] - along[0] < MOST_MISSING * len(along) * typical:
        places = np.concatenate([[0], np.cumsum(np.rint(gaps / typical))]).astype(np.int64)
        spacing = (along[-1] - along[0]) / places[-1]
        off = np.abs(along - along[0] - spacing * places).max()
        if off <= tolerance and np.diff(places).min() >= 1:
            return places
    values, counts = np.unique(gaps.round(2), return_counts=True)
    listed = [f"{value:g} mm ({n} times)" for value, n in zip(values, counts, strict=True)]
    raise ScanError(
        f"The slices are unevenly spaced: distances are {some(listed)}. A slice may be at most "
        f"{tolerance:.2g} mm off its place in an even grid. Give the files of an evenly spaced "
        "part as a list."
    )


def _fill(frames: list[Frame], places: NDArray[np.int64]) -> tuple[Slice, ...]:
    slices = [Slice(((frames[0], 1.0),))]
    for lower, upper, gap in zip(frames[:-1], frames[1:], np.diff(places).tolist(), strict=True):
        slices += [Slice(((lower, 1 - k / gap), (upper, k / gap))) for k in range(1, gap)]
        slices.append(Slice(((upper, 1.0),)))
    return tuple(slices)


def _positions(points_mm: FloatArray, normal: FloatArray) -> str:
    """Name slices by the coordinate they are told apart with."""
    axis = int(np.argmax(np.abs(normal)))
    return f"{'xyz'[axis]} = {some([f'{value:.6g}' for value in points_mm[:, axis]])} mm"
