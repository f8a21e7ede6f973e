from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_lung

from lesionary.errors import EvaluationError
from lesionary.evaluate.survival import cox_univariate, draw_forest, draw_kaplan_meier, kaplan_meier


def words(figure) -> list[str]:
    """All that is written in a figure and its legends."""
    from matplotlib.text import Text

    found = [each for each in figure.findobj(Text) if each.get_text()]
    assert min(each.get_fontsize() for each in found) >= 7
    return [each.get_text() for each in found]


def test_curves_are_drawn_with_who_is_at_risk_under_their_ticks(tmp_path: Path):
    lung = load_lung()
    figure = draw_kaplan_meier(
        lung.time, lung.status, lung.sex.map({1: "men", 2: "women"}), tmp_path / "curves.png",
        every=250, time_label="Days",
    )  # fmt: skip
    above, below = figure.axes
    lines = [line for line in above.lines if line.get_drawstyle() == "steps-post"]
    men = kaplan_meier(*lung.loc[lung.sex == 1, ["time", "status"]].to_numpy().T)
    np.testing.assert_array_equal(lines[0].get_ydata()[1:], men.survival)
    ticks = above.get_xticks()
    assert ticks.tolist() == [0, 250, 500, 750, 1000]
    counts = {(text.get_position(), text.get_text()) for text in below.texts}
    for tick in ticks:
        assert ((tick, 0), str(int((lung.time[lung.sex == 1] >= tick).sum()))) in counts
    told = "\n".join(words(figure))
    assert "men (n = 138, 112 events)" in told
    assert "HR women : men 0.59 (0.42–0.82)" in told
    assert "log-rank p = 0.001" in told
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert figure.get_figwidth() == 3.35


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_figures_are_vectors_where_asked(tmp_path: Path, ending):
    draw_kaplan_meier([1, 2, 3], [1, 0, 1], path=tmp_path / f"a.{ending}")
    assert (tmp_path / f"a.{ending}").stat().st_size > 1000


def test_groups_that_cannot_be_compared_are_drawn_and_said_so():
    separated = draw_kaplan_meier([1, 2, 8, 9], [1, 1, 0, 0], [1, 1, 0, 0])
    assert any("no finite HR" in text for text in words(separated))
    apart = draw_kaplan_meier([1, 2, 8, 9], [0, 0, 1, 1], list("aabb"))
    assert "log-rank: nothing to compare" in words(apart)
    assert "no events" in words(draw_kaplan_meier([1, 2, 3], [0, 0, 0], list("aab")))
    with pytest.raises(EvaluationError, match="8 groups"):
        draw_kaplan_meier(np.arange(1, 9), np.ones(8), list("abcdefgh"))


def test_groups_are_drawn_in_the_order_of_categories():
    group = pd.Categorical(["low", "high", "low", "high"], ["low", "high"])
    figure = draw_kaplan_meier([3, 1, 4, 2], [1, 1, 0, 1], group)
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == ["low", "high"]


def test_patients_with_several_rows_are_told():
    figure = draw_kaplan_meier(
        [3, 1, 4, 2, 5], [1, 1, 0, 1, 1], list("ababa"), groups=[0, 0, 1, 1, 2]
    )
    assert any("rows as independent" in text for text in words(figure))


def test_a_forest_prints_its_numbers(tmp_path: Path):
    lung = load_lung()
    table = cox_univariate(lung.time, lung.status, lung[["age", "sex"]].assign(constant=1.0))
    figure = draw_forest(table, tmp_path / "forest.png")
    told = words(figure)
    for text in ("1.02 (1.00–1.04)", "0.59 (0.42–0.82)", "–", "0.042", "0.001", "constant"):
        assert text in told
    assert figure.axes[0].get_xscale() == "log"


def test_a_forest_of_endless_intervals_ends_in_arrows():
    table = pd.DataFrame(
        {"hazard_ratio": [1.5, 60.0], "low": [0.001, 2.0], "high": [900.0, 1e30]}, index=["a", "b"]
    )
    axes = draw_forest(table).axes[0]
    assert axes.get_xlim() == (1 / 50, 50)
    assert sorted(line.get_marker() for line in axes.lines if line.get_marker() in "<>") == [
        "<", ">", ">",
    ]  # fmt: skip


def test_a_forest_of_nothing():
    table = pd.DataFrame({"hazard_ratio": [np.nan], "low": [np.nan], "high": [np.nan]})
    with pytest.raises(EvaluationError, match="nothing to draw"):
        draw_forest(table)
    with pytest.raises(EvaluationError, match="needs the column 'low'"):
        draw_forest(table.drop(columns="low"))
    with pytest.raises(EvaluationError, match="give no logarithms"):
        draw_forest(table.fillna(-0.3))
