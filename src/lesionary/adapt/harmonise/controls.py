"""What ComBat is compared with: centring, and batches brought to a reference without shrinkage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lesionary.adapt.harmonise.harmoniser import FEWEST_NEW, Harmoniser
from lesionary.adapt.harmonise.shrinkage import Moments, Values


class Centring(Harmoniser):
    """Bring every batch to the mean of all (or of the reference). The control of all others.

    Parameters
    ----------
    reference_batch, outcome, fewest_new
        As of :class:`~lesionary.adapt.harmonise.ComBat`.

    Examples
    --------
    >>> Centring().fit_transform([[1.0], [3.0], [11.0], [13.0]], ["A", "A", "B", "B"]).tolist()
    [[6.0], [8.0], [6.0], [8.0]]
    """

    name = "centring"
    _needs_variance = False

    def __init__(
        self,
        *,
        reference_batch: Any = None,
        outcome: str | Sequence[str] | None = None,
        fewest_new: int = FEWEST_NEW,
    ) -> None:
        self.reference_batch = reference_batch
        self.outcome = outcome
        self.fewest_new = fewest_new

    def _effects(self, batch: Moments) -> tuple[Values, Values]:
        return batch.mean, np.ones_like(batch.mean)


class MComBat(Harmoniser):
    """M-ComBat (Stein et al., BMC Bioinformatics 16:63, 2015): all to one gold standard.

    Each batch is standardised by its own mean and standard deviation, and given those of the
    reference. After that nothing is left to shrink, so its empirical Bayes step changes nothing
    and is left out; :class:`~lesionary.adapt.harmonise.ComBat` with a ``reference_batch``
    shrinks. What covariates do is kept, as the paper's formula says (its script drops it).

    Parameters
    ----------
    reference_batch
        The gold standard; its rows stay as they are.
    outcome, fewest_new
        As of :class:`~lesionary.adapt.harmonise.ComBat`.
    """

    name = "m-combat"
    _pooled_ddof = 1

    def __init__(
        self,
        reference_batch: Any,
        *,
        outcome: str | Sequence[str] | None = None,
        fewest_new: int = FEWEST_NEW,
    ) -> None:
        self.reference_batch = reference_batch
        self.outcome = outcome
        self.fewest_new = fewest_new

    def _effects(self, batch: Moments) -> tuple[Values, Values]:
        return batch.mean, batch.variance
