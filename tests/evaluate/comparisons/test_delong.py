import numpy as np
import pytest
from scipy.stats import beta, norm
from sklearn.metrics import roc_auc_score

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.delong import (
    delong,
    delong_covariance,
    delong_difference,
    delong_interval,
)
from lesionary.evaluate.inputs import labelled


def placements(label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every positive against every negative: shares won of each."""
    above = score[label == 1][:, None] - score[label == 0]
    won = np.where(above > 0, 1.0, np.where(above == 0, 0.5, 0.0))
    return won.mean(axis=1), won.mean(axis=0)


@pytest.fixture
def binary(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    label = rng.permutation(np.repeat([0, 1], (41, 23)))
    # Rounded, so that there are ties.
    return label, np.round(rng.normal(size=(3, 64)) + label * np.array([[0.0], [0.7], [1.5]]), 1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_covariance_is_that_of_all_pairs_counted(binary):
    label, scores = binary
    values, covariance = delong_covariance(label, scores, np.arange(64))
    positive, negative = zip(*(placements(label, score) for score in scores), strict=True)
    assert values == pytest.approx([roc_auc_score(label, score) for score in scores], abs=1e-12)
    assert covariance == pytest.approx(np.cov(positive) / 23 + np.cov(negative) / 41, abs=1e-12)


def test_clustered_covariance_is_obuchowskis_written_out(binary, rng):
    label, scores = binary
    group = rng.integers(0, 20, 64)
    group = np.unique(group, return_inverse=True)[1]
    values, covariance = delong_covariance(label, scores, group)

    def parts(score: np.ndarray, value: float) -> tuple[np.ndarray, np.ndarray]:
        positive, negative = placements(label, score)
        own = np.array(
            [(positive[group[label == 1] == patient] - value).sum() for patient in range(20)]
        )
        other = np.array(
            [(negative[group[label == 0] == patient] - value).sum() for patient in range(20)]
        )
        return own, other

    with_positive = len(set(group[label == 1]))
    with_negative = len(set(group[label == 0]))
    each = [parts(score, value) for score, value in zip(scores, values, strict=True)]
    for r, (own_r, other_r) in enumerate(each):
        for s, (own_s, other_s) in enumerate(each):
            expected = (
                with_positive / (with_positive - 1) * (own_r @ own_s) / 23**2
                + with_negative / (with_negative - 1) * (other_r @ other_s) / 41**2
                + 20 / 19 * (own_r @ other_s + other_r @ own_s) / (23 * 41)
            )
            assert covariance[r, s] == pytest.approx(expected, abs=1e-12)


def test_with_a_row_a_patient_clusters_change_nothing(binary, rng):
    label, scores = binary
    one = delong(labelled(label, scores[1]))
    assert delong(labelled(label, scores[1], rng.permutation(64))) == pytest.approx(one, abs=1e-15)


def test_rows_that_are_copies_of_others_tell_nothing_new(binary):
    label, scores = binary
    patient = np.arange(64)
    value, variance = delong(labelled(label, scores[1], patient))
    twice = delong(labelled(np.tile(label, 2), np.tile(scores[1], 2), np.tile(patient, 2)))
    assert twice == pytest.approx((value, variance), abs=1e-12)
    taken_for_new = delong(labelled(np.tile(label, 2), np.tile(scores[1], 2)))
    assert taken_for_new[1] < 0.55 * variance


def test_variance_is_about_what_samples_of_the_population_vary_by(rng):
    patient = np.repeat(np.arange(40), 3)
    label = (patient % 2).astype(np.int64)
    aucs, variances, taken_apart = [], [], []
    for _ in range(500):
        score = label + rng.normal(size=40)[patient] + rng.normal(size=120)
        value, variance = delong(labelled(label, score, patient))
        aucs.append(value)
        variances.append(variance)
        taken_apart.append(delong(labelled(label, score))[1])
    assert np.mean(variances) == pytest.approx(np.var(aucs), rel=0.2)
    assert np.mean(taken_apart) < 0.7 * np.var(aucs)


def test_interval_covers_as_often_as_it_says(rng):
    truth = 0.8413447460685429  # of normal scores sqrt(2) apart: Phi(1)
    covered = 0
    for _ in range(600):
        label = np.repeat([0, 1], (60, 40))
        rows = labelled(label, rng.normal(size=100) + np.sqrt(2) * label)
        low, high, _ = delong_interval(rows)
        covered += low <= truth <= high
    assert 0.93 <= covered / 600 <= 0.97


def test_a_perfect_score_gets_an_exact_interval_that_is_not_a_point():
    label = np.repeat([0, 1], (5, 9))
    low, high, notes = delong_interval(labelled(label, np.arange(14.0)))
    # Five pairs of which none shares a row, all of them ordered rightly.
    assert (low, high) == (pytest.approx(beta.ppf(0.025, 5, 1)), 1.0)
    assert "5 independent pairs" in notes[0]
    assert delong(labelled(label, np.arange(14.0))) == (1.0, 0.0)
    low, high, _ = delong_interval(labelled(label, -np.arange(14.0)))
    assert (low, high) == (0.0, pytest.approx(1 - beta.ppf(0.025, 5, 1)))


def test_a_perfect_score_of_few_patients_counts_patients():
    label = np.tile([0, 1], 4)
    patient = np.repeat(np.arange(4), 2)  # both classes in each: two pairs of different patients
    low, _, notes = delong_interval(labelled(label, label, patient))
    assert low == pytest.approx(beta.ppf(0.025, 2, 1))
    assert "2 independent pairs" in notes[0]


def test_a_constant_score_has_no_interval_and_says_so():
    rows = labelled([0, 0, 1, 1], [3.0, 3.0, 3.0, 3.0])
    assert delong(rows) == (0.5, 0.0)
    low, high, notes = delong_interval(rows)
    assert (low, high) == (None, None)
    assert "constant" in notes[0]


def test_one_patient_of_a_class_is_too_few():
    with pytest.raises(EvaluationError, match=r"positive rows come from 1 patient"):
        delong(labelled([0, 0, 0, 1, 1], [1, 2, 3, 4, 5], ["a", "b", "c", "d", "d"]))


def test_several_classes_are_not_delongs():
    with pytest.raises(EvaluationError, match="two classes; here are 3"):
        delong(labelled([0, 1, 2], np.eye(3)))


def test_a_difference_is_tested_by_the_covariance(binary, rng):
    label, scores = binary
    group = np.unique(rng.integers(0, 30, 64), return_inverse=True)[1]
    values, covariance = delong_covariance(label, scores[:2], group)
    p, low, high, _ = delong_difference(label, scores[:2], group, level=0.9)
    spread = np.sqrt(np.array([1, -1]) @ covariance @ np.array([1, -1]))
    assert p == pytest.approx(2 * norm.sf(abs(values[0] - values[1]) / spread), abs=1e-12)
    assert (low, high) == pytest.approx(norm.interval(0.9, values[0] - values[1], spread))


def test_the_smallest_difference_of_many_rows_is_not_lost_in_rounding(rng):
    label = np.resize([0, 1], 20_000)
    first = rng.permutation(20_000).astype(float)
    second = first.copy()
    one, other = np.flatnonzero(label == 1)[0], np.flatnonzero(label == 0)[0]
    first[[one, other]] = 20_001, 20_000  # the two at the top, in one order and in the other
    second[[one, other]] = 20_000, 20_001
    p, low, high, _ = delong_difference(label, np.stack([first, second]), np.arange(20_000))
    # All hangs on one positive and one negative, by which both shares differ.
    assert (low + high) / 2 == pytest.approx(1e-8)
    assert p == pytest.approx(2 * norm.sf(1 / np.sqrt(2)), rel=1e-3)


def test_a_difference_without_variance_is_not_a_certainty():
    label = np.repeat([0, 1], 4)
    scores = np.stack([np.arange(8.0), np.zeros(8)])
    with pytest.raises(EvaluationError, match=r"difference of 0\.500 .*permutation"):
        delong_difference(label, scores, np.arange(8))
