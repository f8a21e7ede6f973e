from itertools import product

import numpy as np
import pytest
from scipy.stats import kstest, rankdata
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    recall_score,
    roc_auc_score,
)

from lesionary.evaluate.comparisons import compare
from lesionary.evaluate.comparisons.paired import paired
from lesionary.evaluate.comparisons.swaps import ranked, signs, swapped_differences, swapped_p


def one_against_the_rest(metric):
    def mean(label: np.ndarray, score: np.ndarray) -> float:
        return float(np.mean([metric(label == k, score[:, k]) for k in np.unique(label)]))

    return mean


SEVERAL = {
    "auc": one_against_the_rest(roc_auc_score),
    "average_precision": one_against_the_rest(average_precision_score),
    "balanced_accuracy": lambda y, s: recall_score(
        y, s.argmax(axis=1), labels=np.unique(y), average="macro"
    ),
    "accuracy": lambda y, s: float((y == s.argmax(axis=1)).mean()),
    "f1": lambda y, s: f1_score(y, s.argmax(axis=1), average="macro"),
}
TWO = {
    "auc": roc_auc_score,
    "average_precision": average_precision_score,
    "balanced_accuracy": lambda y, s: balanced_accuracy_score(y, s >= 0.5),
    "f1": lambda y, s: f1_score(y, s >= 0.5),
    "brier": brier_score_loss,
    "sensitivity": lambda y, s: float((s[y == 1] >= 0.5).mean()),
}


def looped(metric, label, first, second, sign) -> list[float]:
    """Swap, score, subtract: one permutation after another."""
    out = []
    for kept in sign > 0:
        mask = kept.reshape(-1, *[1] * (first.ndim - 1))
        a, b = np.where(mask, first, second), np.where(mask, second, first)
        out.append(metric(label, a) - metric(label, b))
    return out


@pytest.mark.parametrize("name", SEVERAL)
def test_several_classes_give_the_numbers_of_a_plain_loop(name: str):
    rng = np.random.default_rng(0)
    label = np.concatenate([np.arange(4), rng.integers(0, 4, 86)])
    group = rng.integers(0, 50, 90)
    scores = {f"m{k}": rng.dirichlet(np.ones(4), 90).round(1) for k in range(3)}  # many ties
    pairs = [("m0", "m1"), ("m2", "m0")]
    models = paired(label, scores, group, None)
    sign = signs(models.patients, 15, seed=1)
    found = swapped_differences(name, models, pairs, sign, 0.5)
    for column, (a, b) in zip(found.T, pairs, strict=True):
        by_row = sign[:, models.rows.group]
        expected = looped(SEVERAL[name], label, scores[a], scores[b], by_row)
        assert column == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", TWO)
def test_two_classes_give_the_numbers_of_a_plain_loop(name: str):
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 70)
    first, second = rng.random((2, 70)).round(1)
    models = paired(label, {"a": first, "b": second}, None, None)
    more_than_a_block = name == "average_precision"
    sign = signs(70, 260 if more_than_a_block else 30, seed=1)
    found = swapped_differences(name, models, [("a", "b")], sign, 0.5)[:, 0]
    assert found == pytest.approx(looped(TWO[name], label, first, second, sign), abs=1e-12)


def test_a_class_without_rows_is_in_no_mean():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 40)
    first, second = rng.dirichlet(np.ones(3), (2, 40))
    models = paired(label, {"a": first, "b": second}, None, [0, 1, 2])
    sign = signs(40, 20, seed=1)
    for name in ("auc", "average_precision", "balanced_accuracy"):
        found = swapped_differences(name, models, [("a", "b")], sign, 0.5)[:, 0]
        assert found == pytest.approx(looped(SEVERAL[name], label, first, second, sign), abs=1e-12)


def test_p_is_near_that_of_all_permutations():
    rng = np.random.default_rng(3)
    label = np.repeat([0, 1], 4)
    first, second = rng.normal(size=(2, 8)) + label * np.array([[1.6], [0.2]])
    a, b = rankdata(first), rankdata(second)
    # The difference of the opposite signs is the opposite one: half of them are enough.
    every = np.array([(1, *rest) for rest in product([-1, 1], repeat=7)])
    swapped = np.array(looped(roc_auc_score, label, a, b, every))
    observed = roc_auc_score(label, first) - roc_auc_score(label, second)
    exact = (np.abs(swapped) >= abs(observed) - 1e-12).mean()
    assert 0.01 < exact < 0.9
    p = compare(label, {"a": first, "b": second}, resamples=5000).differences[0].p
    assert p == pytest.approx(exact, abs=0.022)  # three standard errors


def test_p_counts_the_data_and_the_published_one_does_not():
    swapped = np.array([0.1, -0.3, 0.2, 0.0])
    assert swapped_p(swapped, 0.2, one_sided=False)[0] == 3 / 5
    assert swapped_p(swapped, 0.2, one_sided=True)[0] == 1 / 4
    assert swapped_p(swapped, 0.5, one_sided=False)[0] == 1 / 5
    assert swapped_p(swapped, 0.5, one_sided=True)[0] == 0
    assert swapped_p(swapped, -0.3, one_sided=True)[0] == 1


def test_permutations_without_a_value_are_left_out_and_told():
    p, notes = swapped_p(np.array([0.1, np.nan, 0.3]), 0.2, one_sided=False)
    assert p == 2 / 3
    assert "1 of 3 permutations" in notes[0]


def null_p_values(metric: str, *, scale: float) -> np.ndarray:
    """Two models that are equally good, on 60 rows of 30 patients, many times."""
    rng = np.random.default_rng(5)
    patient = np.repeat(np.arange(30), 2)
    out = []
    for seed in range(300):
        label = np.tile([0, 1], 30)
        shared = label + rng.normal(size=30)[patient]
        first, second = shared + rng.normal(size=(2, 60)) + rng.normal(size=(2, 30))[:, patient]
        found = compare(
            label, {"a": first, "b": second * scale}, metric, patient, resamples=99, seed=seed
        )
        out.append(found.differences[0].p)
    return np.array(out)


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_p_is_uniform_where_nothing_differs_but_the_scale(scale: float):
    p = null_p_values("auc", scale=scale)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.035)
    assert kstest(p, "uniform").pvalue > 0.01


def test_ranks_leave_what_counts_only_the_order_as_it_was():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 50)
    score = rng.normal(size=(50, 3)).round(1)
    models = ranked(paired(label, {"a": score, "b": score * 7}, None, None))
    assert np.array_equal(models.models["a"].score, models.models["b"].score)
    for name in ("auc", "average_precision"):
        assert SEVERAL[name](label, models.models["a"].score) == pytest.approx(
            SEVERAL[name](label, score), abs=1e-12
        )
