"""The published numbers of three models on CQ500, head CT triage, all training data."""

from __future__ import annotations

import pandas as pd
import pytest

from lesionary.evaluate.metrics import auc, f1

PUBLISHED = {
    "ct_fm_100pct": (0.794, 0.754),
    "baseline_100pct": (0.767, 0.728),
    "suprem_unetencoder_100pct": (0.793, 0.745),
}


@pytest.fixture(scope="module")
def cq500(real_data):
    file = real_data / "tables" / "ctfm_predictions" / "CQ500_combined_predictions.csv"
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    return pd.read_csv(file)


@pytest.mark.real_data
@pytest.mark.parametrize("model", PUBLISHED)
def test_auc_and_f1_are_the_published_ones(cq500, model):
    """F1 is that of the positive class at 0.5; the published numbers have three digits."""
    expected_auc, expected_f1 = PUBLISHED[model]
    area = auc(cq500["label"], cq500[model], interval="delong")
    assert area.value == pytest.approx(expected_auc, abs=0.0006)
    assert (area.n, area.events) == (489, 268)
    assert area.low < expected_auc < area.high
    assert f1(cq500["label"], cq500[model]).value == pytest.approx(expected_f1, abs=0.0006)


@pytest.mark.real_data
def test_model_that_decides_nothing_positive_has_an_f1_of_0(cq500):
    result = f1(cq500["label"], cq500["ct_fm_5pct"])
    assert (result.value, result.low) == (0.0, None)
    assert "same in every resample" in result.notes[0]
