import json
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons import compare, draw_p_values, holm
from lesionary.evaluate.resample.draw import draw


@pytest.fixture
def family() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    label = rng.permutation(np.repeat([0, 1], (70, 50)))
    shared = label + rng.normal(size=120)
    return label, {
        name: shared + bonus * label + 0.5 * rng.normal(size=120)
        for name, bonus in (("weak", -0.6), ("good", 0.1), ("better", 0.9))
    }


def only(label, first, second, **options):
    return compare(label, {"a": first, "b": second}, **options).differences[0]


def test_all_pairs_or_all_with_one(family):
    label, scores = family
    names = [(d.first, d.second) for d in compare(label, scores).differences]
    assert names == [("weak", "good"), ("weak", "better"), ("good", "better")]
    found = compare(label, scores, reference="good")
    assert [(d.first, d.second) for d in found.differences] == [
        ("weak", "good"),
        ("better", "good"),
    ]
    for pair in found.differences:
        expected = roc_auc_score(label, scores[pair.first]) - roc_auc_score(label, scores["good"])
        assert pair.result.value == pytest.approx(expected, abs=1e-12)


def test_bootstrap_is_a_plain_loop_over_the_same_patients(family):
    label, scores = family
    patient = np.arange(120) // 3
    differences = np.array(
        [
            roc_auc_score(np.repeat(label, times), np.repeat(scores["weak"], times))
            - roc_auc_score(np.repeat(label, times), np.repeat(scores["better"], times))
            for times in draw(patient, label, resamples=200, seed=4)
        ]
    )
    found = only(
        label,
        scores["weak"],
        scores["better"],
        groups=patient,
        test="bootstrap",
        resamples=200,
        seed=4,
        level=0.9,
    )
    low, high = np.quantile(differences, [0.05, 0.95])
    assert (found.result.low, found.result.high) == pytest.approx((low, high), abs=1e-12)
    side = min((differences <= 0).sum(), (differences >= 0).sum())
    assert found.p == pytest.approx(2 * (side + 1) / 201)
    assert found.result.patients == 40


@pytest.mark.parametrize("groups", [None, np.arange(120) // 2])
def test_delong_permutation_and_bootstrap_tell_about_the_same(family, groups):
    label, scores = family
    found = {
        test: compare(
            label, scores, groups=groups, test=test, correction=None, resamples=3000
        ).differences
        for test in ("delong", "permutation", "bootstrap")
    }
    for number, pair in enumerate(found["delong"]):
        for test in ("permutation", "bootstrap"):
            other = found[test][number]
            assert other.p == pytest.approx(pair.p, abs=0.02)
            assert other.result.low == pytest.approx(pair.result.low, abs=0.012)
            assert other.result.high == pytest.approx(pair.result.high, abs=0.012)


def test_p_values_are_corrected_over_all_that_were_made(family):
    label, scores = family
    found = compare(label, scores).differences
    assert [d.corrected_p for d in found] == pytest.approx(holm([d.p for d in found]).tolist())
    plain = compare(label, scores, correction=None).differences
    assert [d.corrected_p for d in plain] == [d.p for d in found]


def test_same_seed_same_numbers_and_the_same_permutations_for_every_pair(family):
    label, scores = family
    assert compare(label, scores, seed=3) == compare(label, scores, seed=3)
    assert compare(label, scores, seed=3) != compare(label, scores, seed=4)
    alone = only(label, scores["good"], scores["better"], seed=3)
    assert compare(label, scores, seed=3).differences[2].p == alone.p


def test_the_published_procedure_is_one_sided_and_swaps_scores_as_they_are(family):
    label, scores = family
    ahead = only(label, scores["better"], scores["weak"], alternative="published")
    behind = only(label, scores["weak"], scores["better"], alternative="published")
    assert ahead.p == 0  # no permutation is counted for the data: that is what was published
    assert behind.p == 1
    assert only(label, scores["better"], scores["weak"]).p == pytest.approx(1 / 1001)
    told = compare(label, scores, alternative="published")
    assert "one-sided as published" in str(told)
    scaled = only(label, scores["good"], 50 * scores["better"] + 9, alternative="published")
    as_it_was = only(label, scores["good"], scores["better"], alternative="published")
    assert scaled.p != as_it_was.p
    two_sided = only(label, scores["good"], 50 * scores["better"] + 9)
    assert two_sided.p == only(label, scores["good"], scores["better"]).p


@pytest.mark.parametrize(
    ("test", "metric"),
    [
        ("permutation", "auc"),
        ("bootstrap", "average_precision"),
        ("delong", "auc"),
        ("mcnemar", "accuracy"),
        ("wilcoxon", "accuracy"),
    ],
)
def test_models_that_are_the_same_have_p_1_and_it_is_said(family, test: str, metric: str):
    label, scores = family
    found = only(label, scores["good"], scores["good"], test=test, metric=metric)
    assert (found.p, found.result.value) == (1.0, 0.0)
    assert (found.result.low, found.result.high) == (None, None)
    assert "same score" in found.result.notes[0]


@pytest.mark.parametrize("test", ["permutation", "bootstrap", "delong"])
def test_a_constant_score_is_judged_like_any_other(family, test: str):
    label, scores = family
    found = only(label, scores["better"], np.ones(120), test=test)
    assert found.result.value == pytest.approx(roc_auc_score(label, scores["better"]) - 0.5)
    assert found.p < 0.01


def test_several_classes_in_tables_whose_columns_are_in_another_order():
    rng = np.random.default_rng(0)
    names = ["benign", "cyst", "tumour"]
    label = rng.choice(names, 60)
    table = pd.DataFrame(rng.dirichlet(np.ones(3), 60), columns=names)
    found = only(label, table, table[["tumour", "benign", "cyst"]])
    assert (found.p, found.result.value) == (1.0, 0.0)
    assert found.result.metric == "difference in macro AUC, one against the rest"


def test_losses_are_better_when_lower(family):
    label, _ = family
    found = compare(label, {"sure": np.clip(label, 0.1, 0.9), "unsure": np.full(120, 0.5)}, "brier")
    assert found.differences[0].result.value == pytest.approx(0.01 - 0.25)
    assert not found.higher_is_better


def test_it_warns_where_resamples_cannot_make_a_corrected_p_small():
    rng = np.random.default_rng(0)
    label = np.resize([0, 1], 40)
    scores = {f"model {k}": rng.random(40) for k in range(4)}
    notes = compare(label, scores, resamples=99).notes
    assert any("no corrected p can be below 0.060" in note for note in notes)
    assert compare(label, scores, resamples=999).notes == ()
    assert compare(label, scores, resamples=99, alternative="published").notes == ()
    assert compare(label, scores, resamples=99, reference="model 1").notes == ()


def test_it_says_where_intervals_rest_on_little():
    rng = np.random.default_rng(0)
    found = compare(np.repeat([0, 1], (9, 3)), {name: rng.random(12) for name in "ab"})
    assert found.notes == ("12 rows: the intervals are likely too narrow.",)
    assert found.differences[0].result.method.endswith("1,000 resamples, stratified by class")


def test_it_prints_itself_and_becomes_a_table_and_json(family):
    label, scores = family
    found = compare(label, scores, groups=np.arange(120) // 2)
    told = str(found)
    for part in ("AUC: weak 0.", "good - better", "n = 120, 50 events, 60 patients", "Holm over 3"):
        assert part in told
    table = found.table
    assert table["difference"].tolist() == [d.result.value for d in found.differences]
    assert table[["n", "events", "patients"]].drop_duplicates().to_numpy().tolist() == [
        [120, 50, 60]
    ]
    assert (table["corrected_p"] >= table["p"]).all()
    assert json.loads(json.dumps(found.as_dict()))["differences"][2]["second"] == "better"


@pytest.mark.parametrize("reference", [None, "weak"])
def test_the_picture_holds_every_p_value(family, reference, tmp_path):
    label, scores = family
    found = compare(label, scores, reference=reference, test="delong")
    figure = draw_p_values(found, tmp_path / "p.svg")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == (6 if reference is None else 2)
    assert sum(text.startswith("▴") for text in texts) == (3 if reference is None else 2)
    assert ElementTree.parse(tmp_path / "p.svg").getroot().tag.endswith("svg")
    draw_p_values(found, tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_of_a_loss_has_the_lower_one_better():
    label = np.resize([0, 1], 40)
    found = compare(label, {"sure": np.clip(label, 0.1, 0.9), "unsure": np.full(40, 0.5)}, "brier")
    texts = draw_p_values(found).axes[0].texts
    up = next(text for text in texts if text.get_text().startswith("▴"))
    assert up.get_position() == (1, 0)  # in the row of the first


ONES = np.arange(8.0)
LABEL = np.resize([0, 1], 8)


@pytest.mark.parametrize(
    ("y", "scores", "options", "message"),
    [
        (LABEL, {"a": ONES}, {}, "two models at least; given: a"),
        (LABEL, {}, {}, "given: none"),
        (LABEL, {"a": ONES, "b": np.where(ONES == 3, np.nan, ONES)}, {}, "Model 'b': score is mis"),
        (LABEL, {"a": ONES, "b": ONES[:7]}, {}, "Model 'b': Different numbers of rows"),
        (np.zeros(8), {"a": ONES, "b": ONES}, {}, "Model 'a': All 8 rows"),
        (
            LABEL,
            {"a": pd.Series(ONES), "b": pd.Series(ONES, index=range(8, 16))},
            {},
            "'a' and 'b' have different indexes",
        ),
        (LABEL, {"a": ONES, "b": ONES}, {"metric": "auk"}, "no metric 'auk'"),
        (LABEL, {"a": ONES, "b": ONES}, {"test": "t"}, "no test 't'"),
        (LABEL, {"a": ONES, "b": ONES}, {"correction": "bonferroni"}, "no correction"),
        (LABEL, {"a": ONES, "b": ONES}, {"reference": "c"}, "no model 'c'"),
        (LABEL, {"a": ONES, "b": ONES}, {"test": "mcnemar"}, "metric='accuracy'"),
        (LABEL, {"a": ONES, "b": ONES}, {"test": "wilcoxon"}, "metric='accuracy'"),
        (LABEL, {"a": ONES, "b": ONES}, {"metric": "f1", "test": "delong"}, "metric='auc'"),
        (
            LABEL,
            {"a": ONES, "b": ONES},
            {"test": "bootstrap", "alternative": "published"},
            "permutation test",
        ),
        (LABEL, {"a": ONES, "b": ONES}, {"alternative": "less"}, "no alternative 'less'"),
        (LABEL, {"a": ONES, "b": ONES}, {"resamples": 0}, "must be resamples"),
        (LABEL, {"a": ONES, "b": ONES}, {"level": 95}, "between 0 and 1"),
        (
            [0, 1, 2],
            {"a": np.eye(3), "b": np.eye(3)},
            {"test": "delong"},
            "two classes; here are 3",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(y, scores, options, message):
    with pytest.raises(EvaluationError) as error:
        compare(y, scores, **options)
    assert message in str(error.value)
