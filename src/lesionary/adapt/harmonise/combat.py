"""ComBat: what batches do to location and scale, shrunk over features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lesionary.adapt.harmonise.harmoniser import FEWEST_NEW, Harmoniser
from lesionary.adapt.harmonise.shrinkage import (
    Moments,
    Values,
    nonparametric,
    parametric,
    parametric_mean,
)


class ComBat(Harmoniser):
    """ComBat (Johnson, Li & Rabinovic, Biostatistics 8:118, 2007), for one batch effect.

    Each feature is standardised by the mean and the spread of all batches (or of the reference);
    a batch's location and scale are estimated, shrunk towards those of its other features, and
    taken out. Fit on training rows, transform everybody.

    ComBat removes *one* effect at a time, and takes it to be the same for every patient of a
    batch. Where batches differ in biology, covariates keep it; the outcome is never one of them.

    Parameters
    ----------
    parametric
        Whether the prior has a form (normal and inverse gamma), or is that of the other
        features as they are.
    reference_batch : optional
        The batch to which all others are brought; its own rows stay as they are.
    mean_only
        Take out the location only, and leave the spread.
    shrink
        Whether features borrow from each other. Without, each stands alone.
    outcome : str or sequence of str, optional
        Names of outcomes, which are refused as covariates and features. ``time`` and ``event``
        always are.
    fewest_new
        Rows of a batch that was not in training, below which it is not estimated.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scanner = np.repeat(["A", "B"], 50)
    >>> features = rng.normal(size=(100, 30)) + 3.0 * (scanner == "B")[:, None]
    >>> harmonised = ComBat().fit_transform(features, scanner)
    >>> gap = harmonised[scanner == "B"].mean(axis=0) - harmonised[scanner == "A"].mean(axis=0)
    >>> bool(abs(gap).max() < 0.4)
    True
    """

    name = "combat"

    def __init__(
        self,
        *,
        parametric: bool = True,
        reference_batch: Any = None,
        mean_only: bool = False,
        shrink: bool = True,
        outcome: str | Sequence[str] | None = None,
        fewest_new: int = FEWEST_NEW,
    ) -> None:
        self.parametric = parametric
        self.reference_batch = reference_batch
        self.mean_only = mean_only
        self.shrink = shrink
        self.outcome = outcome
        self.fewest_new = fewest_new

    @property
    def _needs_variance(self) -> bool:  # type: ignore[override]
        return not self.mean_only

    def _effects(self, batch: Moments) -> tuple[Values, Values]:
        if self.mean_only:
            batch = replace(batch, variance=np.ones_like(batch.mean))
        if not self.shrink:
            return batch.mean, batch.variance
        if not self.parametric:
            return nonparametric(batch)
        if self.mean_only:
            return parametric_mean(batch), batch.variance
        return parametric(batch)
