"""Bland and Altman's limits: by their formulas, by simulation, and drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from lesionary.errors import EvaluationError
from lesionary.evaluate.reliability import bland_altman, bland_altman_table, draw_bland_altman
from lesionary.evaluate.reliability.ratings import Ratings


def test_limits_are_the_published_formulas():
    rng = np.random.default_rng(0)
    one = rng.normal(100, 20, 30)
    other = one + rng.normal(2, 5, 30)
    found = bland_altman(one, other)
    difference = one - other
    bias, spread = difference.mean(), difference.std(ddof=1)
    assert found.bias.value == pytest.approx(bias)
    assert found.lower.value == pytest.approx(bias - 1.959964 * spread)
    assert found.upper.value == pytest.approx(bias + 1.959964 * spread)
    reach = t.ppf(0.975, 29) * spread / np.sqrt(30)
    assert (found.bias.low, found.bias.high) == pytest.approx((bias - reach, bias + reach))
    # Standard error of a limit: about the square root of 3 s2 / n, when n is large.
    wide = (found.upper.high - found.upper.low) / 2 / t.ppf(0.975, 29)
    assert wide == pytest.approx(np.sqrt(3 * spread**2 / 30), rel=0.02)
    assert np.allclose(found.mean, (one + other) / 2)


def test_intervals_of_limits_cover_them():
    rng = np.random.default_rng(1)
    values = np.stack([rng.normal(1, 2, (40, 3000)), np.zeros((40, 3000))], axis=1)
    names = tuple(map(str, range(3000)))
    found = bland_altman_table(Ratings(values, names[:40], ("a", "b"), names))
    for column, truth in (("bias", 1.0), ("lower", 1 - 3.919928), ("upper", 1 + 3.919928)):
        inside = (found[f"{column}_low"] <= truth) & (truth <= found[f"{column}_high"])
        assert 0.93 < inside.mean() < 0.97


def test_the_table_has_every_pair_and_what_each_pair_gives():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(9, 3, 2))
    values[4, 1, 0] = np.nan
    found = bland_altman_table(Ratings(values, tuple("abcdefghi"), ("x", "y", "z"), ("f", "g")))
    assert found[["first", "second"]].drop_duplicates().to_numpy().tolist() == [
        ["x", "y"],
        ["x", "z"],
        ["y", "z"],
    ]
    row = found[(found["first"] == "x") & (found["second"] == "y")].iloc[0]
    wanted = bland_altman(values[:, 0, 0], values[:, 1, 0])
    assert row["n"] == wanted.bias.n == 8
    assert row["upper_high"] == pytest.approx(wanted.upper.high)
    assert wanted.bias.notes == ("1 subjects that one did not measure are left out.",)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(EvaluationError, match="1 subjects were measured by both"):
        bland_altman([1.0, np.nan], [2.0, 3.0])
    with pytest.raises(EvaluationError, match="Different numbers of rows"):
        bland_altman([1.0, 2.0], [2.0, 3.0, 4.0])
    with pytest.raises(EvaluationError, match="level"):
        bland_altman([1.0, 2.0], [2.0, 3.0], level=0)
    with pytest.raises(EvaluationError, match="one rater"):
        bland_altman_table(Ratings(np.zeros((3, 1, 1)), tuple("abc"), ("x",), ("f",)))


def test_the_figure_shows_every_subject_bias_and_limits():
    rng = np.random.default_rng(3)
    found = bland_altman(rng.normal(size=25), rng.normal(size=25))
    figure = draw_bland_altman(found, "mean", "HU")
    axes = figure.axes[0]
    points = next(line for line in axes.lines if line.get_marker() == "o")
    assert np.allclose(points.get_xydata(), np.column_stack([found.mean, found.difference]))
    heights = {float(line.get_ydata()[0]) for line in axes.lines if line.get_marker() != "o"}
    assert {found.bias.value, found.lower.value, found.upper.value} <= heights
    assert axes.get_ylabel() == "Difference (HU)"
