"""What a mask file holds: named regions, each read only when it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from lesionary.errors import MaskError
from lesionary.scan.masks.mask import Mask


class NoRegionError(MaskError):
    """A mask file does not hold the region that was asked for."""


@dataclass(frozen=True)
class Region:
    """One region of a mask file.

    Attributes
    ----------
    name : str
        ROI name, segment label or, in a label file with several, the value as text.
    number : int
        ROI number, segment number or label value: unique within its file.
    read : callable
        Returns the :class:`Mask`, on the scan's grid where a scan was given.
    problem : str
        Why it is no region (a point ROI, say); empty where it is one.
    """

    name: str
    number: int
    read: Callable[[], Mask] = field(repr=False)
    problem: str = ""


def choose(
    found: Sequence[Region], source: str, roi: str | None = None, label: int | None = None
) -> list[Region]:
    """Return the regions called ``roi``, or else those that match it as a pattern.

    Case does not count. An exact name wins over a pattern, so that brackets, commas and
    spaces in a name need no care. Without ``roi`` and ``label``: all regions.

    Raises
    ------
    NoRegionError
        If nothing matches.
    MaskError
        If what matches is no region.
    """
    if label is not None:
        chosen = [region for region in found if region.number == label]
    elif roi is not None:
        wanted = roi.strip().lower()
        names = [region.name.strip().lower() for region in found]
        exact = [r for r, name in zip(found, names, strict=True) if name == wanted]
        chosen = exact or [
            r for r, name in zip(found, names, strict=True) if fnmatchcase(name, wanted)
        ]
    else:
        chosen = list(found)
    regions = [region for region in chosen if not region.problem]
    if regions:
        return regions
    if chosen:
        raise MaskError(f"{source}: ROI {chosen[0].name!r} {chosen[0].problem}.")
    asked = f"no label {label}" if label is not None else f"no ROI {roi!r}" if roi else "no region"
    raise NoRegionError(f"{source} has {asked}. It holds: {listed(found)}.")


def listed(found: Sequence[Region]) -> str:
    """Name regions for a message."""
    names = [f"{region.name!r} ({region.number})" for region in found if not region.problem]
    return ", ".join(names) or "no region at all"
