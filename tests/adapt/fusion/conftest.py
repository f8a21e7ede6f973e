"""Blocks of which each tells something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from lesionary.adapt.fusion import Blocks, join_blocks


@dataclass(frozen=True)
class Study:
    """Two lesions a patient; the last lesions have no clinical data."""

    blocks: Blocks
    y: np.ndarray
    patients: np.ndarray
    split: np.ndarray

    @property
    def X(self) -> pd.DataFrame:  # noqa: N802
        return self.blocks.table


@pytest.fixture
def study() -> Study:
    rng = np.random.default_rng(0)
    n = 240
    y = rng.integers(0, 2, n // 2).repeat(2)
    ids = [f"l{i:03d}" for i in range(n)]

    def block(columns: int, effect: float) -> pd.DataFrame:
        values = rng.normal(size=(n, columns))
        values[:, 0] += effect * y
        table = pd.DataFrame(values, columns=[f"c{i}" for i in range(columns)])
        return table.assign(lesion_id=ids)

    blocks = join_blocks(
        {
            "deep": block(30, 1.2),
            "radiomics": block(8, 1.0),
            "clinical": block(2, 0.8).iloc[:-20],
        },
        ids,
    )
    patients = np.array([f"p{i // 2:03d}" for i in range(n)])
    split = np.repeat(["train", "tune", "test"], [120, 40, 80])
    return Study(blocks, y, patients, split)
