"""Agreement against published examples, analysis of variance by another library, simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from lesionary.errors import EvaluationError
from lesionary.evaluate.reliability import (
    ICC_FORMS,
    METRICS,
    agreement_table,
    ccc,
    icc,
    qcd,
    read_ratings,
)
from lesionary.evaluate.reliability.concordance import ccc_estimate
from lesionary.evaluate.reliability.intraclass import icc_estimate
from lesionary.evaluate.reliability.ratings import Ratings

JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)
"""Shrout & Fleiss 1979, table 2."""


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [  # value: their table 4; bounds: as R's psych prints them
        ("1,1", 0.17, -0.133, 0.723),
        ("2,1", 0.29, 0.019, 0.761),
        ("3,1", 0.71, 0.342, 0.946),
        ("1,k", 0.44, -0.884, 0.912),
        ("2,k", 0.62, 0.071, 0.927),
        ("3,k", 0.91, 0.676, 0.986),
    ],
)
def test_the_published_example(form, value, low, high):
    found = icc(JUDGES, form)
    assert found.value == pytest.approx(value, abs=0.006)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.0006)
    assert found.n == 6


def test_mean_squares_are_those_of_an_analysis_of_variance():
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    rng = np.random.default_rng(0)
    ratings = rng.normal(size=(11, 3)) + rng.normal(size=(11, 1)) + [0, 0.5, 1]
    long = pd.DataFrame(ratings).melt(ignore_index=False, var_name="rater").reset_index()
    fit = anova_lm(ols("value ~ C(index) + C(rater)", long).fit())["mean_sq"]
    s, r, e = fit["C(index)"], fit["C(rater)"], fit["Residual"]
    assert icc(ratings, "3,1").value == pytest.approx((s - e) / (s + 2 * e))
    assert icc(ratings, "2,1").value == pytest.approx((s - e) / (s + 2 * e + 3 * (r - e) / 11))
    assert icc(ratings, "2,k").value == pytest.approx((s - e) / (s + (r - e) / 11))


@pytest.mark.parametrize(("form", "truth"), [("1,1", 0.5), ("2,1", 0.5), ("3,1", 2 / 3)])
def test_intervals_cover_the_truth(form, truth):
    rng = np.random.default_rng(1)  # variances: subjects 2, raters 1, error 1
    n, k, p = 25, 12, 2000
    subjects = rng.normal(0, np.sqrt(2), (n, 1, p))
    raters = rng.normal(size=(1 if form != "1,1" else n, k, p))
    found = icc_estimate(subjects + raters + rng.normal(size=(n, k, p)), 0.95, form=form)
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    assert 0.93 < covered < 0.975
    assert np.median(found.value) == pytest.approx(truth, abs=0.03)


def lin(x, y):
    """Lin 1989 and the variance of Lin 2000, value by value, with the correlation in it."""
    n = len(x)
    mx, my = sum(x) / n, sum(y) / n
    sx = sum((a - mx) ** 2 for a in x) / n
    sy = sum((b - my) ** 2 for b in y) / n
    sxy = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / n
    c = 2 * sxy / (sx + sy + (mx - my) ** 2)
    r = sxy / math.sqrt(sx * sy)
    u2 = (mx - my) ** 2 / math.sqrt(sx * sy)
    variance = (
        (1 - r**2) * c**2 / ((1 - c**2) * r**2)
        + 2 * c**3 * (1 - c) * u2 / (r * (1 - c**2) ** 2)
        - c**4 * u2**2 / (2 * r**2 * (1 - c**2) ** 2)
    ) / (n - 2)
    z = math.atanh(c)
    reach = 1.959963984540054 * math.sqrt(variance)
    return c, math.tanh(z - reach), math.tanh(z + reach)


@pytest.mark.parametrize("shift", [0.0, 0.4, -2.0])
def test_concordance_is_lins(shift):
    rng = np.random.default_rng(2)
    x = rng.normal(10, 2, 40)
    y = 0.8 * x + rng.normal(0, 1, 40) + shift
    found = ccc(np.column_stack([x, y]))
    assert (found.value, found.low, found.high) == pytest.approx(lin(x, y))


@pytest.mark.parametrize(("raters", "n"), [(2, 40), (3, 40)])
def test_intervals_of_concordance_cover_the_truth(raters, n):
    rng = np.random.default_rng(3)  # variances: subjects 4, error 1; raters differ by constants
    shift = np.array([0.0, 1.0, 0.5])[:raters, None]
    draws = rng.normal(0, 2, (n, 1, 2000)) + shift + rng.normal(size=(n, raters, 2000))
    pairs = [(a - b) ** 2 for i, a in enumerate(shift[:, 0]) for b in shift[i + 1 :, 0]]
    truth = 4 / (5 + np.mean(pairs) / 2)
    found = ccc_estimate(draws, 0.95)
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    assert 0.93 < covered < 0.975


def test_the_jackknife_leaves_each_subject_out():
    rng = np.random.default_rng(4)
    ratings = rng.normal(size=(12, 1)) * 2 + rng.normal(size=(12, 3)) + [0, 1, 0]

    def overall(x):
        cov = np.cov(x.T, bias=True)
        mean = x.mean(axis=0)
        above, apart = 0.0, 0.0
        for i in range(3):
            for j in range(i + 1, 3):
                above += 2 * cov[i, j]
                apart += cov[i, i] + cov[j, j] + (mean[i] - mean[j]) ** 2
        return above / apart

    found = ccc(ratings)
    assert found.value == pytest.approx(overall(ratings))
    z = np.arctanh(overall(ratings))
    pseudo = [12 * z - 11 * np.arctanh(overall(np.delete(ratings, i, axis=0))) for i in range(12)]
    from scipy.stats import t

    reach = t.ppf(0.975, 11) * np.std(pseudo, ddof=1) / np.sqrt(12)
    assert (found.low, found.high) == pytest.approx((np.tanh(z - reach), np.tanh(z + reach)))


def test_dispersion_is_the_median_of_quartiles():
    ratings = np.array([[10, 11, 12, 13], [20, 20, 20, 20], [5, 6, 7, 8], [1, 2, 1, 2]], float)
    each = [
        (np.percentile(row, 75) - np.percentile(row, 25))
        / (np.percentile(row, 75) + np.percentile(row, 25))
        for row in ratings
    ]
    assert qcd(ratings).value == pytest.approx(np.median(each))
    assert qcd(-ratings).value == pytest.approx(np.median(each))
    assert qcd(ratings).low is None  # 4 subjects: no 95 % interval of a median
    ten = np.random.default_rng(0).lognormal(size=(10, 3))
    found = qcd(ten)
    each = np.sort([qcd(np.vstack([row, row])).value for row in ten])
    assert (found.low, found.high) == pytest.approx((each[1], each[8]))  # the tables' for n = 10


def test_large_numbers_keep_their_digits():
    for form in ICC_FORMS:
        assert icc(JUDGES + 1e9, form).value == pytest.approx(icc(JUDGES, form).value, rel=1e-6)
    pair = JUDGES[:, [0, 2]]
    assert ccc(pair + 1e9).value == pytest.approx(ccc(pair).value, rel=1e-6)


def test_full_agreement_is_one():
    same = np.repeat(np.arange(8.0)[:, None], 3, axis=1)
    for found in (*(icc(same, form) for form in ICC_FORMS), ccc(same), ccc(same[:, :2])):
        assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
    assert qcd(same).value == 0.0


@pytest.mark.parametrize("judge", [icc, ccc, qcd])
def test_bad_ratings_are_refused(judge):
    with pytest.raises(EvaluationError, match="There is 1 rater"):
        judge(np.zeros((5, 1)))
    with pytest.raises(EvaluationError, match="0 subjects were rated by all"):
        judge(np.array([[1.0, np.nan], [np.nan, 2.0]]))
    with pytest.raises(EvaluationError, match="infinite"):
        judge(np.array([[1.0, np.inf], [3.0, 2.0]]))
    with pytest.raises(EvaluationError, match="wanted is"):
        judge(np.zeros(4))
    with pytest.raises(EvaluationError, match="not numbers"):
        judge([["a", "b"], ["c", "d"]])
    with pytest.raises(EvaluationError, match="level"):
        judge(np.eye(4), level=95)


def test_nothing_varies():
    with pytest.raises(EvaluationError, match="no value: the ratings do not vary"):
        icc(np.ones((5, 2)))
    with pytest.raises(EvaluationError, match="no value"):
        ccc(np.ones((5, 2)))
    with pytest.raises(EvaluationError, match="about zero"):
        qcd([[-1.0, 1.0], [2.0, 3.0]])


def test_a_rater_who_says_the_same_of_all_has_no_interval():
    found = ccc([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [4.0, 5.0]])
    assert found.value == 0.0
    assert found.low is None
    assert "a rater who gave all the same" in found.notes[0]


def test_an_unknown_form_is_refused():
    with pytest.raises(EvaluationError, match="no ICC 'A,1'"):
        icc(JUDGES, "A,1")


def test_subjects_that_lack_a_rating_are_left_out_and_told():
    holes = np.vstack([JUDGES, [1.0, np.nan, 2.0, 3.0]])
    found = icc(holes)
    assert found.value == icc(JUDGES).value
    assert found.notes == ("1 subjects that somebody did not rate are left out.",)


def table_of(values: np.ndarray) -> pd.DataFrame:
    """Give (n, k, p) as rows, in no order."""
    n, k, p = values.shape
    rows = pd.DataFrame(values.reshape(n * k, p), columns=[f"f{i}" for i in range(p)])
    rows.insert(0, "lesion_id", [f"{i:03d}" for i in range(n) for _ in range(k)])
    rows.insert(1, "reader", list("xyz"[:k]) * n)
    return rows.sample(frac=1, random_state=0)


def test_a_table_of_features_gives_what_each_feature_gives():
    rng = np.random.default_rng(6)
    values = np.exp(rng.normal(size=(20, 3, 5)) * 0.2 + rng.normal(size=(20, 1, 5)))
    values[2, 1, 3] = np.nan
    ratings = read_ratings(table_of(values), "lesion_id", "reader")
    assert ratings.raters == ("x", "y", "z")
    found = agreement_table(ratings).set_index(["feature", "metric"])
    assert found.loc[("f3", "ccc"), "n"] == 19
    for g in range(5):
        one = values[:, :, g]
        for name in METRICS:
            if name.startswith("icc"):
                wanted = icc(one, f"{name[3]},{name[4]}")
            else:
                wanted = {"ccc": ccc, "qcd": qcd}[name](one)
            row = found.loc[(f"f{g}", name)]
            assert row["value"] == pytest.approx(wanted.value)
            assert row["low"] == pytest.approx(wanted.low)
            assert row["high"] == pytest.approx(wanted.high)


def test_features_without_a_value_say_why():
    values = np.random.default_rng(0).normal(size=(8, 2, 3))
    values[:, :, 1] = 4.0
    values[1:, 0, 2] = np.nan
    ratings = Ratings(values, tuple("abcdefgh"), ("x", "y"), ("fine", "flat", "few"))
    found = agreement_table(ratings, ["icc21"]).set_index("feature")
    assert found["note"].tolist() == [
        "",
        "No value: the ratings do not vary, or their sum is about zero.",
        "Fewer than two subjects have all 2 ratings.",
    ]
    assert found["value"].isna().tolist() == [False, True, True]


def test_tables_that_cannot_be_arranged_are_refused():
    rows = table_of(np.random.default_rng(0).normal(size=(4, 2, 2)))
    with pytest.raises(EvaluationError, match=r"no column 'readr' \(did you mean 'reader'"):
        read_ratings(rows, "lesion_id", "readr")
    with pytest.raises(EvaluationError, match="has more than one row of reader x"):
        read_ratings(pd.concat([rows, rows[rows["reader"] == "x"]]), "lesion_id", "reader")
    with pytest.raises(EvaluationError, match="reader is missing in 1 rows"):
        read_ratings(rows.assign(reader=[None, *rows["reader"][1:]]), "lesion_id", "reader")
    with pytest.raises(EvaluationError, match="No column is called wavelet"):
        read_ratings(rows, "lesion_id", "reader", ["wavelet*"])
    with pytest.raises(EvaluationError, match="There is 1 rater"):
        agreement_table(read_ratings(rows[rows["reader"] == "x"], "lesion_id", "reader"))
    with pytest.raises(EvaluationError, match="no agreement 'icc'"):
        agreement_table(read_ratings(rows, "lesion_id", "reader"), ["icc"])
    lacking = read_ratings(rows.iloc[1:], "lesion_id", "reader")
    assert lacking.notes == ("1 of 4 subjects lack a reader.",)


def test_infinite_values_count_as_missing_and_what_tells_of_the_extraction_is_no_feature():
    rows = table_of(np.random.default_rng(0).normal(size=(4, 2, 2)))
    rows["diagnostics_Image-original_Mean"] = 1.0
    found = read_ratings(rows.assign(f1=np.inf), "lesion_id", "reader")
    assert found.features == ("f0", "f1")
    assert np.isnan(found.array[:, :, 1]).all()
    assert found.notes == ("8 infinite values count as missing.",)
    asked = read_ratings(rows, "lesion_id", "reader", ["diagnostics_*"])
    assert asked.features == ("diagnostics_Image-original_Mean",)
