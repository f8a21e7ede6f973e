"""What can be asked for: a cohort, a scanner, a lesion."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from lesionary.errors import LesionaryError

Site = Literal["bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft tissue", "pelvis"]
Density = Literal["solid", "part-solid", "ground-glass"]
Margin = Literal["smooth", "lobulated", "ill-defined"]
Kernel = Literal["soft", "sharp"]
Phase = Literal["none", "arterial", "venous"]
Collapse = Literal["none", "left", "right", "mixed"]
Size = Literal["full", "small", "tiny"]

SITES: tuple[Site, ...] = get_args(Site)
"""The eight sites of DeepLesion, in its order of codes."""


class PhantomError(LesionaryError):
    """A phantom was asked for that cannot be made."""


@dataclass(frozen=True)
class Lesion:
    """What a lesion looks like; where exactly it sits is found in the anatomy.

    Attributes
    ----------
    site : str
        One of :data:`SITES`.
    diameter_mm : float
        Diameter of the sphere of the same volume.
    density : {"solid", "part-solid", "ground-glass"}
        The last two exist in the lung only.
    margin : {"smooth", "lobulated", "ill-defined"}
    spiculation : float
        0 (none) to 1 (many long spicules).
    calcification : float
        0 (none) to 1 (dense, up to 900 HU); in bone: sclerosis.
    heterogeneity_hu : float
        Standard deviation of the texture inside, HU.
    necrosis : float
        0 (none) to 1: share of the radius that is a fluid-like core.
    """

    site: Site
    diameter_mm: float
    density: Density = "solid"
    margin: Margin = "smooth"
    spiculation: float = 0.0
    calcification: float = 0.0
    heterogeneity_hu: float = 8.0
    necrosis: float = 0.0

    def __post_init__(self) -> None:
        _one_of(self, "site", Site)
        _one_of(self, "density", Density)
        _one_of(self, "margin", Margin)
        _between(self, "diameter_mm", 2, 120)
        _between(self, "heterogeneity_hu", 0, 200)
        for name in ("spiculation", "calcification", "necrosis"):
            _between(self, name, 0, 1)
        if self.density != "solid" and self.site != "lung":
            raise PhantomError(f"A {self.density} lesion exists in the lung only, not {self.site}.")


@dataclass(frozen=True)
class Scanner:
    """How a patient was scanned.

    Attributes
    ----------
    field_mm : float
        Width of the reconstructed field of view, spread over ``PhantomConfig.matrix`` voxels.
    slice_thickness_mm : float
        Thickness of, and distance between, slices.
    kernel : {"soft", "sharp"}
        Soft blurs edges by 1.6 mm and has blotchy noise; sharp has crisp edges with a slight
        overshoot and fine noise.
    noise_hu : float
        Standard deviation of the noise in the middle of the body: the dose.
    phase : {"none", "arterial", "venous"}
        Contrast phase.
    """

    field_mm: float = 380.0
    slice_thickness_mm: float = 2.5
    kernel: Kernel = "soft"
    noise_hu: float = 15.0
    phase: Phase = "venous"

    def __post_init__(self) -> None:
        _one_of(self, "kernel", Kernel)
        _one_of(self, "phase", Phase)
        _between(self, "field_mm", 100, 1000)
        _between(self, "slice_thickness_mm", 0.5, 20)
        _between(self, "noise_hu", 0, 200)


@dataclass(frozen=True)
class PhantomConfig:
    """What a cohort of phantoms is made of.

    Attributes
    ----------
    sites : tuple of str
        Where lesions are drawn from, each as likely as the others.
    size : {"full", "small", "tiny"}
        ``full`` is the whole trunk. ``small`` is the box around the patient's lesions and
        48 mm more at the same voxels; ``tiny`` is 32 mm more at voxels of 2 mm or larger,
        for tests. Anatomy, lesions and outcomes do not depend on it.
    matrix : int
        Voxels across the field of view; 512 gives a clinical 0.7 to 0.9 mm at four times
        the cost.
    signal : float
        Multiplies every coefficient of the outcome rules: 1 as stated, 0 makes a cohort in
        which there is nothing to find.
    collapsed_lung : {"none", "left", "right", "mixed"}
        A collapsed lung in every patient, or (mixed) left, right or neither by chance.
    retest : bool
        Scan everybody twice.
    readers : int
        How many readers outline every lesion.
    """

    sites: tuple[Site, ...] = SITES
    size: Size = "full"
    matrix: int = 256
    signal: float = 1.0
    collapsed_lung: Collapse = "none"
    retest: bool = False
    readers: int = 0

    def __post_init__(self) -> None:
        if not self.sites:
            raise PhantomError("At least one site is needed.")
        for site in self.sites:
            if site not in SITES:
                raise PhantomError(f"site is {site!r}; it must be one of {', '.join(SITES)}.")
        _one_of(self, "size", Size)
        _one_of(self, "collapsed_lung", Collapse)
        _between(self, "matrix", 32, 1024)
        _between(self, "signal", 0, 10)
        _between(self, "readers", 0, 20)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for YAML."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return values | {"sites": list(self.sites)}


def _one_of(owner: object, name: str, choices: Any) -> None:
    value, allowed = getattr(owner, name), get_args(choices)
    if value not in allowed:
        raise PhantomError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")


def _between(owner: object, name: str, low: float, high: float) -> None:
    value = getattr(owner, name)
    if not low <= value <= high:
        raise PhantomError(f"{name} is {value}; it must lie between {low} and {high}.")
