"""Models of survival against each other: the same numbers as a plain loop, and an honest p."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from lifelines.utils import concordance_index
from scipy.stats import kstest, rankdata
from sksurv.metrics import concordance_index_ipcw
from sksurv.util import Surv

from lesionary.errors import EvaluationError
from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.comparisons.swaps import signs
from lesionary.evaluate.resample import draw
from lesionary.evaluate.survival import c_index, compare_survival
from lesionary.evaluate.survival.concordance import comparable
from lesionary.evaluate.survival.inputs import survival


def made(n: int, seed: int = 0, ties: bool = True):
    """Times, events and two risks, the first of which knows more."""
    rng = np.random.default_rng(seed)
    hazard = rng.normal(size=n)
    life, leave = rng.exponential(np.exp(-hazard)), rng.exponential(2, n)
    time, event = np.minimum(life, leave) + 0.01, life <= leave
    first, second = hazard + 0.3 * rng.normal(size=n), hazard + 3 * rng.normal(size=n)
    if ties:
        time, first, second = np.ceil(time * 5) / 5, first.round(1), second.round(0)
    return time, event, first, second


def looped(time, event, first, second, kept) -> list[float]:
    """Swap, score, subtract with lifelines: one permutation after another."""
    out = []
    for keep in kept:
        a, b = np.where(keep, first, second), np.where(keep, second, first)
        out.append(concordance_index(time, -a, event) - concordance_index(time, -b, event))
    return out


def swapped(time, event, first, second, group, sign, method="harrell", tau=None) -> np.ndarray:
    index = comparable(survival(time, event, first, group), method, tau, None)
    return sign @ sum_by_patient(index.swap_terms(first, second), group)


@pytest.mark.parametrize("rows_a_patient", [1, 3])
def test_swaps_are_those_of_a_plain_loop_with_lifelines(rows_a_patient: int) -> None:
    time, event, first, second = made(60)
    group = np.arange(60) // rows_a_patient
    sign = signs(group.max() + 1, 40, seed=1)
    wanted = looped(time, event, first, second, sign[:, group] > 0)
    assert swapped(time, event, first, second, group, sign) == pytest.approx(wanted, abs=1e-12)


def test_swaps_of_unos_index_are_those_of_scikit_survival() -> None:
    time, event, first, second = made(60)
    known, sign = Surv.from_arrays(event, time), signs(60, 15, seed=1)
    wanted = []
    for keep in sign > 0:
        a, b = np.where(keep, first, second), np.where(keep, second, first)
        one, two = (concordance_index_ipcw(known, known, risk, tau=1.5)[0] for risk in (a, b))
        wanted.append(one - two)
    found = swapped(time, event, first, second, np.arange(60), sign, "uno", 1.5)
    assert found == pytest.approx(wanted, abs=1e-12)


def test_blocks_of_cases_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    time, event, first, second = made(50)
    whole = compare_survival(time, event, {"a": first, "b": second}).differences[0]
    monkeypatch.setattr("lesionary.evaluate.survival.concordance._BLOCK", 120)
    apart = compare_survival(time, event, {"a": first, "b": second}).differences[0]
    assert apart.p == whole.p
    assert apart.result.value == pytest.approx(whole.result.value, abs=1e-14)


def test_p_is_near_that_of_all_permutations() -> None:
    time, event, first, second = made(9, seed=4, ties=False)
    a, b = rankdata(first), rankdata(second)
    every = np.array(list(product([False, True], repeat=9)))
    observed = concordance_index(time, -first, event) - concordance_index(time, -second, event)
    exact = np.mean(np.abs(looped(time, event, a, b, every)) >= abs(observed) - 1e-12)
    assert 0.01 < exact < 0.9
    found = compare_survival(time, event, {"a": first, "b": second}, resamples=5000)
    assert found.differences[0].p == pytest.approx(exact, abs=0.022)  # three standard errors
    assert found.differences[0].result.value == pytest.approx(observed, abs=1e-12)


def test_p_is_uniform_where_nothing_differs_but_the_scale() -> None:
    p = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        hazard = np.repeat(rng.normal(size=20), 2)
        life, leave = rng.exponential(np.exp(-hazard)), rng.exponential(2, 40)
        first, second = hazard + rng.normal(size=(2, 40)) + rng.normal(size=(2, 20)).repeat(2, 1)
        found = compare_survival(
            np.minimum(life, leave),
            life <= leave,
            {"a": first, "b": np.exp(second)},
            np.arange(40) // 2,
            resamples=99,
            seed=seed,
        )
        p.append(found.differences[0].p)
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.035)
    assert kstest(p, "uniform").pvalue > 0.01


def test_the_better_model_is_found_on_any_scale() -> None:
    time, event, first, second = made(150)
    for test in ("permutation", "bootstrap"):
        plain, scaled = (
            compare_survival(time, event, {"a": first, "b": risk}, test=test).differences[0]
            for risk in (second, 50 + 7 * second)
        )
        assert plain.p < 0.01
        assert scaled == plain


@pytest.mark.parametrize("method", ["harrell", "uno"])
def test_the_interval_is_of_the_same_patients_for_both(method: str) -> None:
    time, event, first, second = made(60)
    group = np.arange(60) // 2
    kinds = {"method": method, "tau": 1.5} if method == "uno" else {"method": method}
    weights = draw(group, event.astype(np.int64), resamples=60, seed=3)

    def of(risk, row) -> float:
        drawn = (np.repeat(part, row) for part in (time, event, risk))
        return c_index(*drawn, interval=None, **kinds).value

    differences = [of(first, row) - of(second, row) for row in weights]
    found = compare_survival(
        time, event, {"a": first, "b": second}, group, test="bootstrap", resamples=60, seed=3,
        level=0.9, **kinds,
    ).differences[0]  # fmt: skip
    wanted = np.quantile(differences, [0.05, 0.95])
    assert (found.result.low, found.result.high) == pytest.approx(tuple(wanted), abs=1e-12)
    side = min(np.sum(np.array(differences) <= 0), np.sum(np.array(differences) >= 0))
    assert found.p == pytest.approx(2 * (side + 1) / 61)
    assert (found.result.patients, found.result.events) == (30, event.sum())


def test_identical_models_do_not_differ() -> None:
    time, event, first, _ = made(40)
    for test in ("permutation", "bootstrap"):
        same = compare_survival(time, event, {"a": first, "b": 2 * first}, test=test).differences[0]
        assert (same.p, same.result.value, same.result.low) == (1.0, 0.0, None)
        assert "same in every resample" in same.result.notes[0]


def test_a_family_is_corrected_and_prints_itself() -> None:
    time, event, first, second = made(80)
    risks = {"a": first, "b": second, "c": -second}
    found = compare_survival(time, event, risks, method="uno", tau=1.5, reference="a")
    assert [(one.first, one.second) for one in found.differences] == [("b", "a"), ("c", "a")]
    assert str(found).startswith("C-index (Uno, before 1.5): a 0.")
    assert "corrected by Holm over 2" in str(found)
    assert max(one.corrected_p / one.p for one in found.differences) == pytest.approx(2)


def test_what_cannot_be_compared() -> None:
    time, event, first, second = made(30)
    both = {"a": first, "b": second}
    for arguments, options, message in (
        ((time, event, {"a": first}), {}, "needs two models"),
        ((time, event, {"a": first, "b": second[:9]}), {}, "Model 'b': Different numbers of rows"),
        ((time, event, {"a": first, "b": second * np.nan}), {}, "Model 'b': risk is missing"),
        ((time, 0 * event, both), {}, "All 30 rows are censored"),
        ((time, event, both), {"test": "delong"}, "tested by permutation or bootstrap, not delong"),
        ((time, event, both), {"reference": "c"}, "no model 'c'"),
        ((time, event, both), {"method": "gonen"}, "'harrell' or 'uno'"),
        ((time, event, both), {"tau": 0.001}, "before tau = 0.001"),
        ((time, event, both), {"resamples": 0}, "must be resamples"),
        ((time, event, both), {"level": 95}, "level of an interval"),
    ):
        with pytest.raises(EvaluationError, match=message):
            compare_survival(*arguments, **options)
    apart = {"a": pd.Series(first), "b": pd.Series(second, index=range(1, 31))}
    with pytest.raises(EvaluationError, match="different indexes"):
        compare_survival(time, event, apart)
