"""One patient's body: the atlas with this patient's own size, shape and lung tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lesionary.phantom import torso
from lesionary.phantom.config import Collapse
from lesionary.phantom.lungtree import LungTree, grow, spread
from lesionary.phantom.shapes import Stack, Tube, mirrored, resized
from lesionary.scan.geometry import FloatArray

SIDES = {"left": 1, "right": -1}


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Shapes of one patient, in atlas millimetres.

    Attributes
    ----------
    organs : mapping of str to Stack
        Solid organs by name.
    chambers : tuple of Stack
        Left and right ventricle, right and left atrium.
    trees : mapping of str to LungTree
        Of the lungs that are open, by side.
    bowel : tuple of Tube
    fat_mm : float
        Thickness of the fat under the skin.
    collapsed : {"none", "left", "right"}
    """

    organs: Mapping[str, Stack]
    chambers: tuple[Stack, ...]
    trees: Mapping[str, LungTree]
    bowel: tuple[Tube, ...]
    fat_mm: float
    collapsed: Collapse = "none"

    def open_lung(self, points: FloatArray) -> FloatArray:
        """Tell how deep points ``(n, 3)`` are in aerated lung: 0 outside, 1 far from any edge.

        Depth is relative to each boundary's own size, not in mm.
        """
        depth = 1 - torso.LUNGS.level(points)
        for name in ("mediastinum", "heart", "right dome", "left dome"):
            depth = np.minimum(depth, self.organs[name].level(points) - 1)
        if self.collapsed != "none":
            depth = np.where(points[:, 0] * SIDES[self.collapsed] > 0, 0, depth)
        return np.maximum(depth, 0)


def draw_anatomy(rng: np.random.Generator, collapsed: Collapse = "none") -> Anatomy:
    """Draw a patient's anatomy.

    Parameters
    ----------
    rng : Generator
    collapsed : {"none", "left", "right"}
        Lung that is airless; its dome of the diaphragm stands high and the heart moves over.
    """
    pulled = (10.0 * SIDES.get(collapsed, 0), 0.0, 0.0)
    lift = {side: 26.0 if side == collapsed else _about(0, 4.0, rng) for side in SIDES}
    up = {side: (0.0, 0.0, mm) for side, mm in lift.items()}
    heart_size = _about(1, 0.06, rng)

    def own(shape: Stack, size_sd: float, place_sd_mm: float) -> Stack:
        offset = [_about(0, place_sd_mm, rng) for _ in range(3)]
        return resized(shape, _about(1, size_sd, rng), offset)

    organs = {
        "mediastinum": resized(torso.MEDIASTINUM, 1.0, pulled),
        "heart": resized(torso.HEART, heart_size, pulled),
        "right dome": resized(torso.DOMES["right"], 1.0, up["right"]),
        "left dome": resized(torso.DOMES["left"], 1.0, up["left"]),
        "liver": resized(torso.LIVER, _about(1, 0.03, rng), up["right"]),
        "left liver": resized(torso.LIVER_LEFT, _about(1, 0.12, rng), up["right"]),
        "spleen": own(torso.SPLEEN, 0.1, 3.0),
        "stomach": own(torso.STOMACH, 0.08, 2.0),
        "gallbladder": own(torso.GALLBLADDER, 0.15, 2.0),
        "left kidney": own(torso.KIDNEY, 0.05, 3.0),
        "right kidney": own(resized(mirrored(torso.KIDNEY), 1.0, (0, 0, -12)), 0.05, 3.0),
        "bladder": own(torso.BLADDER, 0.12, 2.0),
    }
    anatomy = Anatomy(
        organs,
        tuple(resized(chamber, heart_size, pulled) for chamber in torso.CHAMBERS),
        trees={},
        bowel=tuple(torso.bowel_loops(rng)),
        fat_mm=float(np.clip(rng.lognormal(np.log(16), 0.3), 8, 26)),
        collapsed=collapsed,
    )
    targets = spread(*torso.LUNGS.bounds(), 17.5, rng)
    targets = targets[anatomy.open_lung(targets) > 0.03]
    trees = {
        side: grow(torso.HILUM[side], targets[targets[:, 0] * sign > 0], rng)
        for side, sign in SIDES.items()
        if side != collapsed
    }
    return replace(anatomy, trees=trees)


def _about(mean: float, sd: float, rng: np.random.Generator) -> float:
    """Draw from a normal distribution, at most two standard deviations away."""
    return mean + sd * float(np.clip(rng.normal(), -2, 2))
