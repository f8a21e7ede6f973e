"""ROC and precision-recall curves, against scikit-learn and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics

from lesionary.errors import EvaluationError
from lesionary.evaluate.report.curves import precision_recall_curve, roc_curve
from lesionary.evaluate.resample.draw import draw


def made(n: int = 80, seed: int = 0):
    """Labels and scores with ties."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return y, (y + rng.normal(size=n)).round(1)


def test_curves_are_scikit_learns() -> None:
    y, score = made()
    curve, _ = roc_curve(y, score, resamples=5)
    false, true, thresholds = metrics.roc_curve(y, score, drop_intermediate=False)
    assert_allclose(curve, np.stack([thresholds, false, true], axis=1))
    curve, _ = precision_recall_curve(y, score, resamples=5)
    precision, recall, thresholds = metrics.precision_recall_curve(y, score)
    expected = np.stack([thresholds, recall[:-1], precision[:-1]], axis=1)[::-1]
    assert_allclose(curve, expected)


def test_roc_band_is_that_of_a_plain_loop() -> None:
    y, score = made()
    patient = np.arange(80) // 2
    _, band = roc_curve(y, score, patient, resamples=40, seed=3)
    grid = band["false_positive_rate"].to_numpy()
    drawn = []
    for weights in draw(patient, y, resamples=40, seed=3):
        rows = np.repeat(np.arange(80), weights)
        false, true, _ = metrics.roc_curve(y[rows], score[rows], drop_intermediate=False)
        # Where the curve rises straight up, its upper end.
        upper = {x: true[false == x].max() for x in false}
        drawn.append([upper.get(x, np.interp(x, false, true)) for x in grid])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    assert_allclose(band["low"], low, atol=1e-12)
    assert_allclose(band["high"], high, atol=1e-12)


def test_precision_band_is_that_of_a_plain_loop() -> None:
    y, score = made()
    _, band = precision_recall_curve(y, score, resamples=40, seed=3)
    drawn = []
    for weights in draw(np.arange(80), y, resamples=40, seed=3):
        rows = np.repeat(np.arange(80), weights)
        precision, recall, _ = metrics.precision_recall_curve(y[rows], score[rows])
        precision, recall = precision[-2::-1], recall[-2::-1]  # from the highest threshold on
        drawn.append([precision[np.argmax(recall >= x - 1e-9)] for x in band["recall"]])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    assert_allclose(band["low"], low, atol=1e-12)
    assert_allclose(band["high"], high, atol=1e-12)


def test_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    y, score = made()
    _, once = roc_curve(y, score, resamples=50)
    monkeypatch.setattr("lesionary.evaluate.report.curves._HELD", 80 * 7)
    _, blocks = roc_curve(y, score, resamples=50)
    assert once.equals(blocks)


def test_constant_score_and_several_classes() -> None:
    curve, band = roc_curve([0, 1, 0, 1], [0.5] * 4, resamples=20)
    assert curve["sensitivity"].tolist() == [0, 1]
    assert_allclose(band["low"], band["false_positive_rate"], atol=1e-12)
    with pytest.raises(EvaluationError, match="of two classes"):
        roc_curve([0, 1, 2], np.eye(3))
