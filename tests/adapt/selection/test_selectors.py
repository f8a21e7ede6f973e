"""What all selectors have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from lesionary.adapt.selection import SELECTORS, selector_chain
from lesionary.errors import ModelError

SPECS: dict[str, dict[str, Any]] = {
    "missing": {},
    "variance": {},
    "correlation": {"tie_break": "auc"},
    "univariate": {"p": 0.5},
    "mrmr": {"count": 4},
    "lasso": {"C": 0.3},
    "rfe": {"count": 4},
    "forest": {"count": 4, "forests": 3},
    "stability": {"halves": 20, "count": 4},
}


def rows(seed: int = 0, n: int = 80) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Ten features of which two tell the class, one is another's double, one is constant."""
    rng = np.random.default_rng(seed)
    y = pd.Series(np.arange(n) % 2)
    table = pd.DataFrame(rng.normal(size=(n, 10)), columns=[f"f{i}" for i in range(10)])
    table["f0"] += 1.5 * y
    table["f1"] -= 1.2 * y
    table["double"] = 3 * table["f2"] - 1
    table["constant"] = 7.0
    return table, y, [f"p{i // 2}" for i in rng.permutation(n)]


def test_every_selector_is_tested() -> None:
    assert set(SPECS) == set(SELECTORS)


@pytest.mark.parametrize("name", SPECS)
class TestEach:
    def test_names_in_are_names_out_with_a_reason_for_the_rest(self, name: str) -> None:
        table, y, groups = rows()
        selector = SELECTORS[name](**SPECS[name]).fit(table, y, groups)
        kept = selector.get_feature_names_out().tolist()
        pd.testing.assert_frame_equal(selector.transform(table), table[kept])
        removed = selector.reasons_
        assert sorted([*kept, *removed["feature"]]) == sorted(table.columns)
        assert (removed["removed_by"] == name).all()
        assert all(len(reason) > 5 for reason in removed["reason"])
        assert selector.get_support(indices=True).tolist() == [
            list(table.columns).index(k) for k in kept
        ]

    def test_tables_and_arrays_are_one(self, name: str) -> None:
        table, y, groups = rows()
        of_table = SELECTORS[name](**SPECS[name]).fit(table, y, groups)
        of_array = SELECTORS[name](**SPECS[name]).fit(table.to_numpy(), y.to_numpy(), groups)
        assert of_table.get_support().tolist() == of_array.get_support().tolist()
        np.testing.assert_array_equal(
            of_array.transform(table.to_numpy()), of_table.transform(table).to_numpy()
        )

    def test_columns_are_found_by_name(self, name: str) -> None:
        table, y, groups = rows()
        selector = SELECTORS[name](**SPECS[name]).fit(table, y, groups)
        turned = table[table.columns[::-1]].assign(extra=1.0)
        pd.testing.assert_frame_equal(selector.transform(turned), selector.transform(table))
        with pytest.raises(ModelError, match="missing, first"):
            selector.transform(table.drop(columns=table.columns[:3]))

    def test_test_rows_change_nothing_that_is_fitted(self, name: str) -> None:
        table, y, _ = rows()
        train, test = table.iloc[:60], table.iloc[60:]

        def pipeline() -> Pipeline:
            return Pipeline(
                [
                    ("select", SELECTORS[name](**SPECS[name])),
                    ("scale", StandardScaler()),
                    ("fit", LogisticRegression()),
                ]
            )

        fitted = pipeline().fit(train, y[:60])
        before = fitted["fit"].coef_.copy(), fitted["select"].reasons_
        alone = fitted.predict_proba(test.iloc[:1])
        together = fitted.predict_proba(pd.concat([test.iloc[:1], test.iloc[1:] * 1e3]))
        np.testing.assert_allclose(together[:1], alone, rtol=1e-12)
        np.testing.assert_array_equal(fitted["fit"].coef_, before[0])
        pd.testing.assert_frame_equal(fitted["select"].reasons_, before[1])

    def test_same_seed_same_choice_and_clones_are_blank(self, name: str) -> None:
        table, y, groups = rows()
        selector = SELECTORS[name](**SPECS[name])
        first = selector.fit(table, y, groups)
        second = clone(selector)
        with pytest.raises(ModelError, match="not fitted"):
            second.get_support()
        assert second.fit(table, y, groups).statistics_.equals(first.statistics_)

    def test_constants_and_many_columns_are_no_trouble(self, name: str) -> None:
        rng = np.random.default_rng(1)
        y = np.arange(24) % 2
        values = np.hstack([rng.normal(size=(24, 200)), np.ones((24, 2))])
        values[:, 0] += 3 * y
        selector = SELECTORS[name](**SPECS[name]).fit(values, y)
        assert selector.get_support()[0]
        if name not in ("missing", "correlation"):
            assert not selector.get_support()[-1]

    def test_infinite_values_are_refused(self, name: str) -> None:
        table, y, groups = rows()
        table.loc[3, "f4"] = np.inf
        with pytest.raises(ModelError, match="'f4' has infinite"):
            SELECTORS[name](**SPECS[name]).fit(table, y, groups)


NEED_LABELS = [name for name in SPECS if name not in ("missing", "variance")]


@pytest.mark.parametrize("name", NEED_LABELS)
class TestEachWithLabels:
    def test_one_class_is_refused(self, name: str) -> None:
        table, _, groups = rows()
        with pytest.raises(ModelError, match="one label"):
            SELECTORS[name](**SPECS[name]).fit(table, np.zeros(80), groups)

    def test_no_labels_and_missing_labels_are_refused(self, name: str) -> None:
        table, y, groups = rows()
        with pytest.raises(ModelError, match="needs the labels"):
            SELECTORS[name](**SPECS[name]).fit(table)
        with pytest.raises(ModelError, match="missing in 1 of 80"):
            SELECTORS[name](**SPECS[name]).fit(table, y.astype(float).where(y.index != 5), groups)

    def test_missing_values_say_which_column(self, name: str) -> None:
        table, y, groups = rows()
        table.loc[[1, 2], "f3"] = np.nan
        with pytest.raises(ModelError, match="'f3' in 2 of 80 rows"):
            SELECTORS[name](**SPECS[name]).fit(table, y, groups)

    def test_three_classes_of_text(self, name: str) -> None:
        table, _, groups = rows(n=90)
        y = np.array(["adeno", "large cell", "squamous"])[np.arange(90) % 3]
        table["f3"] += np.arange(90) % 3 * 2
        selector = SELECTORS[name](**SPECS[name]).fit(table, y, groups)
        assert "f3" in selector.get_feature_names_out()


def test_removing_everything_is_an_error_that_says_why() -> None:
    with pytest.raises(ModelError, match=r"all 2 columns \(the first, 'x0': all values are the sa"):
        selector_chain(["variance"]).fit(np.ones((5, 2)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.ones(4), "2-D"),
        (np.ones((0, 3)), "0 rows"),
        (np.ones((1, 3)), "two rows"),
        (pd.DataFrame({"a": ["x", "y"]}), "'a': encode them first"),
        (pd.DataFrame([[1.0, 2.0], [2.0, 1.0]], columns=["a", "a"]), "two columns with the name"),
    ],
)
def test_tables_that_are_none(table: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        selector_chain(["variance"]).fit(table)


def test_labels_and_patients_of_other_rows_are_refused() -> None:
    table, y, groups = rows()
    with pytest.raises(ModelError, match="80 rows but 79 labels"):
        selector_chain(["mrmr"]).fit(table, y[:79], groups)
    with pytest.raises(ModelError, match="80 rows but 79 groups"):
        selector_chain(["mrmr"]).fit(table, y, groups[:79])
