"""Metrics against scikit-learn: weights are repeated rows, ties, several classes, odd input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as theirs
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.errors import EvaluationError
from lesionary.evaluate import metrics
from lesionary.evaluate.inputs import labelled
from lesionary.evaluate.metrics import (
    METRICS,
    accuracy,
    auc,
    average_precision,
    balanced_accuracy,
    brier,
    f1,
    judge,
    kernel_of,
    log_loss,
    metric_value,
    npv,
    per_class,
    ppv,
    sensitivity,
    specificity,
    weighted_values,
)


def _present(y, score):
    return [number for number in range(score.shape[1]) if (y == number).any()]


BINARY = {
    "auc": theirs.roc_auc_score,
    "average_precision": theirs.average_precision_score,
    "balanced_accuracy": lambda y, s: theirs.balanced_accuracy_score(y, s >= 0.5),
    "accuracy": lambda y, s: theirs.accuracy_score(y, s >= 0.5),
    "sensitivity": lambda y, s: theirs.recall_score(y, s >= 0.5),
    "specificity": lambda y, s: theirs.recall_score(y, s >= 0.5, pos_label=0),
    "ppv": lambda y, s: theirs.precision_score(y, s >= 0.5),
    "npv": lambda y, s: theirs.precision_score(y, s >= 0.5, pos_label=0),
    "f1": lambda y, s: theirs.f1_score(y, s >= 0.5),
    "brier": theirs.brier_score_loss,
    "log_loss": theirs.log_loss,
}
SEVERAL = {
    "auc": lambda y, s: np.mean([theirs.roc_auc_score(y == c, s[:, c]) for c in _present(y, s)]),
    "average_precision": lambda y, s: np.mean(
        [theirs.average_precision_score(y == c, s[:, c]) for c in _present(y, s)]
    ),
    "balanced_accuracy": lambda y, s: np.mean(
        [(s[y == c].argmax(axis=1) == c).mean() for c in _present(y, s)]
    ),
    "accuracy": lambda y, s: theirs.accuracy_score(y, s.argmax(axis=1)),
    "f1": lambda y, s: theirs.f1_score(y, s.argmax(axis=1), average="macro", labels=_present(y, s)),
    "brier": lambda y, s: theirs.brier_score_loss(y, s, labels=range(s.shape[1])),
    "log_loss": lambda y, s: theirs.log_loss(y, s, labels=range(s.shape[1])),
}


def binary_rows(n=60, seed=0, decimals=1):
    """Labels, and probabilities with ties."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return y, np.clip(rng.normal(0.4 + 0.2 * y, 0.3), 0.01, 0.99).round(decimals)


def rows_of_classes(n=80, classes=4, seed=0, decimals=1):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    score = (rng.gamma(1.0, size=(n, classes)) + np.eye(classes)[y]).round(decimals) + 0.1
    return y, score / score.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("decimals", [1, 8], ids=["ties", "distinct"])
@pytest.mark.parametrize("name", METRICS)
def test_binary_values_are_those_of_scikit_learn(name, decimals):
    y, score = binary_rows(decimals=decimals)
    assert metric_value(name, labelled(y, score)) == pytest.approx(
        BINARY[name](y, score), abs=1e-12
    )


@pytest.mark.parametrize("name", SEVERAL)
def test_values_of_several_classes_are_those_of_scikit_learn(name):
    y, score = rows_of_classes()
    expected = SEVERAL[name](y, score)
    assert metric_value(name, labelled(y, score)) == pytest.approx(expected, abs=1e-12)


def test_macro_auc_is_what_scikit_learn_calls_so():
    y, score = rows_of_classes()
    expected = theirs.roc_auc_score(y, score, multi_class="ovr", average="macro")
    assert auc(y, score, interval=None).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_weights_are_repeated_rows(name):
    """Weights are drawn from 0 to 3, so that most resamples lack rows."""
    y, score = binary_rows(40, seed=3)
    weights = np.random.default_rng(1).integers(0, 4, size=(50, 40))
    found = weighted_values(name, labelled(y, score), weights)
    expected = [BINARY[name](np.repeat(y, w), np.repeat(score, w)) for w in weights]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SEVERAL)
def test_weights_are_repeated_rows_also_of_a_class_that_vanishes(name):
    y, score = rows_of_classes(50, seed=4)
    weights = np.random.default_rng(2).integers(0, 3, size=(40, 50))
    weights[:20, y == 1] = 0
    found = weighted_values(name, labelled(y, score), weights)
    expected = [SEVERAL[name](np.repeat(y, w), np.repeat(score, w, axis=0)) for w in weights]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_many_rows_go_through_in_blocks():
    """More weights than are worked on at once: the blocks' seams do not show."""
    y, score = binary_rows(3000)
    rows = labelled(y, score)
    weights = np.random.default_rng(0).integers(0, 3, size=(70, 3000))
    for name in ("auc", "average_precision"):
        whole = weighted_values(name, rows, weights)
        alone = [weighted_values(name, rows, weight[None])[0] for weight in weights]
        np.testing.assert_array_equal(whole, alone)


@pytest.mark.parametrize("times", [1, 5_000, 100_000_000])
def test_large_weights_do_not_overflow(times):
    """Sums of 16, of 32 and of more bits; all rows so many times is as once."""
    y, score = rows_of_classes(60)
    weights = np.random.default_rng(0).integers(0, 3, size=(9, 60))
    for name in ("auc", "average_precision", "balanced_accuracy"):
        once = weighted_values(name, labelled(y, score), weights)
        often = weighted_values(name, labelled(y, score), weights * times)
        np.testing.assert_allclose(often, once, rtol=1e-14)


def test_kernel_takes_weights_in_parts():
    y, score = binary_rows()
    weights = np.random.default_rng(0).integers(0, 3, size=(10, 60)).astype(np.int32)
    kernel = kernel_of("f1", labelled(y, score), threshold=0.3)
    expected = weighted_values("f1", labelled(y, score), weights, threshold=0.3)
    np.testing.assert_array_equal(np.r_[kernel(weights[:4]), kernel(weights[4:])], expected)


@pytest.mark.parametrize("name", ["auc", "average_precision"])
@given(st.lists(st.tuples(st.booleans(), st.integers(-20, 20)), min_size=2, max_size=40))
@settings(max_examples=60, deadline=None)
def test_only_the_order_of_scores_counts(name, pairs):
    y, score = (np.array(column) for column in zip(*pairs, strict=True))
    if len(set(y)) < 2:
        return
    first = metric_value(name, labelled(y, score))
    assert metric_value(name, labelled(y, np.exp(score / 10.0) - 7)) == pytest.approx(first)
    assert first == pytest.approx(BINARY[name](y, score), abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=2, max_size=40))
@settings(max_examples=60, deadline=None)
def test_swapping_classes_mirrors_the_auc(pairs):
    y, score = (np.array(column) for column in zip(*pairs, strict=True))
    if len(set(y)) < 2:
        return
    first = metric_value("auc", labelled(y, score))
    assert metric_value("auc", labelled(~y, score)) == pytest.approx(1 - first)
    assert metric_value("auc", labelled(y, -score)) == pytest.approx(1 - first)


def test_constant_score_tells_nothing_and_has_no_interval():
    result = auc([0, 1, 0, 1, 1], [0.3] * 5)
    assert result.value == 0.5
    assert result.low is None
    assert "same in every resample" in str(result)
    assert average_precision([0, 1, 0, 1, 1], [0.3] * 5, interval=None).value == pytest.approx(0.6)


def test_every_function_is_the_metric_of_its_name():
    y, score = binary_rows(30)
    functions = (auc, average_precision, balanced_accuracy, accuracy, sensitivity, specificity)
    functions += (ppv, npv, f1, brier, log_loss)
    assert {function.__name__ for function in functions} == set(METRICS)
    for function in functions:
        name = function.__name__
        result = function(y, score, resamples=20, seed=3)
        assert result == judge(name, y, score, resamples=20, seed=3)
        assert result.metric == METRICS[name].title
        assert result.low < result.value < result.high
        assert (result.n, result.events, result.patients) == (30, y.sum(), None)


def test_threshold_is_applied_and_told():
    y, score = binary_rows()
    result = sensitivity(y, score, threshold=0.3, interval=None)
    assert result.value == pytest.approx(theirs.recall_score(y, score >= 0.3))
    assert "0.3" in result.notes[0]
    assert not sensitivity(y, score, interval=None).notes


def test_score_at_the_threshold_is_decided_positive():
    assert accuracy([0, 1], [0.49, 0.5], interval=None).value == 1.0


@pytest.mark.parametrize("name", ["ppv", "npv"])
def test_nothing_decided_is_an_error_and_not_nan(name):
    score = [0.1, 0.2, 0.3] if name == "ppv" else [0.7, 0.8, 0.9]
    with pytest.raises(EvaluationError, match="not defined: no row is decided"):
        judge(name, [0, 1, 1], score)


def test_f1_is_zero_where_nothing_is_decided_positive():
    assert f1([0, 1, 1], [0.1, 0.2, 0.3], interval=None).value == 0.0


def test_undefined_resamples_are_left_out_and_counted():
    y = np.repeat([0, 1], 30)
    score = np.full(60, 0.1)
    score[[3, 40]] = 0.9
    result = ppv(y, score, resamples=500)
    found = [note for note in result.notes if "left out" in note]
    assert len(found) == 1
    # Neither of the two rows is drawn in (58/60)^60 of the resamples.
    assert int(found[0].split()[0]) == pytest.approx(500 * (58 / 60) ** 60, rel=0.4)
    assert (result.low, result.high) == (0.0, 1.0)


def test_log_loss_of_a_certain_mistake_is_large_but_finite():
    value = log_loss([0, 1], [1.0, 1.0], interval=None).value
    assert value == pytest.approx(theirs.log_loss([0, 1], [1.0, 1.0]))


@pytest.mark.parametrize("name", ["brier", "log_loss"])
def test_scores_that_are_no_probabilities_are_refused(name):
    with pytest.raises(EvaluationError, match="no probabilities"):
        judge(name, [0, 1], [-1.0, 2.0])
    with pytest.raises(EvaluationError, match=r"sum to 0\.6 in row 1"):
        judge(name, [0, 1, 2], [[0.5, 0.3, 0.2], [0.2, 0.2, 0.2], [0.1, 0.1, 0.8]])


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.binary_only])
def test_metrics_of_a_positive_class_want_two_classes(name):
    with pytest.raises(EvaluationError, match=f"per_class\\('{name}'"):
        judge(name, *rows_of_classes())


def test_per_class_is_each_against_the_rest():
    y, score = rows_of_classes()
    decided = score.argmax(axis=1)
    names = np.array(["a", "b", "c", "d"])
    table = pd.DataFrame(score, columns=names)
    expected = {
        "auc": lambda c: theirs.roc_auc_score(y == c, score[:, c]),
        "average_precision": lambda c: theirs.average_precision_score(y == c, score[:, c]),
        "sensitivity": lambda c: theirs.recall_score(y == c, decided == c),
        "specificity": lambda c: theirs.recall_score(y != c, decided != c),
        "ppv": lambda c: theirs.precision_score(y == c, decided == c),
        "f1": lambda c: theirs.f1_score(y == c, decided == c),
        "brier": lambda c: theirs.brier_score_loss(y == c, score[:, c]),
    }
    for name, their in expected.items():
        found = per_class(name, names[y], table, resamples=20)
        assert list(found) == list(names)
        for number, result in enumerate(found.values()):
            assert result.value == pytest.approx(their(number), abs=1e-12)
            assert result.events == (y == number).sum()
    assert found["b"].metric == "Brier score of b"


def test_per_class_mean_is_the_macro_value():
    y, score = rows_of_classes()
    for name in ("auc", "average_precision", "f1"):
        each = per_class(name, y, score, interval=None)
        mean = np.mean([result.value for result in each.values()])
        assert judge(name, y, score, interval=None).value == pytest.approx(mean, abs=1e-12)


def test_per_class_of_two_classes_has_both():
    y, score = binary_rows()
    found = per_class("ppv", y, score, threshold=0.4, interval=None)
    assert found[0].value == npv(y, score, threshold=0.4, interval=None).value
    assert found[1].value == ppv(y, score, threshold=0.4, interval=None).value
    assert "0.4" in found[0].notes[0]
    each = per_class("auc", y, score, interval=None)
    assert each[0].value == pytest.approx(each[1].value)
    flipped = per_class("average_precision", y, score, interval=None)[0].value
    assert flipped == pytest.approx(theirs.average_precision_score(1 - y, 1 - score))


def test_class_without_rows_is_left_out_and_told():
    y, score = rows_of_classes()
    keep = y != 2
    result = auc(y[keep], score[keep], classes=range(4), interval=None)
    assert result.value == pytest.approx(SEVERAL["auc"](y[keep], score[keep]), abs=1e-12)
    assert result.notes == ("no row has the class 2.",)
    assert list(per_class("auc", y[keep], score[keep], classes=range(4), interval=None)) == [
        0,
        1,
        3,
    ]


def test_unknown_metric_is_told_what_there_is():
    with pytest.raises(EvaluationError, match="did you mean 'auc'"):
        judge("aux", [0, 1], [0.1, 0.2])
    with pytest.raises(EvaluationError, match="there are: auc, average_precision"):
        judge("kappa", [0, 1], [0.1, 0.2])


@pytest.mark.parametrize(
    "weights", [[1, 1], [[1, 1, 1]], [[0.5, 1.0]]], ids=["one row", "too many", "fractions"]
)
def test_weights_of_another_kind_are_refused(weights):
    with pytest.raises(EvaluationError, match="whole numbers"):
        weighted_values("auc", labelled([0, 1], [0.1, 0.2]), weights)


def test_delong_is_for_one_auc():
    y, score = rows_of_classes()
    for name, found in (("auc", (y, score)), ("f1", binary_rows())):
        with pytest.raises(EvaluationError, match="DeLong"):
            judge(name, *found, interval="delong")


@pytest.mark.parametrize("interval", ["percentile", "bca", "delong", None])
def test_level_is_checked_whatever_the_interval(interval):
    with pytest.raises(EvaluationError, match="between 0 and 1"):
        auc(*binary_rows(), interval=interval, level=95)


def test_delong_and_the_bootstrap_agree():
    y, score = binary_rows(400, decimals=6)
    delong, bootstrap = auc(y, score, interval="delong"), auc(y, score)
    assert delong.value == bootstrap.value
    assert delong.low == pytest.approx(bootstrap.low, abs=0.01)
    assert delong.high == pytest.approx(bootstrap.high, abs=0.01)
    assert "DeLong" in delong.method
    assert "Obuchowski" in auc(y, score, np.arange(400) // 2, interval="delong").method


@pytest.mark.parametrize("name", ["auc", "average_precision", "brier", "log_loss"])
def test_a_metric_of_scores_takes_no_threshold(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}.*leave threshold out"):
        getattr(metrics, name)([0, 1], [0.2, 0.7], threshold=0.3)
