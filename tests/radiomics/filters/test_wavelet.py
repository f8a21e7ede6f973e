from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from lesionary.radiomics.filters import apply, read_filter
from lesionary.radiomics.filters.wavelet import _high, _low

FAMILIES = {"haar": 1, "db2": 2, "db3": 3, "coif1": 2}


@pytest.mark.parametrize(("family", "moments"), FAMILIES.items())
def test_filters_are_orthonormal_with_vanishing_moments(family, moments):
    low, high = np.array(_low(family).taps), np.array(_high(family).taps)
    assert low.sum() == pytest.approx(np.sqrt(2))
    for shift in range(0, len(low), 2):
        same = float(shift == 0)
        assert low[shift:] @ low[: len(low) - shift] == pytest.approx(same, abs=1e-12)
        assert high[shift:] @ high[: len(low) - shift] == pytest.approx(same, abs=1e-12)
        assert low[shift:] @ high[: len(low) - shift] == pytest.approx(0, abs=1e-12)
        assert high[shift:] @ low[: len(low) - shift] == pytest.approx(0, abs=1e-12)
    for moment in range(moments):
        assert high @ np.arange(len(high)) ** moment == pytest.approx(0, abs=1e-9)


def test_published_coefficients():
    np.testing.assert_allclose(
        _low("coif1").taps,
        [
            -0.01565572813546454,
            -0.0727326195128539,
            0.38486484686420286,
            0.8525720202122554,
            0.3378976624578092,
            -0.0727326195128539,
        ],
    )
    np.testing.assert_allclose(
        _high("db3").taps,
        [
            -0.3326705529500825,
            0.8068915093110924,
            -0.4598775021184914,
            -0.13501102001025458,
            0.08544127388202666,
            0.03522629188570953,
        ],
        rtol=1e-6,
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("level", [1, 2])
def test_bands_share_the_energy_of_a_periodic_image(family, level):
    image = np.random.default_rng(1).normal(size=(8, 8, 8))

    def energy(bands, at):
        spec = {"family": family, "bands": bands, "level": at, "boundary": "periodic"}
        return np.square(apply({"wavelet": spec}, image, spacing_mm=(1, 1, 1))).sum()

    bands = ["".join(each) for each in product("LH", repeat=3)]
    before = np.square(image).sum() if level == 1 else energy("LLL", 1)
    assert sum(energy(each, level) for each in bands) == pytest.approx(8 * before)


def test_levels_are_a_trous(impulse):
    spec = {"wavelet": {"family": "haar", "bands": "HL", "level": 3, "dimension": 2}}
    row = apply(spec, impulse, spacing_mm=(1, 1, 1))[20].sum(axis=0)
    low = np.array([1, 1]) / np.sqrt(2)
    steps = np.convolve(np.convolve(low, [low[0], 0, low[1]]), [-low[0], 0, 0, 0, low[1]])
    # Along y the low-pass filters add up to sqrt(2) a level.
    expected = steps * np.sqrt(2) ** 3
    found = row[np.abs(row) > 1e-12]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("level", [1, 2])
def test_pyradiomics_repeats_an_even_image_and_does_not_widen(level):
    image = np.random.default_rng(2).normal(size=(7, 8, 9))
    spec = {"bands": "LHH", "level": level, "convention": "pyradiomics"}
    found = apply({"wavelet": spec}, image, spacing_mm=(1, 1, 1))
    expected = np.pad(image, [(0, n % 2) for n in image.shape], mode="wrap")
    low, high = np.array(_low("coif1").taps), np.array(_high("coif1").taps)
    for step in range(1, level + 1):
        taps = [low, low, low] if step < level else [high, high, low]
        for axis, each in enumerate(taps):
            expected = sum(
                tap * np.roll(expected, at - 3, axis=axis) for at, tap in enumerate(each)
            )
    np.testing.assert_allclose(found, expected[:7, :8, :9], atol=1e-12)
    name = "wavelet-LHH" if level == 1 else "wavelet2-LHH"
    assert read_filter({"wavelet": spec}).name == name
