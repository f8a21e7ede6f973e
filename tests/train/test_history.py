"""``metrics.csv`` and its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lesionary.train.curves import draw_curves
from lesionary.train.history import History, read_history


def test_columns_come_as_metrics_do(tmp_path: Path) -> None:
    history = History(tmp_path / "metrics.csv")
    history.add({"step": 1, "loss": 0.1 + 0.2})
    history.add({"step": 2, "loss": 1 / 3, "probe": 0.5})
    history.add({"step": 3, "loss": float("nan")})
    table = read_history(tmp_path / "metrics.csv")
    assert table["step"].tolist() == [1, 2, 3]
    assert table["loss"].tolist()[:2] == [0.1 + 0.2, 1 / 3]
    assert np.isnan(table["loss"][2])
    assert table["probe"].isna().tolist() == [True, False, True]


def test_steps_that_will_be_done_again_are_left_out(tmp_path: Path) -> None:
    history = History(tmp_path / "metrics.csv")
    for step in range(1, 6):
        history.add({"step": step, "loss": 1 / step})
    again = History(tmp_path / "metrics.csv", 3)
    again.add({"step": 4, "loss": 9.0, "new": 1.0})
    table = read_history(tmp_path / "metrics.csv")
    assert table["step"].tolist() == [1, 2, 3, 4]
    assert table["loss"].tolist() == [1.0, 0.5, 1 / 3, 9.0]


def test_curves_are_drawn_of_what_there_is(tmp_path: Path) -> None:
    history = History(tmp_path / "metrics.csv")
    history.add({"step": 1, "epoch": 0.5, "loss": 1.0})
    history.add({"step": 2, "epoch": 1.0, "loss": float("nan"), "probe_accuracy": 0.5})
    picture = draw_curves(tmp_path / "metrics.csv", tmp_path / "curves.svg", title="a run")
    text = picture.read_text()
    assert "<svg" in text
    assert len(text) > 5000
