"""Features against the manual's sums, written out as they stand there."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lesionary.errors import RadiomicsError
from lesionary.radiomics.texture import (
    AGGREGATIONS,
    FAMILIES,
    Region,
    glcm,
    gldzm,
    glrlm,
    glszm,
    ngldm,
    ngtdm,
    texture_catalogue,
    texture_features,
)
from lesionary.radiomics.texture.emphasis import emphases
from lesionary.radiomics.texture.zones import find_zones

SPACE = [name for name, how in AGGREGATIONS.items() if not how.in_plane]
volumes = hnp.arrays(np.int64, (3, 4, 5), elements=st.integers(0, 5), fill=st.nothing()).filter(
    np.any
)
few = settings(max_examples=20, deadline=None)


def value_of(levels: np.ndarray, code: str, aggregation: str, **options: object) -> float:
    family = texture_catalogue().loc[code, "family"]
    features = texture_features(levels, families=[family], **options)
    return float(features.loc[(code, aggregation), "value"])


def xlogx(p: np.ndarray) -> float:
    return float(-sum(x * math.log2(x) for x in np.ravel(p) if x > 0))


def cooccurrence_features(p: np.ndarray) -> dict[str, float]:
    n = len(p)
    i, j = np.mgrid[1 : n + 1, 1 : n + 1]
    minus = np.array([p[np.abs(i - j) == k].sum() for k in range(n)])
    plus = np.array([p[i + j == k].sum() for k in range(2, 2 * n + 1)])
    px = p.sum(1)
    mean = (px * np.arange(1, n + 1)).sum()
    var = (px * (np.arange(1, n + 1) - mean) ** 2).sum()
    k, kk = np.arange(n), np.arange(2, 2 * n + 1)
    product = np.outer(px, px)
    known = p > 0
    hxy1 = -(p[known] * np.log2(product[known])).sum()
    values = [
        p.max(),
        (i * p).sum(),
        ((i - (i * p).sum()) ** 2 * p).sum(),
        xlogx(p),
        (k * minus).sum(),
        ((k - (k * minus).sum()) ** 2 * minus).sum(),
        xlogx(minus),
        (kk * plus).sum(),
        ((kk - (kk * plus).sum()) ** 2 * plus).sum(),
        xlogx(plus),
        (p**2).sum(),
        ((i - j) ** 2 * p).sum(),
        (np.abs(i - j) * p).sum(),
        (p / (1 + np.abs(i - j))).sum(),
        (p / (1 + np.abs(i - j) / n)).sum(),
        (p / (1 + (i - j) ** 2)).sum(),
        (p / (1 + ((i - j) / n) ** 2)).sum(),
        2 * sum(p[a, b] / (a - b) ** 2 for a in range(n) for b in range(a + 1, n)),
        ((i * j * p).sum() - mean**2) / var if var > 1e-12 else 1.0,
        (i * j * p).sum(),
        ((i + j - 2 * mean) ** 2 * p).sum(),
        ((i + j - 2 * mean) ** 3 * p).sum(),
        ((i + j - 2 * mean) ** 4 * p).sum(),
        (xlogx(p) - hxy1) / xlogx(px) if xlogx(px) > 0 else 0.0,
        math.sqrt(max(0.0, 1 - math.exp(-2 * (xlogx(product) - xlogx(p))))),
    ]
    return dict(zip(FAMILIES["glcm"], values, strict=True))


@few
@given(volumes)
def test_cooccurrence(levels: np.ndarray) -> None:
    region = Region.of(levels, n_levels=5)
    matrices = glcm.matrices(region, in_plane=True)
    features = glcm.features(matrices, 5)
    dense = np.zeros((len(matrices), 5, 5))
    dense[matrices.which, matrices.row - 1, matrices.column - 1] = matrices.count
    for number, matrix in enumerate(dense):
        if matrix.sum() == 0:
            assert all(np.isnan(values[number]) for values in features.values())
            continue
        for code, expected in cooccurrence_features(matrix / matrix.sum()).items():
            # The square root of what rounding leaves of zero is 1e-8.
            tolerance = 1e-7 if code == "JN9H" else 1e-11
            assert features[code][number] == pytest.approx(expected, rel=1e-9, abs=tolerance), code


def counted_features(counts: np.ndarray, voxels: int) -> list[float]:
    i, j = np.mgrid[1 : counts.shape[0] + 1, 1 : counts.shape[1] + 1].astype(float)
    total = counts.sum()
    p = counts / total
    mean_i, mean_j = (i * p).sum(), (j * p).sum()
    return [
        (p / j**2).sum(),
        (p * j**2).sum(),
        (p / i**2).sum(),
        (p * i**2).sum(),
        (p / (i * j) ** 2).sum(),
        (p * i**2 / j**2).sum(),
        (p * j**2 / i**2).sum(),
        (p * i**2 * j**2).sum(),
        (counts.sum(1) ** 2).sum() / total,
        (counts.sum(1) ** 2).sum() / total**2,
        (counts.sum(0) ** 2).sum() / total,
        (counts.sum(0) ** 2).sum() / total**2,
        total / voxels,
        ((i - mean_i) ** 2 * p).sum(),
        ((j - mean_j) ** 2 * p).sum(),
        xlogx(p),
        (p**2).sum(),
    ]


@few
@given(volumes)
def test_runs_zones_distances_and_dependences(levels: np.ndarray) -> None:
    region = Region.of(levels)
    zones = find_zones(region, in_plane=True)
    distances = gldzm.border_distances(region, in_plane=True)
    for family, matrices in {
        "glrlm": glrlm.matrices(region, in_plane=True),
        "glszm": glszm.matrices(zones),
        "gldzm": gldzm.matrices(zones, distances),
        "ngldm": ngldm.matrices(region, in_plane=True),
    }.items():
        features = emphases(family, matrices)
        for number, matrix in enumerate(matrices.dense()):
            if matrix.sum() == 0:
                assert all(np.isnan(values[number]) for values in features.values())
                continue
            expected = counted_features(matrix, int(matrices.voxels[number]))
            for code, value in zip(FAMILIES[family], expected, strict=False):
                assert features[code][number] == pytest.approx(value, rel=1e-9, abs=1e-12), code


@few
@given(volumes)
def test_tone_differences(levels: np.ndarray) -> None:
    tones = ngtdm.matrices(Region.of(levels), in_plane=False)
    n, s = tones.count[0], tones.difference[0]
    found = {code: values[0] for code, values in ngtdm.features(tones).items()}
    if n.sum() == 0:
        assert np.isnan(list(found.values())).all()
        return
    p, total = n / n.sum(), n.sum()
    there = [a for a in range(len(p)) if n[a] > 0]
    pairs = [(a, b) for a in there for b in there]
    coarseness = 1 / (p @ s) if p @ s > 0 else 1e6
    contrast = busyness = strength = 0.0
    if len(there) > 1 and s.sum() > 0:
        contrast = sum(p[a] * p[b] * (a - b) ** 2 for a, b in pairs)
        contrast *= s.sum() / total / len(there) / (len(there) - 1)
        unrest = sum(abs((a + 1) * n[a] - (b + 1) * n[b]) for a, b in pairs) / total
        busyness = p @ s / unrest if unrest > 0 else math.nan
        strength = sum((p[a] + p[b]) * (a - b) ** 2 for a, b in pairs) / s.sum()
    terms = (abs(a - b) * (p[a] * s[a] + p[b] * s[b]) / (p[a] + p[b]) for a, b in pairs)
    complexity = sum(terms) / total
    expected = [coarseness, contrast, busyness, complexity, strength]
    for code, value in zip(FAMILIES["ngtdm"], expected, strict=True):
        assert found[code] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), code


@few
@given(volumes, st.permutations(range(3)), st.sampled_from([(), (0,), (1,), (2,), (0, 2)]))
def test_turning_space_changes_nothing(
    levels: np.ndarray, axes: list[int], flipped: tuple[int, ...]
) -> None:
    there = texture_features(levels, aggregations=SPACE)["value"]
    turned = np.flip(levels.transpose(axes), flipped)
    pd.testing.assert_series_equal(
        texture_features(turned, aggregations=SPACE)["value"], there, rtol=1e-9, atol=1e-7
    )


@few
@given(volumes)
def test_turning_slices_changes_nothing(levels: np.ndarray) -> None:
    there = texture_features(levels)["value"]
    turned = texture_features(np.rot90(levels, axes=(1, 2))[::-1])["value"]
    pd.testing.assert_series_equal(turned, there, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_room_around_the_region_and_the_type_change_nothing(
    phantom: np.ndarray, dtype: type
) -> None:
    roomy = np.pad(phantom, ((2, 0), (1, 3), (0, 5))).astype(dtype)
    pd.testing.assert_frame_equal(texture_features(roomy), texture_features(phantom))


def test_one_slice_is_the_same_in_plane_and_in_space(phantom: np.ndarray) -> None:
    value = texture_features(phantom[:1])["value"].unstack("aggregation")  # noqa: PD010
    for plane in ("2D", "2.5D"):
        pd.testing.assert_series_equal(
            value[plane].dropna(), value["3D"].dropna(), check_names=False
        )
    pd.testing.assert_series_equal(
        value["2D_s_mrg"].dropna(), value["2.5D_mrg"].dropna(), check_names=False
    )


def test_one_voxel() -> None:
    features = texture_features(np.full((1, 1, 1), 3))
    by_family = features.groupby("family")["value"]
    pairs = ["glcm", "ngtdm"]
    assert by_family.apply(lambda values: values.isna().all())[pairs].all()
    others = features[~features["family"].isin(pairs)]
    assert others["value"].notna().all()
    assert (others["reason"] == "").all()
    missing = features[features["value"].isna()]
    assert missing["reason"].str.contains("no voxel of the region has a neighbour").all()
    value = features["value"]
    assert value["22OV", "3D_mrg"] == value["48P8", "3D"] == value["SODN", "3D"] == 1
    assert value["5GN9", "3D"] == 9


def test_constant_region() -> None:
    features = texture_features(np.full((3, 4, 5), 2), n_levels=8)
    assert features["value"].notna().all()
    assert (features["reason"] == "").all()
    value = features["value"]
    space = {"NI2N": 1, "R8DG": 0, "JN9H": 0, "ACUI": 0, "TU9B": 0, "GYBY": 1, "QWB0": 4}
    for code, expected in space.items():
        assert value[code, "3D_mrg"] == value[code, "2D_avg"] == expected
    for code, expected in {"QCDE": 1e6, "65HE": 0, "NQ30": 0, "HDEZ": 0, "1X9X": 0}.items():
        assert value[code, "3D"] == value[code, "2D"] == expected
    assert value["48P8", "3D"] == 60**2
    assert value["48P8", "2D"] == 20**2
    # Zeros are not negative, whatever the formula's sign.
    assert not np.signbit(value[value == 0]).any()


def test_slices_without_pairs_are_left_out_of_the_mean(phantom: np.ndarray) -> None:
    alone = np.zeros((1, 4, 5), dtype=int)
    alone[0, 1, 1] = 2
    lone = np.concatenate([phantom, np.zeros_like(alone), alone])
    for code in ("TU9B", "GYBY", "NI2N"):
        for aggregation in ("2D_avg", "2D_s_mrg", "2.5D_mrg", "3D_avg"):
            # The lone voxel has no neighbour, but it has a run, a zone and a dependence.
            expected = value_of(phantom, code, aggregation)
            assert value_of(lone, code, aggregation) == pytest.approx(expected, rel=1e-12)
    slices = [value_of(one[None], "22OV", "2D_s_mrg") for one in (*phantom, alone[0])]
    assert value_of(lone, "22OV", "2D_s_mrg") == pytest.approx(np.mean(slices), rel=1e-12)


def test_busyness_says_why_it_is_not_a_number() -> None:
    # Level 1 twice and level 2 once: the products are 2 and 2.
    features = texture_features(np.array([[[1, 2, 1]]]), families=["ngtdm"])
    assert np.isnan(features.loc[("NQ30", "3D"), "value"])
    assert "same for all levels" in features.loc[("NQ30", "3D"), "reason"]
    assert features["value"].notna().sum() == 12


def test_the_number_of_levels_normalises_differences(phantom: np.ndarray) -> None:
    fewer, more = (value_of(phantom, "NDRX", "3D_mrg", n_levels=n) for n in (6, 60))
    assert fewer < more < 1
    assert value_of(phantom, "IB1Z", "3D_mrg", n_levels=60) == value_of(phantom, "IB1Z", "3D_mrg")


def test_the_outline_is_what_distances_are_measured_in() -> None:
    outline = np.ones((5, 5, 5), dtype=bool)
    levels = np.zeros((5, 5, 5), dtype=int)
    levels[2, 2, 2] = 1
    assert value_of(levels, "MB4I", "3D") == 1
    assert value_of(levels, "MB4I", "3D", mask=outline) == 9
    assert value_of(levels, "MB4I", "2D", mask=outline) == 9


def test_only_what_is_asked_for(phantom: np.ndarray) -> None:
    everything = texture_features(phantom)
    some = texture_features(phantom, families=["ngtdm", "glcm"], aggregations=["3D", "3D_mrg"])
    assert list(some.index.unique("aggregation")) == ["3D", "3D_mrg"]
    assert len(some) == 5 + 25
    pd.testing.assert_frame_equal(some, everything.loc[some.index])
    assert list(everything.columns) == ["family", "name", "value", "reason"]


@pytest.mark.parametrize(
    ("levels", "options", "message"),
    [
        (np.zeros((2, 3, 4), dtype=int), {}, "no voxel with a grey level"),
        (np.ones((2, 3, 4)), {}, "discretise the image first"),
        (np.full((2, 3, 4), np.nan), {}, "discretise the image first"),
        (np.ones((3, 4), dtype=int), {}, "2 dimensions"),
        (np.full((2, 3, 4), -1), {}, "level is -1"),
        (np.full((2, 3, 4), 9), {"n_levels": 8}, "level is 9, but there are 8"),
        (np.ones((2, 3, 4), dtype=int), {"mask": np.zeros((2, 3, 4))}, "outside the mask"),
        (np.ones((2, 3, 4), dtype=int), {"mask": np.ones((2, 3, 5))}, "mask's shape"),
        (np.ones((2, 3, 4), dtype=int), {"families": ["gclm"]}, "choose from glcm, glrlm"),
        (np.ones((2, 3, 4), dtype=int), {"aggregations": ["4D"]}, "'4D': choose from 2D_avg"),
        (np.ones((2, 3, 4), dtype=int), {"aggregations": ["3D"]}, "glcm has none of"),
        (np.ones((2, 3, 4), dtype=int), {"distance": 0}, "at least 1 voxel"),
        (np.ones((2, 3, 4), dtype=int), {"coarseness": -1}, "at least 0 levels"),
    ],
)
def test_errors_say_what_to_do(levels: np.ndarray, options: dict, message: str) -> None:
    with pytest.raises(RadiomicsError, match=message):
        texture_features(levels, **options)
