"""The demo shows what is in its tables, and the same seed shows the same."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from lesionary import read_cohort, read_scan
from lesionary.cli import app
from lesionary.encode import load_card, load_encoder, read_features, read_provenance
from lesionary.errors import CohortError, LesionaryError
from lesionary.phantom import PhantomConfig
from lesionary.study import Demo, run_demo
from lesionary.study.page import NOTICE

TINY = PhantomConfig(size="tiny")


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Demo:
    return run_demo(tmp_path_factory.mktemp("demo") / "made", 4, seed=1, config=TINY)


@pytest.fixture
def folder(demo) -> Path:
    return demo.page.parent


def test_every_lesion_has_its_card_with_what_the_tables_say(demo, folder):
    html = demo.page.read_text("utf-8")
    truth = pd.read_csv(folder / "truth.csv").set_index("lesion_id")
    split = pd.read_csv(folder / "split.csv").set_index("lesion_id")
    cards = re.findall(r"<article>.*?</article>", html, re.DOTALL)
    assert len(cards) == len(truth) == len(demo.cohort)
    for card in cards:
        lesion_id = re.search(r"<h3>(.*?)</h3>", card)[1]
        text = unescape(re.sub(r"<[^>]+>", " ", card))
        for fact in (
            truth.loc[lesion_id, "site"],
            f"{truth.loc[lesion_id, 'diameter_mm']:.0f} mm",
            "malignant" if truth.loc[lesion_id, "malignant"] else "benign",
            split.loc[lesion_id, "split"],
        ):
            assert fact in text
        assert (folder / "views" / f"{lesion_id}.png").read_bytes().startswith(b"\x89PNG")


def test_counts_on_the_page_are_those_of_the_cohort(demo):
    html = demo.page.read_text("utf-8")
    shown = dict(
        re.findall(r"<div><dt>([^<]*)</dt><dd>(\d+)</dd></div>", html.partition("<h2>")[0])
    )
    assert int(shown["patients"]) == demo.cohort.table["patient_id"].nunique() == 4
    assert int(shown["lesions"]) == len(demo.cohort)
    assert int(shown["malignant"]) == demo.cohort.table["malignant"].sum()
    assert int(shown["errors in the table"]) == 0


def test_no_patient_is_on_two_sides(demo):
    sides = demo.cohort.table.drop_duplicates(["patient_id", "split"])
    assert sides["patient_id"].is_unique
    assert set(demo.cohort.table["split"]) == {"train", "tune", "test"}


def test_the_patches_are_those_of_the_scans(demo, folder):
    with np.load(folder / "patches.npz", allow_pickle=False) as saved:
        patches = dict(zip(saved["lesion_id"].tolist(), saved["patches"], strict=True))
    cohort = read_cohort(folder / "cohort.csv")
    for row in cohort:
        patch = read_scan(cohort.image_path(row)).patch(cohort.seed_mm(row))
        np.testing.assert_array_equal(patches[row["lesion_id"]], patch)


def test_the_features_are_those_of_the_lesions(demo, folder):
    features = read_features(folder / "features.parquet")
    assert read_provenance(folder / "features.parquet")["encoders"][0]["name"] == "phantom_tiny"
    assert features["lesion_id"].tolist() == demo.cohort.table["lesion_id"].tolist()
    encoder, cohort = load_encoder("phantom_tiny"), read_cohort(folder / "cohort.csv")
    patches = [
        read_scan(cohort.image_path(row)).patch(cohort.seed_mm(row), encoder.card.input)
        for row in cohort
    ]
    with torch.no_grad():
        expected = encoder(torch.from_numpy(np.stack(patches))).numpy()
    found = features.drop(columns="lesion_id").to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_map_shows_every_lesion_with_its_facts_and_its_picture(demo, folder):
    html = demo.page.read_text("utf-8")
    data = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    truth = pd.read_csv(folder / "truth.csv").set_index("lesion_id")
    split = pd.read_csv(folder / "split.csv").set_index("lesion_id")
    points = {point["title"]: point for point in json.loads(data)}
    assert sorted(points) == sorted(demo.cohort.table["lesion_id"])
    for lesion_id, point in points.items():
        assert point["group"] == point["facts"]["site"] == truth.loc[lesion_id, "site"]
        assert point["facts"]["label"] == ["benign", "malignant"][truth.loc[lesion_id, "malignant"]]
        assert point["facts"]["split"] == split.loc[lesion_id, "split"]
        assert point["picture"] == f"#{lesion_id}"
        assert html.count(f'<img id="{lesion_id}" src="data:image/png;base64,') == 1
    for i in range(len(points)):
        assert html.count(f'<circle data-i="{i}" ') == 2  # PCA and t-SNE


def test_the_page_says_what_its_encoder_cannot_do(demo):
    text = unescape(demo.page.read_text("utf-8"))
    assert all(limit in text for limit in load_card("phantom_tiny").limits)


def test_nothing_is_fetched_from_elsewhere(demo):
    html = re.sub(r'"data:[^"]*"', '""', demo.page.read_text("utf-8"))
    assert not re.search(r"(https?:)?//[a-z]", html)
    assert not re.search(r'<(img|script|link)[^>]* (src|href)="[^"]', html)


def test_links_lead_to_files_and_the_notice_is_there(demo, folder):
    html = demo.page.read_text("utf-8")
    targets = re.findall(r'href="([^"]+)"', html)
    assert len(targets) > len(demo.cohort)
    assert [target for target in targets if not (folder / target).is_file()] == []
    assert NOTICE in html


def test_the_same_seed_makes_the_same_page(demo, tmp_path):
    again = run_demo(tmp_path, 4, seed=1, config=TINY)
    assert again.page.read_bytes() == demo.page.read_bytes()


def test_too_few_patients_for_three_splits(tmp_path):
    with pytest.raises(CohortError, match="too few"):
        run_demo(tmp_path, 2, seed=1, config=TINY)
    assert CliRunner().invoke(app, ["demo", "--patients", "3"]).exit_code == 2


def test_the_command_runs_again_in_the_same_folder_and_says_what_it_wrote(
    demo, folder, monkeypatch
):
    before = demo.page.read_bytes()

    def tiny(folder: Path, patients: int, seed: int) -> Demo:
        return run_demo(folder, patients, seed, TINY)

    monkeypatch.setattr("lesionary.study.run_demo", tiny)
    words = ["demo", "--out", str(folder), "--patients", "4", "--seed", "1"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "4 patients" in result.output
    assert str(folder / "index.html") in result.output.replace("\n", "")
    assert demo.page.read_bytes() == before


def test_another_seed_does_not_mix_into_the_folder(demo, folder):
    with pytest.raises(LesionaryError, match="another seed"):
        run_demo(folder, 4, seed=2, config=TINY)
