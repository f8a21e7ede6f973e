"""Patches: against closed forms, SimpleITK and the published package's own output."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from lesionary.errors import RecipeError, ScanError
from lesionary.scan import ArrayVoxels, Geometry, Intensity, Recipe, Scan, read_scan

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = np.load(Path(__file__).with_name("published_patches.npz"))

_spec = importlib.util.spec_from_file_location("scans", ROOT / "benchmarks" / "parity" / "scans.py")
parity = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(parity)

PLAIN = Recipe(name="plain", size_vox=(8, 10, 12), padding=-999.0)


def ramp(direction=None, spacing=(0.8, 0.9, 2.5), shape=(30, 40, 50)) -> Scan:
    """A scan whose value at a point is a known linear function of where it is."""
    turn = np.eye(3) if direction is None else direction
    geometry = Geometry.from_itk(shape[::-1], spacing, (-20.0, -15.0, -30.0), turn.ravel())
    points = geometry.to_mm(np.moveaxis(np.indices(shape), 0, -1))
    return Scan(geometry, ArrayVoxels(value_at(points).astype(np.float32)))


def value_at(points_mm: np.ndarray) -> np.ndarray:
    return points_mm @ [3.0, -5.0, 7.0] + 11.0


def turned(x: float, y: float, z: float) -> np.ndarray:
    return np.reshape(sitk.Euler3DTransform((0, 0, 0), *np.deg2rad((x, y, z))).GetMatrix(), (3, 3))


@pytest.mark.parametrize("recipe", ["fmcib", "fmcib-dataset"])
@pytest.mark.parametrize("name", list(parity.SCANS))
def test_published_recipes_equal_the_published_package(tmp_path, name, recipe):
    image = parity.make_image(name)
    path = tmp_path / "scan.nrrd"
    sitk.WriteImage(image, str(path))
    scan = read_scan(path)
    for seed, fraction in parity.SEEDS.items():
        index = [f * (n - 1) for f, n in zip(fraction, image.GetSize(), strict=True)]
        center = image.TransformContinuousIndexToPhysicalPoint(index)
        patch = scan.patch(center, recipe)[..., 4::10, 4::10, 4::10]
        np.testing.assert_allclose(patch, PUBLISHED[f"{name}/{seed}/{recipe}"], atol=1e-6, rtol=0)


@pytest.mark.parametrize("direction", [None, np.diag([-1.0, 1, -1]), turned(20, -10, 30)])
@pytest.mark.parametrize("orientation", ["SPL", "RAS", "LIP"])
@pytest.mark.parametrize("axes", ["patient", "scan"])
def test_a_patch_holds_the_values_at_its_own_points(direction, orientation, axes):
    recipe = PLAIN.model_copy(
        update={"orientation": orientation, "axes": axes, "spacing_mm": (0.7, 1.1, 1.3)}
    )
    scan = ramp(direction)
    center = np.add(scan.geometry.center_mm, (0.31, -0.77, 0.13))
    patch = scan.patch(center, recipe)[0]
    own = scan.geometry.direction
    turn = np.eye(3) if axes == "patient" else own * np.sign(np.diag(own))
    side = {"L": 0, "R": 0, "P": 1, "A": 1, "S": 2, "I": 2}
    steps = [
        turn[:, side[s]] * recipe.spacing_mm[side[s]] * (1 if s in "LPS" else -1)
        for s in orientation
    ]
    offset = np.moveaxis(np.indices(patch.shape), 0, -1) - (np.asarray(patch.shape) - 1) / 2
    np.testing.assert_allclose(patch, value_at(center + offset @ steps), atol=2e-3)


@pytest.mark.parametrize("center", [(30.0, 30.0, 40.0), (2.25, 57.6, 3.0), (0.4, 0.3, 77.0)])
def test_the_seed_is_exactly_in_the_centre_also_at_the_border(center):
    shape = (40, 60, 60)
    geometry = Geometry.from_itk(shape[::-1], (1.0, 1.0, 2.0), (0, 0, 0), np.eye(3).ravel())
    distance = geometry.to_mm(np.moveaxis(np.indices(shape), 0, -1)) - center
    blob = 1000 * np.exp(-(distance**2).sum(axis=-1) / 200)
    patch = Scan(geometry, ArrayVoxels(blob)).patch(center, "lesion")[0] * 3072 - 1024
    middle = patch[24:26, 24:26, 24:26]
    np.testing.assert_allclose(middle, 1000 * np.exp(-0.75 / 200), atol=8)
    assert patch.max() == middle.max()
    for axis in range(3):
        np.testing.assert_allclose(middle, np.flip(middle, axis), atol=8)


def test_outside_the_scan_is_padding_and_the_outermost_voxel_is_whole():
    scan = read_scan(np.full((20, 20, 20), 40, np.int16), affine=np.eye(4))
    recipe = Recipe(name="p", size_vox=(6, 6, 6), spacing_mm=(0.5, 0.5, 0.5), padding=-1000)
    patch = scan.patch((-0.5, 10, 10), recipe)[0]
    assert (patch[:, :, :3] == -1000).all()
    assert (patch[:, :, 3:] == 40).all()


@pytest.mark.parametrize(
    ("ours", "itk"),
    [
        ("linear", sitk.sitkLinear),
        ("nearest", sitk.sitkNearestNeighbor),
        ("bspline", sitk.sitkBSpline),
    ],
)
@pytest.mark.parametrize("turn", [(0, 0, 0), (12, -7, 25)])
def test_interpolation_equals_itk(ours, itk, turn):
    random = np.random.default_rng(1)
    image = sitk.GetImageFromArray(random.normal(0, 100, (40, 60, 60)))
    image.SetSpacing((0.8, 0.8, 1.5))
    image.SetDirection(turned(*turn).ravel())
    scan = read_scan(
        sitk.GetArrayFromImage(image),
        affine=Geometry.from_itk(
            image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()
        ).affine,
    )
    center = np.asarray(scan.geometry.center_mm) + 0.237
    recipe = Recipe(name="r", size_vox=(14, 15, 16), spacing_mm=(0.9, 1.0, 1.1), interpolation=ours)
    grid = sitk.Image([16, 15, 14], sitk.sitkFloat64)
    grid.SetSpacing((0.9, 1.0, 1.1))
    grid.SetOrigin((center - (np.array([16, 15, 14]) - 1) / 2 * (0.9, 1.0, 1.1)).tolist())
    expected = sitk.GetArrayFromImage(sitk.Resample(image, grid, sitk.Transform(), itk, -1024.0))
    tolerance = 5e-3 if ours == "bspline" else 1e-4
    np.testing.assert_allclose(scan.patch(center, recipe)[0], expected, atol=tolerance)


def test_many_seeds_give_what_each_gives_and_read_each_slice_once():
    class Counting:
        def __init__(self, array):
            self.array, self.read_slices = array, []

        def read(self, start, stop):
            self.read_slices += range(start, stop)
            return self.array[start:stop]

    scan = ramp()
    counting = Counting(scan.read())
    counted = Scan(scan.geometry, counting)
    seeds = np.asarray(scan.geometry.center_mm) + np.array([[0, 0, 3.0], [5, 2, -20], [-4, 4, 0]])
    together = counted.patches(seeds, PLAIN)
    assert len(counting.read_slices) == len(set(counting.read_slices))
    assert len(counting.read_slices) < scan.shape[0]
    for seed, patch in zip(seeds, together, strict=True):
        np.testing.assert_array_equal(patch, scan.patch(seed, PLAIN))


def test_no_seeds_give_no_patches():
    assert ramp().patches(np.empty((0, 3)), PLAIN).shape == (0, 1, 8, 10, 12)


def test_the_scans_own_spacing():
    scan = ramp()
    own = Recipe(name="own", size_vox=(4, 4, 4), spacing_mm=None, axes="scan", seed_vox=(0, 0, 0))
    first = scan.geometry.to_mm((10, 11, 12))
    np.testing.assert_allclose(
        scan.patch(first, own)[0], scan.read()[10:14, 11:15, 12:16], rtol=1e-5
    )


def test_intensity_is_mapped_and_clipped():
    scan = read_scan(np.full((8, 8, 8), 500, np.int16), affine=np.eye(4))
    window = Intensity(low=-1000, high=0, to=(-1, 1), clip=True)
    recipe = Recipe(name="w", size_vox=(4, 4, 4), intensity=window)
    assert (scan.patch((4, 4, 4), recipe) == 1).all()
    loose = recipe.model_copy(update={"intensity": window.model_copy(update={"clip": False})})
    assert (scan.patch((4, 4, 4), loose) == 2).all()


@pytest.mark.parametrize("recipe", ["lesion", "fmcib", "fmcib-dataset"])
def test_a_seed_far_outside_is_refused(recipe):
    with pytest.raises(ScanError, match="outside the scan, which reaches from"):
        ramp().patch((900, 0, 0), recipe)


@pytest.mark.parametrize("center", [(np.nan, 0, 0), (0, np.inf, 0)])
def test_a_seed_that_is_no_point_is_refused(center):
    with pytest.raises(ScanError, match="not a point"):
        ramp().patch(center)


def test_nan_voxels_are_refused_only_where_they_matter():
    voxels = np.zeros((60, 60, 60), np.float32)
    voxels[50, 50, 50] = np.nan
    scan = read_scan(voxels, affine=np.eye(4))
    assert np.isfinite(scan.patch((10, 10, 10), PLAIN)).all()
    with pytest.raises(ScanError, match="NaN"):
        scan.patch((50, 50, 50), PLAIN)


def test_recipes_come_by_name_file_or_object(tmp_path):
    scan = ramp()
    center = scan.geometry.center_mm
    file = tmp_path / "small.yaml"
    file.write_text("name: small\nsize_vox: [4, 5, 6]\nintensity: {low: 0, high: 1}\n")
    assert scan.patch(center, str(file)).shape == (1, 4, 5, 6)
    assert scan.patch(center, file).shape == (1, 4, 5, 6)
    with pytest.raises(RecipeError, match="There are fmcib, fmcib-dataset, lesion"):
        scan.patch(center, "lesoin")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name: x\nsize: [1, 1, 1]", "size"),
        ("name: x\norientation: SPX", "orientation"),
        ("name: x\nspacing_mm: [1, 1, -1]", "greater than 0"),
        ("name: x\nspacing_mm: null", "axes: scan"),
        ("name: x\nintensity: {low: 5, high: 1}", "high must be above low"),
        ("name: x\ngrid: monai\naxes: scan", "axes: patient"),
        ("name: x\ngrid: itk", "axes: scan"),
        ("name: [", "not valid"),
        ("!!python/object/apply:os.system ['true']", "not valid"),
    ],
)
def test_a_broken_recipe_says_why(tmp_path, text, reason):
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(RecipeError, match=reason):
        ramp().patch((0, 0, 0), file)


@pytest.mark.real_data
@pytest.mark.parametrize("recipe", ["fmcib", "fmcib-dataset"])
def test_a_real_dicom_folder_gives_the_patch_of_what_itk_makes_of_it(real_data, tmp_path, recipe):
    """The published package reads DICOM through ITK; NRRD parity is measured, so go through it."""
    folder = real_data / "lung1" / "LUNG1-001"
    reader = sitk.ImageSeriesReader()
    series = max(
        (
            reader.GetGDCMSeriesFileNames(str(folder), uid)
            for uid in reader.GetGDCMSeriesIDs(str(folder))
        ),
        key=len,
    )
    reader.SetFileNames(series)
    sitk.WriteImage(reader.Execute(), str(tmp_path / "ct.nrrd"))
    seed = (82.30073, -201.481085, -456.837891)
    expected = read_scan(tmp_path / "ct.nrrd").patch(seed, recipe)
    np.testing.assert_allclose(read_scan(folder).patch(seed, recipe), expected, atol=1e-6)
