from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.utils import concordance_index
from sksurv.metrics import concordance_index_ipcw
from sksurv.util import Surv

from lesionary.errors import EvaluationError
from lesionary.evaluate.resample import draw
from lesionary.evaluate.survival import c_index


def made_up(n: int, seed: int = 0, ties: bool = True):
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    life, leave = rng.exponential(np.exp(-risk)), rng.exponential(2, n)
    time, event = np.minimum(life, leave) + 0.01, life <= leave
    if ties:
        time, risk = np.ceil(time * 5) / 5, risk.round(1)
    return time, event, risk


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.booleans(), st.integers(0, 3)), min_size=2, max_size=12
    )
)
def test_harrell_with_ties_is_that_of_lifelines(rows):
    time, event, risk = (np.array(column) for column in zip(*rows, strict=True))
    try:
        wanted = concordance_index(time, -risk, event)
    except ZeroDivisionError:
        with pytest.raises(EvaluationError):
            c_index(time, event, risk, interval=None)
        return
    assert c_index(time, event, risk, interval=None).value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_uno_is_that_of_scikit_survival(seed, ties):
    time, event, risk = made_up(80, seed, ties)
    train_time, train_event, _ = made_up(300, seed + 100, ties)
    test, train = Surv.from_arrays(event, time), Surv.from_arrays(train_event, train_time)
    for tau in (1.0, 1.7):
        wanted = concordance_index_ipcw(test, test, risk, tau=tau)[0]
        got = c_index(time, event, risk, method="uno", tau=tau, interval=None)
        assert got.value == pytest.approx(wanted, abs=1e-12)
        known = (train_time, train_event)
        got = c_index(time, event, risk, method="uno", tau=tau, train=known, interval=None)
        wanted = concordance_index_ipcw(train, test, risk, tau=tau)[0]
        assert got.value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("method", ["harrell", "uno"])
def test_a_resample_is_the_table_with_its_rows_repeated(method):
    # Two copies of a row are tied with each other, in time and in risk.
    time, event, risk = made_up(60, 3)
    group = np.arange(60) // 2
    kinds = {"method": method, "tau": 1.5} if method == "uno" else {"method": method}
    weights = draw(group, event.astype(np.int64), resamples=40, seed=5)
    values = [
        c_index(*(np.repeat(part, row) for part in (time, event, risk)), interval=None, **kinds)
        for row in weights
    ]
    low, high = np.quantile([each.value for each in values], [0.025, 0.975])
    got = c_index(time, event, risk, group, resamples=40, seed=5, **kinds)
    assert (got.low, got.high) == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))
    assert got.patients == 30


def test_bca_and_percentile_agree_roughly_and_say_which_they_are():
    time, event, risk = made_up(300, 1)
    percentile, bca = (c_index(time, event, risk, interval=kind) for kind in ("percentile", "bca"))
    assert percentile.low == pytest.approx(bca.low, abs=0.02)
    assert percentile.low < percentile.value < percentile.high
    assert "percentile" in percentile.method
    assert "BCa" in bca.method


def test_the_interval_covers_the_truth():
    # With log risk ~ N(0, 1) and exponential life, C is an integral; here of 200,000 pairs.
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200_000))
    truth = (1 / (1 + np.exp(-np.abs(a - b)))).mean()
    found = [
        c_index(*made_up(150, seed, ties=False), method="uno", tau=3.0, resamples=200)
        for seed in range(100)
    ]
    covered = np.mean([each.low <= truth <= each.high for each in found])
    assert covered >= 0.88


def test_uno_does_not_depend_on_who_is_censored():
    # Half of the high risks are lost at once: Harrell's C moves, Uno's stays.
    rng = np.random.default_rng(1)
    risk = rng.normal(size=4000)
    life = rng.exponential(np.exp(-risk))
    whole = c_index(life, np.ones(4000), risk, interval=None, tau=1.0).value
    leave = rng.exponential(0.6, 4000)
    time, event = np.minimum(life, leave), life <= leave
    harrell = c_index(time, event, risk, interval=None, tau=1.0).value
    uno = c_index(time, event, risk, method="uno", tau=1.0, interval=None).value
    assert abs(uno - whole) < abs(harrell - whole)


def test_constant_risks_are_a_coin_and_said_so():
    found = c_index([1, 2, 3, 4], [1, 1, 0, 1], [2, 2, 2, 2])
    assert found.value == 0.5
    assert found.low is None
    assert "all risks are the same" in found.notes


def test_one_patient_has_no_interval():
    found = c_index([1, 2, 3], [1, 1, 0], [3, 1, 2], ["p", "p", "p"])
    assert (found.low, found.patients) == (None, 1)


def test_an_event_that_nobody_is_followed_to_cannot_be_weighed():
    # At the last time one has the event and another is censored: G is 0 there.
    with pytest.raises(EvaluationError, match="Nobody is followed until 4"):
        c_index([1, 2, 4, 4], [1, 0, 1, 0], [4, 3, 2, 1], method="uno")
    with pytest.raises(EvaluationError, match="Nobody is followed until 9 in `train`"):
        c_index([1, 9, 10], [1, 1, 0], [3, 2, 1], method="uno", train=([1, 2, 3], [1, 1, 0]))


def test_arguments_that_contradict():
    with pytest.raises(EvaluationError, match="'harrell' or 'uno'"):
        c_index([1, 2], [1, 1], [2, 1], method="gonen")
    with pytest.raises(EvaluationError, match="for Uno's C"):
        c_index([1, 2], [1, 1], [2, 1], train=([1, 2], [1, 0]))
