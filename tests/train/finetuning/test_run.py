"""Whole fine-tunings of a small encoder: what they learn, write, resume and hand on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from lesionary import extract
from lesionary.cli import app
from lesionary.encode import load_encoder, read_provenance
from lesionary.errors import TrainingError
from lesionary.train.finetuning.config import load_finetuning, ready_finetunings
from lesionary.train.finetuning.run import Finetuned, finetune


def train(settings: dict[str, Any], *overrides: str, resume: bool = False) -> Finetuned:
    return finetune(settings, overrides=overrides, resume=resume)


def parameters(run: Path) -> dict[str, torch.Tensor]:
    content = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    return content["module"]


def test_classes_from_file_to_predictions(
    settings: dict[str, Any], cohort: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # curves are drawn
    done = train(settings, "training.epochs=12", "training.batch_size=4", "class_weights=balanced")
    assert done.best_by == "balanced_accuracy"
    assert done.score > 0.8, "bright, dark and in between are easy to tell apart"
    assert done.errors is None

    table = pd.read_parquet(done.predictions)
    scores = ["score_air", "score_bone", "score_fat"]
    assert list(table) == ["lesion_id", "split", "target", *scores]
    given = pd.read_csv(cohort).set_index("lesion_id").loc[table["lesion_id"]]
    assert len(table) == 44
    assert table["target"].tolist() == given["kind"].tolist()
    assert table["split"].tolist() == given["split"].tolist()
    np.testing.assert_allclose(table[scores].sum(axis=1), 1)
    about = read_provenance(done.predictions)
    assert about["training"]["lesions"] == {"train": 24, "tune": 12, "test": 8}
    assert str(cohort.parent) not in json.dumps(about), "no folder is in it"

    cost = json.loads(done.efficiency.read_text())
    assert set(cost) == {"device", "memory", "features", "probe", "fine_tuning"}
    assert cost["features"]["lesions"] == 36
    assert all(cost[part]["seconds"] > 0 for part in ("features", "probe", "fine_tuning"))
    assert cost["fine_tuning"]["peak_memory_mib"] >= cost["features"]["peak_memory_mib"] > 0
    assert done.probe_score == cost["probe"]["tune"]["balanced_accuracy"]
    assert done.curves.stat().st_size
    history = pd.read_csv(done.run / "metrics.csv")
    assert history["tune_balanced_accuracy"].max() == pytest.approx(done.score)


def test_the_predictions_are_those_of_the_kept_epoch_on_extracted_patches(
    settings: dict[str, Any], cohort: Path
) -> None:
    """The head on what ``lesionary extract`` gives with the new encoder: nothing differs."""
    target = {"label": "bright", "kind": "binary"}
    done = train({**settings, "target": target, "predictions": "csv"})
    table = pd.read_csv(done.predictions).set_index("lesion_id")
    features = extract(cohort, done.encoder / "card.yaml", device="cpu").set_index("lesion_id")
    from lesionary.train.finetuning.heads import build_head
    from lesionary.train.finetuning.start import HEAD, _read_head

    head = build_head(8, [16], 1)
    head.load_state_dict(_read_head(done.encoder / HEAD)[0])
    values = features.loc[table.index].filter(regex="_[0-9]+$").to_numpy(np.float32)
    scores = torch.sigmoid(head(torch.from_numpy(values)))[:, 0].detach().numpy()
    # The store keeps whole HU, extraction fractions of them.
    np.testing.assert_allclose(table["score_1"], scores, atol=2e-3)
    tune = table[table["split"] == "tune"]
    assert roc_auc_score(tune["target"], tune["score_1"]) == pytest.approx(done.score)
    assert read_provenance(done.predictions)["training"]["kept_epoch"] == done.best_epoch


def test_survival_beside_a_label(settings: dict[str, Any]) -> None:
    target = {"label": "bright", "kind": "binary", "survival": {"weight": 0.5}}
    done = train({**settings, "target": target, "head": {"hidden": [8], "warm_start": True}})
    table = pd.read_parquet(done.predictions)
    assert list(table)[3:] == ["time", "event", "score_1", "score_risk"]
    assert done.best_by == "auc"
    history = pd.read_csv(done.run / "metrics.csv")
    assert history["tune_c_index"].dropna().between(0, 1).all()
    assert len(history["tune_c_index"].dropna()) == 4


def test_survival_alone_is_learnt(settings: dict[str, Any]) -> None:
    settings |= {"target": {"survival": {}}}
    done = train(settings, "training.epochs=8", "training.batch_size=24")
    assert done.best_by == "c_index"
    assert done.score > 0.7
    table = pd.read_parquet(done.predictions)
    assert table["target"].tolist() == table["event"].tolist()


def test_a_resumed_run_equals_one_that_was_not_stopped(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lesionary.train.finetuning.learner import Finetuning

    settings |= {"layers": {"unfreeze_every": 1, "decay": 0.5}, "head": {"warm_start": True}}
    settings["views"] = "finetune"
    whole = train(settings)
    learn = Finetuning.learn

    def interrupted(self: Finetuning, batch: Any) -> Any:
        if self.step == 8:
            raise KeyboardInterrupt
        return learn(self, batch)

    again = {**settings, "run": str(tmp_path / "again")}
    monkeypatch.setattr(Finetuning, "learn", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"last\.ckpt; the same command with --resume"):
        train(again)
    monkeypatch.setattr(Finetuning, "learn", learn)
    with pytest.raises(TrainingError, match="--resume"):
        train(again)
    resumed = train(again, resume=True)
    assert resumed.score == whole.score
    assert resumed.probe_score == whole.probe_score
    one, other = parameters(whole.run), parameters(resumed.run)
    assert {key for key in one if not torch.equal(one[key], other[key])} == set()


def test_warm_start_begins_as_the_probe(settings: dict[str, Any]) -> None:
    settings |= {"head": {"hidden": [16], "warm_start": True}, "layers": {"freeze": "all"}}
    settings["target"] = {"label": "bright", "kind": "binary"}
    done = train(settings, "optimizer.lr=1e-12", "training.epochs=1")
    assert done.score == pytest.approx(done.probe_score)


@pytest.mark.parametrize(
    ("layers", "moving"),
    [
        ({}, {"0", "1", "head"}),
        ({"freeze": "all"}, {"head"}),
        ({"freeze": ["0"]}, {"1", "head"}),
        ({"unfreeze_every": 1}, {"1", "head"}),
    ],
)
def test_what_is_frozen_does_not_move(
    settings: dict[str, Any], layers: dict[str, Any], moving: set[str]
) -> None:
    """After two epochs; with progressive unfreezing the first stage still waits by then."""
    before = load_encoder(settings["encoder"], seed=0).state_dict()
    optimizer = {"name": "sgd", "lr": 0.01, "per_batch": None, "weight_decay": 0.1}
    train({**settings, "layers": layers, "optimizer": optimizer}, "training.epochs=2")
    after = parameters(Path(settings["run"]))
    moved = {
        name.split(".")[1]
        for name, value in before.items()
        if not torch.equal(after[f"encoder.{name}"], value)
    }
    assert moved | {"head"} == moving


def test_transfer(settings: dict[str, Any], tmp_path: Path) -> None:
    first = train(settings, "training.epochs=2")
    on = {**settings, "encoder": str(first.encoder), "run": str(tmp_path / "on")}
    same = train(on, "training.epochs=1", "optimizer.lr=1e-12", "layers.freeze=all")
    assert any("goes on from that of" in note for note in same.notes)
    assert same.score == pytest.approx(first.score), "nothing was learnt, nothing was lost"

    on |= {"run": str(tmp_path / "other"), "target": {"label": "bright", "kind": "binary"}}
    other = train(on, "training.epochs=1", "layers.freeze=all", "head.hidden=[16,8]")
    assert any("[8, 16, 3] instead of [8, 16, 8, 1]" in note for note in other.notes)
    kept = load_encoder(other.encoder / "card.yaml")
    start = load_encoder(first.encoder / "card.yaml")
    for one, two in zip(kept.parameters(), start.parameters(), strict=True):
        assert torch.equal(one, two)
    assert "fine-tuned for bright" in kept.card.title


def test_a_head_with_other_outputs_is_made_anew(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["target"] = {"label": "bright", "kind": "binary"}
    first = train(settings, "training.epochs=1")
    on = {**settings, "encoder": str(first.encoder), "run": str(tmp_path / "on")}
    on["target"] = {"survival": {}}
    done = train(on, "training.epochs=1")
    assert any("gives other outputs (score_1)" in note for note in done.notes)
    (first.encoder / "head.safetensors").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="is no head"):
        train({**on, "run": str(tmp_path / "bad")})


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("target.lable=kind", "did you mean 'label'"),
        ("target.label=nothing", "no column 'nothing'"),
        ("best_by=auc", "this target has balanced_accuracy, map"),
        ("training.batch_size=25", "more than the 24"),
        ("training.batch_size=1", "greater than or equal to 2"),
        ("layers.freeze=[layer1]", "it has 0, 1"),
        ("class_weights={air: 1}", "air, bone, fat"),
        ("views=strange", "no views file 'strange'"),
    ],
)
def test_bad_files(settings: dict[str, Any], override: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train(settings, override)
    assert not (Path(settings["run"]) / "checkpoints").exists()


def test_patients_on_both_sides_are_refused(
    settings: dict[str, Any], cohort: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(cohort)
    table.loc[table.index[0], "split"] = "tune"
    table.to_csv(tmp_path / "leaking.csv", index=False)
    settings["data"] |= {"cohort": str(tmp_path / "leaking.csv"), "root": str(cohort.parent)}
    with pytest.raises(TrainingError, match="share 1 patients"):
        train(settings)


@pytest.mark.parametrize("name", ready_finetunings())
def test_ready_files_start_and_step(settings: dict[str, Any], name: str) -> None:
    mine = {key: settings[key] for key in ("run", "encoder", "data", "machine")}
    label = [f"target.label={'kind' if name == 'task1' else 'bright'}"]
    done = finetune(
        name,
        overrides=[
            *(f"{key}={json.dumps(value)}" for key, value in mine.items()),
            *([] if name == "survival" else label),
            *("training.epochs=1", "training.batch_size=12"),
        ],
    )
    assert done.steps == 2
    assert done.best_epoch == 1


def test_command_line(settings: dict[str, Any], cohort: Path, tmp_path: Path) -> None:
    table = pd.read_csv(cohort)
    table.loc[3, "coordX"] = 900  # outside its scan
    table.to_csv(tmp_path / "cohort.csv", index=False)
    settings["data"] |= {
        "cohort": str(tmp_path / "cohort.csv"),
        "root": str(cohort.parent),
        "store": None,
    }
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    words = ["finetune", str(file), "--set", "training.epochs=1", "--set", "best_by=map"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3, "a lesion was set aside"
    assert "kept epoch 1, where map of" in done.output
    assert "errors.csv says why" in done.output
    again = CliRunner().invoke(app, words)
    assert isinstance(again.exception, TrainingError)
    cost = (Path(settings["run"]) / "efficiency.json").read_text()
    assert CliRunner().invoke(app, [*words, "--resume"]).exit_code == 3
    assert (Path(settings["run"]) / "efficiency.json").read_text() == cost


@pytest.mark.parametrize(
    ("name", "widths"),
    [
        ("task1", (2048,)),
        ("task2", (2048,)),
        ("task3", (2048, 512, 256)),
        ("survival", (512,)),
    ],
)
def test_ready_files(name: str, widths: tuple[int, ...]) -> None:
    config = load_finetuning(name)
    assert config.head.hidden == widths
    assert load_finetuning(yaml.safe_load(config.model_dump_json())) == config
    assert name in ready_finetunings()
    if name != "survival":
        assert (config.schedule.decay_epochs, config.schedule.decay) == (30, 0.1)
        assert config.training.epochs == 100
