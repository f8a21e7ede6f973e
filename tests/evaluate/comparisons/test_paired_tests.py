"""McNemar's and Wilcoxon's tests."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, rankdata, wilcoxon
from statsmodels.stats.contingency_tables import mcnemar as reference

from lesionary.evaluate.comparisons import compare
from lesionary.evaluate.comparisons.mcnemar import mcnemar
from lesionary.evaluate.comparisons.signed_rank import signed_rank
from lesionary.evaluate.inputs import Labelled, labelled


def decisions(*cells: int) -> tuple[Labelled, Labelled]:
    """Two models: both right, first alone, second alone, neither, in so many rows."""
    label = np.resize([0, 1], sum(cells))
    first = np.repeat([1, 1, 0, 0], cells)
    second = np.repeat([1, 0, 1, 0], cells)
    return tuple(labelled(label, np.where(right, label, 1 - label)) for right in (first, second))


@pytest.mark.parametrize("cells", [(10, 6, 1, 4), (10, 0, 5, 4), (30, 12, 12, 4), (9, 20, 4, 1)])
def test_mcnemar_of_few_is_the_exact_binomial(cells):
    p, notes = mcnemar(*decisions(*cells))
    table = [[cells[0], cells[1]], [cells[2], cells[3]]]
    assert p == pytest.approx(reference(table, exact=True).pvalue, abs=1e-12)
    assert p == pytest.approx(binomtest(cells[1], cells[1] + cells[2]).pvalue, abs=1e-12)
    assert notes[0].endswith("exact.")
    assert f"{cells[1] + cells[2]} rows" in notes[0]


@pytest.mark.parametrize("cells", [(100, 30, 11, 40), (10, 20, 5, 4)])
def test_mcnemar_of_many_is_chi_square(cells):
    p, notes = mcnemar(*decisions(*cells))
    table = [[cells[0], cells[1]], [cells[2], cells[3]]]
    expected = reference(table, exact=False, correction=False).pvalue
    assert p == pytest.approx(expected, abs=1e-12)
    assert notes[0].endswith("chi-square.")


def test_mcnemar_of_patients_counts_all_signs():
    rng = np.random.default_rng(0)
    patient = np.sort(rng.integers(0, 9, 40))
    label = rng.integers(0, 2, 40)
    first, second = (labelled(label, rng.integers(0, 2, 40), patient) for _ in range(2))
    right = [(rows.score == label).astype(int) for rows in (first, second)]
    ahead = np.bincount(patient, right[0] - right[1]).astype(int)
    sums = np.array(list(product([-1, 1], repeat=len(ahead)))) @ ahead
    p, notes = mcnemar(first, second)
    assert p == pytest.approx((np.abs(sums) >= abs(ahead.sum())).mean(), abs=1e-12)
    assert f"{(ahead != 0).sum()} patients" in notes[0]


def test_rows_of_one_patient_do_not_make_mcnemar_surer():
    label = np.tile([0, 1], 60)
    first, second = decisions(60, 40, 20, 0)
    alone, _ = mcnemar(first, second)
    copied = [
        labelled(np.repeat(first.label, 3), np.repeat(rows.score, 3), np.repeat(np.arange(120), 3))
        for rows in (first, second)
    ]
    assert mcnemar(*copied)[0] == pytest.approx(alone, abs=1e-12)
    assert len(label) == first.n


def test_models_that_decide_alike_have_p_1():
    same = decisions(10, 0, 0, 4)
    assert mcnemar(*same) == (1.0, ("Both are right equally often on all rows.",))


@pytest.mark.parametrize("n", [30, 200])
def test_wilcoxon_is_that_of_scipy(n: int):
    rng = np.random.default_rng(n)
    label = rng.integers(0, 2, n)
    first, second = rng.random((2, n))
    p, notes = signed_rank("brier", labelled(label, first), labelled(label, second))
    losses = (first - label) ** 2 - (second - label) ** 2
    assert p == pytest.approx(
        wilcoxon(losses, method="exact" if n == 30 else "asymptotic").pvalue, abs=1e-12
    )
    assert notes[0].startswith(f"{n} rows")
    assert notes[0].endswith("exact." if n == 30 else "normal approximation.")


@pytest.mark.parametrize("patients", [9, 90])
def test_wilcoxon_is_of_patients_own_means_with_ties_and_without_who_does_not_differ(patients):
    rng = np.random.default_rng(0)
    patient = rng.permutation(np.repeat(np.arange(patients), 4))
    label = rng.integers(0, 2, len(patient))
    first, second = rng.random((2, len(patient))).round(1)
    second[patient < 3] = first[patient < 3]
    p, notes = signed_rank(
        "accuracy", labelled(label, first, patient), labelled(label, second, patient)
    )
    means = [np.bincount(patient, (s >= 0.5) == label) / 4 for s in (first, second)]
    ahead = (means[0] - means[1])[means[0] != means[1]]
    assert len(np.unique(np.abs(ahead))) < len(ahead) < patients
    if patients == 9:
        ranks = rankdata(np.abs(ahead))
        sums = np.array(list(product([-1, 1], repeat=len(ahead)))) @ ranks
        expected = (np.abs(sums) >= abs(np.sign(ahead) @ ranks)).mean()
    else:
        expected = wilcoxon(ahead, method="asymptotic").pvalue
    assert p == pytest.approx(expected, abs=1e-12)
    assert notes[0].startswith(f"{len(ahead)} patients")


def test_wilcoxon_without_a_difference_is_1():
    rows = labelled([0, 1, 1], [0.2, 0.6, 0.7])
    p, notes = signed_rank("log_loss", rows, rows)
    assert p == 1
    assert "do not differ" in notes[0]


def test_compare_gives_what_these_tests_give():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 50)
    scores = {name: rng.random(50) for name in "ab"}
    rows = [labelled(label, score) for score in scores.values()]
    found = compare(label, scores, "accuracy", test="mcnemar").differences[0]
    assert found.p == mcnemar(*rows)[0]
    assert found.result.notes == mcnemar(*rows)[1]
    found = compare(label, scores, "log_loss", test="wilcoxon").differences[0]
    assert found.p == signed_rank("log_loss", *rows)[0]
