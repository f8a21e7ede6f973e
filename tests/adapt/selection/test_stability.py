"""Stability selection: halves of patients, shares and the bound."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.adapt.selection import MRMR, StabilitySelection
from lesionary.adapt.selection.patients import grouped_folds, halves
from lesionary.errors import ModelError


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 12))
def test_halves_part_patients_evenly_within_the_classes(seed: int, patients: int) -> None:
    rng = np.random.default_rng(seed)
    codes_of = np.concatenate([[0, 0, 1, 1], rng.integers(0, 2, patients)])
    group = np.concatenate([np.arange(len(codes_of)), rng.integers(0, len(codes_of), 20)])
    codes = codes_of[group]
    for one, other in islice(halves(codes, group, rng), 4):
        assert sorted([*one, *other]) == list(range(len(group)))
        assert not set(group[one]) & set(group[other])
        for kind in (0, 1):
            members = [len(np.unique(group[h][codes[h] == kind])) for h in (one, other)]
            assert abs(members[0] - members[1]) <= 1


def test_patients_of_both_classes_are_cut_too() -> None:
    """Every patient has a positive lesion, and half of them a negative one."""
    group = np.concatenate([np.arange(8), np.arange(4)])
    codes = np.repeat([1, 0], [8, 4])
    for one, other in islice(halves(codes, group, np.random.default_rng(0)), 20):
        assert len(one) == len(other) == 6
        assert set(codes[one]) == set(codes[other]) == {0, 1}


def test_folds_hold_out_whole_patients_and_each_row_once() -> None:
    group = np.repeat(np.arange(12), 3)
    codes = (group % 2).astype(np.int64)
    folds = grouped_folds(codes, group, 5, 0)
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(36))
    assert all(not set(group[fit]) & set(group[held]) for fit, held in folds)


def test_signals_are_kept_and_the_bound_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    values = rng.normal(size=(120, 60))
    values[:, :3] += 1.3 * y[:, None]
    stable = StabilitySelection(threshold=0.75, max_false=1.0).fit(values, y)
    # q = floor(sqrt((2 * 0.75 - 1) * 60 * 1)) = 5
    assert stable.mean_chosen_ == 5
    assert stable.expected_false_ == pytest.approx(25 / (0.5 * 60))
    assert stable.get_feature_names_out().tolist() == ["x0", "x1", "x2"]
    assert stable.statistics_.sum() == pytest.approx(5)


@pytest.mark.parametrize("complementary", [True, False])
def test_noise_is_chosen_no_more_often_than_the_bound(complementary: bool) -> None:
    y = np.arange(60) % 2
    chosen, bound = [], []
    for seed in range(12):
        values = np.random.default_rng(seed).normal(size=(60, 40))
        stable = StabilitySelection(
            count=6, threshold=0.6, halves=50, complementary=complementary, seed=seed
        )
        try:
            chosen.append(int(stable.fit(values, y).get_support().sum()))
        except ModelError:  # none passes
            chosen.append(0)
        bound.append(stable.expected_false_)
    assert np.mean(chosen) <= np.mean(bound) == pytest.approx(36 / (0.2 * 40), rel=0.01)


def test_lesions_of_a_patient_stay_together() -> None:
    """Forty copies of a few patients make noise look like signal, unless halves are by patient."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(16), 40)
    y = group % 2
    values = rng.normal(size=(16, 50))[group] + 0.01 * rng.normal(size=(640, 50))
    stable = StabilitySelection(count=5, threshold=0.9)
    assert stable.fit(values, y).statistics_.max() == 1.0
    with pytest.raises(ModelError, match="would remove all 50 columns"):
        stable.fit(values, y, group)


def test_another_selector_may_choose() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    values = rng.normal(size=(90, 10))
    values[:, 4] += 2 * y
    stable = StabilitySelection(MRMR(2), halves=20).fit(values, y)
    assert stable.mean_chosen_ == 2
    assert stable.get_support()[4]


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"threshold": 0.5}, r"\(0.5, 1\]"),
        ({"halves": 1}, "two halves"),
        ({"max_false": 0}, "max_false above 0"),
    ],
)
def test_settings_without_a_bound(settings_: dict[str, float], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        StabilitySelection(**settings_).fit(np.eye(8), np.arange(8) % 2)  # type: ignore[arg-type]


def test_one_patient_of_a_class_has_no_half() -> None:
    with pytest.raises(ModelError, match="two patients of each class"):
        StabilitySelection().fit(np.eye(8), np.arange(8) % 2, [0, 1, 0, 2, 0, 3, 0, 4])
