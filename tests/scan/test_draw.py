"""Views are checked against where a marker must appear to a radiologist."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from lesionary.errors import ScanError
from lesionary.scan import ArrayVoxels, Geometry, Mask, Scan
from lesionary.scan.draw import draw_strip, draw_views

CENTER_MM = (3.0, -20.0, 70.0)


def scan_of(function, affine: np.ndarray, shape=(40, 80, 80), unit="HU") -> Scan:
    """A scan around CENTER_MM whose voxels are ``function(points_mm)``."""
    middle = affine[:3, :3] @ ((np.asarray(shape)[::-1] - 1) / 2)
    affine = affine.copy()
    affine[:3, 3] = CENTER_MM - middle
    geometry = Geometry(shape, affine)
    points = geometry.to_mm(np.moveaxis(np.indices(shape), 0, -1))
    values = function(points - CENTER_MM).astype(np.float32)
    return Scan(geometry, ArrayVoxels(values), unit=unit)


def marker_at(offset_mm):
    return lambda p: np.where(np.linalg.norm(p - offset_mm, axis=-1) < 6, 1000.0, 0.0)


def brightest(axes) -> tuple[float, float]:
    """Position of the brightest part of a view, mm to the right of and above its centre."""
    image = axes.get_images()[0].get_array()
    row, column = np.argwhere(np.asarray(image) > 500).mean(axis=0) / (image.shape[0] - 1) - 0.5
    return column * 50, -row * 50


PLAIN = np.diag([0.8, 0.8, 2.0, 1.0])
STORED_BACKWARDS = np.diag([-0.8, 0.8, -2.0, 1.0])
SAGITTAL_SLICES = np.array([[0, 0, 2.0, 0], [0.8, 0, 0, 0], [0, -0.8, 0, 0], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("affine", [PLAIN, STORED_BACKWARDS, SAGITTAL_SLICES])
def test_left_is_on_the_right_anterior_and_head_are_on_top(affine):
    # 12 mm to the patient's left, seen in the axial and the coronal view
    axial, coronal, sagittal = draw_views(scan_of(marker_at((12, 0, 0)), affine), CENTER_MM).axes
    assert brightest(axial) == pytest.approx((12, 0), abs=0.7)
    assert brightest(coronal) == pytest.approx((12, 0), abs=0.7)
    # 10 mm to the front and 8 mm to the head
    axial, coronal, sagittal = draw_views(scan_of(marker_at((0, -10, 0)), affine), CENTER_MM).axes
    assert brightest(axial) == pytest.approx((0, 10), abs=0.7)
    assert brightest(sagittal) == pytest.approx((-10, 0), abs=0.7)
    axial, coronal, sagittal = draw_views(scan_of(marker_at((0, 0, 8)), affine), CENTER_MM).axes
    assert brightest(coronal) == pytest.approx((0, 8), abs=0.7)
    assert brightest(sagittal) == pytest.approx((0, 8), abs=0.7)


def test_letters_name_the_sides():
    figure = draw_views(scan_of(marker_at((0, 0, 0)), PLAIN), CENTER_MM)
    letters = [[t.get_text() for t in axes.texts if len(t.get_text()) == 1] for axes in figure.axes]
    assert letters == [["R", "L", "A", "P"], ["R", "L", "H", "F"], ["A", "P", "H", "F"]]


def test_the_scale_bar_has_the_length_it_says():
    axial = draw_views(scan_of(marker_at((0, 0, 0)), PLAIN), CENTER_MM, size_mm=30).axes[0]
    bar = axial.lines[-1].get_xdata()
    label = next(t.get_text() for t in axial.texts if t.get_text().endswith("mm"))
    assert float(bar[1] - bar[0]) == float(label.removesuffix(" mm")) == 5


def test_outside_the_scan_is_masked_and_not_air():
    scan = scan_of(marker_at((0, 0, 0)), PLAIN)
    corner = scan.geometry.to_mm((0, 0, 0))
    image = draw_views(scan, corner).axes[0].get_images()[0].get_array()
    assert 0.7 < np.ma.getmaskarray(image).mean() < 0.8


def test_a_point_far_outside_is_an_error_that_says_where_the_scan_is():
    with pytest.raises(ScanError, match=r"\(3\.0, -20\.0, 70\.0\)"):
        draw_views(scan_of(marker_at((0, 0, 0)), PLAIN), (500, 500, 500))


@pytest.mark.parametrize(
    ("unit", "background", "window", "limits"),
    [
        ("HU", -850, "auto", (-1350, 150)),
        ("HU", 40, "auto", (-160, 240)),
        ("HU", 40, "bone", (-500, 1300)),
        ("HU", 40, (100, 20), (90, 110)),
        ("SUV", 2.0, (5, 10), (0, 10)),
        ("SUV", 2.0, "auto", (2.0, 2.000001)),
        ("a.u.", -850, "auto", (-1350, 150)),
    ],
)
def test_windows(unit, background, window, limits):
    scan = scan_of(lambda p: np.full(p.shape[:-1], background), PLAIN, unit=unit)
    image = draw_views(scan, CENTER_MM, window=window).axes[0].get_images()[0]
    assert image.get_clim() == pytest.approx(limits)


def test_a_window_that_does_not_exist():
    scan = scan_of(marker_at((0, 0, 0)), PLAIN)
    with pytest.raises(ScanError, match="lung, soft-tissue, bone"):
        draw_views(scan, CENTER_MM, window="liver")
    with pytest.raises(ScanError, match="positive"):
        draw_views(scan, CENTER_MM, window=(40, 0))


def test_the_outline_follows_the_mask_of_another_grid():
    scan = scan_of(marker_at((0, 0, 0)), PLAIN)
    ball = scan_of(lambda p: np.linalg.norm(p, axis=-1) < 9, np.diag([0.5, 0.5, 0.5, 1]), (60,) * 3)
    mask = Mask(ball.read() > 0, ball.geometry)
    axial = draw_views(scan, CENTER_MM, mask=mask).axes[0]
    (outline,) = axial.collections
    radius = np.linalg.norm(outline.get_paths()[0].vertices, axis=1)
    assert radius.min() > 8.0
    assert radius.max() < 10.0


def test_written_whole_and_in_a_known_format(tmp_path: Path):
    scan = scan_of(marker_at((0, 0, 0)), PLAIN)
    draw_views(scan, CENTER_MM, tmp_path / "new" / "views.png")
    assert (tmp_path / "new" / "views.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ScanError, match=r"\.png"):
        draw_views(scan, CENTER_MM, tmp_path / "views.bmp")
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


def test_a_strip_is_three_views_and_a_scale():
    scan = scan_of(marker_at((12, 0, 0)), PLAIN)
    strip = imread(BytesIO(draw_strip(scan, CENTER_MM, pixels=100, window=(500, 1000))))
    assert strip.shape[:2] == (100, 304)
    axial, coronal, sagittal = strip[:, :100, 0], strip[:, 102:202, 0], strip[:, 204:, 0]
    assert (axial[92] > 0.5).sum() == 20  # the bar: 10 mm
    axial[91:94] = 0
    # 12 mm to the patient's left is 24 pixels right of the middle; the sagittal plane misses it.
    assert np.argwhere(axial > 0.5).mean(axis=0) == pytest.approx((49.5, 73.5), abs=1.5)
    assert np.argwhere(coronal > 0.5).mean(axis=0) == pytest.approx((49.5, 73.5), abs=1.5)
    assert sagittal.max() == 0


def test_no_global_plotting_state():
    code = (
        "import sys, lesionary.scan.draw as d; print([m for m in sys.modules if 'matplotlib' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "[]"
