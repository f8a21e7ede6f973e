"""Calibration, against statsmodels and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy.special import expit, logit
from statsmodels.stats.proportion import proportion_confint

from lesionary.errors import EvaluationError
from lesionary.evaluate.calibration import calibration_curve, calibration_error
from lesionary.evaluate.recalibration import calibration_intercept, calibration_slope, recalibrate


def made(n: int = 300, slope: float = 0.6, shift: float = 0.4, seed: int = 1):
    """Outcomes of which the probabilities' log-odds say too much, and all are too low."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, n)
    return (rng.random(n) < expit(shift + slope * odds)).astype(int), expit(odds)


def test_slope_and_intercept_are_those_of_statsmodels() -> None:
    y, p = made()
    both = sm.GLM(y, sm.add_constant(logit(p)), family=sm.families.Binomial()).fit(tol=1e-12)
    slope = calibration_slope(y, p)
    assert_allclose([slope.value, slope.low, slope.high], [both.params[1], *both.conf_int()[1]])
    alone = sm.GLM(y, np.ones(len(y)), offset=logit(p), family=sm.families.Binomial())
    fit = alone.fit(tol=1e-12)
    large = calibration_intercept(y, p)
    assert_allclose([large.value, large.low, large.high], [fit.params[0], *fit.conf_int()[0]])
    assert slope.n == 300
    assert slope.events == y.sum()


def test_clusters_widen_the_interval_as_in_statsmodels() -> None:
    y, p = made(100)
    y, p, patient = np.repeat(y, 3), np.repeat(p, 3), np.repeat(np.arange(100), 3)
    fit = sm.GLM(y, sm.add_constant(logit(p)), family=sm.families.Binomial()).fit(
        tol=1e-12, cov_type="cluster", cov_kwds={"groups": patient}
    )
    slope = calibration_slope(y, p, patient)
    assert_allclose([slope.low, slope.high], fit.conf_int()[1])
    alone = calibration_slope(y, p)
    assert slope.high - slope.low > 1.6 * (alone.high - alone.low)
    assert slope.patients == 100


def test_recalibrated_probabilities_are_calibrated() -> None:
    y, p = made()
    mended = recalibrate(y, p).apply(p)
    assert_allclose(calibration_slope(y, mended).value, 1, atol=1e-6)
    assert_allclose(calibration_intercept(y, mended).value, 0, atol=1e-6)


def test_interval_of_the_slope_covers_the_truth() -> None:
    found = [calibration_slope(*made(400, seed=seed)) for seed in range(200)]
    assert 0.91 <= np.mean([one.low <= 0.6 <= one.high for one in found]) <= 0.985


def test_certainty_is_moved_inside_and_said() -> None:
    y, p = made()
    p[:2], y[:2] = [0, 1], [1, 0]
    result = calibration_slope(y, p)
    assert np.isfinite(result.value)
    assert "2 probabilities nearer" in result.notes[0]


@pytest.mark.parametrize("p", [[0.1, 0.2, 0.7, 0.8], [0.9, 0.8, 0.2, 0.1], [0.0, 0.0, 1.0, 1.0]])
def test_perfect_separation_has_no_slope(p: list[float]) -> None:
    with pytest.raises(EvaluationError, match="separate the classes perfectly"):
        calibration_slope([0, 0, 1, 1], p)
    assert np.isfinite(calibration_intercept([0, 0, 1, 1], p).value)


def test_what_is_no_probability_or_constant_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"1 of 3 scores are not between 0 and 1, such as 3"):
        calibration_slope([0, 1, 0], [0.5, 3.0, 0.2])
    with pytest.raises(EvaluationError, match="All probabilities are the same"):
        calibration_slope([0, 1, 0], [0.5, 0.5, 0.5])
    with pytest.raises(EvaluationError, match="one class"):
        calibration_slope([0, 0, 0], [0.5, 0.4, 0.5])
    with pytest.raises(EvaluationError, match="Calibration is of one class"):
        calibration_slope([0, 1, 2], np.eye(3))
    with pytest.raises(EvaluationError, match="'mass' or 'width'"):
        calibration_error([0, 1], [0.2, 0.7], binning="equal")


def test_error_by_hand() -> None:
    y, p = [0, 1, 1, 1, 0], [0.1, 0.2, 0.7, 0.8, 0.9]
    # Of equal width, halves: |1 - 0.3| + |2 - 2.4|; of equal mass, cut at the median 0.7, the same.
    for binning in ("width", "mass"):
        result = calibration_error(y, p, bins=2, binning=binning, resamples=50)
        assert_allclose(result.value, (0.7 + 0.4) / 5)
        assert 0 <= result.low <= result.high
        assert f"2 equal-{binning} bins" in result.method
    assert calibration_error(y, p, resamples=0).low is None


def test_error_of_the_calibrated_is_not_called_certain() -> None:
    y, p = made(500, slope=1, shift=0)
    result = calibration_error(y, p)
    assert result.low < 0.01
    assert result.value < 0.06
    y, p = made(500, slope=0.3)
    assert calibration_error(y, p).low > 0.05


@pytest.mark.parametrize(("slope", "shift", "truth"), [(1.0, 0.0, 0.0), (0.7, 0.2, 0.0625)])
def test_interval_of_the_error_covers_the_truth(slope, shift, truth) -> None:
    """Also where it is 0, which resamples of the error itself miss four times in ten."""
    found = [
        calibration_error(*made(300, slope, shift, seed), resamples=200) for seed in range(150)
    ]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.92


def test_error_of_one_bin_has_the_interval_of_a_share_and_patients_widen_it() -> None:
    y = np.arange(100) % 2
    error = {"bins": 1, "resamples": 4000}
    alone = calibration_error(y, np.full(100, 0.9), **error)
    assert_allclose(alone.value, 0.4)
    assert_allclose(alone.high - alone.low, 2 * 1.96 * 0.5 / np.sqrt(100), rtol=0.1)
    four = np.repeat(y, 4), np.full(400, 0.9), np.repeat(np.arange(100), 4)
    clustered = calibration_error(*four, **error)
    assert_allclose(clustered.high - clustered.low, alone.high - alone.low, rtol=0.05)
    assert clustered == calibration_error(*four, **error)


def test_curve_counts_every_row_once_and_has_wilsons_intervals() -> None:
    y, p = made()
    for binning in ("mass", "width"):
        curve = calibration_curve(y, p, binning=binning)
        assert curve["n"].sum() == 300
        assert curve["events"].sum() == y.sum()
        assert curve["predicted"].between(curve["from"], curve["to"]).all()
        low, high = proportion_confint(curve["events"], curve["n"], method="wilson")
        assert_allclose(curve[["low", "high"]], np.stack([low, high], axis=1), atol=1e-12)
    curve = calibration_curve([0, 1, 0], [0.05, 0.06, 0.95], binning="width")
    assert curve[["from", "to"]].round(1).to_numpy().tolist() == [[0.0, 0.1], [0.9, 1.0]]


def test_curve_of_ties_and_of_patients() -> None:
    assert len(calibration_curve([0, 1, 1], [0.5, 0.5, 0.5])) == 1
    y, p = made(60)
    alone = calibration_curve(y, p, bins=3)
    copied = calibration_curve(
        np.repeat(y, 4), np.repeat(p, 4), np.repeat(np.arange(60), 4), bins=3
    )
    # Four copies of each row are worth one.
    assert_allclose(copied[["observed", "low", "high"]], alone[["observed", "low", "high"]])
