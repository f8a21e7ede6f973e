"""Intensities: distributions and neighbourhoods, against other libraries and every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from scipy.spatial.distance import pdist

from lesionary.errors import RadiomicsError
from lesionary.radiomics.discretise import discretise
from lesionary.radiomics.histogram import histogram
from lesionary.radiomics.ivh import intensity_volume_histogram
from lesionary.radiomics.local_intensity import RADIUS_MM, local_intensity
from lesionary.radiomics.preparation import prepare
from lesionary.radiomics.settings import Discretisation, Resegmentation, Settings
from lesionary.radiomics.spatial import moran_and_geary
from lesionary.radiomics.statistics import statistics

Region = tuple[np.ndarray, np.ndarray]
OPEN = Resegmentation()


def test_statistics_are_scipys() -> None:
    values = np.random.default_rng(0).gamma(2, 30, 501) - 10
    found = statistics(values)
    q10, q25, q50, q75, q90 = np.percentile(values, [10, 25, 50, 75, 90])
    inner = values[(values >= q10) & (values <= q90)]
    expected = {
        "Q4LE": values.mean(),
        "ECT3": values.var(),
        "KE2A": scipy_stats.skew(values),
        "IPH6": scipy_stats.kurtosis(values),
        "Y12H": q50,
        "SALO": scipy_stats.iqr(values),
        "4FUA": np.abs(values - values.mean()).mean(),
        "1128": np.abs(inner - inner.mean()).mean(),
        "N72L": np.abs(values - q50).mean(),
        "7TET": scipy_stats.variation(values),
        "9S40": (q75 - q25) / (q75 + q25),
        "5ZWQ": np.sqrt(np.mean(values**2)),
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected)


def test_the_histograms_entropy_and_gradient() -> None:
    levels = discretise(np.array([0.0, 0, 0, 1, 3, 3, 5]), Discretisation(bin_width=1), OPEN)
    found = histogram(levels)
    assert found["TLU2"] == pytest.approx(scipy_stats.entropy([3, 1, 2, 1], base=2))
    assert found["BJ5W"] == pytest.approx((9 + 1 + 4 + 1) / 49)
    # Counts are 3 1 0 2 0 1.
    assert (found["12CE"], found["8E6O"]) == (1.0, 6.0)
    assert (found["VQB3"], found["RHQZ"]) == (-2.0, 1.0)
    assert found["AMMC"] == 1


def test_of_several_modes_the_one_nearest_to_the_mean() -> None:
    values = np.array([1.0, 1, 4, 4, 9])
    assert histogram(discretise(values, Discretisation(bin_width=1), OPEN))["AMMC"] == 4


@given(st.lists(st.floats(-3000, 3000), min_size=2, max_size=30), st.integers(1, 50))
def test_a_fixed_number_of_bins(intensities: list[float], number: int) -> None:
    values = np.array(intensities)
    found = discretise(values, Discretisation(bin_number=number), OPEN)
    assert found.of.min() == 1
    assert found.of.max() == (found.count if np.ptp(values) else 1) <= number
    order = np.argsort(values, kind="stable")
    assert (np.diff(found.of[order]) >= 0).all()


def test_bins_of_a_fixed_width_begin_where_they_should() -> None:
    values, width = np.array([-30.0, -5.0, 20.0]), Discretisation(bin_width=25)
    assert discretise(values, width, OPEN).of.tolist() == [1, 2, 3]
    assert discretise(values, width, Resegmentation(range=(-50, None))).of.tolist() == [1, 2, 3]
    assert discretise(values, width, Resegmentation(range=(-40, None))).of.tolist() == [1, 2, 3]
    at = Discretisation(bin_width=25, origin=-100)
    assert discretise(values, at, Resegmentation(range=(-40, None))).of.tolist() == [3, 4, 5]
    with pytest.raises(RadiomicsError, match="below the first bin"):
        discretise(values, Discretisation(bin_width=25, origin=0), OPEN)
    with pytest.raises(RadiomicsError, match="50001 grey levels; 5000 is the most"):
        discretise(values, Discretisation(bin_width=0.001), OPEN)


def test_the_volume_histogram_of_whole_numbers() -> None:
    """Levels 0 to 10 within the range, of which few are there."""
    values = np.array([0.0, 0, 2, 2, 2, 5, 7, 7, 9, 9])
    found = intensity_volume_histogram(values, None, Resegmentation(range=(0, 10)))
    assert found["BC2M_10"] == pytest.approx(0.8)  # at least 1
    assert found["BC2M_90"] == pytest.approx(0.2)  # at least 9
    assert found["GBPN_10"] == 10
    assert found["GBPN_90"] == 1
    levels = np.arange(11)
    volume = [(values >= level).mean() for level in levels]
    assert found["9CMM"] == pytest.approx(np.trapezoid(volume, levels / 10))


@pytest.mark.parametrize("range_", [(None, None), (-60, 90), (-50.5, 80.5)])
def test_whole_numbers_are_levels_though_most_do_not_occur(range_: tuple[float, float]) -> None:
    values = np.random.default_rng(4).integers(-50, 80, 40).astype(float)
    found = intensity_volume_histogram(values, None, Resegmentation(range=range_))
    low, high = (values.min(), values.max()) if range_[0] is None else range_
    grey = np.arange(np.ceil(low), np.floor(high) + 1)
    volume = np.array([(values >= level).mean() for level in grey])
    share = (grey - grey[0]) / (grey[-1] - grey[0])
    assert found["9CMM"] == pytest.approx(((volume[1:] + volume[:-1]) / 2 * np.diff(share)).sum())
    assert found["BC2M_10"] == pytest.approx(volume[share >= 0.1][0])
    assert found["BC2M_90"] == pytest.approx(volume[share >= 0.9][0])
    assert found["GBPN_10"] == grey[volume <= 0.1][0]
    assert found["GBPN_90"] == grey[volume <= 0.9][0]


def test_intensities_may_be_as_large_as_they_like() -> None:
    """Whole numbers far apart are not listed one by one."""
    values = np.array([0, 1e12, 2e12, 1e30])
    found = intensity_volume_histogram(values, None, OPEN)
    assert found["BC2M_10"] == 0.25
    assert found["9CMM"] == pytest.approx(0.25)


def test_the_volume_histogram_of_bins_and_of_a_continuum() -> None:
    values = np.linspace(0, 1, 1001)
    for how, unit in ((None, 1), (Discretisation(bin_number=1000), 1000)):
        found = intensity_volume_histogram(values, how, OPEN)
        assert found["GBPN_10"] == pytest.approx(0.9 * unit, abs=0.002 * unit)
        assert found["BC2M_90"] == pytest.approx(0.1, abs=0.002)
        assert found["9CMM"] == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.7, 1.1)])
def test_every_pair_of_voxels(blob: Region, spacing: tuple[float, float, float]) -> None:
    image, mask = blob
    places = np.argwhere(mask) * spacing
    values = image[mask].astype(float)
    weight = 1 / pdist(places)
    apart = values - values.mean()
    one, other = np.triu_indices(values.size, 1)
    scale = values.size / weight.sum() / (apart**2).sum()
    moran = scale * (weight * apart[one] * apart[other]).sum()
    geary = (weight * (values[one] - values[other]) ** 2).sum() / weight.sum() / 2
    found = moran_and_geary(image, mask, spacing)
    assert found == pytest.approx((moran, geary / values.var(ddof=1)), rel=1e-5)


@pytest.mark.parametrize("spacing", [(1.0, 1.5, 3.0), (7.0, 7.0, 7.0)])
def test_peaks_are_of_balls(blob: Region, spacing: tuple[float, float, float]) -> None:
    image, mask = blob
    image = image.astype(float)
    image[0, 0, 0] = np.nan
    region = prepare(image, mask, Settings(), spacing_mm=spacing, margin_mm=RADIUS_MM)
    reach = [int(RADIUS_MM / mm) for mm in spacing[::-1]]
    offsets = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    ball = sum((o * mm) ** 2 for o, mm in zip(offsets, spacing[::-1], strict=True)) <= RADIUS_MM**2
    padded = np.pad(image, [(n, n) for n in reach], constant_values=np.nan)
    around = [
        padded[tuple(slice(i, i + n) for i, n in zip(at, image.shape, strict=True))][mask]
        for at in np.argwhere(ball)
    ]
    means = np.nanmean(around, axis=0)
    found = local_intensity(region)
    assert found["0F91"] == pytest.approx(means.max())
    brightest = image[mask] == image[mask].max()
    assert found["VJGA"] == pytest.approx(means[brightest].max())


def test_a_peak_at_the_images_end() -> None:
    """Beyond the image nothing counts, and no margin is missed."""
    image = np.zeros((9, 9, 9))
    image[0, 0, 0] = 100
    mask = np.ones_like(image, dtype=bool)
    region = prepare(image, mask, Settings(), spacing_mm=(3, 3, 3), margin_mm=RADIUS_MM)
    z, y, x = np.ogrid[:3, :3, :3]
    octant = (9 * (z**2 + y**2 + x**2) <= RADIUS_MM**2).sum()
    assert local_intensity(region)["VJGA"] == pytest.approx(100 / octant)
