from __future__ import annotations

import numpy as np
import pytest
from sksurv.metrics import brier_score, cumulative_dynamic_auc, integrated_brier_score
from sksurv.util import Surv

from lesionary.errors import EvaluationError
from lesionary.evaluate.resample import draw
from lesionary.evaluate.survival import brier_at, censor_at, integrated_brier, kaplan_meier, td_auc

TIMES = [0.4, 0.8, 1.2]


def made_up(n: int, seed: int = 0, ties: bool = True):
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=n)
    life, leave = rng.exponential(np.exp(-risk)), rng.exponential(2, n)
    time, event = np.minimum(life, leave) + 0.01, life <= leave
    if ties:
        time, risk = np.ceil(time * 5) / 5, risk.round(1)
    return time, event, risk


def predicted(risk):
    return np.exp(-np.outer(np.exp(risk), TIMES))


@pytest.mark.parametrize("ties", [True, False])
def test_auc_is_that_of_scikit_survival(ties):
    time, event, risk = made_up(120, 1, ties)
    known = made_up(400, 2, ties)[:2]
    test = Surv.from_arrays(event, time)
    for train, data in ((None, test), (known, Surv.from_arrays(known[1], known[0]))):
        each, mean = cumulative_dynamic_auc(data, test, risk, TIMES)
        got = td_auc(time, event, risk, at=TIMES, train=train, interval=None)
        assert [one.value for one in got.results] == pytest.approx(list(each), abs=1e-12)
        assert got.whole.value == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("ties", [True, False])
def test_brier_is_that_of_scikit_survival(ties):
    time, event, risk = made_up(120, 1, ties)
    known = made_up(400, 2, ties)[:2]
    # scikit-survival wants train to be followed longer than test.
    time, event = censor_at(time, event, 3)
    test = Surv.from_arrays(event.astype(bool), time)
    for train, data in ((None, test), (known, Surv.from_arrays(known[1], known[0]))):
        _, each = brier_score(data, test, predicted(risk), TIMES)
        whole = integrated_brier_score(data, test, predicted(risk), TIMES)
        got = brier_at(time, event, predicted(risk), TIMES, train=train, interval=None)
        assert [one.value for one in got.results] == pytest.approx(list(each), abs=1e-12)
        assert got.whole.value == pytest.approx(whole, abs=1e-12)
        alone = integrated_brier(time, event, predicted(risk), TIMES, train=train, interval=None)
        assert alone == got.whole


def test_resamples_of_both_are_tables_with_rows_repeated():
    time, event, risk = made_up(80, 3)
    group = np.arange(80) // 2
    weights = draw(group, event.astype(np.int64), resamples=30, seed=4)
    values = {"auc": [], "brier": []}
    for row in weights:
        again = [np.repeat(part, row, axis=0) for part in (time, event, risk)]
        values["auc"].append(td_auc(*again, at=TIMES, interval=None).whole.value)
        probabilities = predicted(again[2])
        values["brier"].append(
            integrated_brier(*again[:2], probabilities, TIMES, interval=None).value
        )
    auc = td_auc(time, event, risk, group, at=TIMES, resamples=30, seed=4).whole
    brier = integrated_brier(time, event, predicted(risk), TIMES, group, resamples=30, seed=4)
    for got, name in ((auc, "auc"), (brier, "brier")):
        assert [got.low, got.high] == pytest.approx(list(np.quantile(values[name], [0.025, 0.975])))
        assert got.patients == 40


def test_the_curve_of_everybody_scores_what_is_noted():
    time, event, _ = made_up(100, 5)
    same = np.tile(kaplan_meier(time, event).at(TIMES), (100, 1))
    got = integrated_brier(time, event, same, TIMES, interval=None)
    assert got.notes == (f"Kaplan-Meier of these rows: {got.value:.3f}",)


def test_a_table_of_times():
    time, event, risk = made_up(100, 5)
    got = td_auc(time, event, risk, at=TIMES, resamples=50)
    assert got.frame().index.tolist() == TIMES
    assert str(got).count("AUC") == 4


def test_times_and_probabilities_that_cannot_be():
    time, event, risk = made_up(50)
    cases = [
        ([1.2, 0.8], "ascend"),
        ([0.8, 99.0], "within follow-up"),
        ([], "one time or a list"),
        ([np.nan], "one time or a list"),
    ]
    for at, message in cases:
        with pytest.raises(EvaluationError, match=message):
            td_auc(time, event, risk, at=at)
    with pytest.raises(EvaluationError, match=r"Nobody had the event by 2\.5"):
        td_auc([1, 2, 3, 4], [0, 0, 1, 1], [1, 2, 3, 4], at=[2.5])
    with pytest.raises(EvaluationError, match=r"wanted is \(50, 2\)"):
        brier_at(time, event, predicted(risk), TIMES[:2])
    with pytest.raises(EvaluationError, match="no probability"):
        brier_at(time, event, predicted(risk) * 2, TIMES)
    with pytest.raises(EvaluationError, match="at least two times"):
        integrated_brier(time, event, predicted(risk)[:, :1], TIMES[:1])
    with pytest.raises(EvaluationError, match="in `train`"):
        brier_at(time, event, predicted(risk), TIMES, train=([0.1, 0.2], [1, 0]))
