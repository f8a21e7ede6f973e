"""Several effects: the order, what is left, and the test that decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from lesionary.adapt.harmonise import ComBat, HarmoniseWarning, NestedComBat
from lesionary.adapt.harmonise.difference import batch_p_values


def test_scipy_gives_the_same_p_values_also_with_ties_and_missing_cells():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(70, 6))
    values[:, 0], values[:, 1] = values[:, 0].round(), values[:, 1].round(1)
    values[40:, 3] += 1.0
    values[rng.random(values.shape) < 0.1] = np.nan
    batch = np.repeat(["A", "B"], [40, 30])
    found = batch_p_values(values, batch)
    for g in range(6):
        one, other = (values[batch == b, g] for b in "AB")
        wanted = ks_2samp(one[~np.isnan(one)], other[~np.isnan(other)], method="asymp").pvalue
        assert found[g] == pytest.approx(wanted, rel=1e-9)


def test_a_few_rows_that_do_not_overlap_are_no_proof():
    values = np.arange(5.0)[:, None]
    for few in (1, 2):
        batch = np.array(["A"] * few + ["B"] * (5 - few))
        wanted = ks_2samp(values[:few, 0], values[few:, 0], method="exact").pvalue
        assert batch_p_values(values, batch)[0] == pytest.approx(wanted)


def test_of_three_batches_the_smallest_pair_is_corrected():
    rng = np.random.default_rng(1)
    values, batch = rng.normal(size=(90, 1)), np.repeat(["A", "B", "C"], 30)
    pairs = [
        ks_2samp(values[batch == a, 0], values[batch == b, 0], method="asymp").pvalue
        for a, b in ("AB", "AC", "BC")
    ]
    assert batch_p_values(values, batch)[0] == pytest.approx(min(1.0, 3 * min(pairs)))


@pytest.fixture
def two_effects() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(4)
    effects = pd.DataFrame(
        {"scanner": rng.choice(["A", "B", "C"], 200), "kernel": rng.choice(["soft", "sharp"], 200)}
    )
    features = pd.DataFrame(rng.normal(size=(200, 30)), columns=[f"f{i}" for i in range(30)])
    features += 2.0 * (effects["scanner"] == "B").to_numpy()[:, None]
    features *= np.where(effects["kernel"] == "sharp", 2.0, 1.0)[:, None]
    return features, effects


def test_both_effects_are_removed_one_alone_leaves_the_other(two_effects):
    features, effects = two_effects
    nested = NestedComBat().fit(features, effects)
    found = nested.transform(features, effects)
    for effect in effects:
        labels = effects[effect].to_numpy(dtype=str)
        assert (batch_p_values(features.to_numpy(), labels) < 0.05).sum() > 20
        assert (batch_p_values(found.to_numpy(), labels) < 0.05).sum() <= 3
    alone = ComBat().fit_transform(features, effects["scanner"])
    kernels = effects["kernel"].to_numpy(dtype=str)
    assert (batch_p_values(alone.to_numpy(), kernels) < 0.05).sum() > 10


def test_each_step_is_combat_of_what_the_last_one_left(two_effects):
    features, effects = two_effects
    nested = NestedComBat(order=["kernel", "scanner"]).fit(features, effects)
    assert list(nested.steps_) == ["kernel", "scanner"]
    first = ComBat().fit_transform(features, effects["kernel"])
    wanted = ComBat().fit_transform(first, effects["scanner"])
    pd.testing.assert_frame_equal(nested.transform(features, effects), wanted)


def test_the_effect_that_leaves_the_fewest_different_features_goes_first(two_effects):
    features, effects = two_effects
    search = NestedComBat().fit(features, effects).search_
    first = search[search["round"] == 1]
    left = {
        effect: int(
            (
                batch_p_values(
                    ComBat().fit_transform(features, effects[effect]).to_numpy(),
                    effects[effect].to_numpy(dtype=str),
                )
                < 0.05
            ).sum()
        )
        for effect in effects
    }
    assert dict(zip(first["effect"], first["features_left"], strict=True)) == left
    assert first.loc[first["chosen"], "effect"].item() == min(left, key=lambda name: left[name])
    assert search["round"].tolist() == [1, 1, 2]


def test_new_batches_are_kept_for_every_effect(two_effects):
    features, effects = two_effects
    fitted = NestedComBat(order=["scanner", "kernel"]).fit(features[:150], effects[:150])
    later = effects[150:].assign(kernel="bone")
    longer = fitted.extend(features[150:], later)
    assert longer.steps_["kernel"].batches_ == ["sharp", "soft", "bone"]
    assert fitted.steps_["kernel"].batches_ == ["sharp", "soft"]
    with pytest.warns(HarmoniseWarning, match="bone was not in training"):
        wanted = fitted.transform(features[150:], later)
    pd.testing.assert_frame_equal(longer.transform(features[150:], later), wanted)
    pd.testing.assert_frame_equal(longer.transform(features[150:151], later[:1]), wanted[:1])
