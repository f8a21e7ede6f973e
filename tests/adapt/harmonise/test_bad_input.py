"""What cannot be harmonised is refused, with what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.adapt.harmonise import ComBat, HarmoniseWarning, MComBat, NestedComBat
from lesionary.errors import ModelError


def refused(match: str):
    return pytest.raises(ModelError, match=match)


def test_one_batch(made):
    with refused("All 90 rows are of the batch 'A'"):
        ComBat().fit(made.features, ["A"] * 90)


def test_a_batch_of_one_row(made):
    batch = ["A"] * 89 + ["B"]
    with refused("The batch 'B' has one row"):
        ComBat().fit(made.features, batch)


def test_a_missing_batch(made):
    batch = made.batch.copy()
    batch.iloc[3] = None
    with refused("1 rows have no batch, the first is row 3"):
        ComBat().fit(made.features, batch)


def test_two_effects_at_once(made):
    with refused("one effect is removed at a time"):
        ComBat().fit(made.features, pd.DataFrame({"a": made.batch, "b": made.batch}))


def test_other_indexes(made):
    with refused("different indexes"):
        ComBat().fit(made.features, made.batch.reset_index(drop=True))


def test_other_lengths(made):
    with refused("wanted is one a row"):
        ComBat().fit(made.features, made.batch.to_numpy()[:10])


def test_features_that_are_no_numbers(made):
    with refused("1 columns are no numbers, first 'site'"):
        ComBat().fit(made.features.assign(site="lung"), made.batch)
    with refused("2 columns|1 features are infinite somewhere, first 'f1'"):
        ComBat().fit(made.features.assign(f1=np.inf), made.batch)
    with refused("2 rows|shape"):
        ComBat().fit(np.zeros(5), ["A"] * 5)


def test_one_feature_has_nothing_to_borrow_from(made):
    with refused("There is one feature"):
        ComBat().fit(made.features[["f0"]], made.batch)
    ComBat(shrink=False).fit(made.features[["f0"]], made.batch)


def test_all_features_constant(made):
    with refused("No feature can be harmonised; the first, 'f0': It does not vary"):
        ComBat().fit(made.features * 0.0, made.batch)


@pytest.mark.parametrize("name", ["time", "event", "malignant"])
def test_an_outcome_is_no_covariate(made, name):
    kept = made.covariates.assign(**{name: np.arange(90.0)})
    with refused(f"The covariate '{name}' is an outcome"):
        ComBat(outcome="malignant").fit(made.features, made.batch, kept)


def test_an_outcome_is_no_feature(made):
    with refused("The outcome 'f1' is among the features"):
        ComBat(outcome=["f1"]).fit(made.features, made.batch)


def test_an_outcome_is_no_batch(made):
    with refused("The batch is the outcome 'malignant'"):
        ComBat(outcome="malignant").fit(made.features, made.batch.rename("malignant"))


def test_covariates_without_an_outcome_warn(made):
    fitted = ComBat()
    with pytest.warns(HarmoniseWarning, match=r"none of the covariates \(age, sex\) may be one"):
        fitted.fit(made.features, made.batch, made.covariates)
    assert [note.split(":")[0] for note in fitted.notes_[1:]] == ["No outcome was named"]


def test_a_covariate_that_follows_from_the_batch(made):
    kept = made.covariates.assign(hospital=made.batch.map({"A": "x", "B": "y", "C": "y"}))
    with refused("The covariate 'hospital' follows from the batch"):
        ComBat().fit(made.features, made.batch, kept)


def test_a_covariate_that_is_missing_or_constant_or_new(made):
    with refused("'age' is missing in 1 of 90"):
        ComBat().fit(
            made.features,
            made.batch,
            made.covariates.mask(made.covariates == made.covariates.iloc[0, 0]),
        )
    with refused("'age' is 50 in every row"):
        ComBat().fit(made.features, made.batch, made.covariates.assign(age=50.0))
    fitted = ComBat(outcome="died").fit(made.features, made.batch, made.covariates)
    with refused("'sex' is 'x', which no training row was"):
        fitted.transform(made.features, made.batch, made.covariates.assign(sex="x"))
    with refused("fitted with the covariates age, sex"):
        fitted.transform(made.features, made.batch)
    with refused("no covariate 'sex'"):
        fitted.transform(made.features, made.batch, made.covariates[["age"]])
    with refused("fitted without covariates"):
        ComBat().fit(made.features, made.batch).transform(
            made.features, made.batch, made.covariates
        )


def test_a_reference_that_is_not_there(made):
    with refused(r"There is no batch 'b' \(did you mean 'B'\?\)"):
        ComBat(reference_batch="b").fit(made.features, made.batch)
    with refused("There is no batch 'gold'"):
        MComBat("gold").fit(made.features, made.batch)


def test_a_new_batch_of_few_rows(made):
    fitted = ComBat().fit(made.features, made.batch)
    with (
        pytest.warns(UserWarning, match="not in training"),
        refused("'D' was not in training and has 3 rows: .* from 10 or more"),
    ):
        fitted.transform(made.features[:3], ["D"] * 3)


def test_other_features(made):
    fitted = ComBat().fit(made.features, made.batch)
    with refused("lack 1 of the 12 .* first 'f3'"):
        fitted.transform(made.features.drop(columns="f3"), made.batch)
    with refused("There are 11 features; the harmoniser was fitted to 12"):
        fitted.transform(made.features.to_numpy()[:, 1:], made.batch)
    with refused("not fitted"):
        ComBat().transform(made.features, made.batch)


def test_nested_needs_named_effects(made):
    with refused("takes a table of batches"):
        NestedComBat().fit(made.features, made.batch)
    with refused("name each once"):
        NestedComBat(order=["a"]).fit(
            made.features, pd.DataFrame({"a": made.batch, "b": made.batch})
        )
    with refused("A reference batch belongs to one effect"):
        NestedComBat(ComBat(reference_batch="A")).fit(
            made.features, pd.DataFrame({"a": made.batch})
        )
