"""How patients differ: pose, scanner, lesions. The distributions are those of the docs page."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from lesionary.phantom import outcome, torso
from lesionary.phantom.canvas import Pose
from lesionary.phantom.config import (
    SITES,
    Collapse,
    Density,
    Kernel,
    Lesion,
    Margin,
    Phase,
    Scanner,
    Site,
)

_MEDIAN_DIAMETER_MM = dict(zip(SITES, (20, 24, 19, 25, 19, 24, 22, 24), strict=True))
_LOG_SD_DIAMETER = 0.38
_DENSITIES: tuple[Density, ...] = ("solid", "solid", "solid", "part-solid", "ground-glass")
_MARGINS: tuple[Margin, ...] = ("smooth", "lobulated", "ill-defined")
_PHASES: tuple[Phase, ...] = ("none", "none", "arterial", "venous", "venous")
_THICKNESSES_MM = (2.5, 2.5, 3.0, 3.0, 5.0)
_COLLAPSES: tuple[Collapse, ...] = ("none", "left", "right")
_COUNT_SHARES = (0.55, 0.25, 0.13, 0.07)  # of patients with 1, 2, 3, 4 lesions
_SHARP_SHARE, _SHARP_NOISE = 0.35, 1.6
_CALCIFIED_SHARE, _NECROTIC_SHARE = 0.1, 0.12


def draw_collapse(wanted: Collapse, rng: np.random.Generator) -> Collapse:
    """Return which lung is collapsed."""
    chance = _COLLAPSES[rng.integers(len(_COLLAPSES))]
    return chance if wanted == "mixed" else wanted


def draw_pose(rng: np.random.Generator) -> Pose:
    """Draw how large a patient is, and how he or she lies on the table."""
    scale = np.clip(rng.normal(1, (0.05, 0.06, 0.03)), 0.88, 1.12)
    shift = np.append(rng.normal(0, (6, 8)), rng.uniform(-900, 100))
    tilt = np.clip(rng.normal(0, 0.015, 2), -0.03, 0.03)
    return Pose(tuple(scale.tolist()), tuple(shift.tolist()), tuple(tilt.tolist()))


def lie_down_again(pose: Pose, rng: np.random.Generator) -> Pose:
    """Let a patient get up and lie down again, a little differently."""
    shift = np.asarray(pose.shift_mm) + rng.normal(0, (4, 3, 12))
    tilt = np.asarray(pose.tilt) + rng.normal(0, 0.006, 2)
    return Pose(pose.scale, tuple(shift.tolist()), tuple(tilt.tolist()))


def draw_scanner(pose: Pose, rng: np.random.Generator) -> Scanner:
    """Draw a scanner and protocol; its field of view fits the patient."""
    width = 2 * torso.BODY.knots[:, 3].max() * pose.scale[0]
    kernel: Kernel = "sharp" if rng.random() < _SHARP_SHARE else "soft"
    noise = np.clip(rng.lognormal(np.log(13), 0.3), 7, 25)
    return Scanner(
        field_mm=round(float(width * rng.uniform(1.03, 1.15)), 1),
        slice_thickness_mm=_THICKNESSES_MM[rng.integers(len(_THICKNESSES_MM))],
        kernel=kernel,
        noise_hu=round(float(noise * (_SHARP_NOISE if kernel == "sharp" else 1)), 2),
        phase=_PHASES[rng.integers(len(_PHASES))],
    )


def draw_lesions(
    sites: tuple[Site, ...], rng: np.random.Generator
) -> list[tuple[Lesion, dict[str, float]]]:
    """Draw a patient's lesions, each with its standardised attributes."""
    count = 1 + int(rng.choice(len(_COUNT_SHARES), p=_COUNT_SHARES))
    rho = outcome.SHARED_VARIANCE
    shared = rng.normal(size=len(outcome.ATTRIBUTES))
    lesions = []
    for _ in range(count):
        own = np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.normal(size=len(shared))
        z = dict(zip(outcome.ATTRIBUTES, own.tolist(), strict=True))
        lesions.append((_draw_lesion(sites[rng.integers(len(sites))], z, rng), z))
    return lesions


def _draw_lesion(site: Site, z: dict[str, float], rng: np.random.Generator) -> Lesion:
    density, margin = _DENSITIES[rng.integers(5)], _MARGINS[rng.integers(3)]
    calcified, necrotic = rng.random(2) < (_CALCIFIED_SHARE, _NECROTIC_SHARE)
    amount = float(rng.uniform(0.3, 1))
    diameter = _MEDIAN_DIAMETER_MM[site] * np.exp(_LOG_SD_DIAMETER * z["size"])
    return Lesion(
        site=site,
        diameter_mm=round(float(np.clip(diameter, 4, 90)), 3),
        density=density if site == "lung" else "solid",
        margin=margin,
        spiculation=round(float(ndtr(z["spiculation"])), 4),
        calcification=round(amount, 4) if calcified else 0.0,
        heterogeneity_hu=round(float(min(24 * np.exp(0.6 * z["heterogeneity"]), 150)), 3),
        necrosis=round(amount, 4) if necrotic and diameter > 20 else 0.0,
    )
