"""Saved models: the same after reading, no code in the file, no features of another encoder."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from skops.io import dumps

from lesionary.adapt.probes import FittedClassifier, Probe, make_probe
from lesionary.adapt.probes.families import FAMILIES
from lesionary.adapt.saving import features_origin, load_model, save_model
from lesionary.adapt.saving.apply import predict_table
from lesionary.adapt.saving.origin import ModelWarning
from lesionary.errors import ModelError

SPLIT = np.repeat(["train", "tune"], [60, 30])


def origin(**changes: Any) -> dict[str, Any]:
    encoder = {
        "name": "small",
        "dimension": 4,
        "card_hash": "c" * 64,
        "weights_hash": "w" * 64,
        "recipe": {"name": "lesion", "size_vox": [48, 48, 48]},
    }
    return {"encoders": [encoder | changes], "precropped": False, "precision": "fp32"}


def table(**changes: Any) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    features = pd.DataFrame(rng.normal(size=(90, 4)), columns=[f"small_{i}" for i in range(4)])
    features["small_0"] += np.arange(90) % 3
    features.attrs["provenance"] = origin(**changes)
    return features


def fitted(family: str = "linear", classes: int = 3) -> Probe:
    label = np.arange(90) % 3 % classes
    names = np.array(["lung", "liver", "node"], dtype=object)[label]
    return make_probe(family, trials=1, metric="log_loss").fit(
        table(), names if classes == 3 else label, split=SPLIT
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_read_back_predicts_the_same(family: str, classes: int, tmp_path: Path):
    probe = fitted(family, classes)
    save_model(probe.model_, tmp_path, {"features": features_origin(table()), "label": "site"})
    saved = load_model(tmp_path)
    assert saved.about["label"] == "site"
    assert set(saved.about["versions"]) >= {"lesionary", "numpy", "scikit-learn"}
    assert isinstance(saved.model, FittedClassifier)
    assert saved.model.classes == probe.classes_
    scores = saved.scores(table())
    assert list(scores) == [f"score_{one}" for one in probe.classes_]
    np.testing.assert_array_equal(scores, probe.predict_proba(table()))


def test_columns_are_found_by_name_and_missing_ones_named(tmp_path: Path):
    save_model(fitted().model_, tmp_path, {"features": features_origin(table())})
    saved = load_model(tmp_path)
    other = table()[["small_3", "small_1", "small_0", "small_2"]].assign(extra=0.0)
    other.attrs = table().attrs
    pd.testing.assert_frame_equal(saved.scores(other), saved.scores(table()))
    with pytest.raises(ModelError, match=r"lack 2 of the 4 columns .*: small_1, small_2\."):
        saved.scores(table().drop(columns=["small_1", "small_2"]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights_hash": "v" * 64}, "small weights_hash was wwwwwwwwwwww..., is vvvvvvvvvvvv..."),
        ({"card_hash": "d" * 64}, "small card_hash was"),
        ({"recipe": {"name": "lesion", "size_vox": [32, 32, 32]}}, "small recipe size_vox was"),
        ({"name": "large"}, "encoders was small, is large"),
    ],
)
def test_features_that_were_made_differently_are_refused(
    changes: dict[str, Any], message: str, tmp_path: Path
):
    save_model(fitted().model_, tmp_path, {"features": features_origin(table())})
    with pytest.raises(ModelError, match="These features are not the model's") as error:
        load_model(tmp_path).scores(table(**changes))
    assert message in str(error.value)


def test_features_that_do_not_say_how_they_were_made_are_warned_of(tmp_path: Path):
    save_model(fitted().model_, tmp_path, {"features": features_origin(table())})
    silent = pd.DataFrame(table().to_numpy(), columns=table().columns)
    with pytest.warns(ModelWarning, match="These features do not say how they were made"):
        load_model(tmp_path).scores(silent)


def rewritten(path: Path, **members: bytes) -> None:
    """Replace members of a model file."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held |= {name.replace("_", "."): data for name, data in members.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)


def facts(path: Path, **changes: Any) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return json.dumps(json.loads(archive.read("model.json")) | changes).encode()


def test_a_type_that_no_model_needs_is_refused_by_name(tmp_path: Path):
    path = save_model(fitted("forest").model_, tmp_path)
    rewritten(path, estimator_skops=dumps({"model": Stranger()}))
    with pytest.raises(ModelError, match=r"Stranger, which no model of Lesionary is made of"):
        load_model(path)
    assert Stranger.built == 0


class Stranger:
    """Not a type of ours."""

    built = 0

    def __setstate__(self, state: Any) -> None:
        Stranger.built += 1

    def __getstate__(self) -> dict[str, int]:
        return {"x": 1}


def test_damaged_files_are_refused(tmp_path: Path):
    path = save_model(fitted().model_, tmp_path)
    whole = path.read_bytes()
    cases = {
        "half": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"not a zip",
    }
    for data in cases.values():
        path.write_bytes(data)
        with pytest.raises(ModelError, match="no model of Lesionary, or damaged"):
            load_model(path)
    path.write_bytes(whole)
    rewritten(path, arrays_safetensors=b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ")
    with pytest.raises(ModelError, match="its parts do not fit"):
        load_model(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "os.system"}, "of the kind 'os.system', which this version"),
        ({"format": 99}, "use a newer one"),
        ({"columns": ["a", "b"]}, "its parts do not fit"),
        ({"facts": {"family": "linear", "columns": ["a"], "classes": [0, 1]}}, "do not fit"),
        ({"facts": {}}, "its parts do not fit"),
    ],
)
def test_facts_that_cannot_be_are_refused(changes: dict[str, Any], message: str, tmp_path: Path):
    path = save_model(fitted().model_, tmp_path)
    rewritten(path, model_json=facts(path, **changes))
    with pytest.raises(ModelError, match=message):
        load_model(path)


def test_further_members_are_refused(tmp_path: Path):
    path = save_model(fitted().model_, tmp_path)
    rewritten(path, run_py=b"print()")
    with pytest.raises(ModelError, match=r"holds run\.py, which no model has"):
        load_model(path)


def test_no_model_is_an_error_with_what_to_do(tmp_path: Path):
    with pytest.raises(ModelError, match="'lesionary fit' writes one"):
        load_model(tmp_path)


def test_lesions_that_cannot_be_predicted_are_set_aside(tmp_path: Path):
    features = table().assign(lesion_id=[f"l{i}" for i in range(90)])
    save_model(fitted().model_, tmp_path, {"features": features_origin(table()), "label": "site"})
    features.loc[1, "small_2"] = np.inf
    features.loc[2, [f"small_{i}" for i in range(4)]] = np.nan
    features.loc[3, "small_0"] = np.nan
    lesions = pd.DataFrame({"lesion_id": [f"l{i}" for i in range(5)], "site": "lung"})
    predictions, aside = predict_table(load_model(tmp_path), features, lesions)
    assert predictions["lesion_id"].tolist() == ["l0", "l3", "l4"]
    assert predictions["target"].tolist() == ["lung"] * 3
    assert np.isfinite(predictions.filter(like="score_")).all(axis=None)
    reasons = aside.set_index("lesion_id")["reason"]
    assert reasons["l1"] == "A feature is infinite."
    assert reasons["l2"] == "All features are missing."
    assert reasons["l5"] == "The lesion is not in the lesion table."
    assert len(reasons) == 87
