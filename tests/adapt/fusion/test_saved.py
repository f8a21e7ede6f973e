"""Fused models on disk: what is read back predicts the same, and nothing strange is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from lesionary.adapt import EarlyFusion, LateFusion, LinearProbe, load_model, save_model
from lesionary.adapt.fusion import FusedModel
from lesionary.adapt.selection import SELECTORS, selector_chain
from lesionary.errors import ModelError

RNG = np.random.default_rng(0)
Y = np.where(np.arange(60) % 2, "malignant", "benign")
X = pd.DataFrame(
    RNG.normal(size=(60, 8)) + (Y == "malignant")[:, None],
    columns=["a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2"],
)
BLOCKS = {"a": list(X)[:5], "b": list(X)[5:]}
SELECTING = make_pipeline(selector_chain(["variance", "correlation"]), LogisticRegression())


@pytest.mark.parametrize(
    "fusion",
    [
        EarlyFusion(LogisticRegression(), BLOCKS, pca=2),
        EarlyFusion(SELECTING, BLOCKS, imputer="missforest"),
        LateFusion(LogisticRegression(), BLOCKS, how="mean"),
        LateFusion(LogisticRegression(), BLOCKS, how="weighted"),
        LateFusion(LogisticRegression(), BLOCKS, how="stacking", hybrid=True),
    ],
    ids=["early", "selected", "mean", "weighted", "stacking"],
)
def test_a_fusion_read_back_predicts_the_same(fusion, tmp_path: Path) -> None:
    fusion.fit(X, Y)
    some = X.copy()
    some.loc[:4, "b0"] = np.nan
    some.loc[5:9, BLOCKS["b"]] = np.nan
    save_model(FusedModel(fusion), tmp_path / "model")
    read = load_model(tmp_path / "model")
    found = read.scores(some.iloc[:, ::-1].assign(more=1.0))
    assert list(found) == ["score_benign", "score_malignant"]
    np.testing.assert_array_equal(found.to_numpy(), fusion.predict_proba(some))


def test_every_selector_can_be_in_a_saved_model(tmp_path: Path) -> None:
    settings = {"rfe": {"count": 2}, "forest": {"count": 2, "forests": 2}, "mrmr": {"count": 2}}
    for name in SELECTORS:
        chain = selector_chain([{name: settings.get(name, {})}])
        fusion = EarlyFusion(make_pipeline(chain, LogisticRegression()), BLOCKS).fit(X, Y)
        save_model(FusedModel(fusion), tmp_path / name)
        again = load_model(tmp_path / name).scores(X)
        np.testing.assert_array_equal(again.to_numpy(), fusion.predict_proba(X))


def test_what_cannot_be_read_again_is_not_written(tmp_path: Path) -> None:
    fusion = EarlyFusion(LinearProbe(), BLOCKS).fit(X, Y)
    with pytest.raises(ModelError, match="cannot be saved"):
        save_model(FusedModel(fusion), tmp_path / "model")
    assert not list(tmp_path.rglob("*.zip"))


def test_missing_columns_are_named(tmp_path: Path) -> None:
    save_model(FusedModel(EarlyFusion(LogisticRegression(), BLOCKS).fit(X, Y)), tmp_path / "model")
    with pytest.raises(ModelError, match="b2"):
        load_model(tmp_path / "model").scores(X.drop(columns="b2"))
