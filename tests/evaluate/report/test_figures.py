"""Figures: what they show, how large they are, and that every word can be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from lesionary.errors import EvaluationError
from lesionary.evaluate.figure_style import COLORS, FONT, looks, save_figure
from lesionary.evaluate.net_benefit import decision_curve
from lesionary.evaluate.report.figures import (
    draw_calibration,
    draw_decision_curve,
    draw_precision_recall,
    draw_roc,
)
from lesionary.evaluate.report.fraction_figure import draw_fractions
from lesionary.evaluate.report.subgroup_figure import draw_subgroups
from lesionary.evaluate.subgroups import judge_subgroups

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 200)
SCORES = {
    name: 1 / (1 + np.exp(-(Y - 0.5) * good - RNG.normal(size=200)))
    for name, good in (("ours", 2.0), ("theirs", 1.0))
}


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def check_readable(figure: Figure) -> None:
    assert figure.get_figwidth() == pytest.approx(3.35)
    figure.draw_without_rendering()
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() for text in words) >= 7
    for axes in figure.axes:
        ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
        assert {label.get_fontsize() for label in ticks} == {FONT}


def test_roc_and_precision_recall() -> None:
    figure = draw_roc(Y, SCORES, resamples=30)
    check_readable(figure)
    assert legend(figure)[0].startswith("ours  AUC 0.")
    line = figure.axes[0].lines[0]
    assert line.get_xydata()[0].tolist() == [0, 0]
    assert line.get_xydata()[-1].tolist() == [1, 1]
    assert len(figure.axes[0].collections) == 2  # bands
    many = {f"model {number}": SCORES["ours"] for number in range(9)}
    assert not draw_roc(Y, many, resamples=5).axes[0].collections
    figure = draw_precision_recall(Y, SCORES, resamples=30)
    check_readable(figure)
    assert figure.axes[0].lines[-1].get_ydata()[0] == pytest.approx(Y.mean())


def test_calibration() -> None:
    figure = draw_calibration(Y, SCORES, bins=5)
    check_readable(figure)
    points = figure.axes[0].lines[1].get_xydata()
    assert len(points) == 5
    first = np.argsort(SCORES["ours"])[:40]
    assert points[0].tolist() == pytest.approx([SCORES["ours"][first].mean(), Y[first].mean()])


def test_decision_curve() -> None:
    figure = draw_decision_curve(decision_curve(Y, SCORES, resamples=30))
    check_readable(figure)
    assert legend(figure) == ["ours", "theirs", "treat all", "treat none"]
    low, high = figure.axes[0].get_ylim()
    assert low < 0 < Y.mean() < high


def test_subgroups() -> None:
    by = pd.DataFrame({"sex": np.tile(["f", "m"], 100), "site": ["A"] * 195 + ["B"] * 5})
    found = judge_subgroups(Y, SCORES["ours"], by, resamples=40)
    figure = draw_subgroups(found, found[0].results["f"])
    check_readable(figure)
    names = [label.get_text().strip() for label in figure.axes[0].get_yticklabels()]
    assert names == ["sex", "f", "m", "site", "A", "B"]
    words = [text.get_text() for text in figure.axes[0].texts]
    assert any(word.startswith("p = ") for word in words)
    assert "not tested" in words
    with pytest.raises(EvaluationError, match="nothing to draw"):
        draw_subgroups([])


def test_fractions() -> None:
    table = pd.DataFrame(
        {
            "model": ["a", "a", "b", "b"],
            "fraction": [1.0, 0.1, 0.1, 1.0],
            "metric": "AUC",
            "value": [0.9, 0.7, 0.6, np.nan],
            "low": [0.8, None, 0.5, None],
            "high": [0.95, None, 0.7, None],
        }
    )
    figure = draw_fractions(table)
    check_readable(figure)
    line = figure.axes[0].lines[0]
    assert line.get_ydata().tolist() == [0.7, 0.9]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["10", "100"]


def test_no_two_models_look_the_same() -> None:
    names = [f"model {number}" for number in range(20)]
    seen = [(one["color"], one["linestyle"]) for one in looks(names).values()]
    assert len(set(seen)) == 20
    assert {color for color, _ in seen} <= set(COLORS)


def test_saved_twice_is_the_same_file(tmp_path: Path) -> None:
    written = save_figure(draw_calibration(Y, SCORES), tmp_path / "deep" / "v1.2")
    assert [path.name for path in written] == ["v1.2.pdf", "v1.2.png"]
    before = [path.read_bytes() for path in written]
    assert [path.read_bytes() for path in written] == before
    again = save_figure(draw_calibration(Y, SCORES), tmp_path / "again")
    assert [path.read_bytes() for path in again] == before
