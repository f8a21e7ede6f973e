"""Lesions: shape, attenuation, what each attribute does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from lesionary.phantom import Lesion, PhantomConfig, PhantomError, Scanner, make_phantom
from lesionary.phantom.canvas import Canvas, Pose
from lesionary.phantom.lesion import draw_shape, lesion_mask, paint_lesion, solid_hu
from lesionary.scan import Geometry

GRID = Geometry((61, 61, 61), np.diag([1.0, 1.0, 1.0, 1.0]))
CENTER = np.array([30.2, 29.7, 30.4])


def painted(lesion: Lesion, background: float = -850.0, seed: int = 0) -> np.ndarray:
    canvas = Canvas(GRID, Pose(), 0.0, np.zeros((2, 2, 2), np.float32))
    canvas.hu[:] = background
    paint_lesion(canvas, draw_shape(lesion, np.random.default_rng(seed)), CENTER, "none")
    return canvas.hu


def masked(lesion: Lesion, seed: int = 0) -> np.ndarray:
    mask = np.zeros(GRID.shape, bool)
    box, inside = lesion_mask(GRID, draw_shape(lesion, np.random.default_rng(seed)), CENTER)
    mask[box] = inside
    return mask


@pytest.mark.parametrize("margin", ["smooth", "lobulated", "ill-defined"])
@pytest.mark.parametrize("diameter_mm", [8.0, 30.0])
def test_stated_volume_and_centre_are_those_of_the_voxels(margin: str, diameter_mm: float) -> None:
    lesion = Lesion("lung", diameter_mm, margin=margin)
    mask = masked(lesion, seed=3)
    assert mask.sum() == pytest.approx(np.pi / 6 * diameter_mm**3, rel=0.04)
    center = GRID.to_mm(ndimage.center_of_mass(mask))
    assert np.abs(center - CENTER).max() < 0.25


def test_smooth_is_round_and_lobulated_is_not() -> None:
    def roughness(margin: str) -> float:
        shape = draw_shape(Lesion("lung", 30, margin=margin), np.random.default_rng(1))
        directions = np.random.default_rng(2).normal(size=(500, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        ellipsoid = 1 / np.sqrt(((directions / shape.half_mm) ** 2).sum(axis=1))
        return float((shape.radius(directions) / ellipsoid).std())

    assert roughness("lobulated") > 5 * roughness("smooth")


def test_ill_defined_margin_is_a_wide_edge() -> None:
    def edge_voxels(margin: str) -> int:
        hu = painted(Lesion("lung", 24, margin=margin, heterogeneity_hu=0))
        return int(((hu > -700) & (hu < -100)).sum())

    assert edge_voxels("ill-defined") > 2.5 * edge_voxels("smooth")


def test_density_classes() -> None:
    def mean_hu(density: str) -> tuple[float, float]:
        lesion = Lesion("lung", 28, density=density, heterogeneity_hu=0)
        hu, depth = painted(lesion), ndimage.distance_transform_edt(masked(lesion))
        return float(hu[depth > 0.8 * depth.max()].mean()), float(
            hu[(depth > 3) & (depth < 5)].mean()
        )

    assert mean_hu("solid") == pytest.approx((32, 32), abs=2)
    core, rim = mean_hu("ground-glass")
    assert -650 < core < -400
    assert rim == pytest.approx(core, abs=5)
    core, rim = mean_hu("part-solid")
    assert core > -50
    assert -650 < rim < -400


def test_heterogeneity_is_the_stated_standard_deviation() -> None:
    spread = []
    for seed in range(6):
        lesion = Lesion("lung", 40, heterogeneity_hu=30)
        hu, depth = painted(lesion, seed=seed), ndimage.distance_transform_edt(masked(lesion, seed))
        spread.append(hu[depth > 3].std())
    assert np.mean(spread) == pytest.approx(30, rel=0.12)


def test_necrosis_is_a_dark_core_and_calcification_is_bright() -> None:
    plain = Lesion("liver", 36, heterogeneity_hu=0)
    middle = tuple(slice(c - 3, c + 4) for c in (30, 30, 30))
    solid = solid_hu(plain, "none")
    assert painted(plain, 60)[middle].mean() == pytest.approx(solid, abs=1)
    dead = Lesion("liver", 36, heterogeneity_hu=0, necrosis=0.8)
    assert painted(dead, 60)[middle].mean() == pytest.approx(16, abs=3)
    stone = Lesion("liver", 36, heterogeneity_hu=0, calcification=0.8)
    assert painted(stone, 60).max() > 300
    sclerotic = Lesion("bone", 36, heterogeneity_hu=0, calcification=0.8)
    assert painted(sclerotic, 190)[middle].mean() > 400


def test_spiculation_reaches_out_of_the_body_and_grows() -> None:
    outside = []
    for spiculation in (0.0, 0.4, 0.9):
        lesion = Lesion("lung", 20, spiculation=spiculation)
        away = ndimage.distance_transform_edt(~masked(lesion))
        outside.append(int((painted(lesion)[away > 2.5] > -700).sum()))
    assert outside[0] == 0
    assert 20 < outside[1] < outside[2] / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"site": "brain"}, "site is 'brain'; it must be one of bone, abdomen"),
        ({"site": "liver", "density": "ground-glass"}, "exists in the lung only"),
        ({"diameter_mm": -3}, "diameter_mm is -3; it must lie between"),
        ({"spiculation": float("nan")}, "spiculation is nan"),
    ],
)
def test_an_impossible_lesion_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(PhantomError, match=message):
        Lesion(**{"site": "lung", "diameter_mm": 20} | arguments)


def test_too_many_lesions_are_refused() -> None:
    crowd = [Lesion("kidney", 60) for _ in range(6)]
    with pytest.raises(PhantomError, match="of 6 lesions found a place"):
        make_phantom(0, config=PhantomConfig(size="tiny"), lesions=crowd, scanner=Scanner())
