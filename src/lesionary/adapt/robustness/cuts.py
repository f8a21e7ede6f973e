"""What counts as agreement: the user's to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.errors import ModelError
from lesionary.evaluate.reliability.table import METRICS
from lesionary.spelling import hint


@dataclass(frozen=True)
class CutOffs:
    """When a feature agrees.

    Parameters
    ----------
    metric
        ``ccc``, ``icc11``, ``icc21``, ``icc31``, ``icc1k``, ``icc2k`` or ``icc3k``.
    repeatable
        Of repeats under one condition, at least.
    reproducible
        Across conditions, at least.
    by
        Whether the value has to reach it, or the lower bound of its interval.
    qcd
        Quartile coefficient of dispersion across conditions, at most; None: not asked.
    level
        Of the intervals.
    """

    metric: str = "ccc"
    repeatable: float = 0.9
    reproducible: float = 0.9
    by: Literal["value", "low"] = "value"
    qcd: float | None = None
    level: float = 0.95

    def __post_init__(self) -> None:
        known = [name for name in METRICS if name != "qcd"]
        if self.metric not in known:
            raise ModelError(f"There is no agreement {self.metric!r}{hint(self.metric, known)}.")
        if self.by not in ("value", "low"):
            raise ModelError(f"A cut-off is reached by 'value' or 'low', not {self.by!r}.")
        for name in ("repeatable", "reproducible"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ModelError(f"{name} lies in (0, 1], not {getattr(self, name)}.")
        if self.qcd is not None and not self.qcd > 0.0:
            raise ModelError(f"The highest QCD is above 0, not {self.qcd}.")

    def agrees(self, table: pd.DataFrame, least: float, *, dispersion: bool) -> NDArray[np.bool_]:
        """Say of each feature whether it agrees (a value that is missing does not).

        Parameters
        ----------
        table : DataFrame
            Of :func:`~lesionary.evaluate.reliability.agreement_table`, of some metrics.
        least
            Of the metric.
        dispersion
            Whether the QCD is asked, too.
        """
        one = table[table["metric"] == self.metric]
        fine: NDArray[np.bool_] = one[self.by].to_numpy(np.float64) >= least
        if dispersion and self.qcd is not None:
            fine = fine & (
                table[table["metric"] == "qcd"]["value"].to_numpy(np.float64) <= self.qcd
            )
        return fine
