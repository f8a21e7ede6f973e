"""ComBat against published output, the formulas written out, and closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from lesionary.adapt.harmonise import Centring, ComBat, HarmoniseWarning, MComBat

PUBLISHED = dict(np.load(Path(__file__).with_name("published.npz")))
MODES = {
    "parametric": ({}, False),
    "covariates": ({}, True),
    "reference": ({"reference_batch": "B"}, False),
    "reference_covariates": ({"reference_batch": "B"}, True),
    "nonparametric": ({"parametric": False}, False),
    "no_shrinkage": ({"shrink": False}, False),
    "mean_only": ({"mean_only": True}, False),
    "nonparametric_mean_only": ({"parametric": False, "mean_only": True}, False),
}


@pytest.mark.parametrize("mode", MODES)
def test_neurocombat_gives_the_same(mode):
    settings, covariates = MODES[mode]
    kept = pd.DataFrame({"age": PUBLISHED["age"], "sex": PUBLISHED["sex"].astype(str)})
    found = ComBat(outcome="died", **settings).fit_transform(
        PUBLISHED["values"], PUBLISHED["batch"], kept if covariates else None
    )
    np.testing.assert_allclose(found, PUBLISHED[mode], rtol=1e-9)


def written_out(values, batch, *, parametric=True):
    """Johnson, Li & Rabinovic 2007, section 3, value by value."""
    n, p = values.shape
    names = sorted(set(batch))
    rows = {name: [i for i in range(n) if batch[i] == name] for name in names}
    z = [[0.0] * p for _ in range(n)]
    mean, spread = [0.0] * p, [0.0] * p
    for g in range(p):
        of_batch = {b: sum(values[i][g] for i in rows[b]) / len(rows[b]) for b in names}
        mean[g] = sum(len(rows[b]) / n * of_batch[b] for b in names)
        spread[g] = math.sqrt(sum((values[i][g] - of_batch[batch[i]]) ** 2 for i in range(n)) / n)
        for i in range(n):
            z[i][g] = (values[i][g] - mean[g]) / spread[g]
    found = [[0.0] * p for _ in range(n)]
    for b in names:
        m = len(rows[b])
        gamma = [sum(z[i][g] for i in rows[b]) / m for g in range(p)]
        delta = [sum((z[i][g] - gamma[g]) ** 2 for i in rows[b]) / (m - 1) for g in range(p)]
        if parametric:
            middle = sum(gamma) / p
            tau = sum((x - middle) ** 2 for x in gamma) / (p - 1)
            size = sum(delta) / p
            scatter = sum((x - size) ** 2 for x in delta) / (p - 1)
            shape = (2 * scatter + size**2) / scatter
            rate = (size * scatter + size**3) / scatter
            old_g, old_d = list(gamma), list(delta)
            while True:
                new_g = [
                    (tau * m * gamma[g] + old_d[g] * middle) / (tau * m + old_d[g])
                    for g in range(p)
                ]
                new_d = [
                    (rate + 0.5 * sum((z[i][g] - new_g[g]) ** 2 for i in rows[b]))
                    / (m / 2 + shape - 1)
                    for g in range(p)
                ]
                change = max(
                    max(abs(new_g[g] - old_g[g]) / old_g[g] for g in range(p)),
                    max(abs(new_d[g] - old_d[g]) / old_d[g] for g in range(p)),
                )
                old_g, old_d = new_g, new_d
                if change <= 1e-4:
                    break
        else:
            old_g, old_d = [0.0] * p, [0.0] * p
            for g in range(p):
                weights = {}
                for h in range(p):
                    if h != g:
                        away = sum((z[i][g] - gamma[h]) ** 2 for i in rows[b])
                        weights[h] = (2 * math.pi * delta[h]) ** (-m / 2) * math.exp(
                            -away / (2 * delta[h])
                        )
                total = sum(weights.values())
                old_g[g] = sum(w * gamma[h] for h, w in weights.items()) / total
                old_d[g] = sum(w * delta[h] for h, w in weights.items()) / total
        for i in rows[b]:
            for g in range(p):
                found[i][g] = spread[g] / math.sqrt(old_d[g]) * (z[i][g] - old_g[g]) + mean[g]
    return np.array(found)


@pytest.mark.parametrize("parametric", [True, False])
def test_the_formulas_written_out_give_the_same(made, parametric):
    found = ComBat(parametric=parametric).fit_transform(made.features, made.batch)
    wanted = written_out(made.features.to_numpy(), made.batch.tolist(), parametric=parametric)
    np.testing.assert_allclose(found.to_numpy(), wanted, rtol=1e-9)
    assert found.index.equals(made.features.index)
    assert found.columns.equals(made.features.columns)


def test_many_rows_do_not_underflow_without_a_form():
    rng = np.random.default_rng(0)
    batch = np.repeat(["A", "B"], 3000)
    values = rng.normal(size=(6000, 4)) + 2.0 * (batch == "B")[:, None]
    found = ComBat(parametric=False).fit_transform(values, batch)
    assert np.isfinite(found).all()
    assert abs(found[batch == "A"].mean(axis=0) - found[batch == "B"].mean(axis=0)).max() < 0.1


def test_without_shrinkage_batches_have_one_mean_and_spread(made):
    values, batch = made.features.to_numpy(), made.batch.to_numpy()
    found = ComBat(shrink=False).fit_transform(values, batch)
    within = np.sqrt(
        np.mean(
            [(v - values[batch == b].mean(0)) ** 2 for v, b in zip(values, batch, strict=True)], 0
        )
    )
    for name in "ABC":
        rows = found[batch == name]
        np.testing.assert_allclose(rows.mean(axis=0), values.mean(axis=0))
        np.testing.assert_allclose(rows.std(axis=0, ddof=1), within)


def test_a_reference_stays_as_it_is(made):
    found = ComBat(reference_batch="B", outcome="died").fit_transform(
        made.features, made.batch, made.covariates
    )
    same = made.batch == "B"
    np.testing.assert_allclose(found[same], made.features[same], rtol=1e-12)
    assert not np.allclose(found[~same], made.features[~same])


def test_m_combat_gives_all_the_mean_and_spread_of_the_gold_standard(made):
    found = MComBat("C").fit_transform(made.features, made.batch)
    gold = made.features[made.batch == "C"]
    for name in "ABC":  # the published script, which works without covariates
        rows = made.features[made.batch == name]
        wanted = (rows - rows.mean()) / rows.std() * gold.std() + gold.mean()
        np.testing.assert_allclose(found[made.batch == name], wanted)


def test_centring_moves_and_does_not_stretch(made):
    found = Centring().fit_transform(made.features, made.batch)
    for name in "ABC":
        rows = made.features[made.batch == name]
        wanted = rows - rows.mean() + made.features.mean()
        np.testing.assert_allclose(found[made.batch == name], wanted)
    to_gold = Centring(reference_batch="A").fit_transform(made.features, made.batch)
    gold = made.features[made.batch == "A"].mean()
    np.testing.assert_allclose(to_gold.groupby(made.batch).mean(), np.tile(gold, (3, 1)))


def test_what_covariates_do_is_kept():
    rng = np.random.default_rng(1)
    n = 4000
    batch = np.repeat(["A", "B"], n // 2)
    stage = np.where(rng.random(n) < np.where(batch == "A", 0.2, 0.8), "III", "I")
    values = rng.normal(size=(n, 20)) + 2.0 * (stage == "III")[:, None]
    values[batch == "B"] += 5.0
    kept = pd.DataFrame({"stage": stage})
    gap = [
        np.mean(found[stage == "III"]) - np.mean(found[stage == "I"])
        for found in (
            ComBat(outcome="died").fit_transform(values, batch, kept),
            ComBat().fit_transform(values, batch),
        )
    ]
    assert abs(gap[0] - 2.0) < 0.05
    assert gap[1] < 1.5  # without the covariate, biology goes with the scanner


def test_rows_are_harmonised_alike_alone_and_together(made):
    fitted = ComBat(outcome="died").fit(made.features, made.batch, made.covariates)
    together = fitted.transform(made.features, made.batch, made.covariates)
    for row in (0, 50, 89):
        one = slice(row, row + 1)
        alone = fitted.transform(made.features[one], made.batch[one], made.covariates[one])
        pd.testing.assert_frame_equal(alone, together[one])


def test_columns_are_found_by_name(made):
    fitted = ComBat().fit(made.features, made.batch)
    turned = made.features[made.features.columns[::-1]].assign(other=1.0)
    found = fitted.transform(turned, made.batch)
    pd.testing.assert_frame_equal(found, fitted.transform(made.features, made.batch))


def test_a_new_batch_is_estimated_as_it_would_have_been_in_training(made):
    fitted = ComBat().fit(made.features, made.batch)
    again = made.batch.replace({"C": "C, later"})
    rows = made.batch == "C"
    with pytest.warns(HarmoniseWarning, match="C, later was not in training"):
        found = fitted.transform(made.features[rows], again[rows])
    wanted = fitted.transform(made.features[rows], made.batch[rows])
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    longer = fitted.extend(made.features[rows], again[rows])
    assert longer.batches_ == ["A", "B", "C", "C, later"]
    assert fitted.batches_ == ["A", "B", "C"]
    one = longer.transform(made.features[rows][:1], again[rows][:1])  # a later patient
    np.testing.assert_allclose(one, wanted[:1], rtol=1e-9)


def test_a_new_scanner_is_brought_to_the_others():
    rng = np.random.default_rng(3)
    batch = np.repeat(["A", "B"], 100)
    values = rng.normal(size=(200, 50)) + 3.0 * (batch == "B")[:, None]
    new = rng.normal(size=(100, 50)) * 2.0 - 6.0
    fitted = ComBat().fit(values, batch)
    found = fitted.extend(new, ["new"] * 100).transform(new, ["new"] * 100)
    trained = fitted.transform(values, batch)
    assert abs(found.mean() - trained.mean()) < 0.1
    assert abs(found.std() / trained.std() - 1.0) < 0.1


def test_missing_cells_stay_missing_and_take_no_part(made):
    values = made.features.to_numpy()
    values[3, 0] = values[45, 0] = np.nan
    found = ComBat(shrink=False).fit_transform(values, made.batch.to_numpy())
    assert np.array_equal(np.isnan(found), np.isnan(values))
    rest = ~np.isnan(values[:, 0])
    alone = ComBat(shrink=False).fit_transform(values[rest, :1], made.batch.to_numpy()[rest])
    np.testing.assert_allclose(found[rest, :1], alone)
    whole = ComBat(shrink=False).fit_transform(made.features, made.batch).to_numpy()
    np.testing.assert_allclose(found[:, 1:], whole[:, 1:])


def test_missing_cells_and_covariates_go_together(made):
    rng = np.random.default_rng(0)
    holes = made.features.mask(rng.random(made.features.shape) < 0.1)
    found = ComBat(outcome="died").fit_transform(holes, made.batch, made.covariates)
    assert found.isna().equals(holes.isna())
    one = holes["f4"].dropna()  # each feature by least squares on its own rows
    design = pd.get_dummies(made.batch[one.index]).assign(
        age=made.covariates["age"], male=made.covariates["sex"] == "m"
    )
    wanted = np.linalg.lstsq(design.to_numpy(float), one.to_numpy(), rcond=None)[0][3:]
    fitted = ComBat(outcome="died").fit(holes, made.batch, made.covariates)
    np.testing.assert_allclose(fitted.effects_[:, 4], wanted, rtol=1e-9)


def test_a_feature_that_is_constant_within_one_batch_is_moved_there(made):
    values = made.features.copy()
    values.loc[made.batch == "B", "f0"] = 7.0
    found = ComBat().fit_transform(values, made.batch)
    there = found.loc[made.batch == "B", "f0"]
    assert np.isfinite(found.to_numpy()).all()
    assert np.ptp(there) == 0.0
    spread = found.loc[made.batch == "A", "f0"].std()
    assert abs(there.iloc[0] - found.loc[made.batch == "A", "f0"].mean()) < 0.5 * spread


def test_features_that_cannot_be_harmonised_stay_and_are_named(made):
    values = made.features.assign(constant=1e6, hole=made.features["f0"])
    values.loc[made.batch == "C", "hole"] = np.nan
    fitted = ComBat()
    with pytest.warns(HarmoniseWarning, match="2 features cannot be harmonised"):
        found = fitted.fit_transform(values, made.batch)
    assert fitted.unchanged_["feature"].tolist() == ["constant", "hole"]
    assert fitted.unchanged_["reason"].tolist() == [
        "It does not vary within batches.",
        "The batch 'C' has 0 values of it.",
    ]
    pd.testing.assert_frame_equal(found[["constant", "hole"]], values[["constant", "hole"]])
    others = ComBat().fit_transform(made.features, made.batch)
    pd.testing.assert_frame_equal(found[made.features.columns], others)


def test_one_row_has_no_spread_but_a_mean():
    values, batch = np.random.default_rng(0).normal(size=(9, 3)), ["A"] * 8 + ["B"]
    found = ComBat(mean_only=True).fit_transform(values, batch)
    assert np.isfinite(found).all()


def test_scikit_learn_can_clone_it():
    assert clone(ComBat(parametric=False, outcome=["os"])).get_params()["outcome"] == ["os"]


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(0.01, 100), shift=st.floats(-1e3, 1e3), seed=st.integers(0, 1000))
def test_a_unit_changes_nothing_and_neither_does_order(scale, shift, seed):
    rng = np.random.default_rng(seed)
    values, batch = rng.normal(size=(30, 4)), np.repeat(["A", "B", "C"], 10)
    found = ComBat().fit_transform(values, batch)
    other = ComBat().fit_transform(values * scale + shift, batch)
    np.testing.assert_allclose(other, found * scale + shift, rtol=1e-6, atol=1e-6 * scale)
    order = rng.permutation(30)
    turned = ComBat().fit_transform(values[order], batch[order])
    np.testing.assert_allclose(turned, found[order], atol=1e-9)
