"""One lesion, as far as its patch depends on it, and one that has none."""

from __future__ import annotations

from dataclasses import dataclass

# No pandas here: every worker process imports this.


@dataclass(frozen=True, slots=True)
class Lesion:
    """One row of the cohort, as far as its patch depends on it.

    Attributes
    ----------
    position : int
        In the cohort's order.
    lesion_id : str
    row : int
        As a spreadsheet counts it: the header is row 1.
    image_path : str
    seed_mm : tuple of float or None
        LPS; None where the seed is the centre of the mask.
    mask_path, mask_label : str or None
        Only where there is no seed, or where the outline is what is measured.
    """

    position: int
    lesion_id: str
    row: int
    image_path: str
    seed_mm: tuple[float, float, float] | None
    mask_path: str | None = None
    mask_label: str | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that has no features, and why."""

    position: int
    lesion_id: str
    row: int
    reason: str
