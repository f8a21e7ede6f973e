"""Measuring filtered images: the same voxels, names of their own, and only what is needed."""

from __future__ import annotations

import numpy as np
import pytest

from lesionary.errors import RadiomicsError
from lesionary.radiomics import load_settings, measure
from lesionary.radiomics.filters import apply

SPACING = (1.0, 1.0, 2.0)
FILTERS = [{"log": {"sigma_mm": 2}}, {"simoncelli": {"level": 1}}, {"mean": {"size_vox": 3}}]


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 100, (20, 40, 40))


@pytest.fixture
def mask() -> np.ndarray:
    z, y, x = np.ogrid[:20, :40, :40]
    return (z - 10) ** 2 * 4 + (y - 18) ** 2 + (x - 22) ** 2 <= 49


def test_statistics_are_those_of_the_whole_filtered_image(image, mask):
    values = measure(image, mask, {"filters": FILTERS}, spacing_mm=SPACING)
    for spec, name in zip(FILTERS, ("log_2mm", "simoncelli_1", "mean_3"), strict=True):
        inside = apply(spec, image, spacing_mm=SPACING[::-1])[mask]
        assert values[f"{name}_stat_mean"] == pytest.approx(inside.mean(), rel=1e-6, abs=1e-6)
        assert values[f"{name}_stat_variance"] == pytest.approx(inside.var(), rel=1e-6)


def test_values_of_the_image_itself_stay_what_they_are(image, mask):
    alone = measure(image, mask, {}, spacing_mm=SPACING)
    beside = measure(image, mask, {"filters": FILTERS[:1]}, spacing_mm=SPACING)
    assert beside[alone.index].equals(alone)
    added = beside.index.difference(alone.index)
    assert all(name.startswith("log_2mm_") for name in added)
    assert not any("morph" in name or "ivh" in name for name in added)


def test_texture_of_a_filtered_image_has_its_own_bins(image, mask):
    few = {"filters": FILTERS[:1], "filtered_discretisation": {"bin_number": 4}}
    values = measure(image, mask, few, spacing_mm=SPACING)
    assert values["log_2mm_hist_maximum"] == 4
    assert values["hist_maximum"] > 4


def test_the_filters_see_the_interpolated_image(image, mask):
    how = {"filters": FILTERS[:1], "interpolation": {"spacing_mm": [2, 2, 2]}}
    moved = measure(image, mask, how, spacing_mm=SPACING)
    assert moved["log_2mm_stat_variance"] != pytest.approx(
        measure(image, mask, {"filters": FILTERS[:1]}, spacing_mm=SPACING)["log_2mm_stat_variance"]
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"filters": [{"lgo": {"sigma_mm": 2}}]}, "did you mean 'log'"),
        ({"filters": [{"log": {"sigma_mm": 2}}] * 2}, "log_2mm"),
        ({"filters": FILTERS, "families": ["morphology"]}, "name a family"),
    ],
)
def test_filters_that_cannot_be_are_refused(settings, words):
    with pytest.raises(RadiomicsError, match=words):
        load_settings(settings)
