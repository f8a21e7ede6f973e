"""Chains: selectors by name, one after another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from lesionary.adapt.selection import (
    MRMR,
    CorrelationFilter,
    NearZeroVariance,
    StabilitySelection,
    selector_chain,
)
from lesionary.errors import ModelError

YAML = """
- missing
- variance
- correlation: {threshold: 0.8, tie_break: auc}
- mrmr:
    count: 3
"""


def test_a_chain_from_yaml_is_its_selectors_in_turn() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    table = pd.DataFrame(rng.normal(size=(60, 8)), columns=list("abcdefgh"))
    table["a"] += y
    table["b"] = table["a"] * 2
    table["c"] = 1.0
    chain = selector_chain(yaml.safe_load(YAML)).fit(table, y)
    left = table
    for selector in (
        NearZeroVariance(),
        CorrelationFilter(0.8, tie_break="auc"),
        MRMR(3),
    ):
        left = selector.fit(left, y).transform(left)
    pd.testing.assert_frame_equal(chain.transform(table), left)
    told = chain.reasons_.set_index("feature")["removed_by"]
    assert told["c"] == "variance"
    assert told["b"] == "correlation"
    assert (told == "mrmr").sum() == 3


def test_a_chain_drops_empty_columns_before_the_rest_looks() -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [np.nan] * 3 + [1], "c": [4.0, 2, 3, 1]})
    chain = selector_chain(["missing", {"univariate": {"top": 1}}]).fit(table, [0, 0, 1, 1])
    assert chain.get_feature_names_out().tolist() == ["a"]


def test_settings_of_stability_name_a_selector() -> None:
    (stable,) = selector_chain([{"stability": {"selector": {"mrmr": {"count": 2}}}}]).selectors
    assert isinstance(stable, StabilitySelection)
    assert isinstance(stable.selector, MRMR)
    assert stable.selector.count == 2


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (["corelation"], "did you mean 'correlation'"),
        ([{"correlation": {"treshold": 0.8}}], "did you mean 'threshold'"),
        ([{"correlation": 0.8}], "names with values"),
        ([{"a": {}, "b": {}}], "one name with settings"),
        ([7], "one name with settings"),
        ([], "needs a selector"),
    ],
)
def test_what_is_no_chain_says_so(spec: list[object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        selector_chain(spec)  # type: ignore[arg-type]
