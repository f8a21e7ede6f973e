"""Blocks joined, clinical tables encoded, values imputed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lesionary.adapt.fusion import (
    ClinicalEncoder,
    UnknownLevelWarning,
    join_blocks,
    make_imputer,
)
from lesionary.errors import ModelError

DEEP = pd.DataFrame({"lesion_id": ["a", "b", "c"], "f_0": [1.0, 2, 3], "f_1": [4.0, 5, 6]})
CLINICAL = pd.DataFrame({"lesion_id": ["c", "a", "d"], "f_0": [30, 10, 40]})


class TestJoin:
    def test_by_lesion_and_never_by_position(self) -> None:
        joined = join_blocks({"deep": DEEP, "clinical": CLINICAL})
        assert joined.table.index.tolist() == ["a", "b", "c", "d"]
        assert joined.table["clinical:f_0"].fillna(-1).tolist() == [10, -1, 30, 40]
        assert joined.columns == {
            "deep": ("deep:f_0", "deep:f_1"),
            "clinical": ("clinical:f_0",),
        }
        assert joined.missing().to_dict() == {"deep": 1, "clinical": 1}

    def test_in_the_order_asked_for(self) -> None:
        joined = join_blocks({"deep": DEEP, "clinical": CLINICAL}, ["d", "a", "x"])
        assert joined.table["deep:f_1"].fillna(-1).tolist() == [-1, 4, -1]

    @pytest.mark.parametrize(
        ("table", "message"),
        [
            (DEEP.drop(columns="lesion_id"), "no column 'lesion_id'"),
            (pd.concat([DEEP, DEEP]), "lesion_id twice"),
            (DEEP.assign(sex="f"), "first 'sex'"),
            (DEEP[["lesion_id"]], "no values"),
            (DEEP.assign(lesion_id=["A", "B", "C"]), "Are these the same lesion_ids"),
        ],
    )
    def test_blocks_that_are_none(self, table: pd.DataFrame, message: str) -> None:
        with pytest.raises(ModelError, match=message):
            join_blocks({"deep": table}, ["a", "b"])

    def test_nothing_and_lesions_asked_twice(self) -> None:
        with pytest.raises(ModelError, match="no block"):
            join_blocks({})
        with pytest.raises(ModelError, match="'a' is asked for twice"):
            join_blocks({"deep": DEEP}, ["a", "a"])


class TestClinicalEncoder:
    TRAIN = pd.DataFrame(
        {
            "age": [61, 70, np.nan],
            "histology": ["squamous", "adeno", None],
            "smoker": [True, False, True],
            "stage": pd.Categorical(["I", "II", "I"], categories=["I", "II", "III"]),
        },
        index=["x", "y", "z"],
    )

    def test_levels_of_training_become_columns(self) -> None:
        found = ClinicalEncoder().fit_transform(self.TRAIN)
        wanted = pd.DataFrame(
            {
                "age": [61.0, 70.0, np.nan],
                "histology=adeno": [0.0, 1, 0],
                "histology=squamous": [1.0, 0, 0],
                "smoker=False": [0.0, 1, 0],
                "smoker=True": [1.0, 0, 1],
                "stage=I": [1.0, 0, 1],
                "stage=II": [0.0, 1, 0],
            },
            index=["x", "y", "z"],
        )
        pd.testing.assert_frame_equal(found, wanted)
        encoder = ClinicalEncoder(drop_first=True).fit(self.TRAIN)
        names = ["age", "histology=squamous", "smoker=True", "stage=II"]
        assert encoder.get_feature_names_out().tolist() == names
        pd.testing.assert_frame_equal(encoder.transform(self.TRAIN), wanted[names])

    def test_an_unknown_level_is_all_zero_and_counted(self) -> None:
        encoder = ClinicalEncoder().fit(self.TRAIN)
        new = self.TRAIN.assign(histology=["NOS", "NOS", "adeno"])
        with pytest.warns(UnknownLevelWarning, match="2 values .* 'NOS' of 'histology'"):
            found = encoder.transform(new)
        assert found.filter(like="histology").to_numpy().tolist() == [[0, 0], [0, 0], [1, 0]]
        assert encoder.unknown(new).to_dict("records") == [
            {"column": "histology", "level": "NOS", "rows": 2}
        ]
        assert list(found.columns) == encoder.get_feature_names_out().tolist()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda t: t.drop(columns="smoker"), "lacks the column 'smoker'"),
            (lambda t: t.assign(age="old"), "'age' was numbers"),
        ],
    )
    def test_other_tables_are_refused(self, change, message: str) -> None:
        with pytest.raises(ModelError, match=message):
            ClinicalEncoder().fit(self.TRAIN).transform(change(self.TRAIN))

    def test_nothing_to_learn_from(self) -> None:
        with pytest.raises(ModelError, match="'histology' has no value"):
            ClinicalEncoder().fit(self.TRAIN.assign(histology=None))
        with pytest.raises(ModelError, match="not fitted"):
            ClinicalEncoder().transform(self.TRAIN)


class TestImputers:
    def test_missforest_beats_the_mean_where_columns_tell_of_each_other(self) -> None:
        rng = np.random.default_rng(0)
        whole = rng.normal(size=(120, 1)) * [1, 2, -1] + 0.1 * rng.normal(size=(120, 3))
        holes = rng.random(whole.shape) < 0.1
        gappy = np.where(holes, np.nan, whole)

        def error(name: str) -> float:
            filled = make_imputer(name).fit_transform(gappy)
            np.testing.assert_array_equal(filled[~holes], whole[~holes])
            return float(np.sqrt(np.mean((filled - whole)[holes] ** 2)))

        assert error("missforest") < 0.4 * error("mean")

    def test_an_unknown_one_says_which_is_near(self) -> None:
        with pytest.raises(ModelError, match="did you mean 'missforest'"):
            make_imputer("mis_forest")
