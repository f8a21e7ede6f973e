"""Every single-file format gives the same scan, and broken files say so."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk

from lesionary.errors import ScanError
from lesionary.scan import read_scan

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".npz"]


@pytest.fixture(scope="module")
def image() -> sitk.Image:
    random = np.random.default_rng(0)
    made = sitk.GetImageFromArray(random.integers(-1000, 1000, (9, 12, 15), dtype=np.int16))
    made.SetSpacing((0.7, 0.8, 2.5))
    made.SetOrigin((-12.0, 30.5, -400.0))
    made.SetDirection(sitk.Euler3DTransform((0, 0, 0), 0.1, -0.2, 0.3).GetMatrix())
    return made


def write(image: sitk.Image, path: Path, compress: bool = False) -> Path:
    if path.suffix == ".npz":
        geometry = np.eye(4)
        direction = np.reshape(image.GetDirection(), (3, 3))
        geometry[:3, :3] = direction * image.GetSpacing()
        geometry[:3, 3] = image.GetOrigin()
        np.savez(path, voxels=sitk.GetArrayFromImage(image), affine=geometry)
    else:
        sitk.WriteImage(image, str(path), compress)
    return path


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_what_itk_reads(image, tmp_path, suffix, compress):
    scan = read_scan(write(image, tmp_path / f"scan{suffix}", compress))
    np.testing.assert_array_equal(scan.read(), sitk.GetArrayViewFromImage(image))
    np.testing.assert_array_equal(scan.read(3, 5), sitk.GetArrayViewFromImage(image)[3:5])
    np.testing.assert_allclose(scan.spacing_mm, image.GetSpacing(), rtol=1e-6)
    point = image.TransformContinuousIndexToPhysicalPoint((4.5, 3.25, 2.0))
    np.testing.assert_allclose(scan.geometry.to_vox(point), (2.0, 3.25, 4.5), atol=1e-4)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8", ">i2", ">f4"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_types_and_scaling(tmp_path, dtype, suffix):
    stored = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    header = nibabel.Nifti1Header(endianness=">" if dtype[0] == ">" else "<")
    plain = nibabel.Nifti1Image(stored, np.diag([1, 2, 3, 1]), header)
    plain.set_data_dtype(dtype)
    nibabel.save(plain, tmp_path / f"plain{suffix}")
    np.testing.assert_array_equal(read_scan(tmp_path / f"plain{suffix}").read(), stored.T)

    scaled = tmp_path / f"scaled{suffix}"
    with_slope = nibabel.Nifti1Image(stored.astype("i2"), np.eye(4))
    with_slope.header.set_slope_inter(2.0, -1024.0)
    nibabel.save(with_slope, scaled)
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(scaled)))
    np.testing.assert_array_equal(read_scan(scaled).read(), values)


def test_nifti_pair_and_trailing_axes_of_one(tmp_path):
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nibabel.save(nibabel.Nifti1Pair(voxels, np.eye(4)), tmp_path / "pair.hdr")
    np.testing.assert_array_equal(read_scan(tmp_path / "pair.hdr").read(), voxels.T)
    nibabel.save(nibabel.Nifti1Image(voxels[..., None], np.eye(4)), tmp_path / "one.nii")
    np.testing.assert_array_equal(read_scan(tmp_path / "one.nii").read(), voxels.T)


def test_a_sheared_nifti_keeps_its_affine(tmp_path):
    affine = np.array([[1.0, 0.3, 0, 5], [0, 1, 0, 6], [0, 0, 2, 7], [0, 0, 0, 1]])
    sheared = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), affine)
    sheared.set_sform(affine, 1)
    nibabel.save(sheared, tmp_path / "sheared.nii")
    expected = np.diag([-1, -1, 1, 1]) @ affine
    np.testing.assert_allclose(read_scan(tmp_path / "sheared.nii").affine, expected)


def test_only_the_slices_asked_for_are_inflated(tmp_path):
    voxels = np.random.default_rng(0).integers(0, 9999, (80, 128, 128), dtype=np.int16)
    path = write(sitk.GetImageFromArray(voxels), tmp_path / "scan.nii.gz")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    scan = read_scan(path)
    np.testing.assert_array_equal(scan.read(5, 8), voxels[5:8])
    np.testing.assert_array_equal(scan.read(2, 12), voxels[2:12])
    with pytest.raises(ScanError, match="truncated or corrupt"):
        scan.read(0, 80)
    np.testing.assert_array_equal(scan.read(0, 12), voxels[:12])  # what is whole stays readable
    again = read_scan(path)
    with pytest.raises(ScanError, match="truncated or corrupt"):
        again.read(0, 80)
    np.testing.assert_array_equal(again.read(0, 12), voxels[:12])


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha", ".nii.gz", ".npz"])
def test_a_truncated_file_is_named(image, tmp_path, suffix):
    path = write(image, tmp_path / f"cut{suffix}", compress=suffix == ".nii.gz")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(ScanError, match=r"cut\."):
        read_scan(path).read()


def test_garbage_behind_a_gzip_header_is_named(tmp_path, image):
    path = write(image, tmp_path / "garbled.nii.gz")
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 400] = bytes(400)
    path.write_bytes(whole)
    with pytest.raises(ScanError, match=r"garbled\.nii\.gz"):
        read_scan(path).read()


def test_a_four_dimensional_nifti_is_refused(tmp_path):
    nibabel.save(
        nibabel.Nifti1Image(np.zeros((4, 4, 4, 3), np.int16), np.eye(4)), tmp_path / "t.nii"
    )
    with pytest.raises(ScanError, match="4 dimensions"):
        read_scan(tmp_path / "t.nii")


def test_colour_is_refused(tmp_path):
    pixel = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), pixel), np.eye(4)), tmp_path / "rgb.nii")
    with pytest.raises(ScanError, match="colour"):
        read_scan(tmp_path / "rgb.nii")
    rgb = sitk.Image([4, 4, 4], sitk.sitkVectorUInt8, 3)
    sitk.WriteImage(rgb, str(tmp_path / "rgb.mha"))
    with pytest.raises(ScanError, match="3 component"):
        read_scan(tmp_path / "rgb.mha")
    nrrd.write(
        str(tmp_path / "rgb.nrrd"),
        np.zeros((3, 4, 4, 4), np.uint8),
        {"kinds": ["vector", *["domain"] * 3]},
    )
    with pytest.raises(ScanError, match="component"):
        read_scan(tmp_path / "rgb.nrrd")


def test_zero_spacing_is_refused(tmp_path):
    flat = nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4))
    path = tmp_path / "flat.nii"
    nibabel.save(flat, path)
    raw = bytearray(path.read_bytes())
    raw[76 + 4 * 3 : 76 + 4 * 4] = bytes(4)  # pixdim[3]
    path.write_bytes(raw)
    with pytest.raises(ScanError, match="spacing"):
        read_scan(path)


def test_not_a_nifti_at_all(tmp_path):
    (tmp_path / "no.nii").write_text("hello")
    (tmp_path / "no.nii.gz").write_bytes(gzip.compress(b"hello"))
    (tmp_path / "no.nrrd").write_text("hello")
    (tmp_path / "no.mha").write_text("hello")
    for path in tmp_path.iterdir():
        with pytest.raises(ScanError, match=path.name):
            read_scan(path)


def test_arrays_need_an_affine(tmp_path):
    with pytest.raises(ScanError, match="affine"):
        read_scan(np.zeros((2, 2, 2)))
    with pytest.raises(ScanError, match="shape"):
        read_scan(np.zeros((2, 2)), affine=np.eye(4))
    np.savez(tmp_path / "bare.npz", voxels=np.zeros((2, 2, 2)))
    with pytest.raises(ScanError, match="affine"):
        read_scan(tmp_path / "bare.npz")


def test_numpy_files_run_no_code(tmp_path):
    np.savez(tmp_path / "evil.npz", voxels=np.array([object()]), affine=np.eye(4))
    with pytest.raises(ScanError, match=r"evil\.npz"):
        read_scan(tmp_path / "evil.npz")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ScanError, match=r"nowhere\.nii"):
        read_scan(tmp_path / "nowhere.nii")
