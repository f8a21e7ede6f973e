"""Checks of a series that its headers answer."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

import numpy as np

from lesionary.cohort.curate.contrast_phase import contrast_flag
from lesionary.cohort.curate.flag import Flag, impossible, judged
from lesionary.cohort.curate.rules import Range, Rules
from lesionary.cohort.curate.series import ImageSeries, Stack

_PARALLEL_DEG = 0.1
_RIGHT_ANGLE = 1e-2
_SHOWN = 5


def header_flags(series: ImageSeries, rules: Rules) -> list[Flag]:
    """Make the checks that are asked for and need no voxels."""
    stack = series.stack
    flags = [_modality(series, rules)] if rules.modality is not None else []
    for name, check in _OF_STACKS.items():
        if not getattr(rules, name):
            continue
        if stack is None:
            flags.append(impossible(name, f"{series.modality} has no slices in space."))
        else:
            flags.append(check(series, stack, rules))
    for name, other in _OF_TECHNIQUE.items():
        asked = getattr(rules, name)
        if asked is not None and asked is not False:
            flags.append(other(series, rules))
    return flags


def _modality(series: ImageSeries, rules: Rules) -> Flag:
    assert rules.modality is not None
    asked = ", ".join(rules.modality)
    said = series.modality or "none named"
    return judged("modality", series.modality in rules.modality, f"{said}; asked for: {asked}.")


def _projection(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.projection is not None
    if not stack.plane:
        return judged("projection", False, "Directions of rows and columns are the same.")
    asked = ", ".join(rules.projection)
    return judged("projection", stack.plane in rules.projection, f"{stack.plane}; asked: {asked}.")


def _orientation(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.orientation is not None
    rows, columns = stack.orientations[:, :3], stack.orientations[:, 3:]
    lengths = np.linalg.norm(stack.orientations.reshape(-1, 2, 3), axis=2)
    square = np.abs((rows * columns).sum(axis=1)).max() <= _RIGHT_ANGLE
    if not square or np.abs(lengths - 1).max() > _RIGHT_ANGLE:
        return judged("orientation", False, "Its directions are not unit vectors at right angles.")
    normals = np.cross(rows, columns)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # Of normals and rows: slices may be turned in their own plane, too.
    turned = min((normals @ normals[0]).min(), (rows @ rows[0] / lengths[:, 0]).min())
    apart = float(np.degrees(np.arccos(np.clip(turned, -1, 1))))
    if apart > _PARALLEL_DEG:
        return judged(
            "orientation", False, f"Slices are turned by up to {apart:.3g} degrees.", apart
        )
    tilt = stack.oblique_deg
    limit = rules.orientation.degrees
    said = f"{tilt:.3g} degrees off the patient's axes; at most {limit:g}."
    return judged("orientation", tilt <= limit, said, tilt)


def _gaps(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.gaps is not None
    if len(stack.steps_mm) < 2:
        return impossible("gaps", f"{len(stack)} slice(s): no distances to compare.")
    gaps = stack.gaps(rules.gaps.mm)
    lacking = sum(count for _, _, count in gaps)
    if not gaps:
        return judged("gaps", True, f"Slices are {stack.step_mm:.4g} mm apart throughout.", 0)
    where = _some([f"{width:.4g} mm at {start:.5g} mm" for start, width, _ in gaps])
    said = f"{lacking} slice(s) missing; slices are {stack.step_mm:.4g} mm apart, but {where}."
    return judged("gaps", False, said, lacking)


def _overlaps(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.overlaps is not None
    if len(stack) < 2:
        return impossible("overlaps", "One slice: no distances to compare.")
    crowded = stack.crowded(rules.overlaps.mm)
    said = []
    if stack.repeated:
        said.append(
            f"{stack.repeated} slice(s) lie where another one is: phases, echoes or copies in one "
            "series."
        )
    if crowded:
        where = _some([f"{width:.4g} mm at {start:.5g} mm" for start, width in crowded])
        said.append(f"Slices are {stack.step_mm:.4g} mm apart, but {where}.")
    count = stack.repeated + len(crowded)
    return judged("overlaps", not count, " ".join(said) or "No two slices in one place.", count)


def _slices(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.slices is not None
    return _within("slices", len(stack), rules.slices, "slices")


def _spacing(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.spacing is not None
    extremes = float(stack.spacings_mm.min()), float(stack.spacings_mm.max())
    worst = next((mm for mm in extremes if not rules.spacing.holds(mm)), extremes[1])
    return _within("spacing", worst, rules.spacing, "mm in plane")


def _square_pixels(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.square_pixels is not None
    off = float(np.abs(np.diff(stack.spacings_mm, axis=1)).max())
    said = f"Rows and columns differ by {off:.3g} mm; at most {rules.square_pixels.mm:g}."
    return judged("square_pixels", off <= rules.square_pixels.mm, said, off)


def _matrix(_series: ImageSeries, stack: Stack, rules: Rules) -> Flag:
    assert rules.matrix is not None
    there = ", ".join(f"{rows} x {columns}" for rows, columns in stack.matrices)
    asked = ", ".join(f"{rows} x {columns}" for rows, columns in rules.matrix)
    good = all(size in rules.matrix for size in stack.matrices)
    return judged("matrix", good, f"{there} (rows x columns); asked: {asked}.")


def _thickness(series: ImageSeries, rules: Rules) -> Flag:
    assert rules.thickness is not None
    values = _numbers(series, "slice_thickness_mm")
    if not values:
        return impossible("thickness", "SliceThickness is missing.")
    worst = next((mm for mm in values if not rules.thickness.holds(mm)), values[0])
    return _within("thickness", worst, rules.thickness, "mm thick")


def _thickness_constant(series: ImageSeries, rules: Rules) -> Flag:
    assert rules.thickness_constant is not None
    values = _numbers(series, "slice_thickness_mm")
    if not values:
        return impossible("thickness_constant", "SliceThickness is missing.")
    spread = max(values) - min(values)
    said = f"{min(values):g} to {max(values):g} mm" if spread else f"{values[0]:g} mm throughout"
    silent = len(series.images) - len(values)
    if silent:
        said += f", and {silent} slice(s) say nothing"
    good = spread <= rules.thickness_constant.mm and not silent
    return judged("thickness_constant", good, f"{said}.", spread)


def _kernel(series: ImageSeries, rules: Rules) -> Flag:
    assert rules.kernel is not None
    if series.modality != "CT":
        return impossible("kernel", f"{series.modality} has no convolution kernel.")
    kernels = list(dict.fromkeys(str(value).strip() for value in series.column("kernel")))
    if not kernels:
        return judged("kernel", False, "ConvolutionKernel is missing.")
    named = ", ".join(kernels)
    if len(kernels) > 1:
        return judged("kernel", False, f"Its slices have several: {named}.")
    accepted = rules.kernel.accepted
    if accepted is None:
        return judged("kernel", True, f"{named}.")
    good = any(fnmatchcase(named.lower(), pattern.lower()) for pattern in accepted)
    return judged("kernel", good, f"{named}; asked: {', '.join(accepted)}.")


def _rescale(series: ImageSeries, _rules: Rules) -> Flag:
    if series.modality == "MR":
        return impossible("rescale", "MR values are arbitrary, so none is needed.")
    silent = sum(not image.rescaled for image in series.images)
    if silent:
        said = f"Rescale Slope and Intercept are missing in {silent} of {len(series.images)} files."
        return judged("rescale", False, said, silent)
    return judged("rescale", True, "Rescale Slope and Intercept are in every file.", 0)


def _contrast(series: ImageSeries, rules: Rules) -> Flag:
    assert rules.contrast is not None
    return contrast_flag(series, rules.contrast)


def _numbers(series: ImageSeries, name: str) -> list[float]:
    return [float(value) for value in series.column(name)]


def _within(check: str, value: float, limits: Range, unit: str) -> Flag:
    said = f"{value:.6g} {unit}; asked: {limits}."
    return judged(check, limits.holds(value), said, value)


def _some(items: list[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more


_OF_STACKS: dict[str, Callable[[ImageSeries, Stack, Rules], Flag]] = {
    "projection": _projection,
    "orientation": _orientation,
    "gaps": _gaps,
    "overlaps": _overlaps,
    "slices": _slices,
    "spacing": _spacing,
    "square_pixels": _square_pixels,
    "matrix": _matrix,
}
_OF_TECHNIQUE: dict[str, Callable[[ImageSeries, Rules], Flag]] = {
    "thickness": _thickness,
    "thickness_constant": _thickness_constant,
    "kernel": _kernel,
    "rescale": _rescale,
    "contrast": _contrast,
}
