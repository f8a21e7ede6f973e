"""Made features of three scanners, and patients with age and sex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest


@dataclass
class Made:
    features: pd.DataFrame
    batch: pd.Series
    covariates: pd.DataFrame


@pytest.fixture
def made() -> Made:
    rng = np.random.default_rng(5)
    n, p = 90, 12
    batch = np.repeat(["A", "B", "C"], [40, 30, 20])
    age, sex = rng.normal(60, 8, n), rng.choice(["f", "m"], n)
    values = rng.normal(size=(n, p)) * np.arange(1, p + 1) + 0.1 * age[:, None]
    values[batch == "B"] = values[batch == "B"] * 1.6 + rng.normal(3, 1, p)
    values[batch == "C"] = values[batch == "C"] * 0.6 - rng.normal(2, 1, p)
    index = [f"lesion{i}" for i in range(n)]
    return Made(
        pd.DataFrame(values, index=index, columns=[f"f{j}" for j in range(p)]),
        pd.Series(batch, index=index),
        pd.DataFrame({"age": age, "sex": sex}, index=index),
    )
