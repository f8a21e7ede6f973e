"""``lesionary pretrain``, as a person runs it: alone, on two processes, on to features."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from lesionary.cli import app
from lesionary.encode import load_card
from lesionary.train.history import read_history
from lesionary.train.pretraining.learner import Pretraining

from .conftest import make_cohort, write_card


def command(settings: list[str], run: Path, *more: str) -> list[str]:
    values = [*settings, "objective.hidden=8", f"run={run}", *more]
    return ["pretrain", "fmcib", *(word for value in values for word in ("--set", value))]


def test_from_scans_to_features(settings: list[str], cohort: Path, tmp_path: Path) -> None:
    run = tmp_path / "My run"
    result = CliRunner().invoke(app, command(settings, run))
    assert result.exit_code == 0, result.output
    assert f"Wrote {run / 'encoder'}: the encoder my_run, trained on 8 lesions" in result.output
    assert "kept from the last epoch" in result.output
    assert (run / "curves.png").stat().st_size > 10_000
    again = CliRunner().invoke(app, command(settings, run))
    assert "--resume" in str(again.exception)

    out = tmp_path / "features.csv"
    words = ["extract", str(cohort), "--encoder", str(run / "encoder"), "--out", str(out)]
    result = CliRunner().invoke(app, [*words, "--workers", "0"])
    assert result.exit_code == 0, result.output
    features = pd.read_csv(out)
    assert len(features) == 12
    assert "my_run_15" in features
    assert np.isfinite(features["my_run_0"]).all()


@pytest.mark.parametrize(("step", "said"), [(0, "There is no checkpoint yet"), (3, "last.ckpt;")])
def test_ctrl_c_says_how_to_go_on(
    settings: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_pictures: None,
    step: int,
    said: str,
) -> None:
    learn, handler = Pretraining.learn, signal.getsignal(signal.SIGINT)

    def stopped(self: Pretraining, batch: Any) -> Any:
        if self.step == step:
            signal.raise_signal(signal.SIGINT)
        return learn(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Pretraining, "learn", stopped)
        result = CliRunner().invoke(app, command(settings, tmp_path / "run"))
    assert result.exit_code == 130
    (line,) = result.output.splitlines()
    assert line.startswith("Interrupted.")
    assert said in line
    assert "--resume" in line
    assert signal.getsignal(signal.SIGINT) == handler, "the next Ctrl-C is heard, too"
    result = CliRunner().invoke(app, [*command(settings, tmp_path / "run"), "--resume"])
    assert result.exit_code == 0, result.output


def test_a_picture_of_views(settings: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "views.png"
    words = command(settings, tmp_path / "run", "views=swav")
    result = CliRunner().invoke(app, [*words, "--show-views", str(picture)])
    assert result.exit_code == 0, result.output
    assert picture.stat().st_size > 10_000
    assert not (tmp_path / "run").exists()


def test_two_processes_learn_what_one_does(
    settings: list[str], tmp_path: Path, no_pictures: None
) -> None:
    arguments = {"channels": [[4, 8], [8, 16]], "norm": "instance", "shrink_by": "pool"}
    card = write_card(tmp_path / "card.yaml", kind="convolutions", arguments=arguments)
    # The processes of a run draw different views, so there are to be none.
    more = ["views=none", f"encoder={card}", "optimizer.lr=20", f"data.store={tmp_path / 'store'}"]
    result = CliRunner().invoke(app, command(settings, tmp_path / "one", *more))
    assert result.exit_code == 0, result.output

    words = command(settings, tmp_path / "two", *more, "machine.devices=2")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # What torchrun tells its processes.
    told = {
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "GROUP_RANK": "0",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "TORCHELASTIC_RUN_ID": "test",
        "OMP_NUM_THREADS": "1",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "lesionary", *words],
            env=os.environ | told | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert "Wrote" in said[0]
    assert said[1] == ""
    one, two = (read_history(tmp_path / run / "metrics.csv") for run in ("one", "two"))
    for name in ("loss", "feature_rank", "feature_std"):
        assert one[name].nunique() == len(one)
        np.testing.assert_allclose(two[name], one[name], rtol=1e-4)


@pytest.mark.slow
def test_the_published_network_takes_two_steps(tmp_path: Path) -> None:
    """All of it but the patch, which has 24 voxels instead of 50."""
    card = load_card("random:fmcib")
    recipe = card.input.model_copy(update={"size_vox": (24, 24, 24)})
    values = json.loads(card.model_copy(update={"input": recipe}).model_dump_json())
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    settings = [
        f"data.cohort={make_cohort(tmp_path, patients=3)}",
        f"run={tmp_path / 'run'}",
        f"encoder={tmp_path / 'card.yaml'}",
        "data.margin_vox=0",
        "data.backgrounds=1",
        "training={epochs: 1, batch_size: 2}",
        "machine={accelerator: cpu, devices: 1, workers: 0, loggers: [], log_every: 1}",
    ]
    words = ["pretrain", "fmcib", *(word for value in settings for word in ("--set", value))]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    history = read_history(tmp_path / "run" / "metrics.csv")
    assert history["step"].tolist() == [1, 2]
    assert np.isfinite(history["loss"]).all()
    shutil.rmtree(tmp_path / "run")  # gigabytes
