"""One synthetic patient: anatomy, lesions, scans, outlines, outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionary.phantom import outcome, population, torso
from lesionary.phantom.acquire import BLUR_MM, acquire
from lesionary.phantom.anatomy import Anatomy, draw_anatomy
from lesionary.phantom.canvas import Canvas, Pose, Volume
from lesionary.phantom.config import Lesion, PhantomConfig, PhantomError, Scanner
from lesionary.phantom.lesion import LesionShape, draw_shape, lesion_mask, paint_lesion
from lesionary.phantom.paint import paint_anatomy
from lesionary.phantom.placement import place
from lesionary.phantom.readers import draw_contour, reader_habit
from lesionary.scan import ArrayVoxels, Geometry, Scan
from lesionary.scan.geometry import FloatArray

_MARGIN_MM = {"small": 48.0, "tiny": 32.0}
_TINY_SPACING_MM = 2.0
_TABLE_SHIFT_MM = 6.0  # the middle of the field lies a little behind that of the body

# Each purpose has its own stream of random numbers, so that asking for a retest or another
# reader changes nothing else.
_STREAMS = ("body", "lesions", "shapes", "outcome", "scanner", "noise", "retest", "readers")


@dataclass(frozen=True, eq=False)
class PhantomPatient:
    """A patient as :func:`make_phantom` returns it.

    Attributes
    ----------
    patient_id : str
    scan : Scan
        CT in HU, int16, in memory.
    mask : ndarray of uint8, shape (z, y, x)
        The true lesions: each row of ``truth`` names its label.
    reader_masks : tuple of ndarray
        The same as each reader drew them.
    truth : tuple of mapping
        One row a lesion: all that is known of it.
    retest : PhantomPatient or None
        The second scan: same anatomy and lesions, other position and noise.
    """

    patient_id: str
    scan: Scan
    mask: NDArray[np.uint8]
    reader_masks: tuple[NDArray[np.uint8], ...]
    truth: tuple[Mapping[str, Any], ...]
    retest: PhantomPatient | None = None


@dataclass(frozen=True, eq=False)
class _Subject:
    """What two scans of a patient have in common."""

    patient_id: str
    seed: int
    index: int
    anatomy: Anatomy
    texture: Volume
    shapes: tuple[LesionShape, ...]
    places: FloatArray  # centres in the atlas frame, (n, 3)


def make_phantom(
    seed: int = 0,
    index: int = 0,
    config: PhantomConfig | None = None,
    *,
    lesions: Sequence[Lesion] | None = None,
    scanner: Scanner | None = None,
) -> PhantomPatient:
    """Make one patient; the same arguments give the same voxels.

    Parameters
    ----------
    seed : int
        Of the cohort.
    index : int
        Of the patient in it, from 0. A patient does not depend on how many others there are.
    config : PhantomConfig, optional
    lesions : sequence of Lesion, optional
        Exactly these, instead of drawn ones. Their standardised attributes count as 0.
    scanner : Scanner, optional
        This one, instead of a drawn one.

    Examples
    --------
    >>> nodule = Lesion("lung", diameter_mm=18, margin="lobulated", spiculation=0.6)
    >>> patient = make_phantom(seed=1, config=PhantomConfig(size="tiny"), lesions=[nodule])
    >>> patient.scan.modality, patient.truth[0]["site"], int(patient.mask.max())
    ('CT', 'lung', 1)
    """
    config = config or PhantomConfig()
    body = _rng(seed, index, "body")
    collapsed = population.draw_collapse(config.collapsed_lung, body)
    pose = population.draw_pose(body)
    anatomy = draw_anatomy(body, collapsed)
    if lesions is None:
        drawn = population.draw_lesions(config.sites, _rng(seed, index, "lesions"))
    else:
        drawn = [(lesion, dict.fromkeys(outcome.ATTRIBUTES, 0.0)) for lesion in lesions]
    shapes, places = _place_all([d[0] for d in drawn], anatomy, pose, _rng(seed, index, "shapes"))
    if not shapes or (lesions is not None and len(shapes) < len(lesions)):
        raise PhantomError(
            f"Only {len(shapes)} of {len(drawn)} lesions found a place. Ask for at least one, and "
            "for fewer or smaller ones at the same site."
        )
    scanner = scanner or population.draw_scanner(pose, _rng(seed, index, "scanner"))
    subject = _Subject(
        f"P{index + 1:04d}", seed, index, anatomy, _texture(body), tuple(shapes), np.array(places)
    )
    z = [d[1] for d in drawn[: len(shapes)]]
    rows = _truth(subject, z, config.signal, scanner, _rng(seed, index, "outcome"))
    patient = _scan(subject, pose, scanner, config, rows, _rng(seed, index, "noise"))
    if config.retest:
        again = _rng(seed, index, "retest")
        second = population.lie_down_again(pose, again)
        patient = replace(patient, retest=_scan(subject, second, scanner, config, rows, again))
    return patient


def _rng(seed: int, index: int, purpose: str, *more: int) -> np.random.Generator:
    key = (index, _STREAMS.index(purpose), *more)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _texture(rng: np.random.Generator, n: int = 64) -> Volume:
    """Return a tileable cube of smooth noise with unit variance."""
    f = np.fft.fftfreq(n)
    squared = f[:, None, None] ** 2 + f[:, None] ** 2 + np.fft.rfftfreq(n) ** 2
    white = np.fft.rfftn(rng.standard_normal((n, n, n), dtype=np.float32))
    smooth = np.fft.irfftn(white * np.exp(-120 * squared), s=(n, n, n), axes=(0, 1, 2))
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def _place_all(
    lesions: Sequence[Lesion], anatomy: Anatomy, pose: Pose, rng: np.random.Generator
) -> tuple[list[LesionShape], list[FloatArray]]:
    """Place lesions until one finds no room."""
    shapes: list[LesionShape] = []
    places: list[FloatArray] = []
    taken: list[tuple[FloatArray, float]] = []
    for lesion in lesions:
        shape = draw_shape(lesion, rng)
        center = place(lesion, anatomy, pose, taken, rng)
        if center is None:
            break
        shapes.append(shape)
        places.append(center)
        taken.append((center, shape.reach_mm / min(pose.scale)))
    return shapes, places


def _truth(
    subject: _Subject,
    z: Sequence[Mapping[str, float]],
    signal: float,
    scanner: Scanner,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    hazard = outcome.log_hazard(z[0], signal)
    death, censoring = outcome.draw_survival(hazard, rng)
    rows = []
    for label, (shape, attributes) in enumerate(zip(subject.shapes, z, strict=True), start=1):
        probability = outcome.malignancy_probability(attributes, signal)
        rows.append(
            {
                "lesion_id": f"{subject.patient_id}-L{label}",
                "patient_id": subject.patient_id,
                "mask_label": label,
                **asdict(shape.lesion),
                "volume_mm3": round(shape.volume_mm3, 2),
                **{f"z_{name}": attributes[name] for name in outcome.ATTRIBUTES},
                "malignancy_probability": probability,
                "malignant": int(rng.random() < probability),
                "log_hazard": hazard,
                "death_time": death,
                "censoring_time": censoring,
                "time": min(death, censoring),
                "event": int(death <= censoring),
                **asdict(scanner),
                "collapsed_lung": subject.anatomy.collapsed,
            }
        )
    return rows


def _scan(
    subject: _Subject,
    pose: Pose,
    scanner: Scanner,
    config: PhantomConfig,
    rows: Sequence[Mapping[str, Any]],
    noise: np.random.Generator,
) -> PhantomPatient:
    """Scan a patient in a pose."""
    centers = pose.to_lps(subject.places)
    geometry = _grid(pose, scanner, config, centers)
    canvas = Canvas(geometry, pose, BLUR_MM[scanner.kernel], subject.texture)
    paint_anatomy(canvas, subject.anatomy, scanner.phase)
    for shape, center in zip(subject.shapes, centers, strict=True):
        paint_lesion(canvas, shape, center, scanner.phase)
    scan = Scan(
        geometry,
        ArrayVoxels(acquire(canvas, scanner, noise)),
        modality="CT",
        unit="HU",
        source=f"phantom {subject.patient_id} of seed {subject.seed}",
        acquisition={
            "kernel": scanner.kernel,
            "slice_thickness_mm": scanner.slice_thickness_mm,
        },
    )
    masks = [_outlined(subject, geometry, centers, who) for who in range(config.readers + 1)]
    truth = tuple(
        {**row, **dict(zip(("center_x_mm", "center_y_mm", "center_z_mm"), c.tolist(), strict=True))}
        for row, c in zip(rows, centers, strict=True)
    )
    return PhantomPatient(subject.patient_id, scan, masks[0], tuple(masks[1:]), truth)


def _outlined(
    subject: _Subject, geometry: Geometry, centers: FloatArray, reader: int
) -> NDArray[np.uint8]:
    """Return the label volume as a reader draws it; reader 0 is the truth."""
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    for label, (shape, center) in enumerate(zip(subject.shapes, centers, strict=True), start=1):
        contour = None
        if reader:
            hand = _rng(subject.seed, subject.index, "readers", reader, label)
            habit = reader_habit(subject.seed, reader)
            contour = draw_contour(habit, shape.lesion.diameter_mm / 2, hand)
        box, inside = lesion_mask(geometry, shape, center, contour)
        labels[box][inside] = label
    return labels


def _grid(pose: Pose, scanner: Scanner, config: PhantomConfig, centers: FloatArray) -> Geometry:
    """Return the grid of the whole trunk, or of the part around the lesions."""
    dx, dz = scanner.field_mm / config.matrix, scanner.slice_thickness_mm
    step = np.array([dx, dx, dz])
    half = dx * (config.matrix - 1) / 2
    x, y, _ = pose.shift_mm
    bottom, top = (pose.to_lps(np.array([0, 0, z]))[2] for z in (torso.BOTTOM, torso.TOP))
    low = np.array([x - half, y + _TABLE_SHIFT_MM - half, bottom])
    high = np.array([x + half, y + _TABLE_SHIFT_MM + half, top])
    if config.size != "full":
        margin = _MARGIN_MM[config.size]
        low = np.maximum(low, centers.min(axis=0) - margin)
        high = np.minimum(high, centers.max(axis=0) + margin)
        if config.size == "tiny":
            step = np.maximum(step, _TINY_SPACING_MM)
    nx, ny, nz = (np.ceil((high - low) / step - 1e-6) + 1).astype(int).tolist()
    affine = np.diag([*step, 1.0])
    affine[:3, 3] = low
    return Geometry((nz, ny, nx), affine)
