"""``lesionary scan info`` and ``lesionary scan patch``."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from lesionary.cli import app
from lesionary.errors import ScanError
from lesionary.scan import read_scan

run = CliRunner().invoke


@pytest.fixture
def scan_path(tmp_path):
    random = np.random.default_rng(0)
    image = sitk.GetImageFromArray(random.integers(-900, 200, (30, 60, 60)).astype(np.int16))
    image.SetSpacing((0.8, 0.8, 2.0))
    sitk.WriteImage(image, str(tmp_path / "ct.nii.gz"))
    return tmp_path / "ct.nii.gz"


def test_info_says_geometry_and_intensity(scan_path):
    result = run(app, ["scan", "info", str(scan_path)])
    assert result.exit_code == 0
    for expected in ("60 x 60 x 30", "0.8 x 0.8 x 2", "LPS", "-900 to 199", "none found"):
        assert expected in result.output


@pytest.mark.real_data
def test_info_lists_the_series_of_a_hospital_folder(real_data):
    result = run(app, ["scan", "info", str(real_data / "lung1" / "LUNG1-001")])
    assert result.exit_code == 0
    for expected in ("RTSTRUCT", "RTDOSE", "512 x 512 x 134", "CT, in HU", "B19f"):
        assert expected in result.output


def test_patch_writes_what_the_library_cuts(scan_path, tmp_path):
    out, png = tmp_path / "patch.npy", tmp_path / "deep" / "views.png"
    words = ["--at", "24,23.5,30", "--recipe", "fmcib", "--out", str(out), "--png", str(png)]
    result = run(app, ["scan", "patch", str(scan_path), *words, "--window", "-600,1500"])
    assert result.exit_code == 0, result.output
    assert f"Wrote {png}" in result.output.replace("\n", "")
    expected = read_scan(scan_path).patch((24, 23.5, 30), "fmcib")
    np.testing.assert_array_equal(np.load(out), expected)
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_seed_outside_is_said(scan_path):
    result = run(app, ["scan", "patch", str(scan_path), "--at", "-5,20,20"])
    assert result.exit_code == 0
    assert "outside the scan" in result.output
    refused = run(app, ["scan", "patch", str(scan_path), "--at", "-500,20,20"])
    assert isinstance(refused.exception, ScanError)


@pytest.mark.parametrize("at", ["1,2", "a,b,c", ""])
def test_a_seed_is_three_numbers(scan_path, at):
    result = run(app, ["scan", "patch", str(scan_path), "--at", at])
    assert result.exit_code == 2
    assert "3 numbers" in result.output
