"""How weights follow gradients: LARS, and the learning rate over the run."""

from __future__ import annotations

from lesionary.train.optim.lars import LARS
from lesionary.train.optim.schedule import warmup_cosine

__all__ = ["LARS", "warmup_cosine"]
