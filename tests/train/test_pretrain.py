"""Pre-training from a file to an encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import lesionary
from lesionary.train import (
    PretrainConfig,
    load_pretraining,
    pretrain,
    ready_pretrainings,
)
from lesionary.train.history import read_history

SMALL_HEADS = {
    "autoencoder": ["objective.width=16"],
    "ct_fm": ["objective.crops=4", "objective.hidden=8", "training.batch_size=2"],
    "swav": ["objective.queue=8", "objective.queue_from_epoch=1", "objective.prototypes=5"],
    "vicreg": ["objective.projection=8"],
    "barlow_twins": ["objective.projection=8"],
}


def small_file(name: str, settings: list[str], run: Path, *more: str) -> PretrainConfig:
    heads = SMALL_HEADS.get(name, []) + ([] if name in ("autoencoder",) else ["objective.hidden=8"])
    return load_pretraining(
        name, [*settings, *heads, f"run={run}", "training.precision=32-true", *more]
    )


@pytest.mark.parametrize("name", ready_pretrainings())
def test_ready_files_start_step_and_resume(
    name: str, settings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = pretrain(small_file(name, settings, tmp_path / "whole"))
    assert done.epochs == 2
    assert done.steps == 2 * (done.steps // 2) > 0
    history = read_history(tmp_path / "whole" / "metrics.csv")
    assert np.isfinite(history["loss"]).all()
    assert history["lr"].iloc[0] > 0

    from lesionary.train.pretraining.learner import Pretraining

    config = small_file(name, settings, tmp_path / "parts")
    learn = Pretraining.learn

    def dying(self: Pretraining, batch: object) -> object:
        if self.step == self.steps_per_epoch:
            raise KeyError("killed")
        return learn(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Pretraining, "learn", dying)
        with pytest.raises(KeyError):
            pretrain(config)
    pretrain(config, resume=True)
    whole, parts = (
        lesionary.load_encoder(tmp_path / run / "encoder" / "card.yaml")
        for run in ("whole", "parts")
    )
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, other)
