"""Published pickles: read to the last bit, and never run."""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lesionary.adapt.published import read_published_linear
from lesionary.errors import ModelError

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(60, 5)) * [1, 2, 3, 4, 5] + 1
LABELS = {
    "two": np.arange(60) % 2,
    "three": np.arange(60) % 3,
    "text": np.array(["a", "bcd", "e"])[np.arange(60) % 3],
    "bool": np.arange(60) % 2 == 0,
}


def model(labels: str = "two") -> LogisticRegression:
    return LogisticRegression(C=0.5).fit(FEATURES, LABELS[labels])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5, "joblib"])
@pytest.mark.parametrize("labels", LABELS)
def test_coefficients_are_read_to_the_last_bit(labels: str, protocol: int | str, tmp_path: Path):
    path, written = tmp_path / "model.pkl", model(labels)
    if protocol == "joblib":
        joblib.dump(written, path)
    else:
        path.write_bytes(pickle.dumps(written, protocol=int(protocol)))
    found = read_published_linear(path)
    np.testing.assert_array_equal(found.coef, written.coef_)
    np.testing.assert_array_equal(found.intercept, written.intercept_)
    assert found.classes == tuple(written.classes_.tolist())
    assert found.version is not None


@pytest.mark.parametrize("protocol", [2, 4, "joblib"])
def test_names_of_features_and_numpys_numbers_do_not_matter(protocol: int | str, tmp_path: Path):
    written = LogisticRegression(C=np.float64(0.5), random_state=np.int64(42))
    written.fit(pd.DataFrame(FEATURES, columns=list("abcde")), LABELS["two"])
    path = tmp_path / "model.pkl"
    if protocol == "joblib":
        joblib.dump(written, path)
    else:
        path.write_bytes(pickle.dumps(written, protocol=int(protocol)))
    np.testing.assert_array_equal(read_published_linear(path).coef, written.coef_)


def test_old_names_of_modules_are_known(tmp_path: Path):
    data = pickle.dumps(model(), protocol=2)
    old = data.replace(b"csklearn.linear_model._logistic\n", b"csklearn.linear_model.logistic\n")
    old = old.replace(b"cnumpy._core.", b"cnumpy.core.")
    assert old != data
    path = tmp_path / "model.pkl"
    path.write_bytes(old)
    np.testing.assert_array_equal(read_published_linear(path).coef, model().coef_)


@pytest.mark.parametrize("labels", ["two", "three"])
def test_with_the_training_features_it_predicts_as_published(labels: str, tmp_path: Path):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(FEATURES, LABELS[labels])
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(pipeline[-1]))
    table = pd.DataFrame(FEATURES, columns=[f"pred_{i}" for i in range(5)])
    classifier = read_published_linear(path).on(table)
    np.testing.assert_allclose(
        classifier.scores(table), pipeline.predict_proba(FEATURES), atol=1e-12
    )
    with pytest.raises(ModelError, match="of 5 features, and these are 4"):
        read_published_linear(path).on(table.iloc[:, :4])


class Attack:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_nothing_in_the_file_is_run(protocol: int, tmp_path: Path):
    mark, path = tmp_path / "mark", tmp_path / "model.pkl"
    hidden = model()
    hidden.note_ = Attack(mark)
    for attack in (Attack(mark), hidden):
        path.write_bytes(pickle.dumps(attack, protocol=protocol))
        with pytest.raises(ModelError, match=r"names (posix|nt)\.system|names copy_reg"):
            read_published_linear(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (StandardScaler().fit(FEATURES), "sklearn.preprocessing._data.StandardScaler"),
        ({"coef_": [1.0]}, "holds a dict"),
        (LogisticRegression(), "has no coef_, intercept_, classes_: is it fitted"),
        (pd.DataFrame({"a": [1]}), "names pandas"),
    ],
)
def test_other_things_are_refused_by_name(written: Any, message: str, tmp_path: Path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(written, protocol=4))
    with pytest.raises(ModelError, match=message):
        read_published_linear(path)


def test_models_with_other_probabilities_are_refused_or_put_right(tmp_path: Path):
    path = tmp_path / "model.pkl"
    several, two = model("three"), model("two")
    several.multi_class = "ovr"
    path.write_bytes(pickle.dumps(several))
    with pytest.raises(ModelError, match="each class against the rest"):
        read_published_linear(path)
    two.multi_class = "multinomial"
    path.write_bytes(pickle.dumps(two))
    np.testing.assert_array_equal(read_published_linear(path).coef, 2 * two.coef_)
    two.coef_ = two.coef_ * np.nan
    path.write_bytes(pickle.dumps(two))
    with pytest.raises(ModelError, match="not finite"):
        read_published_linear(path)


def test_every_cut_and_every_changed_byte_is_read_or_refused(tmp_path: Path):
    data = pickle.dumps(model(), protocol=4)
    path = tmp_path / "model.pkl"
    for length in range(0, len(data) - 1, 7):
        path.write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"model\.pkl is no linear model"):
            read_published_linear(path)
    rng = np.random.default_rng(1)
    for place in rng.integers(0, len(data), 300):
        changed = bytearray(data)
        changed[place] = rng.integers(256)
        path.write_bytes(changed)
        with suppress(ModelError):
            assert read_published_linear(path).coef.shape == (1, 5)
