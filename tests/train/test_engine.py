"""The engine on a toy: what it learns, keeps, and goes on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lesionary.train.engine import fit
from lesionary.train.history import read_history
from lesionary.train.learner import Learner

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
