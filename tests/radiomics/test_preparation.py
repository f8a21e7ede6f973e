"""Preparation: the grid, the crop, and which voxels count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from lesionary.errors import RadiomicsError
from lesionary.radiomics.preparation import Prepared, prepare
from lesionary.radiomics.settings import Settings

Region = tuple[np.ndarray, np.ndarray]
SPACING = (0.8, 0.9, 2.5)


def whole(volume: np.ndarray, new: tuple[float, float, float], order: int) -> np.ndarray:
    """Interpolate all of an image on the grid with the same centre, in one piece."""
    lines = []
    for length, old_mm, new_mm in zip(volume.shape, SPACING[::-1], new[::-1], strict=True):
        count = int(np.ceil(length * old_mm / new_mm - 1e-9))
        place = (length - 1) / 2 + (np.arange(count) - (count - 1) / 2) * new_mm / old_mm
        lines.append(np.clip(place, 0, length - 1))
    grid = np.meshgrid(*lines, indexing="ij")
    return ndimage.map_coordinates(volume.astype(float), grid, order=order, mode="mirror")


def settings(new: tuple[float | None, ...], image: str = "linear", **more: object) -> Settings:
    values = {"spacing_mm": new, "image": image, "round_to_integer": False}
    return Settings.model_validate({"interpolation": values, **more})


def inside(region: Prepared) -> np.ndarray:
    return region.image[region.box]


@pytest.mark.parametrize(("image", "order"), [("linear", 1), ("cubic", 3), ("nearest", 0)])
@pytest.mark.parametrize("new", [(1.0, 1.0, 1.0), (2.0, 2.0, 2.5), (0.5, 0.7, 4.0)])
def test_a_crop_is_interpolated_as_the_whole(
    blob: Region, new: tuple[float, float, float], image: str, order: int
) -> None:
    voxels, mask = blob
    found = prepare(voxels, mask, settings(new, image), spacing_mm=SPACING)
    share = whole(mask, new, 1) >= 0.5 - 1e-9
    box = tuple(slice(i.min(), i.max() + 1) for i in np.nonzero(share))
    assert found.morphological.sum() == share.sum()
    assert np.array_equal(found.morphological[found.box], share[box])
    np.testing.assert_allclose(inside(found), whole(voxels, new, order)[box], atol=1e-6)
    assert found.spacing_mm == pytest.approx(new[::-1])


def test_in_plane_interpolation_leaves_slices_apart(blob: Region) -> None:
    voxels, mask = blob
    found = prepare(voxels, mask, settings((2.0, 2.0, None)), spacing_mm=SPACING)
    one = prepare(voxels[11:12], mask[11:12], settings((2.0, 2.0, None)), spacing_mm=SPACING)
    middle = 11 - int(np.flatnonzero(mask.any(axis=(1, 2)))[0])
    assert np.array_equal(found.morphological[middle].sum(), one.morphological.sum())
    assert found.spacing_mm == pytest.approx((2.5, 2, 2))


def test_the_scans_own_grid_is_left_alone(blob: Region) -> None:
    voxels, mask = blob
    found = prepare(voxels, mask, Settings(), spacing_mm=SPACING)
    same = prepare(voxels, mask, settings(SPACING), spacing_mm=SPACING)
    box = tuple(slice(i.min(), i.max() + 1) for i in np.nonzero(mask))
    assert np.array_equal(inside(found), voxels[box])
    assert np.array_equal(inside(same), voxels[box])
    assert np.array_equal(found.morphological[found.box], mask[box])


def test_a_margin_keeps_what_is_around(blob: Region) -> None:
    voxels, mask = blob
    for how in (Settings(), settings((1.0, 1.0, 1.0))):
        tight = prepare(voxels, mask, how, spacing_mm=SPACING)
        wide = prepare(voxels, mask, how, spacing_mm=SPACING, margin_mm=5.0)
        np.testing.assert_allclose(inside(wide), inside(tight), atol=1e-9)
        before = [box.start * mm for box, mm in zip(wide.box, wide.spacing_mm, strict=True)]
        assert min(before) > 5 - max(wide.spacing_mm)


def test_rounding(blob: Region) -> None:
    how = Settings.model_validate({"interpolation": {"spacing_mm": (1, 1, 1)}})
    image = prepare(*blob, how, spacing_mm=SPACING).image
    exact = prepare(*blob, settings((1, 1, 1)), spacing_mm=SPACING).image
    assert np.array_equal(image, np.rint(exact))


def test_resegmentation_keeps_the_outline(blob: Region) -> None:
    voxels, mask = blob
    how = Settings.model_validate({"resegmentation": {"range": (0, 60)}})
    found = prepare(voxels, mask, how, spacing_mm=SPACING)
    assert found.morphological.sum() == mask.sum()
    assert np.array_equal(
        np.sort(found.values), np.sort(voxels[mask & (voxels >= 0) & (voxels <= 60)])
    )


def test_outliers_are_of_what_the_range_leaves() -> None:
    values = np.array([0.0] * 50 + [1.0] * 50 + [4.0, 5000.0]).reshape(2, 3, 17)
    mask = np.ones(values.shape, bool)
    for range_, kept in (((None, 1000), 100), ((None, None), 101)):
        how = {"resegmentation": {"range": range_, "outliers_sd": 3}}
        found = prepare(values, mask, Settings.model_validate(how), spacing_mm=(1, 1, 1))
        assert found.values.size == kept


@pytest.mark.parametrize("shape", [(7, 8, 9), (4, 5, 6)])
def test_one_voxel_outlives_a_finer_grid(shape: tuple[int, int, int]) -> None:
    """No new voxel has half of it; it becomes as many as it has room for."""
    image = np.arange(np.prod(shape), dtype=float).reshape(shape)
    for at in ((2, 3, 3), (1, 2, 4)):
        mask = np.zeros(shape, bool)
        mask[at] = True
        for new in ((1.0, 1.0, 1.0), (1.0, 1.0, 2.0)):
            found = prepare(image, mask, settings(new), spacing_mm=(2, 2, 2))
            assert found.morphological.sum() * np.prod(new) == 8
    # As soon as it can, the share decides.
    mask[:] = False
    mask[1:3, 1:4, 1:4] = True
    found = prepare(image, mask, settings((1.0, 1.0, 1.0)), spacing_mm=(2, 2, 2))
    assert found.morphological.sum() == pytest.approx(mask.sum() * 8, rel=0.2)


def test_bad_input_is_told(blob: Region) -> None:
    voxels, mask = blob
    how, at = Settings(), {"spacing_mm": (1, 1, 1)}
    broken = voxels.astype(float)
    broken[tuple(np.argwhere(mask)[0])] = np.nan
    narrow = Settings.model_validate({"resegmentation": {"range": (5000, 6000)}})
    one = np.zeros_like(mask)
    one[3, 3, 3] = True
    coarse = settings((20.0, 20.0, 20.0))
    labels = mask.astype(np.uint8)
    labels[0, 0, :2] = 2, 7
    for said, call in {
        "1 of the region's .* NaN": lambda: prepare(broken, mask, how, **at),
        "leaves none of the region's": lambda: prepare(voxels, mask, narrow, **at),
        "smaller than the new voxels": lambda: prepare(voxels, one, coarse, **at),
        "The mask is empty": lambda: prepare(voxels, np.zeros_like(mask), how, **at),
        "shape .* is not the image's": lambda: prepare(voxels, mask[1:], how, **at),
        "Give the array's spacing": lambda: prepare(voxels, mask, how),
        "three positive numbers": lambda: prepare(voxels, mask, how, spacing_mm=(1, 0, 1)),
        "3 labels, 1, 2, 7: say which": lambda: prepare(voxels, labels, how, **at),
        "no label 3: it has 1": lambda: prepare(voxels, mask.astype(int), how, label=3, **at),
        "array of numbers": lambda: prepare(voxels[0], mask, how, **at),
        "array of labels": lambda: prepare(voxels, mask[0], how, **at),
        "The mask holds NaN": lambda: prepare(voxels, np.where(mask, np.nan, 0), how, **at),
    }.items():
        with pytest.raises(RadiomicsError, match=said):
            call()


def test_nan_far_from_the_region_does_not_matter(blob: Region) -> None:
    voxels, mask = blob
    broken = voxels.astype(float)
    broken[0, 0, 0] = np.nan
    found = prepare(broken, mask, settings((1.0, 1.0, 1.0)), spacing_mm=SPACING)
    good = prepare(voxels, mask, settings((1.0, 1.0, 1.0)), spacing_mm=SPACING)
    assert np.array_equal(found.values, good.values)
