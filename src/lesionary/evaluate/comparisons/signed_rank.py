"""Wilcoxon's signed-rank test over patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from lesionary.evaluate.comparisons.flips import flipped_p
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.metrics.registry import kernel_of

MEANS_OF_ROWS = ("accuracy", "brier", "log_loss")
"""Metrics that one patient's rows have for themselves."""

FEW = 50
"""Patients on whom the models differ, up to which the test is computed exactly."""

_CELLS = 1 << 22  # weights that are held at once
_DIGITS = 12  # differences nearer to each other than this are ties


def signed_rank(
    metric: str, first: Labelled, second: Labelled, threshold: float = 0.5
) -> tuple[float, tuple[str, ...]]:
    """Test whether patients' differences between two models lie about 0, two-sided.

    A patient's difference is that of the metric over his or her own rows. Patients without a
    difference are left out, as Wilcoxon did, and ties share their middle rank. p is exact for at
    most 50 patients, else of the normal approximation.

    Returns
    -------
    p : float
    notes : tuple of str
        How many patients it rests on.
    """
    ahead = _by_patient(metric, first, threshold) - _by_patient(metric, second, threshold)
    ahead = np.round(ahead, _DIGITS)
    ahead = ahead[ahead != 0]
    kind = "patients" if first.grouped else "rows"
    if len(ahead) == 0:
        return 1.0, (f"The models do not differ on any of the {kind}.",)
    twice = np.rint(2 * rankdata(np.abs(ahead)) * np.sign(ahead)).astype(np.int64)
    differing = f"{len(ahead):,} {kind} on which the models differ"
    if len(ahead) <= FEW:
        return flipped_p(twice), (f"{differing}: exact.",)
    z = abs(twice.sum()) / np.sqrt((twice.astype(np.float64) ** 2).sum())
    return float(2 * norm.sf(z)), (f"{differing}: normal approximation.",)


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
