"""Which features are the lesion's size in other words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress, pearsonr, rankdata, spearmanr

from lesionary.adapt.selection import selector_chain, volume_confounding
from lesionary.errors import ModelError


@pytest.fixture
def lesions() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    volume = rng.lognormal(size=150)
    y = (volume + 0.5 * rng.normal(size=150) > 1).astype(int)
    table = pd.DataFrame(
        {
            "energy": volume**2,
            "inverse": 1 / volume,
            "noise": rng.normal(size=150),
            "related": np.log(volume) + 1.5 * rng.normal(size=150),
            "marker": y + 0.7 * rng.normal(size=150),
            "constant": np.ones(150),
        }
    )
    return table, volume, y


def test_verdicts(lesions: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    table, volume, y = lesions
    found = volume_confounding(table, volume, y).set_index("feature")
    assert found["verdict"].to_dict() == {
        "energy": "stands in for volume",
        "inverse": "stands in for volume",
        "related": "related to volume",
        "marker": "related to volume; tells more",
        "noise": "no relation seen",
        "constant": "constant",
    }
    assert found.loc["inverse", "spearman"] == -1
    assert found.loc["energy", "auc"] == found.loc["energy", "volume_auc"]
    assert found.loc["energy", "partial"] == 0


def test_numbers_are_scipys(lesions: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    table, volume, y = lesions
    found = volume_confounding(table, volume, y).set_index("feature")
    for name in ("noise", "related", "marker"):
        rho = spearmanr(table[name], volume)
        assert found.loc[name, "spearman"] == pytest.approx(rho.statistic, rel=1e-10)
        assert found.loc[name, "p"] == pytest.approx(rho.pvalue, rel=1e-8)
        ranks = rankdata(volume)
        left = []
        for one in (rankdata(table[name]), y):
            line = linregress(ranks, one)
            left.append(one - line.intercept - line.slope * ranks)
        assert found.loc[name, "partial"] == pytest.approx(pearsonr(*left).statistic, rel=1e-10)


def test_the_interval_covers() -> None:
    rng = np.random.default_rng(1)
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's of a bivariate normal
    both = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=(400, 60))
    inside = 0
    for sample in both:
        row = volume_confounding(pd.DataFrame({"f": sample[:, 0]}), np.exp(sample[:, 1])).iloc[0]
        inside += row["low"] <= truth <= row["high"]
    assert 0.92 <= inside / 400 <= 0.98


def test_patients_widen_the_interval(
    lesions: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    table, volume, _ = lesions
    rows = volume_confounding(table[["related"]], volume).iloc[0]
    clustered = volume_confounding(table[["related"]], volume, groups=np.arange(150) // 5).iloc[0]
    assert clustered["patients"] == 30
    assert clustered["high"] - clustered["low"] > 1.8 * (rows["high"] - rows["low"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"volume": np.ones(150)}, "All volumes are the same"),
        ({"volume": "size"}, "no column 'size'"),
        ({"volume": -np.ones(150)}, "0 or more"),
        ({"volume": np.ones(149)}, "one number a lesion"),
        ({"y": np.arange(150) % 3}, "two classes"),
        ({"groups": np.arange(150) % 3}, "3 patients are too few"),
    ],
)
def test_bad_input(
    lesions: tuple[pd.DataFrame, np.ndarray, np.ndarray], change: dict, message: str
) -> None:
    table, volume, y = lesions
    with pytest.raises(ModelError, match=message):
        volume_confounding(**{"features": table, "volume": volume, "y": y} | change)


def test_missing_features_are_named(
    lesions: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    table, volume, _ = lesions
    with pytest.raises(ModelError, match="'noise'"):
        volume_confounding(table.assign(noise=np.nan), volume)


@pytest.mark.real_data
def test_published_radiomics_of_lung_tumours(real_data: Path) -> None:
    folder = real_data / "tables" / "lung1"
    table = pd.read_excel(folder / "extracted_features_full.xlsx")
    names = [
        c
        for c in table
        if c.split("_")[0]
        in ("original", "logarithm", "exponential", "gradient", "square", "squareroot", "lbp-2D")
        or c.startswith(("log-", "wavelet"))
    ]
    features = table[names].astype(float)
    volume = "original_shape_MeshVolume"
    found = volume_confounding(features, volume).set_index("feature")
    assert len(found) == features.shape[1] - 1
    rho = spearmanr(features["original_shape_VoxelVolume"], features[volume]).statistic
    assert found.loc["original_shape_VoxelVolume", "spearman"] == pytest.approx(rho, abs=1e-12)
    assert found.loc["original_shape_VoxelVolume", "verdict"] == "stands in for volume"
    assert (found["verdict"] == "stands in for volume").mean() > 0.1
    chain = selector_chain(["variance", "correlation"]).fit(features)
    kept = features[chain.get_feature_names_out()]
    absolute = np.abs(spearmanr(kept).statistic) - np.eye(kept.shape[1])
    assert absolute.max() <= 0.85
    assert kept.shape[1] < features.shape[1] / 3
