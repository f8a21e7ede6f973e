"""Wilcoxon's signed-rank test over patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.registry import kernel_of

MEANS_OF_ROWS = ("accuracy", "brier", "log_loss")
"""Metrics that one patient's rows have for themselves."""

_CELLS = 1 << 22  # weights that are held at once
_DIGITS = 12  # differences nearer to each other than this are ties


def signed_rank(
    metric: str, first: Labelled, second: Labelled, threshold: float = 0.5
) -> tuple[float, tuple[str, ...]]:
    """Test whether patients' differences between two models lie about 0, two-sided.

    A patient's difference is that of the metric over his or her own rows. Patients without a
    difference are left out, as Wilcoxon did. p is exact for at most 50 patients without ties,
    else of the normal approximation.

    Returns
    -------
    p : float
    notes : tuple of str
        How many patients it rests on.
    """
    ahead = np.round(_by_patient(metric, first, threshold), _DIGITS)
    ahead -= np.round(_by_patient(metric, second, threshold), _DIGITS)
    ahead = np.round(ahead[np.abs(ahead) > 10.0**-_DIGITS], _DIGITS)
    kind = "patients" if first.grouped else "rows"
    if len(ahead) == 0:
        return 1.0, (f"The models do not differ on any of the {kind}.",)
    exact = len(ahead) <= 50 and len(np.unique(np.abs(ahead))) == len(ahead)
    p = wilcoxon(ahead, method="exact" if exact else "asymptotic").pvalue
    how = "exact" if exact else "normal approximation"
    return float(p), (f"{len(ahead):,} {kind} on which the models differ: {how}.",)


def _by_patient(metric: str, rows: Labelled, threshold: float) -> NDArray[np.float64]:
    kernel = kernel_of(metric, rows, threshold)
    patients = np.arange(int(rows.group.max()) + 1)
    step = max(1, _CELLS // rows.n)
    return np.concatenate(
        [
            kernel((rows.group == patients[start : start + step, None]).astype(np.int32))
            for start in range(0, len(patients), step)
        ]
    )
