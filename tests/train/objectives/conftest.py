"""Values of the published implementations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

DATA = Path(__file__).resolve().parent.parent / "data"


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    return json.loads((DATA / "objectives.json").read_text())


@pytest.fixture(scope="session")
def given() -> Callable[..., list[torch.Tensor]]:
    """Inputs of one case, by name, each a fresh tensor that can take a gradient."""
    arrays = np.load(DATA / "objectives.npz")

    def read(case: str, *names: str) -> list[torch.Tensor]:
        return [torch.tensor(arrays[f"{case}/{name}"]) for name in names]

    return read
