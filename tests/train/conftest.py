"""A small cohort of noise, and a network that learns from it in milliseconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from lesionary.scan import read_scan, write_scan
from lesionary.train import PretrainConfig, load_pretraining

SIDE = 16
"""Of a patch, in voxels of 1 mm."""


def write_patient(path: Path, seed: int, bright: bool) -> None:
    """Write a scan: a cylinder of noise around the z axis, in air; bright ones differ in HU."""
    z, y, x = np.ogrid[:48, :48, :48]
    inside = (y - 24) ** 2 + (x - 24) ** 2 < 20**2
    noise = np.random.default_rng(seed).normal(150 if bright else 0, 40, (48, 48, 48))
    voxels = np.where(inside & (z >= 0), noise, -1000).astype(np.int16)
    write_scan(read_scan(voxels, affine=np.diag([2.0, 2.0, 2.0, 1.0])), path)


def make_cohort(folder: Path, patients: int = 6) -> Path:
    """Write scans with two lesions each; two of three patients are for training."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(patients):
        bright = number % 2 == 0
        write_patient(folder / f"{number}.nii", number, bright)
        for lesion in range(2):
            x, y, z = rng.uniform(35, 60, 3).tolist()
            split = "tune" if number % 3 == 2 else "train"
            kind = "bright" if bright else "dark"
            name = f"{number}-{lesion}"
            rows.append((name, f"p{number}", f"{number}.nii", x, y, z, split, kind))
    columns = ["lesion_id", "patient_id", "image_path", "coordX", "coordY", "coordZ"]
    table = pd.DataFrame(rows, columns=[*columns, "split", "kind"])
    table.to_csv(folder / "cohort.csv", index=False)
    return folder / "cohort.csv"


def write_card(path: Path, **network: Any) -> Path:
    """Write the card of a small ResNet."""
    arguments = {
        "block": "basic",
        "layers": [1, 1, 1, 1],
        "block_inplanes": [4, 8, 8, 16],
        "conv1_t_stride": 2,
    }
    recipe = {
        "name": "small",
        "size_vox": [SIDE] * 3,
        "intensity": {"low": -1024.0, "high": 2048.0},
    }
    card = {
        "name": "small",
        "title": "Small",
        "network": {"kind": "resnet", "arguments": arguments} | network,
        "input": recipe,
        "dimension": 16,
        "parameters": 1,
        "code_licence": "MIT",
        "weights_licence": "none",
        "citation": "none",
        "training_data": "none",
    }
    path.write_text(yaml.safe_dump(card), encoding="utf-8")
    return path


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no curves of the many small runs; it takes longer than they do."""
    monkeypatch.setattr("lesionary.train.curves.draw_curves", lambda *_, **__: None)


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_card(tmp_path_factory.mktemp("card") / "small.yaml")


@pytest.fixture(scope="session")
def settings(cohort: Path, small: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Make a training small enough for a test, whatever the file: as ``--set`` takes it."""
    return [
        f"data.cohort={cohort}",
        f"data.store={tmp_path_factory.mktemp('stores') / 'store'}",
        "data.margin_vox=2",
        "data.backgrounds=3",
        f"encoder={small}",
        "training={epochs: 2, batch_size: 4}",
        "machine={accelerator: cpu, devices: 1, workers: 0, loggers: [], log_every: 1}",
    ]


@pytest.fixture
def tiny(settings: list[str], tmp_path: Path) -> PretrainConfig:
    """Return FMCIB's file for the small network and cohort."""
    return load_pretraining("fmcib", [*settings, f"run={tmp_path / 'run'}", "objective.hidden=8"])
