"""Known tables, and one that is made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_gbsg2, load_lung, load_rossi


@pytest.fixture(scope="session")
def rossi() -> pd.DataFrame:
    """432 convicts, 114 arrests, many ties."""
    return load_rossi().rename(columns={"week": "time", "arrest": "event"})


@pytest.fixture(scope="session")
def rossi_columns(rossi: pd.DataFrame) -> list[str]:
    return [name for name in rossi if name not in ("time", "event")]


@pytest.fixture(scope="session")
def gbsg2() -> pd.DataFrame:
    """686 patients with breast cancer, with columns of text."""
    return load_gbsg2().rename(columns={"cens": "event"})


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    """228 patients with lung cancer, with missing values."""
    return load_lung().rename(columns={"status": "event"})


@pytest.fixture
def made() -> pd.DataFrame:
    """200 patients of whom two of twenty columns matter, without ties."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 20))
    time = rng.exponential(np.exp(-x[:, 0] + 0.5 * x[:, 1]))
    until = rng.exponential(2, 200)
    table = pd.DataFrame(x, columns=[f"x{i}" for i in range(20)])
    return table.assign(time=np.minimum(time, until), event=(time <= until).astype(int))
