"""Splits: by patient, in the fractions asked for, alike, and the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.cohort import Cohort, folds, leakage, split_cohort, training_subsets
from lesionary.errors import CohortError


def cohort_of(patients: list[tuple[int, ...]]) -> Cohort:
    """Return a cohort with one lesion for each label of each patient."""
    rows = [
        (f"p{number:03d}", f"p{number:03d}-{k}", label)
        for number, labels in enumerate(patients)
        for k, label in enumerate(labels)
    ]
    table = pd.DataFrame(rows, columns=["patient_id", "lesion_id", "label"])
    table["image_path"] = table["patient_id"] + ".nii.gz"
    return Cohort(table, Path())


@pytest.fixture
def mixed() -> Cohort:
    """300 patients with one to six lesions, a quarter of them of class 1."""
    rng = np.random.default_rng(4)
    return cohort_of(
        [tuple((rng.random(rng.integers(1, 7)) < 0.25).astype(int)) for _ in range(300)]
    )


def test_fractions_are_met_and_classes_are_alike(mixed: Cohort) -> None:
    cohort = split_cohort(mixed, stratify="label", seed=3)
    assert leakage(cohort.table) == []
    groups = cohort.table.groupby("split")
    assert groups["patient_id"].nunique().to_dict() == {"train": 210, "tune": 30, "test": 60}
    share = cohort.table["label"].mean()
    assert (groups["label"].mean() - share).abs().max() < 0.02
    lesions = groups.size() / len(cohort)
    assert abs(lesions["train"] - 0.7) < 0.03


def test_the_seed_decides_and_the_order_of_rows_does_not(mixed: Cohort) -> None:
    def splits(cohort: Cohort, seed: int) -> dict[str, str]:
        table = split_cohort(cohort, stratify="label", seed=seed).table
        return dict(zip(table["lesion_id"], table["split"], strict=True))

    shuffled = Cohort(mixed.table.sample(frac=1, random_state=0), Path())
    assert splits(mixed, 1) == splits(mixed, 1) == splits(shuffled, 1)
    assert splits(mixed, 1) != splits(mixed, 2)


@settings(derandomize=True, max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple), min_size=12, max_size=80
    ),
    st.integers(0, 2**32 - 1),
)
def test_any_cohort_is_split_within_a_patient(patients: list[tuple[int, ...]], seed: int) -> None:
    fractions = {"train": 0.6, "tune": 0.15, "test": 0.25}
    cohort = split_cohort(cohort_of(patients), fractions, seed=seed)
    assert leakage(cohort.table) == []
    sizes = cohort.table.groupby("split")["patient_id"].nunique()
    for name, fraction in fractions.items():
        assert abs(sizes[name] - fraction * len(patients)) <= 1
    sizes = folds(cohort, 5, seed=seed).groupby("repeat_1")["patient_id"].nunique()
    assert sizes.max() - sizes.min() <= 1


def test_survival_is_balanced_by_event_and_time() -> None:
    rng = np.random.default_rng(0)
    cohort = cohort_of([(0,)] * 400)
    cohort.table["time"] = rng.exponential(900, 400).round()
    cohort.table["event"] = (rng.random(400) < 0.6).astype(int)
    table = split_cohort(cohort, stratify=["event", "time"], seed=1).table
    groups = table.groupby("split")
    assert (groups["event"].mean() - table["event"].mean()).abs().max() < 0.02
    quartile = pd.qcut(table["time"], 4, labels=False)
    spread = pd.crosstab(table["split"], quartile, normalize="index")
    assert (spread - 0.25).abs().to_numpy().max() < 0.04


def test_a_missing_label_is_a_class_of_its_own() -> None:
    cohort = cohort_of([(0,)] * 40 + [(1,)] * 40)
    cohort.table["label"] = cohort.table["label"].astype(float).where(cohort.table.index % 4 > 0)
    table = split_cohort(cohort, {"train": 0.5, "test": 0.5}, stratify="label").table
    assert table["label"].isna().groupby(table["split"]).sum().to_dict() == {
        "train": 10,
        "test": 10,
    }


def test_a_split_that_is_there_is_kept(mixed: Cohort) -> None:
    cohort = split_cohort(mixed, seed=1)
    with pytest.raises(CohortError, match="already has a split"):
        split_cohort(cohort, seed=2)
    again = split_cohort(cohort, seed=2, overwrite=True)
    assert (again.table["split"] != cohort.table["split"]).any()
    assert "split" not in mixed.table


def test_folds_hold_out_every_patient_once_a_repeat(mixed: Cohort) -> None:
    table = folds(mixed, 5, repeats=3, stratify="label", seed=7)
    assert table.columns.tolist() == ["lesion_id", "patient_id", "repeat_1", "repeat_2", "repeat_3"]
    repeats = table.drop(columns="lesion_id")
    assert len(repeats.drop_duplicates()) == 300  # a patient's lesions go together
    assert table.groupby("repeat_2")["patient_id"].nunique().to_dict() == dict.fromkeys(
        range(1, 6), 60
    )
    assert (table["repeat_1"] != table["repeat_2"]).any()
    label = mixed.table["label"].groupby(table["repeat_3"]).mean()
    assert (label - mixed.table["label"].mean()).abs().max() < 0.03


def test_subsets_are_nested_by_patient_and_only_of_train(mixed: Cohort) -> None:
    cohort = split_cohort(mixed, stratify="label", seed=1)
    table = training_subsets(cohort, stratify="label", seed=1).table
    names = ["train_50", "train_20", "train_10"]
    patients = [set(table.loc[table[name], "patient_id"]) for name in names]
    assert [len(part) for part in patients] == [105, 42, 21]
    assert patients[0] > patients[1] > patients[2]
    for name, part in zip(names, patients, strict=True):
        assert (table.loc[table[name], "split"] == "train").all()
        assert table[name].sum() == table["patient_id"].isin(part).sum()
        assert abs(table.loc[table[name], "label"].mean() - table["label"].mean()) < 0.05


def test_what_cannot_be_split_says_why() -> None:
    one, two = cohort_of([(0, 1)]), cohort_of([(0,), (0,)])
    with pytest.raises(CohortError, match="1 patients are too few for 3 splits"):
        split_cohort(one)
    with pytest.raises(CohortError, match="has 1 class"):
        split_cohort(two, stratify="label")
    with pytest.raises(CohortError, match="no column 'grade'"):
        split_cohort(two, stratify="grade")
    with pytest.raises(CohortError, match="2 patients, fewer than 3 folds"):
        folds(two, 3)
    with pytest.raises(CohortError, match="k of 2 or more"):
        folds(two, 1)
    with pytest.raises(CohortError, match="not one patient"):
        training_subsets(two)
    with pytest.raises(CohortError, match="between 0 and 1"):
        training_subsets(two, [50])
    with pytest.raises(CohortError, match="add up to 1"):
        split_cohort(two, {"train": 0.5, "test": 0.4})
    with pytest.raises(CohortError, match="no split val"):
        split_cohort(two, {"train": 0.5, "val": 0.5})


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore::lesionary.cohort.CohortWarning")
def test_a_published_cohort_split_anew_leaks_nothing(real_data: Path) -> None:
    from lesionary.cohort import read_cohort

    folder = real_data / "tables" / "fmcib_annotations"
    names = ("train", "val", "test")
    published = read_cohort({name: folder / f"luna16_task2_{name}.csv" for name in names})
    cohort = split_cohort(published, stratify="malignancy", seed=1, overwrite=True)
    assert leakage(cohort.table) == []
    rate = cohort.table.groupby("split")["malignancy"].mean()
    assert rate.max() - rate.min() < 0.02
