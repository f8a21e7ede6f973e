"""A cohort whose lesions are bright or dark, and an encoder small enough to train in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import yaml

from lesionary.encode import load_card

SIZE = 12
SPLITS = ["train"] * 6 + ["tune"] * 3 + ["test"] * 2
SEEDS_MM = [(9.0, 9.0, 9.0), (22.0, 9.0, 22.0), (9.0, 22.0, 9.0), (22.0, 22.0, 22.0)]


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-four lesions of eleven patients; the brighter, the sooner the end."""
    folder = tmp_path_factory.mktemp("cohort")
    rng = np.random.default_rng(0)
    rows = []
    for patient, split in enumerate(SPLITS):
        voxels = rng.normal(-800, 30, (32, 32, 32))
        z, y, x = np.indices(voxels.shape)
        for i, seed in enumerate(SEEDS_MM):
            kind = int(rng.integers(3)) if i else patient % 3
            ball = (x - seed[0]) ** 2 + (y - seed[1]) ** 2 + (z - seed[2]) ** 2 < 16
            voxels[ball] += (0, 500, 1000)[kind]
            row = {
                "lesion_id": f"p{patient}-{i}",
                "patient_id": f"p{patient}",
                "image_path": f"p{patient}.nii.gz",
                **dict(zip(("coordX", "coordY", "coordZ"), seed, strict=True)),
                "split": split,
                "kind": ("air", "fat", "bone")[kind],
                "bright": int(kind > 0),
                "time": round(10 * rng.random() + 20 * (2 - kind), 1),
                "event": int(rng.random() < 0.8),
            }
            rows.append(row)
        image = sitk.GetImageFromArray(voxels.astype(np.int16))
        sitk.WriteImage(image, str(folder / f"p{patient}.nii.gz"))
    pd.DataFrame(rows).to_csv(folder / "cohort.csv", index=False)
    return folder / "cohort.csv"


@pytest.fixture(scope="session")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of an untrained encoder of 8 features, from patches of 12 voxels."""
    ours = load_card("phantom_tiny")
    values: dict[str, Any] = {
        "name": "small",
        "title": "Small",
        "network": {
            "kind": "convolutions",
            "arguments": {"channels": [[4, 4], [8, 8]], "norm": "batch", "shrink_by": "pool"},
        },
        "input": ours.input.model_dump(mode="json")
        | {"size_vox": [SIZE] * 3, "intensity": {"low": -800, "high": -300}},
        "dimension": 8,
        "parameters": 1,
        "code_licence": "MIT",
        "weights_licence": "MIT",
        "citation": "none",
        "training_data": "none",
    }
    path = tmp_path_factory.mktemp("card") / "small.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all runs of the session keep their patches."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def settings(
    cohort: Path, card: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """A training file that takes a second; drawing the curves would take as long again."""
    monkeypatch.setattr("lesionary.train.curves.draw_curves", lambda *args, **kwargs: None)
    return {
        "run": str(tmp_path / "run"),
        "encoder": str(card),
        "data": {"cohort": str(cohort), "store": str(store / "patches"), "margin_vox": 2},
        "target": {"label": "kind", "kind": "classes"},
        "head": {"hidden": [16]},
        "views": {"view": [{"flip": {"probability": 0.5}}]},
        "training": {"epochs": 4, "batch_size": 8},
        "optimizer": {"name": "adam", "lr": 0.01, "per_batch": None, "weight_decay": 0},
        "schedule": {"shape": "constant"},
        "machine": {
            "accelerator": "cpu",
            "devices": 1,
            "workers": 0,
            "loggers": [],
            "log_every": 1,
        },
    }
