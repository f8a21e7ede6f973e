"""Features and lesions, joined: exactly, with reasons for what is set aside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.adapt.table import join_table
from lesionary.errors import ModelError


def lesions(**columns: object) -> pd.DataFrame:
    names = ["a", "b", "c", "d"]
    table = pd.DataFrame({"lesion_id": names, "patient_id": names, "malignant": [0, 1, 0, 1]})
    return table.assign(**columns)


def features(**columns: object) -> pd.DataFrame:
    table = pd.DataFrame({"lesion_id": ["d", "c", "b", "a"], "x_0": [4.0, 3.0, 2.0, 1.0]})
    return table.assign(**columns)


def test_rows_are_joined_by_name_in_the_order_of_the_lesions():
    table = join_table(features(), lesions())
    assert table.features["x_0"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert table.label("malignant").tolist() == [0, 1, 0, 1]
    assert table.split is None
    assert len(table.set_aside) == 0


def test_what_cannot_be_used_is_set_aside_with_its_reason():
    given = features(x_1=[np.inf, 1.0, np.nan, 1.0]).iloc[:3]
    table = join_table(given, lesions(split=["train", "val", "nowhere", "test"]))
    assert table.lesions["lesion_id"].tolist() == ["b"]
    assert table.split.tolist() == ["tune"]
    reasons = table.set_aside.set_index("lesion_id")["reason"]
    assert "no features" in reasons["a"]
    assert "'nowhere'" in reasons["c"]
    assert "'x_1' is infinite" in reasons["d"]
    assert np.isnan(table.features.loc[0, "x_1"])


def test_a_lesion_without_any_feature_value_is_set_aside():
    table = join_table(features(x_0=[np.nan, 3, 2, 1]), lesions())
    assert table.set_aside.to_numpy().tolist() == [["d", "All features are missing."]]


@pytest.mark.parametrize("which", ["feature", "lesion"])
def test_a_lesion_that_occurs_twice_is_refused(which: str):
    given = {"feature": features(), "lesion": lesions()}
    given[which] = pd.concat([given[which], given[which].iloc[:1]])
    with pytest.raises(ModelError, match=f"The {which} table has 1 lesion_ids more than once"):
        join_table(given["feature"], given["lesion"])


def test_tables_without_a_lesion_in_common_are_refused():
    with pytest.raises(ModelError, match="No lesion of the lesion table has features"):
        join_table(features(lesion_id=["x-a", "x-b", "x-c", "x-d"]), lesions())


def test_features_are_the_numbers_that_the_lesion_table_does_not_have():
    given = features(malignant=[1, 0, 1, 0], coordX=1.0, scanner="A", y_0=5, patient_id="p")
    table = join_table(given, lesions())
    assert list(table.features) == ["x_0", "y_0"]
    assert any("scanner" in note for note in table.notes)
    assert list(join_table(given, lesions(), columns=["y_*"]).features) == ["y_0"]
    with pytest.raises(ModelError, match="No column of the features is called z"):
        join_table(given, lesions(), columns=["z"])


def test_a_label_is_plain_values_and_no_number_to_be_cut():
    table = join_table(features(), lesions(malignant=[0, np.nan, 1, 1], size=[1.5, 2, 3, 4]))
    assert table.label("malignant").dropna().tolist() == [0, 1, 1]
    assert all(isinstance(one, int) for one in table.label("malignant").dropna())
    with pytest.raises(ModelError, match="no class"):
        table.label("size")
    with pytest.raises(ModelError, match="did you mean 'malignant'"):
        table.label("malignat")


def test_what_pyradiomics_tells_of_itself_is_no_feature():
    about = {"diagnostics_Mask-original_VoxelNum": [7, 8, 9, 10], "Unnamed: 0": [0, 1, 2, 3]}
    assert list(join_table(features(**about), lesions()).features) == ["x_0"]
    asked = join_table(features(**about), lesions(), columns=["*VoxelNum"])
    assert list(asked.features) == ["diagnostics_Mask-original_VoxelNum"]
