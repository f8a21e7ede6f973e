"""Training files: read, overridden, and refused with a word that helps."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lesionary.encode import load_card
from lesionary.errors import TrainingError
from lesionary.train import load_pretraining, ready_pretrainings
from lesionary.train.pretraining.objective import objective_of

COHORT = "data.cohort=cohort.csv"


def test_values_are_overridden_wherever_they_stand() -> None:
    config = load_pretraining(
        "fmcib",
        [COHORT, "optimizer.lr=0.1", "optimizer.weight_decay=1e-4", "objective.temperature=0.5",
         "machine={workers: 0}", "machine.devices=3", "schedule.warmup_epochs=2.5"],
    )  # fmt: skip
    assert config.optimizer.lr == 0.1
    assert config.optimizer.weight_decay == 1e-4
    assert config.optimizer.momentum == 0.9
    assert config.objective.settings == {"temperature": 0.5}
    assert (config.machine.workers, config.machine.devices) == (0, 3)
    assert config.schedule.warmup_epochs == 2.5


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("optimizer.lrr=1", ["optimizer.lrr", "did you mean 'lr'?"]),
        ("optimiser.lr=1", ["optimiser", "did you mean 'optimizer'?"]),
        ("data.chort=x", ["data.chort", "did you mean 'cohort'?"]),
        ("zzzz=1", ["zzzz", "there are: run, seed"]),
        ("optimizer.lr=fast", ["optimizer.lr", "number"]),
        ("optimizer.lr=-1", ["optimizer.lr", "greater than 0"]),
        ("training.batch_size=0", ["training.batch_size"]),
        ("optimizer.name=adagrad", ["optimizer.name", "'lars'"]),
        ("name=Not a name", ["name"]),
        ("optimizer=3", ["optimizer"]),
        ("optimizer.lr", ["key=value"]),
        ("optimizer.lr=[1", ["not YAML"]),
    ],
)
def test_what_is_wrong_is_named(override: str, words: list[str]) -> None:
    with pytest.raises(TrainingError) as caught:
        load_pretraining("fmcib", [COHORT, override])
    for word in words:
        assert word in str(caught.value)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(TrainingError, match=r"training\.epoch .*optimizer\.lrr"):
        load_pretraining("fmcib", [COHORT, "optimizer.lrr=1", "training.epoch=1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "empty"), ("- 1", "no table"), ("run: [", "not YAML"), ("run: x", "data.cohort")],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(TrainingError, match=words):
        load_pretraining(file)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read"):
        load_pretraining(tmp_path / "none.yaml")
    with pytest.raises(TrainingError, match="did you mean 'simclr"):
        load_pretraining("simcrl")


def test_no_code_runs_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("run: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(TrainingError, match="not YAML"):
        load_pretraining(file)


def test_a_config_survives_being_written(tmp_path: Path) -> None:
    config = load_pretraining("swav", [COHORT, "data.jitter_vox=3"])
    file = tmp_path / "again.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    assert load_pretraining(file) == config
    assert load_pretraining(config, ["seed=5"]).seed == 5


@pytest.mark.parametrize("name", ready_pretrainings())
def test_ready_files_name_what_there_is(name: str) -> None:
    import torch

    config = load_pretraining(name, [COHORT])
    card = load_card(config.encoder)
    with torch.device("meta"):
        objective = objective_of(config, card)  # checks views, too
    assert objective.plan.scan_crops <= config.data.backgrounds + 1
    assert config.run == Path("runs", name)


@pytest.mark.parametrize(
    ("name", "lr"), [("fmcib", 0.075), ("simclr", 0.075), ("nnclr", 0.075), ("swav", 0.15)]
)
def test_ready_files_have_the_published_settings(name: str, lr: float) -> None:
    config = load_pretraining(name, [COHORT])
    assert config.encoder == "random:fmcib"
    assert config.training.epochs == 100
    assert config.training.batch_size == 32 * 2
    assert config.optimizer.name == "lars"
    assert config.optimizer.peak(64) == pytest.approx(lr)
    assert (config.optimizer.weight_decay, config.optimizer.momentum) == (1e-6, 0.9)
    assert config.schedule.shape == "cosine"


def test_the_learning_rate_follows_the_batch() -> None:
    config = load_pretraining("fmcib", [COHORT])
    assert config.optimizer.peak(256) == 0.3
    fixed = load_pretraining("autoencoder", [COHORT])
    assert fixed.optimizer.peak(256) == fixed.optimizer.peak(8) == 1e-3


def test_an_encoder_may_be_a_path(tmp_path):
    config = load_pretraining({"run": tmp_path, "data": {"cohort": "c.csv"}, "encoder": tmp_path})
    assert config.encoder == str(tmp_path)
