"""The page of an exploration is self-contained, true to the table, and its script runs."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_curve
from typer.testing import CliRunner

from lesionary.cli.features_explore import explore as command
from lesionary.errors import EvaluationError
from lesionary.evaluate.explore import explore, read_feature_rows
from lesionary.study import explore_data
from lesionary.study.explore import write_exploration
from lesionary.study.explore_data import page_data
from lesionary.study.explore_page import exploration_page

NASTY = "</script><script>alert('x')</script> & \"quotes\""

# What a page has of a browser's document, so that its script can run and tell what it drew.
DOCUMENT = """
class El { constructor(t) { Object.assign(this, {tag: t, children: [], style: {}, dataset: {},
    textContent: "", value: "", classList: {toggle() {}}}); }
  append(...c) { this.children.push(...c); } replaceChildren(...c) { this.children = c; }
  setAttribute() {} scrollIntoView() {}
  getContext() { return {createImageData: (w, h) => ({data: new Uint8ClampedArray(4 * w * h)}),
    putImageData: (i) => { this.image = i; }}; }
  getBoundingClientRect() { return {top: 0, left: 0, width: 100, height: 100}; } }
const html = require("fs").readFileSync(0, "utf8"), nodes = {};
const absent = (s) => s[0] === "#" && !html.includes(`id="${s.slice(1)}"`);
const find = (s) => nodes[s] ??= absent(s) ? null : new El(s);
globalThis.document = {getElementById: (i) => find("#" + i), querySelector: find,
  querySelectorAll: () => [], createElement: (t) => new El(t)};
find("#explore-data").textContent = html.match(/id="explore-data">([^]*?)<\\/script>/)[1];
(0, eval)([...html.matchAll(/<script>([^]*?)<\\/script>/g)].at(-1)[1]);
const text = (n) => typeof n === "string" ? n : n.textContent + n.children.map(text).join("|");
const rows = () => find(".rows tbody").children.map(text);
const drawn = (n) => (n.innerHTML ?? "") + (n.children ?? []).map(drawn).join("");
"""


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 50
    late = np.arange(n) % 2
    table = pd.DataFrame({"lesion_id": [f"secret{k}" for k in range(n)], "late": late})
    table["volume"] = rng.lognormal(size=n)
    table["texture"] = (rng.normal(size=n) + late).round(1)
    table["gappy"] = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))
    table[NASTY] = rng.normal(size=n)
    table["flat"] = 1.0
    return table


def found(table: pd.DataFrame, **options):
    return explore(read_feature_rows(table, **{"label": "late", "volume": "volume", **options}))


def in_browser(page: str, tell: str) -> str:
    """Run a page's script where there is a JavaScript, then ``tell``, and return what it prints."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to run the page's script")
    done = subprocess.run(
        [node, "-e", DOCUMENT + tell],
        input=page,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_fetches_nothing_and_tells_no_identifier(table, tmp_path):
    written = write_exploration(found(table), tmp_path / "page.html", source=NASTY, command=NASTY)
    html = written.page.read_text("utf-8")
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", html)
    assert "secret" not in html
    assert html.count("<script") == html.count("</script>") == 2
    assert "<script>alert" not in html
    assert "texture" in html


def test_the_statistics_are_the_table_beside_the_page(table, tmp_path):
    explored = found(table)
    written = write_exploration(explored, tmp_path / "page.html")
    again = pd.read_csv(written.statistics, keep_default_na=False, na_values=[""])
    assert list(again) == list(explored.statistics)
    assert again["auc"].to_numpy() == pytest.approx(explored.statistics["auc"].to_numpy())
    assert again["feature"].tolist() == list(explored.rows.features)
    assert written.errors is None


def test_what_the_page_draws_from_is_what_was_given(table):
    explored = found(table)
    data = json.loads(json.dumps(page_data(explored), allow_nan=False))
    values = np.frombuffer(base64.b64decode(data["values"]), "<f4").reshape(-1, 50)
    for name, place in zip(data["features"], data["at"], strict=True):
        np.testing.assert_array_equal(values[place], table[name].to_numpy(np.float32))
    label = np.frombuffer(base64.b64decode(data["label"]), np.uint8)
    assert label.tolist() == table["late"].tolist()
    order = data["map"]["order"]
    rho = np.frombuffer(base64.b64decode(data["map"]["rho"]), np.int8)
    assert len(rho) == len(order) * (len(order) + 1) // 2
    truth = explored.correlation[order[0], order[1]]
    assert rho[1] == pytest.approx(100 * truth, abs=0.51)
    assert data["columns"]["auc"][1] == pytest.approx(explored.statistics["auc"][1], rel=1e-4)
    assert data["columns"]["p"][4] is None


def test_a_page_stays_small(table, monkeypatch):
    monkeypatch.setattr(explore_data, "MOST_VALUES", 100)
    monkeypatch.setattr(explore_data, "MOST_IN_MAP", 2)
    explored = found(table)
    data = page_data(explored)
    best = explored.statistics["p"].nsmallest(2).index
    assert {k for k, place in enumerate(data["at"]) if place >= 0} == set(best)
    assert len(base64.b64decode(data["values"])) == 4 * 100
    assert len(data["map"]["order"]) == 2


def test_values_too_large_for_the_page_are_not_drawn(table):
    table["texture"] *= 1e300
    data = page_data(found(table))
    assert [place >= 0 for place in data["at"]] == [True, False, True, True, True]


def test_the_script_sorts_searches_and_draws(table, tmp_path):
    explored = found(table)
    page = write_exploration(explored, tmp_path / "page.html").page.read_text("utf-8")
    told = in_browser(
        page,
        """
        console.log(rows()[0].split("|")[0] || rows()[0]);
        find("#search").value = "TEX ure"; find("#search").oninput();
        console.log(rows().length, text(find(".count")));
        find("#search").value = ""; find("#search").oninput();
        find(".rows thead").children[0].children[1].children[0].onclick();
        console.log(JSON.stringify(rows().map((r) => r.split("|")[1])));
        find(".map canvas").onpointermove({clientX: 99, clientY: 1});
        console.log(text(find(".map .pair")).split("|")[0]);
        console.log(find(".map canvas").image.data.length);
        """,
    ).splitlines()
    assert "texture" in told[0]
    assert told[1] == "1 1 of 1 found, 5 in all"
    areas = [float(one) for one in json.loads(told[2])]
    assert areas == pytest.approx(sorted(explored.statistics["auc"]), abs=6e-4)
    order = explored.clusters.order
    assert float(told[3]) == pytest.approx(explored.correlation[order[0], order[-1]], abs=0.011)
    assert int(told[4]) == 4 * len(order) ** 2


def test_the_roc_curve_that_is_drawn_is_scikit_learns(table, tmp_path):
    explored = found(table)
    page = write_exploration(explored, tmp_path / "page.html").page.read_text("utf-8")
    told = in_browser(page, 'console.log(drawn(find(".detail")));')  # texture has the least p
    curve = re.findall(r'stroke-width="2" d="(M[^"]*)"', told[told.index("ROC curve") :])[0]
    points = np.array([[float(x) for x in one.split()] for one in re.split("[ML]", curve)[1:]])
    share = (points - points[0]) / (points[-1] - points[0])
    false, true, _ = roc_curve(table["late"], table["texture"], drop_intermediate=False)
    assert share == pytest.approx(np.stack([false, true], axis=1), abs=1e-3)


def test_pages_of_several_classes_and_of_none(table, tmp_path):
    table["stage"] = np.arange(50) % 3
    several = found(table.drop(columns="late"), label="stage")
    page = write_exploration(several, tmp_path / "several.html").page.read_text("utf-8")
    assert "Kruskal" in page
    told = in_browser(page, 'console.log(drawn(find(".detail")).match(/ROC curve[^]*/)[0]);')
    assert told.count('stroke-width="2"') == 3
    none = found(table[["lesion_id", "volume", "texture", NASTY]], label=None)
    page = write_exploration(none, tmp_path / "none.html").page.read_text("utf-8")
    assert 'id="p-values"' not in page
    assert "Histogram of correlations" in in_browser(
        page, 'console.log(find("#by-volume").innerHTML);'
    )


def test_of_a_volume_that_speaks_for_the_other_class_the_page_says_so(table):
    smaller = table.assign(volume=table["volume"] - 0.5 * table["late"])
    larger = table.assign(volume=table["volume"] + 0.5 * table["late"])
    area = found(smaller).volume[0].value
    assert area < 0.5
    told = exploration_page(found(smaller), "f", "f.csv", "c")
    assert f"the AUC of small volume is {1 - area:.3f}" in told
    assert "small volume" not in exploration_page(found(larger), "f", "f.csv", "c")


def test_a_class_that_is_a_number_is_not_taken_for_a_value(table):
    told = page_data(found(table))["areas"][0][-1]
    assert told == "AUC of late 1"
    words = table.assign(late=np.where(table["late"] == 1, "yes", "no"))
    assert page_data(found(words))["areas"][0][-1] == "AUC of yes"


def test_the_command_line(table, tmp_path, monkeypatch):
    import typer

    app = typer.Typer()
    app.command()(command)
    monkeypatch.chdir(tmp_path)
    outcome = table[["lesion_id", "late"]].iloc[2:]
    outcome.to_csv("outcome.csv", index=False)
    table.drop(columns="late").to_csv("features.csv", index=False)
    words = ["features.csv", "--table", "outcome.csv", "--label", "late", "--volume", "volume"]
    done = CliRunner().invoke(app, [*words, "--out", "out/page.html"])
    assert done.exit_code == 3
    assert "volume: AUC" in done.output
    assert "Set aside 2 rows" in done.output
    assert pd.read_csv("out/errors.csv")["row"].tolist() == [2, 3]
    table.to_csv("features.csv", index=False)
    words = ["features.csv", "--label", "late", "--out", "out/page.html"]
    done = CliRunner().invoke(app, [*words, "--correlations", "out/rho.csv"])
    assert done.exit_code == 0
    rho = pd.read_csv("out/rho.csv", index_col="feature")
    numbers = table.drop(columns=["lesion_id", "late"])
    pd.testing.assert_frame_equal(
        rho.drop(columns="flat").drop(index="flat"),
        numbers.drop(columns="flat").corr("spearman"),
        check_names=False,
        atol=6e-5,
    )
    assert rho["flat"].isna().all()
    wrong = CliRunner().invoke(app, [*words, "--correlations", "rho.xlsx"])
    assert "neither in .csv nor in .parquet" in str(wrong.exception)
    assert not (tmp_path / "out" / "errors.csv").exists()
    wrong = CliRunner().invoke(app, ["features.csv", "--label", "late", "--out", "page.pdf"])
    assert isinstance(wrong.exception, EvaluationError)
    assert "end in .html" in str(wrong.exception)
