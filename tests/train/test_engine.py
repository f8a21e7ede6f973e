"""The engine on a toy: what it learns, keeps, and goes on from."""

from __future__ import annotations

import importlib.util
import signal
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest
import torch

from lesionary.errors import TrainingError
from lesionary.train import checkpoints as checkpoints_module
from lesionary.train.checkpoints import read_checkpoint
from lesionary.train.config import Optimizer, Schedule
from lesionary.train.engine import fit
from lesionary.train.history import read_history
from lesionary.train.learner import Learner
from lesionary.train.optimization import build_optimizer, learning_rate_factor

from .toy import Line, config


class KilledError(Exception):
    """What a test throws in place of a power cut."""


def _kill_after(learner: Learner, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    learn = learner.learn

    def dying(batch: Any) -> Any:
        if learner.step == steps:
            raise KilledError
        return learn(batch)

    monkeypatch.setattr(learner, "learn", dying)


@pytest.mark.parametrize("optimizer", ["lars", "sgd", "adam", "adamw"])
@pytest.mark.parametrize(("killed", "minutes"), [(6, 15.0), (6, 1e-9), (8, 15.0), (2, 15.0)])
def test_resuming_is_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str, killed: int, minutes: float
) -> None:
    settings = {"optimizer": {"name": optimizer, "lr": 0.05, "per_batch": None}}
    whole = Line(config(tmp_path / "whole", **settings))
    fit(whole)

    parts = config(tmp_path / "parts", **settings)
    machine = parts.machine.model_copy(update={"checkpoint_minutes": minutes})
    parts = parts.model_copy(update={"machine": machine})
    first = Line(parts)
    _kill_after(first, killed, monkeypatch)
    with pytest.raises(KilledError):
        fit(first)
    saved = 0 if killed < 4 else killed if minutes < 1 else killed // 4 * 4
    resumed = Line(parts)
    begun = []
    monkeypatch.setattr(resumed, "on_train_start", lambda: begun.append(resumed.step))
    fit(resumed, resume=True)

    assert begun == [saved]
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, rtol=0, atol=0)
    columns = ["step", "loss", "spread", "lr", "goodness"]
    before = read_history(tmp_path / "whole" / "metrics.csv")[columns]
    after = read_history(tmp_path / "parts" / "metrics.csv")[columns]
    assert after.equals(before)
    assert after["step"].tolist() == list(range(1, 13))


def test_dropout_and_data_differ_from_step_to_step(tmp_path: Path) -> None:
    fit(Line(config(tmp_path / "run")))
    assert read_history(tmp_path / "run" / "metrics.csv")["spread"].nunique() == 12


def test_a_run_is_not_overwritten(tmp_path: Path) -> None:
    fit(Line(config(tmp_path / "run")))
    before = (tmp_path / "run" / "checkpoints" / "last.ckpt").read_bytes()
    with pytest.raises(TrainingError, match=r"holds a training already. Add --resume"):
        fit(Line(config(tmp_path / "run")))
    with pytest.raises(TrainingError, match=r"begun with other settings \(seed was 0, is 1"):
        fit(Line(config(tmp_path / "run", seed=1)), resume=True)
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").read_bytes() == before


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    fit(Line(config(tmp_path / "run")))
    again = Line(config(tmp_path / "run"))
    done = fit(again, resume=True)
    assert (done.steps, done.epochs) == (12, 3)
    assert read_history(tmp_path / "run" / "metrics.csv")["step"].tolist() == list(range(1, 13))


def test_of_a_finished_run_the_first_process_alone_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fit(Line(config(tmp_path / "run"))).is_main
    monkeypatch.setattr("lesionary.train.engine.this_rank", lambda: 1)
    assert not fit(Line(config(tmp_path / "run")), resume=True).is_main


def test_the_best_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = Line(config(tmp_path / "run"))
    scores, states = iter([0.7, 0.7, 0.5]), []

    def evaluate(epoch: int) -> dict[str, float]:
        states.append(learner.network[0].weight.clone())
        return {"goodness": next(scores)}

    monkeypatch.setattr(learner, "evaluate", evaluate)
    done = fit(learner)
    assert (done.best.score, done.best.epoch) == (0.7, 2)
    assert torch.equal(learner.network[0].weight, states[1])
    assert not torch.equal(states[1], states[2])
    last = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["module"]
    assert torch.equal(last["network.0.weight"], states[2])


def test_nan_stops_the_run_before_it_is_saved(tmp_path: Path) -> None:
    learner = Line(config(tmp_path / "run"))
    learner.spoil_at = 9
    with pytest.raises(TrainingError, match=r"after 10 steps: the loss is nan.*last good"):
        fit(learner)
    kept = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert kept["step"] == 8
    assert all(torch.isfinite(tensor).all() for tensor in kept["module"].values())
    fit(Line(config(tmp_path / "run")), resume=True)


def test_nan_parameters_are_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finite loss may have a gradient that is not; only the next loss would tell."""
    learner = Line(config(tmp_path / "run"))

    move = learner.optimizer_step

    def spoil(*args: Any, **kwargs: Any) -> None:
        move(*args, **kwargs)
        if learner.step == 7:
            with torch.no_grad():
                learner.network[3].weight[0, 0] = torch.nan

    monkeypatch.setattr(learner, "optimizer_step", spoil)
    with pytest.raises(TrainingError, match="diverged"):
        fit(learner)
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["step"] == 4


def test_trouble_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = Line(config(tmp_path / "run"))
    trouble = {6: "It has gone wrong."}
    monkeypatch.setattr(learner, "trouble", lambda _: trouble.get(learner.step))
    with pytest.raises(TrainingError, match=r"after 6 steps: It has gone wrong\. The last good"):
        fit(learner)
    assert read_history(tmp_path / "run" / "metrics.csv")["step"].max() == 6


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("write")])
def test_a_full_disk_costs_no_more_than_the_last_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    whole = Line(config(tmp_path / "whole"))
    fit(whole)
    save, calls = torch.save, []

    def full(content: Any, path: Path) -> None:
        calls.append(content)
        if len(calls) == 3:  # a best and a last in the first epoch
            path.write_bytes(b"half a check")
            raise error
        save(content, path)

    monkeypatch.setattr(checkpoints_module.torch, "save", full)
    with pytest.raises(TrainingError, match=r"cannot be written.*still whole.*--resume"):
        fit(Line(config(tmp_path / "run")))
    folder = tmp_path / "run" / "checkpoints"
    assert sorted(file.name for file in folder.iterdir()) == ["best.ckpt", "last.ckpt"]
    resumed = Line(config(tmp_path / "run"))
    fit(resumed, resume=True)
    for one, other in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    fit(Line(config(tmp_path / "run")))
    with pytest.raises(TrainingError, match=r"another network.*network\.0\.weight"):
        fit(Line(config(tmp_path / "run"), width=9), resume=True)


@pytest.mark.parametrize("spoil", ["cut", "text", "other"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, spoil: str) -> None:
    fit(Line(config(tmp_path / "run")))
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    if spoil == "cut":
        last.write_bytes(last.read_bytes()[:-500])
    elif spoil == "text":
        last.write_text("no checkpoint")
    else:
        torch.save({"weights": torch.zeros(1)}, last)
    with pytest.raises(TrainingError, match=r"last\.ckpt (cannot be read|is no checkpoint)"):
        fit(Line(config(tmp_path / "run")), resume=True)


def test_checkpoints_hold_no_code(tmp_path: Path) -> None:
    fit(Line(config(tmp_path / "run")))
    for name in ("last.ckpt", "best.ckpt"):
        content = torch.load(tmp_path / "run" / "checkpoints" / name, weights_only=True)
        assert "module" in content


@pytest.fixture
def sigterm_as_at_first() -> Iterator[None]:
    """What others do when told to end, such as Ray in its tests, is not done here."""
    before = signal.signal(SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(SIGTERM, before)


@pytest.mark.usefixtures("sigterm_as_at_first")
def test_told_to_end_it_saves_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = Line(config(tmp_path / "run"))

    def told(*_: Any) -> None:
        if learner.step == 6:
            signal.raise_signal(SIGTERM)

    monkeypatch.setattr(learner, "on_train_batch_end", told)
    with pytest.raises(TrainingError, match=r"SIGTERM.*after 6 steps.*--resume"):
        fit(learner)
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["step"] == 6


def test_a_missing_logger_is_named(tmp_path: Path) -> None:
    machine = {"accelerator": "cpu", "devices": 1, "workers": 0, "loggers": ["wandb"]}
    if importlib.util.find_spec("wandb"):
        pytest.skip("wandb is installed")
    with pytest.raises(TrainingError, match="pip install wandb"):
        fit(Line(config(tmp_path / "run", machine=machine)))


def test_tensorboard_and_worker_processes(tmp_path: Path) -> None:
    machine = {"accelerator": "cpu", "devices": 1, "log_every": 1}
    alone = {**machine, "workers": 0, "loggers": ["tensorboard"]}
    fit(Line(config(tmp_path / "alone", machine=alone)))
    assert list((tmp_path / "alone" / "tensorboard").glob("events.*"))
    fit(Line(config(tmp_path / "helped", machine={**machine, "workers": 2, "loggers": []})))
    one, other = (
        read_history(tmp_path / run / "metrics.csv")["loss"] for run in ("alone", "helped")
    )
    assert one.equals(other)


def test_nothing_is_said_off_a_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    fit(Line(config(tmp_path / "run")))
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize(("shape", "rates"), [
    ("constant", [0.5, 1, 1, 1, 1, 1, 1, 1]),
    ("step", [0.5, 1, 1, 1, 0.1, 0.1, 0.1, 0.1]),
])  # fmt: skip
def test_schedules(shape: str, rates: list[float]) -> None:
    schedule = Schedule(shape=shape, warmup_epochs=1, decay_epochs=2, decay=0.1)
    factors = [learning_rate_factor(step, 2, 4, schedule) for step in range(8)]
    assert factors == pytest.approx(rates)


def test_groups_may_have_their_own_rate() -> None:
    first, second = torch.nn.Parameter(torch.ones(1)), torch.nn.Parameter(torch.ones(1))
    groups = [{"params": [first], "lr_factor": 0.1}, {"params": [second]}]
    optimizer = build_optimizer(groups, Optimizer(name="sgd", lr=0.4, per_batch=256), 64)
    assert [group["initial_lr"] for group in optimizer.param_groups] == pytest.approx([0.01, 0.1])
