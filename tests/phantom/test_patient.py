"""Whole patients: anatomy, placement, scanner, second scans, readers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from lesionary.phantom import (
    SITES,
    Lesion,
    PhantomConfig,
    PhantomError,
    Scanner,
    make_phantom,
    skeleton,
    torso,
)
from lesionary.phantom.acquire import acquire
from lesionary.phantom.anatomy import Anatomy, draw_anatomy
from lesionary.phantom.canvas import Canvas, Pose
from lesionary.phantom.paint import paint_anatomy
from lesionary.phantom.patient import PhantomPatient
from lesionary.phantom.placement import place
from lesionary.phantom.shapes import ellipsoid, tube
from lesionary.scan import Geometry

TINY = PhantomConfig(size="tiny")
NO_TEXTURE = np.zeros((2, 2, 2), np.float32)


@pytest.fixture(scope="module")
def body() -> tuple[Geometry, np.ndarray]:
    """The atlas, coarse and without noise, in the venous phase."""
    affine = np.diag([3.0, 3.0, 5.0, 1.0])
    affine[:3, 3] = [-189, -150, -390]
    grid = Geometry((126, 100, 127), affine)
    canvas = Canvas(grid, Pose(), 0.0, NO_TEXTURE)
    paint_anatomy(canvas, draw_anatomy(np.random.default_rng(0)), "venous")
    return grid, canvas.hu


@pytest.mark.parametrize(
    ("where", "point_mm", "low", "high"),
    [
        ("right lung", (-85, -20, 150), -900, -600),
        ("left lung", (85, 20, 150), -900, -600),
        ("liver, on the right", (-80, -10, -60), 100, 125),
        ("spleen, on the left", (92, 42, -55), 105, 130),
        ("heart, to the left", (40, -15, 40), 90, 160),
        ("descending aorta", (20, 37, 40), 130, 160),
        ("left kidney", (72, 44, -130), 150, 200),
        ("right kidney", (-72, 44, -142), 150, 200),
        ("vertebral body", (0, 40, -120), 100, 700),
        ("trachea", (0, 16, 180), -1000, -850),
        ("bladder", (0, -22, -326), 0, 20),
        ("fat under the skin", (0, -103, -60), -115, -90),
        ("outside", (0, -148, 0), -1000, -1000),
    ],
)
def test_organs_are_where_and_as_dense_as_they_should_be(
    body: tuple[Geometry, np.ndarray], where: str, point_mm: tuple, low: float, high: float
) -> None:
    grid, hu = body
    z, y, x = np.round(grid.to_vox(point_mm)).astype(int)
    assert low <= np.median(hu[z, y - 1 : y + 2, x - 1 : x + 2]) <= high, where


def test_bones_are_hard(body: tuple[Geometry, np.ndarray]) -> None:
    grid, hu = body
    rng = np.random.default_rng(0)
    points = np.concatenate([rib.sample(rng, 10) for rib in skeleton.ribs()[0]])
    z, y, x = np.round(grid.to_vox(points)).astype(int).T
    inside = (x >= 0) & (x < grid.shape[2])
    assert np.median(hu[z[inside], y[inside], x[inside]]) > 150


def test_a_collapsed_lung_holds_no_air() -> None:
    affine = np.diag([6.0, 6.0, 10.0, 1.0])
    affine[:3, 3] = [-189, -150, 0]
    grid = Geometry((22, 50, 64), affine)
    air = {}
    for side in ("left", "right"):
        canvas = Canvas(grid, Pose(), 0.0, NO_TEXTURE)
        anatomy = draw_anatomy(np.random.default_rng(0), side)
        paint_anatomy(canvas, anatomy, "venous")
        x = grid.to_mm([(0, 0, i) for i in range(64)])[:, 0]
        box = canvas.hu[:, 10:40]
        air[side] = [(box[..., (x > a) & (x < b)] < -600).mean() for a, b in ((50, 90), (-90, -50))]
        assert set(anatomy.trees) == {"left", "right"} - {side}
    assert air["left"][0] < 0.02 < 0.4 < air["left"][1]
    assert air["right"][1] < 0.02 < 0.4 < air["right"][0]


_ORGANS = {
    "liver": lambda anatomy: [anatomy.organs["liver"]],
    "kidney": lambda anatomy: [anatomy.organs["left kidney"], anatomy.organs["right kidney"]],
    "mediastinum": lambda anatomy: [anatomy.organs["mediastinum"]],
    "lung": lambda anatomy: [torso.LUNGS],
    "abdomen": lambda anatomy: [torso.CAVITY],
    "pelvis": lambda anatomy: [torso.CAVITY],
    "soft tissue": lambda anatomy: [torso.BODY],
}


@pytest.mark.parametrize("site", SITES)
def test_lesions_sit_in_their_organ(site: str) -> None:
    for seed in range(4):
        anatomy = _anatomy(seed)
        rng = np.random.default_rng(seed + 100)
        point = place(Lesion(site, 15), anatomy, Pose(), [], rng)
        assert point is not None
        if site == "bone":
            assert _in_bone(point)
        else:
            assert min(float(s.level(point)[0]) for s in _ORGANS[site](anatomy)) < 1
        if site == "lung":
            assert anatomy.open_lung(point[None])[0] > 0
        if site == "soft tissue":
            assert torso.CAVITY.level(point)[0] > 1
        if site in ("abdomen", "pelvis"):
            assert (point[2] < -230) == (site == "pelvis")


@cache
def _anatomy(seed: int) -> Anatomy:
    return draw_anatomy(np.random.default_rng(seed))


def _in_bone(point: np.ndarray) -> bool:
    pelvis = skeleton.pelvis()
    solid = [bone.body for bone in skeleton.vertebrae()] + [pelvis.sacrum]
    if any(shape.level(point)[0] < 1 for shape in solid):
        return True
    if any(rib.distance(point)[0] < 0 for rib in skeleton.ribs()[0]):
        return True
    for plate in (*pelvis.wings, skeleton.sternum()):
        x0, y0, x1, y1 = plate.ends(point[2:])[:, 0]
        line = tube([(x0, y0, point[2]), (x1, y1, point[2])], plate.radius)
        if line.distance(point)[0] < 0:
            return True
    return False


def test_partial_volume_keeps_the_volume_of_a_ball_and_of_a_thin_tube() -> None:
    grid = Geometry((12, 30, 30), np.diag([2.0, 2.0, 5.0, 1.0]))
    ball = Canvas(grid, Pose(), 0.0, NO_TEXTURE)
    ball.stack(ellipsoid((29.3, 28.8, 27.1), (12, 12, 12)), 0.0)
    volume = ((ball.hu + 1000) / 1000).sum() * grid.voxel_volume_mm3
    assert volume == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.05)
    thick = Canvas(grid, Pose(), 0.0, NO_TEXTURE)
    thick.tube(tube([(10, 30, 30), (50, 30, 30)], 6.0), 0.0)
    volume = ((thick.hu + 1000) / 1000).sum() * grid.voxel_volume_mm3
    assert volume == pytest.approx(np.pi * 36 * 40 + 4 / 3 * np.pi * 6**3, rel=0.06)


def test_tilt_and_scale_move_paint_as_they_move_points() -> None:
    pose = Pose((1.1, 0.9, 1.05), (5.0, -7.0, 300.0), (0.03, -0.02))
    center = np.array([20.0, -15.0, 60.0])
    moved = pose.to_lps(center)
    assert pose.to_atlas(moved) == pytest.approx(center)
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = moved - 20.3
    canvas = Canvas(Geometry((41, 41, 41), affine), pose, 0.0, NO_TEXTURE)
    canvas.stack(ellipsoid(center, (10, 10, 10)), 0.0)
    found = ndimage.center_of_mass(canvas.hu + 1000)
    assert canvas.geometry.to_mm(found) == pytest.approx(moved, abs=0.2)


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_true_centre_is_the_masks_centre_within_a_voxel(size: str) -> None:
    for index in range(3):
        patient = make_phantom(2, index, PhantomConfig(size=size, sites=("liver", "lung")))
        for row in patient.truth:
            mask = patient.mask == row["mask_label"]
            found = patient.scan.geometry.to_mm(ndimage.center_of_mass(mask))
            true = [row[f"center_{axis}_mm"] for axis in "xyz"]
            assert (np.abs(found - true) < patient.scan.spacing_mm).all()


def test_same_seed_same_patient_whatever_else_is_asked_for() -> None:
    alone = make_phantom(3, 1, TINY)
    more = make_phantom(3, 1, PhantomConfig(size="tiny", retest=True, readers=2))
    assert np.array_equal(alone.scan.read(), more.scan.read())
    assert alone.truth == more.truth
    assert alone.retest is None
    other = make_phantom(4, 1, TINY)
    assert other.truth[0]["z_size"] != alone.truth[0]["z_size"]


def test_size_changes_the_field_and_not_the_patient() -> None:
    tiny, small = (make_phantom(3, 0, PhantomConfig(size=size)) for size in ("tiny", "small"))
    assert tiny.truth == small.truth
    assert min(tiny.scan.spacing_mm) >= 2
    assert small.scan.spacing_mm[0] < 1.8


def test_full_size_covers_the_trunk() -> None:
    scanner = Scanner(field_mm=390, slice_thickness_mm=10, noise_hu=10)
    patient = make_phantom(1, 0, PhantomConfig(matrix=96), scanner=scanner)
    assert patient.scan.shape[1:] == (96, 96)
    assert patient.scan.shape[0] * 10 == pytest.approx(634, rel=0.12)
    assert patient.scan.unit == "HU"
    assert patient.scan.read().dtype == np.int16


def test_signal_scales_the_rule() -> None:
    row = make_phantom(3, 0, PhantomConfig(size="tiny", signal=0)).truth[0]
    assert row["log_hazard"] == 0
    assert row["malignancy_probability"] == pytest.approx(1 / (1 + np.exp(0.2)))


@pytest.fixture(scope="module")
def twice() -> PhantomPatient:
    lesion = Lesion("liver", 30, heterogeneity_hu=40)
    config = PhantomConfig(size="tiny", retest=True, readers=3)
    return make_phantom(
        5, 0, config, lesions=[lesion], scanner=Scanner(noise_hu=8, slice_thickness_mm=2)
    )


def test_second_scan_is_the_same_lesion_elsewhere_under_other_noise(twice: PhantomPatient) -> None:
    again = twice.retest
    assert again is not None
    first, second = (
        np.array([p.truth[0][f"center_{a}_mm"] for a in "xyz"]) for p in (twice, again)
    )
    assert 1 < np.linalg.norm(first - second) < 60
    assert (twice.mask > 0).sum() == pytest.approx((again.mask > 0).sum(), rel=0.03)
    assert not np.array_equal(twice.scan.read()[:20, :20, :20], again.scan.read()[:20, :20, :20])

    def sample(patient: PhantomPatient, center: np.ndarray) -> np.ndarray:
        offsets = np.stack(np.meshgrid(*[np.arange(-8, 9, 2.0)] * 3), axis=-1).reshape(-1, 3)
        index = patient.scan.geometry.to_vox(center + offsets)
        return ndimage.map_coordinates(patient.scan.read().astype(float), index.T, order=1)

    same = np.corrcoef(sample(twice, first), sample(again, second))[0, 1]
    elsewhere = np.corrcoef(sample(twice, first), sample(again, second + np.array([12.0, 0, 0])))[
        0, 1
    ]
    assert same > 0.8 > elsewhere + 0.2


def test_readers_differ_and_agree_mostly(twice: PhantomPatient) -> None:
    truth = twice.mask > 0
    readers = [mask > 0 for mask in twice.reader_masks]
    assert len(readers) == 3
    dice = [2 * (a & truth).sum() / (a.sum() + truth.sum()) for a in readers]
    assert all(0.7 < value < 0.995 for value in dice)
    assert not np.array_equal(readers[0], readers[1])


def test_readers_have_habits_that_hold_for_every_lesion() -> None:
    config = PhantomConfig(size="tiny", readers=2, sites=("liver",))
    excess = []
    for index in range(8):
        patient = make_phantom(11, index, config, lesions=[Lesion("liver", 36)])
        truth = (patient.mask > 0).sum()
        excess.append([(mask > 0).sum() / truth - 1 for mask in patient.reader_masks])
    between, within = np.ptp(np.mean(excess, axis=0)), np.std(excess, axis=0).mean()
    assert between > within


def test_scanner_noise_has_the_stated_level_and_the_kernels_grain() -> None:
    grid = Geometry((20, 80, 80), np.diag([1.5, 1.5, 2.5, 1.0]))
    grain = {}
    for kernel in ("soft", "sharp"):
        canvas = Canvas(grid, Pose(shift_mm=(60.0, 60.0, 0.0)), 0.0, NO_TEXTURE)
        canvas.hu[:] = 50.0
        scanner = Scanner(kernel=kernel, noise_hu=20)
        image = acquire(canvas, scanner, np.random.default_rng(0))[:, 30:50, 30:50].astype(float)
        assert image.mean() == pytest.approx(50, abs=1.5)
        assert image.std() == pytest.approx(20, rel=0.1)
        grain[kernel] = np.corrcoef(image[..., 1:].ravel(), image[..., :-1].ravel())[0, 1]
        between_slices = np.corrcoef(image[1:].ravel(), image[:-1].ravel())[0, 1]
        assert abs(between_slices) < 0.1
    assert grain["soft"] > grain["sharp"] + 0.2


def test_sharp_kernel_overshoots_at_edges() -> None:
    grid = Geometry((1, 40, 40), np.diag([1.5, 1.5, 2.5, 1.0]))
    canvas = Canvas(grid, Pose(), 0.0, NO_TEXTURE)
    canvas.hu[:, :, 20:] = 0.0
    sharp = acquire(canvas, Scanner(kernel="sharp", noise_hu=0), np.random.default_rng(0))
    soft = acquire(canvas, Scanner(kernel="soft", noise_hu=0), np.random.default_rng(0))
    assert sharp[0, 20].max() > 50
    assert soft[0, 20].max() == 0


def test_contrast_phase_shows_in_the_aorta() -> None:
    def aorta(phase: str) -> float:
        affine = np.diag([3.0, 3.0, 5.0, 1.0])
        affine[:3, 3] = [-30, 0, 30]
        canvas = Canvas(Geometry((5, 30, 40), affine), Pose(), 0.0, NO_TEXTURE)
        paint_anatomy(canvas, draw_anatomy(np.random.default_rng(0)), phase)
        z, y, x = np.round(canvas.geometry.to_vox((20, 37, 40))).astype(int)
        return float(canvas.hu[z, y, x])

    assert aorta("none") < 60 < aorta("venous") < 200 < aorta("arterial")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sites": ()}, "At least one site"),
        ({"sites": ("brain",)}, "site is 'brain'"),
        ({"size": "huge"}, "size is 'huge'; it must be one of full, small, tiny"),
        ({"readers": -1}, "readers is -1"),
        ({"matrix": 8}, "matrix is 8"),
    ],
)
def test_an_impossible_configuration_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(PhantomError, match=message):
        PhantomConfig(**arguments)
