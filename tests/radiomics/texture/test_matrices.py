"""Matrices against counting by hand, voxel by voxel."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lesionary.radiomics.texture import (
    AGGREGATIONS,
    Region,
    glcm,
    gldzm,
    glrlm,
    glszm,
    ngldm,
    ngtdm,
)
from lesionary.radiomics.texture.matrices import Matrices, tally
from lesionary.radiomics.texture.region import directions
from lesionary.radiomics.texture.zones import find_zones

Voxel = tuple[int, int, int]

SHAPE = (5, 6, 7)
volumes = hnp.arrays(np.int64, SHAPE, elements=st.integers(0, 4), fill=st.nothing()).filter(np.any)
blotches = st.tuples(volumes, st.integers(1, 4)).map(
    # Larger zones and longer runs than noise has.
    lambda drawn: np.where(np.arange(7) % drawn[1] == 0, drawn[0], 2)
)
cases = given(st.one_of(volumes, blotches), st.booleans())
few = settings(max_examples=20, deadline=None)


def by_voxel(region: Region) -> dict[Voxel, int]:
    """Return the voxels of the region and their levels, numbered as in its box."""
    box = region.volume
    return {tuple(map(int, at)): int(box[tuple(at)]) for at in np.argwhere(box)}


def moved(voxel: Voxel, step: Voxel, times: int = 1) -> Voxel:
    return tuple(v + times * s for v, s in zip(voxel, step, strict=True))  # type: ignore[return-value]


def neighbourhood(in_plane: bool, distance: int = 1) -> list[Voxel]:
    reach = range(-distance, distance + 1)
    steps = product((0,) if in_plane else reach, reach, reach)
    return [step for step in steps if step != (0, 0, 0)]


def entries(matrices: Matrices) -> Counter[tuple[int, ...]]:
    found = (matrices.which, matrices.row, matrices.column, matrices.count)
    rows = [tuple(map(int, row)) for row in zip(*found, strict=True)]
    assert len({row[:3] for row in rows}) == len(rows)
    return Counter({row[:3]: row[3] for row in rows})


def zones_of(voxels: dict[Voxel, int], in_plane: bool) -> list[list[Voxel]]:
    left, zones = set(voxels), []
    while left:
        seed = left.pop()
        zone, queue = [seed], [seed]
        while queue:
            voxel = queue.pop()
            for step in neighbourhood(in_plane):
                near = moved(voxel, step)
                if near in left and voxels[near] == voxels[seed]:
                    left.remove(near)
                    zone.append(near)
                    queue.append(near)
        zones.append(zone)
    return zones


@few
@given(volumes, st.booleans(), st.integers(1, 2))
def test_glcm(levels: np.ndarray, in_plane: bool, distance: int) -> None:
    region = Region.of(levels, margin=distance)
    voxels = by_voxel(region)
    steps = directions(in_plane, distance)
    expected: Counter[tuple[int, ...]] = Counter()
    for (voxel, level), (number, step) in product(voxels.items(), enumerate(steps)):
        for sign in (1, -1):
            other = voxels.get(moved(voxel, step, sign))
            if other is not None:
                matrix = number + (voxel[0] * len(steps) if in_plane else 0)
                expected[matrix, level, other] += 1
    matrices = glcm.matrices(region, in_plane=in_plane, distance=distance)
    assert entries(matrices) == expected
    dense = np.zeros((len(matrices), 4, 4))
    dense[matrices.which, matrices.row - 1, matrices.column - 1] = matrices.count
    np.testing.assert_array_equal(dense, dense.transpose(0, 2, 1))


@few
@cases
def test_glrlm(levels: np.ndarray, in_plane: bool) -> None:
    region, steps = Region.of(levels), directions(in_plane)
    voxels = by_voxel(region)
    expected: Counter[tuple[int, ...]] = Counter()
    for (voxel, level), (number, step) in product(voxels.items(), enumerate(steps)):
        if voxels.get(moved(voxel, step, -1)) == level:
            continue
        length = 1
        while voxels.get(moved(voxel, step, length)) == level:
            length += 1
        expected[number + (voxel[0] * len(steps) if in_plane else 0), level, length] += 1
    matrices = glrlm.matrices(region, in_plane=in_plane)
    assert entries(matrices) == expected
    # Every voxel is in one run of each direction.
    lengths = matrices.sum(matrices.column.astype(float))
    np.testing.assert_array_equal(lengths, matrices.voxels)


@few
@cases
def test_glszm(levels: np.ndarray, in_plane: bool) -> None:
    region = Region.of(levels)
    voxels = by_voxel(region)
    expected = Counter(
        (zone[0][0] if in_plane else 0, voxels[zone[0]], len(zone))
        for zone in zones_of(voxels, in_plane)
    )
    matrices = glszm.matrices(find_zones(region, in_plane=in_plane))
    assert entries(matrices) == expected
    np.testing.assert_array_equal(matrices.sum(matrices.column.astype(float)), matrices.voxels)


@few
@given(st.one_of(volumes, blotches), st.booleans(), st.booleans())
def test_gldzm(levels: np.ndarray, in_plane: bool, whole: bool) -> None:
    mask = np.ones(SHAPE, dtype=bool) if whole else levels > 0
    region = Region.of(levels, mask=mask)
    voxels = by_voxel(region)
    outside = np.argwhere(~region.mask)

    def depth(voxel: Voxel) -> int:
        away = np.abs(outside - voxel)
        if in_plane:
            away = away[away[:, 0] == 0]
        return int(away.sum(axis=1).min())

    expected = Counter(
        (zone[0][0] if in_plane else 0, voxels[zone[0]], min(map(depth, zone)))
        for zone in zones_of(voxels, in_plane)
    )
    distances = gldzm.border_distances(region, in_plane=in_plane)
    matrices = gldzm.matrices(find_zones(region, in_plane=in_plane), distances)
    assert entries(matrices) == expected


@few
@given(volumes, st.booleans(), st.integers(1, 2), st.integers(0, 2))
def test_ngldm(levels: np.ndarray, in_plane: bool, distance: int, coarseness: int) -> None:
    region = Region.of(levels, margin=distance)
    voxels = by_voxel(region)
    steps = neighbourhood(in_plane, distance)
    expected: Counter[tuple[int, ...]] = Counter()
    for voxel, level in voxels.items():
        near = (voxels.get(moved(voxel, step)) for step in steps)
        alike = sum(other is not None and abs(other - level) <= coarseness for other in near)
        expected[voxel[0] if in_plane else 0, level, alike + 1] += 1
    matrices = ngldm.matrices(region, in_plane=in_plane, distance=distance, coarseness=coarseness)
    assert entries(matrices) == expected


@few
@given(volumes, st.booleans(), st.integers(1, 2))
def test_ngtdm(levels: np.ndarray, in_plane: bool, distance: int) -> None:
    region = Region.of(levels, margin=distance, n_levels=5)
    voxels = by_voxel(region)
    count = np.zeros((region.volume.shape[0] if in_plane else 1, 5))
    difference = np.zeros_like(count)
    for voxel, level in voxels.items():
        near = [voxels.get(moved(voxel, step)) for step in neighbourhood(in_plane, distance)]
        known = [other for other in near if other is not None]
        if known:
            at = voxel[0] if in_plane else 0, level - 1
            count[at] += 1
            difference[at] += abs(level - np.mean(known))
    tones = ngtdm.matrices(region, in_plane=in_plane, distance=distance)
    np.testing.assert_array_equal(tones.count, count)
    np.testing.assert_allclose(tones.difference, difference, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["2D_avg", "2D_s_mrg", "2.5D_d_mrg", "2.5D_mrg"])
def test_merging_adds_up_matrices(phantom: np.ndarray, name: str) -> None:
    matrices = glrlm.matrices(Region.of(phantom), in_plane=True)
    slices, n = matrices.n_slices, matrices.n_directions
    assert (slices, n) == (6, 4)  # four slices and the margin
    expected = matrices.dense().reshape(slices, n, 6, -1)
    voxels = matrices.voxels.reshape(slices, n)
    if AGGREGATIONS[name].merge_slices:
        expected, voxels = expected.sum(0, keepdims=True), voxels.sum(0, keepdims=True)
    if AGGREGATIONS[name].merge_directions:
        expected, voxels = expected.sum(1, keepdims=True), voxels.sum(1, keepdims=True)
    merged = matrices.merged(AGGREGATIONS[name])
    np.testing.assert_array_equal(merged.dense(), expected.reshape(-1, *expected.shape[2:]))
    np.testing.assert_array_equal(merged.voxels, voxels.ravel())


def test_a_wide_range_is_tallied_like_a_small_one() -> None:
    rng = np.random.default_rng(0)
    keys, weights = rng.integers(0, 50, 400), rng.random(400)
    for weight in (None, weights):
        narrow, wide = tally(keys, 50, weight), tally(keys, 10**12, weight)
        np.testing.assert_array_equal(narrow[0], wide[0])
        np.testing.assert_allclose(narrow[1], wide[1], rtol=1e-14)
