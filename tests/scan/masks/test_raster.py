import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Polygon

from lesionary.scan.masks.raster import fill_outlines
from lesionary.scan.masks.trace import trace_outlines

SHAPE = (40, 50)


def rectangle(r0: float, r1: float, c0: float, c1: float) -> np.ndarray:
    return np.array([(r0, c0), (r0, c1), (r1, c1), (r1, c0)], dtype=float)


def expected(*boxes: tuple[int, int, int, int], holes: tuple = ()) -> np.ndarray:
    region = np.zeros(SHAPE, bool)
    for r0, r1, c0, c1 in boxes:
        region[r0:r1, c0:c1] = True
    for r0, r1, c0, c1 in holes:
        region[r0:r1, c0:c1] = False
    return region


OUTER, HOLE, ISLAND = (
    rectangle(4.5, 30.5, 5.5, 40.5),
    rectangle(9.5, 25.5, 9.5, 30.5),
    rectangle(14.5, 19.5, 14.5, 19.5),
)
RING = expected((5, 31, 6, 41), holes=((10, 26, 10, 31),))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_outline_inside_another_cuts_a_hole(order):
    assert np.array_equal(fill_outlines([[OUTER, HOLE][i] for i in order], SHAPE), RING)


def test_island_in_a_hole_is_filled():
    region = fill_outlines([ISLAND, OUTER, HOLE], SHAPE)
    assert np.array_equal(region, RING | expected((15, 20, 15, 20)))


def test_keyhole_polygon_has_a_hole():
    keyhole = np.concatenate([OUTER, OUTER[:1], HOLE[::-1][-1:], HOLE[::-1], OUTER[:1]])
    assert np.array_equal(fill_outlines([keyhole], SHAPE), RING)


def test_duplicated_outlines_count_once_whatever_their_direction_and_start():
    copies = [OUTER, HOLE, OUTER[::-1], np.roll(HOLE, 2, axis=0), OUTER]
    assert np.array_equal(fill_outlines(copies, SHAPE), RING)


def test_separate_and_partly_overlapping_outlines_are_united():
    outlines = [rectangle(1.5, 9.5, 1.5, 9.5), rectangle(5.5, 19.5, 5.5, 9.5)]
    outlines.append(rectangle(30.5, 35.5, 30.5, 35.5))
    both = expected((2, 10, 2, 10), (6, 20, 6, 10), (31, 36, 31, 36))
    assert np.array_equal(fill_outlines(outlines, SHAPE), both)


def test_xor_removes_what_two_outlines_share():
    outlines = [rectangle(1.5, 9.5, 1.5, 9.5), rectangle(5.5, 19.5, 5.5, 9.5)]
    region = fill_outlines(outlines, SHAPE, xor=True)
    assert np.array_equal(region, expected((2, 10, 2, 10)) ^ expected((6, 20, 6, 10)))


def test_outline_through_voxel_centres_keeps_its_border_voxels():
    """Tools that trace the border voxels of a mask draw such outlines."""
    assert np.array_equal(fill_outlines([rectangle(3, 8, 4, 9)], SHAPE), expected((3, 9, 4, 10)))
    noisy = rectangle(3, 8, 4, 9) + np.random.default_rng(0).uniform(-1e-9, 1e-9, (4, 2))
    assert np.array_equal(fill_outlines([noisy], SHAPE), expected((3, 9, 4, 10)))


def test_hole_drawn_through_voxel_centres_leaves_them_in():
    region = fill_outlines([OUTER, rectangle(10, 20, 10, 20)], SHAPE)
    assert np.array_equal(region, expected((5, 31, 6, 41), holes=((11, 20, 11, 20),)))


def test_what_lies_outside_the_image_is_clipped():
    assert fill_outlines([rectangle(-9, 99, -9, 99)], SHAPE).all()
    beyond = [rectangle(-9, -2, 3, 8), rectangle(3, 8, 55, 70), rectangle(45, 60, 3, 8)]
    assert not fill_outlines(beyond, SHAPE).any()
    corner = fill_outlines([rectangle(-5.5, 1.5, 47.5, 80)], SHAPE)
    assert np.array_equal(corner, expected((0, 2, 48, 50)))


def test_degenerate_outlines_hold_nothing_but_the_centres_they_touch():
    assert not fill_outlines([np.array([[3.5, 3.5], [3.5, 9.5]])], SHAPE).any()
    assert not fill_outlines([rectangle(3.1, 3.9, 3.1, 3.9)], SHAPE).any()
    assert fill_outlines([np.array([[3.0, 3.0]])], SHAPE).sum() == 1


points = st.tuples(st.floats(-4, 44), st.floats(-4, 54))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(points, min_size=3, max_size=12))
def test_simple_polygons_agree_with_matplotlib(vertices):
    """On star-shaped polygons, where even-odd and winding rule agree."""
    polygon = np.round(np.array(vertices), 3) + 0.0317
    around = polygon - polygon.mean(axis=0)
    polygon = polygon[np.argsort(np.arctan2(around[:, 0], around[:, 1]))]
    centres = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1).reshape(-1, 2)
    inside = Polygon(polygon).contains_points(centres).reshape(SHAPE)
    near = np.zeros(SHAPE, bool)
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        length = max(np.linalg.norm(b - a), 1e-12)
        t = np.clip((centres - a) @ (b - a) / length**2, 0, 1)
        distance = np.linalg.norm(a + t[:, None] * (b - a) - centres, axis=1)
        near |= (distance < 1e-4).reshape(SHAPE)
    assert np.array_equal(fill_outlines([polygon], SHAPE)[~near], inside[~near])


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.05, 0.95), st.integers(1, 30), st.integers(1, 30))
def test_tracing_and_filling_gives_the_same_voxels(seed, share, rows, columns):
    """Any region: several parts, holes, islands, voxels that touch by a corner."""
    region = np.random.default_rng(seed).random((rows, columns)) < share
    assert np.array_equal(fill_outlines(trace_outlines(region), region.shape), region)


def test_traced_outlines_keep_area_and_centre():
    rows, columns = np.indices(SHAPE)
    disc = (rows - 18.3) ** 2 + (columns - 21.8) ** 2 < 12.4**2
    (polygon,) = trace_outlines(disc)
    r, c = polygon.T
    cross = r * np.roll(c, -1) - c * np.roll(r, -1)
    area = cross.sum() / 2
    centre = [((v + np.roll(v, -1)) * cross).sum() / (6 * area) for v in (r, c)]
    # Each outline cuts its corners: half a voxel less, whatever its size.
    assert abs(area) == pytest.approx(disc.sum() - 0.5)
    assert centre == pytest.approx([rows[disc].mean(), columns[disc].mean()], abs=0.01)
