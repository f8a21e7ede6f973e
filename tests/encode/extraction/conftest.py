"""A small cohort on disk, and an encoder that needs no network zoo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch

from lesionary.encode import ModelCard, load_card

SIZES = {"a": 3, "b": 2, "c": 4, "d": 2}
"""Lesions of each scan."""


def write_scan(path: Path, seed: int) -> None:
    voxels = np.random.default_rng(seed).integers(-900, 300, (16, 36, 40)).astype(np.int16)
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((1.2, 1.1, 2.5))
    image.SetOrigin((-20.0, 5.0, -100.0))
    sitk.WriteImage(image, str(path))


@pytest.fixture
def cohort_csv(tmp_path: Path) -> Path:
    """Eleven lesions of four scans, shuffled, so that the scans' lesions are not neighbours."""
    random = np.random.default_rng(1)
    rows = []
    for number, (name, count) in enumerate(SIZES.items()):
        write_scan(tmp_path / f"{name}.nii.gz", number)
        for i in range(count):
            x, y, z = random.uniform((-15, 10, -95), (20, 40, -70))
            rows.append((f"{name}{i}", name, f"{name}.nii.gz", x, y, z, i % 2))
    names = ["lesion_id", "patient_id", "image_path", "coordX", "coordY", "coordZ", "label"]
    table = pd.DataFrame(rows, columns=names).sample(frac=1, random_state=3)
    table.to_csv(tmp_path / "cohort.csv", index=False)
    return tmp_path / "cohort.csv"


class Tiny(torch.nn.Module):
    """Two convolutions and a mean, of seeded weights."""

    def __init__(self, name: str = "tiny", recipe: str = "lesion", seed: int = 0) -> None:
        super().__init__()
        card = load_card("phantom_tiny")
        values = {"name": name, "dimension": 6, "input": small(recipe), "weights": None}
        self.card: ModelCard = card.model_copy(update=values)
        self.weights_hash = f"{seed:064d}"
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.network = torch.nn.Sequential(
                torch.nn.Conv3d(1, 4, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv3d(4, 6, 3)
            )

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.network(patches).mean((2, 3, 4))
        return features


def small(recipe: str):
    from lesionary.scan import load_recipe

    return load_recipe(recipe).model_copy(update={"size_vox": (20, 20, 20)})


@pytest.fixture
def tiny() -> type[Tiny]:
    return Tiny
