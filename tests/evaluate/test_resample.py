"""Resamples of whole patients, and intervals against scipy's and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import labelled
from lesionary.evaluate.metrics import auc, weighted_values
from lesionary.evaluate.resample import (
    bca,
    bootstrap,
    draw,
    leave_one_out,
    patient_strata,
    percentile,
)
from lesionary.evaluate.resample.draw import RARE


def mean_of(values):
    def kernel(weights):
        return weights @ values / weights.sum(axis=1)

    return kernel


def test_patients_are_drawn_whole():
    group = np.array([0, 1, 1, 2, 0, 3])
    weights = draw(group, resamples=200)
    for patient in range(4):
        rows = weights[:, group == patient]
        assert (rows == rows[:, :1]).all()
    first = [np.flatnonzero(group == patient)[0] for patient in range(4)]
    assert (weights[:, first].sum(axis=1) == 4).all()


def test_every_patient_is_as_likely():
    weights = draw(np.arange(20), resamples=5000, seed=4)
    counts = weights.sum(axis=0)
    assert stats.chisquare(counts).pvalue > 0.001
    # How often one patient is drawn is binomial: 20 draws, chance 1/20.
    assert weights.var() == pytest.approx(20 * (1 / 20) * (19 / 20), rel=0.03)


def test_same_seed_same_resamples():
    group = np.arange(9)
    np.testing.assert_array_equal(draw(group, seed=5), draw(group, seed=5))
    assert (draw(group, seed=5) != draw(group, seed=6)).any()


def test_strata_keep_their_number_of_patients():
    group = np.array([0, 0, 1, 2, 3, 4, 5, 6])
    label = np.array([0, 1, 1, 0, 0, 0, 0, 0])
    strata = patient_strata(group, label, stratify=True)
    # Patient 0 has both classes and counts for the rarer.
    assert strata.tolist() == [1, 1, 0, 0, 0, 0, 0]
    weights = draw(group, label, resamples=300, stratify=True)
    assert (weights[:, [0, 2]].sum(axis=1) == 2).all()
    assert (weights[:, label == 1].sum(axis=1) > 0).all()


@pytest.mark.parametrize(("rare", "stratified"), [(RARE - 1, True), (RARE, False)])
def test_auto_makes_strata_where_a_class_is_rare(rare, stratified):
    label = np.r_[np.ones(rare, int), np.zeros(40, int)]
    strata = patient_strata(np.arange(len(label)), label)
    assert (len(np.unique(strata)) == 2) is stratified


def test_auto_counts_patients_and_not_rows():
    label = np.r_[np.ones(30, int), np.zeros(40, int)]
    group = np.r_[np.arange(30) // 10, np.arange(3, 43)]
    assert len(np.unique(patient_strata(group, label))) == 2


def test_leave_one_out_leaves_each_patient_out_once():
    group = np.arange(600) // 2
    weights = np.concatenate(list(leave_one_out(group)))
    assert weights.shape == (300, 600)
    assert (weights.sum(axis=1) == 598).all()
    assert (weights[np.arange(300)[:, None], np.arange(600).reshape(300, 2)] == 0).all()


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_bounds_are_scipys_from_the_same_resamples(method, level):
    sample = np.random.default_rng(0).gamma(1.5, size=60)
    theirs = stats.bootstrap(
        (sample,), np.mean, method=method, confidence_level=level, rng=np.random.default_rng(1)
    )
    values = theirs.bootstrap_distribution
    if method == "BCa":
        left_out = np.concatenate(
            [mean_of(sample)(weights) for weights in leave_one_out(np.arange(60))]
        )
        ours = bca(sample.mean(), values, left_out, level)
    else:
        ours = percentile(values, level)
    assert ours == pytest.approx(theirs.confidence_interval, abs=1e-12)


@pytest.mark.parametrize("name", ["auc", "balanced_accuracy"])
def test_bca_of_a_metric_is_scipys_from_the_same_resamples(name):
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 60)
    rows = labelled(y, rng.normal(y * 1.5))

    def of_rows(index):
        return weighted_values(name, rows, np.bincount(index, minlength=60)[None])[0]

    theirs = stats.bootstrap(
        (np.arange(60),), of_rows, vectorized=False, n_resamples=500, method="BCa", rng=rng
    )
    left_out = weighted_values(name, rows, 1 - np.eye(60, dtype=int))
    ours = bca(of_rows(np.arange(60)), theirs.bootstrap_distribution, left_out)
    assert ours == pytest.approx(theirs.confidence_interval, abs=1e-12)


def test_interval_of_a_mean_is_that_of_theory():
    sample = np.random.default_rng(0).normal(size=400)
    found = bootstrap(mean_of(sample), np.arange(400), resamples=4000)
    spread = 1.96 * sample.std() / 20
    assert found.low == pytest.approx(sample.mean() - spread, abs=0.006)
    assert found.high == pytest.approx(sample.mean() + spread, abs=0.006)


@pytest.mark.parametrize("interval", ["percentile", "bca", "delong"])
def test_copies_of_rows_do_not_narrow_an_interval_of_patients(interval):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 150)
    score = rng.normal(y.astype(float))
    patient = np.repeat(np.arange(150), 4)
    alone = auc(y, score, np.arange(150), interval=interval)
    copied = auc(y[patient], score[patient], patient, interval=interval)
    assert (copied.value, copied.low, copied.high) == pytest.approx(
        (alone.value, alone.low, alone.high)
    )
    assert (copied.n, copied.patients) == (600, 150)
    assert "patient" in copied.method
    ignored = auc(y[patient], score[patient], interval=interval)
    assert ignored.high - ignored.low < 0.6 * (alone.high - alone.low)


def test_rare_class_is_in_every_resample_and_told():
    rng = np.random.default_rng(0)
    y = np.r_[np.ones(4, int), np.zeros(96, int)]
    score = rng.normal(y.astype(float))
    result = auc(y, score)
    assert "stratified by class" in result.method
    assert any("Few rows of the class 1 (4)" in note for note in result.notes)
    assert not any("left out" in note for note in result.notes)
    free = auc(y, score, stratify=False)
    assert any("without a row of the class 1 (" in note for note in free.notes)
    assert any("left out" in note for note in free.notes)


def test_one_patient_has_a_value_and_no_interval():
    result = auc([0, 1, 1], [0.2, 0.1, 0.9], ["p", "p", "p"])
    assert result.value == 0.5
    assert (result.low, result.high) == (None, None)
    assert result.notes == ("No interval: there is one patient.",)


def test_perfect_separation_has_no_interval_and_says_so():
    result = auc(np.repeat([0, 1], 20), np.arange(40.0))
    assert result.value == 1.0
    assert result.low is None
    assert "same in every resample" in result.notes[-1]


def test_no_interval_is_asked_for():
    result = auc([0, 1, 1], [0.2, 0.1, 0.9], interval=None)
    assert (result.low, result.method, result.notes) == (None, "", ())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"interval": "basic"}, "percentile or bca"),
        ({"level": 95}, "between 0 and 1"),
        ({"resamples": 0}, "resamples"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, told):
    with pytest.raises(EvaluationError, match=told):
        auc([0, 1, 1, 0], [0.2, 0.1, 0.9, 0.3], **wrong)


def test_value_is_that_of_the_data_and_not_the_mean_of_resamples():
    y = np.array([0, 0, 0, 1, 1, 1])
    score = np.array([1, 2, 5, 3, 4, 6.0])
    values = {auc(y, score, seed=seed).value for seed in range(3)}
    assert values == {7 / 9}
