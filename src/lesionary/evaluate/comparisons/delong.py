"""The AUC's variance in closed form: DeLong's, and Obuchowski's for several rows a patient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from lesionary.errors import EvaluationError
from lesionary.evaluate.clusters import sum_by_patient
from lesionary.evaluate.inputs import Labelled
from lesionary.evaluate.level import reach

Floats = NDArray[np.float64]

# What rounding leaves of a variance, and of a difference, of 0.
NO_VARIANCE = 1e-24
ROUNDING = 1e-12


def delong(rows: Labelled) -> tuple[float, float]:
    """Compute the AUC of one binary score, and its variance.

    Parameters
    ----------
    rows : Labelled
        With one column of scores. Rows of one patient may depend on each other.

    Returns
    -------
    value, variance : float
        The variance is 0 where no pair of rows differs from another, as at an AUC of 1:
        :func:`delong_interval` says what can be said then.

    Raises
    ------
    EvaluationError
        If there are more than two classes, or one of the classes comes from one patient only.

    Examples
    --------
    >>> from lesionary.evaluate.inputs import labelled
    >>> value, variance = delong(labelled([0, 0, 0, 1, 1, 1], [1, 2, 4, 3, 5, 6]))
    >>> print(f"{value:.3f} {variance:.4f}")
    0.889 0.0247
    """
    if rows.score.ndim != 1:
        raise EvaluationError(
            f"DeLong's variance is of the AUC of two classes; here are {len(rows.classes)}. "
            "Use the bootstrap, or judge one class against the rest."
        )
    values, covariance = delong_covariance(rows.label, rows.score[None], rows.group)
    return float(values[0]), float(covariance[0, 0])


def delong_covariance(
    label: NDArray[np.int64], scores: Floats, group: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Compute the AUCs of several scores of the same rows, and how they vary together.

    DeLong, DeLong and Clarke-Pearson 1988 (doi 10.2307/2531595) by the midranks of Sun and
    Xu 2014 (doi 10.1109/LSP.2014.2337313). A patient's rows are summed as Obuchowski 1997 does
    (doi 10.2307/2533958); with one row a patient that is DeLong's.

    Parameters
    ----------
    label : ndarray of int64 (n,)
        0 or 1.
    scores : ndarray of float64 (m, n)
        One row a model.
    group : ndarray of int64 (n,)
        Patients, numbered from 0.

    Returns
    -------
    values : ndarray (m,)
    covariance : ndarray (m, m)
    """
    share = _shares(label, scores)
    values = share[:, label == 1].mean(axis=1)
    return values, _covariance(share - values[:, None], label, group)


def delong_interval(
    rows: Labelled, level: float = 0.95
) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Compute an interval of the AUC, on the logit scale: it never leaves 0 to 1.

    Where the classes are apart altogether the variance is 0 and says nothing. Then as many pairs
    of a positive and a negative patient as can be formed without using a patient twice are
    trials that all went well, and Clopper and Pearson's exact interval of these is given.

    Returns
    -------
    low, high : float or None
        None where the score is constant, or tells nothing apart for another reason.
    notes : tuple of str
    """
    value, variance = delong(rows)
    tail = (1 - level) / 2
    if value in (0.0, 1.0):
        positive = rows.label == 1
        pairs = min(
            *_patients_of_each_class(positive, rows.group), (int(rows.group.max()) + 1) // 2
        )
        bound = tail ** (1 / pairs)
        note = (
            "The score separates the classes altogether, where DeLong's variance is 0: the "
            f"interval is Clopper and Pearson's, of {pairs:,} independent pairs."
        )
        return (bound, 1.0, (note,)) if value == 1 else (0.0, 1 - bound, (note,))
    if variance < NO_VARIANCE:
        return None, None, ("The score is constant in effect: its AUC has no interval.",)
    width = reach(level) * np.sqrt(variance) / (value * (1 - value))
    return float(expit(logit(value) - width)), float(expit(logit(value) + width)), ()


def delong_difference(
    label: NDArray[np.int64], scores: Floats, group: NDArray[np.int64], level: float = 0.95
) -> tuple[float, float | None, float | None, tuple[str, ...]]:
    """Test whether the AUCs of two scores of the same rows differ, two-sided.

    Parameters
    ----------
    label, scores, group
        As :func:`delong_covariance` takes them; two scores.
    level : float
        Of the difference's interval, which is not transformed.

    Returns
    -------
    p : float
    low, high : float or None
    notes : tuple of str
    """
    # From differences of each row: those of nearly equal models would drown in their covariance.
    first, second = _shares(label, scores)
    ahead = first - second
    difference = float(ahead[label == 1].mean())
    variance = float(_covariance((ahead - difference)[None], label, group)[0, 0])
    if variance < NO_VARIANCE:
        if abs(difference) > ROUNDING:
            raise EvaluationError(
                f"DeLong's variance of a difference of {difference:.3f} between two AUCs is 0 (one "
                "separates the classes altogether, say), so it tests nothing: give "
                "test='permutation'."
            )
        return 1.0, None, None, ("The AUCs rest on the same order of rows: p is 1.",)
    spread = np.sqrt(variance)
    width = reach(level) * spread
    p = float(2 * norm.sf(abs(difference) / spread))
    return p, float(difference - width), float(difference + width), ()


def _shares(label: NDArray[np.int64], scores: Floats) -> Floats:
    """Of each row the share of the other class on its right side, (m, n); ties count one half."""
    share = np.empty_like(scores)
    ranks = rankdata(scores, axis=1)
    positive = label == 1
    others = positive.sum(), (~positive).sum()
    share[:, positive] = (ranks[:, positive] - rankdata(scores[:, positive], axis=1)) / others[1]
    share[:, ~positive] = (
        1 - (ranks[:, ~positive] - rankdata(scores[:, ~positive], axis=1)) / others[0]
    )
    return share


def _covariance(away: Floats, label: NDArray[np.int64], group: NDArray[np.int64]) -> Floats:
    """From shares less their mean, (m, n), to how the means vary together, (m, m)."""
    positive = label == 1
    with_positive, with_negative = _patients_of_each_class(positive, group)
    of_positive, of_negative = (
        sum_by_patient(np.where(kind, away, 0.0).T, group).T / kind.sum()
        for kind in (positive, ~positive)
    )
    covariance = _unbiased(with_positive) * of_positive @ of_positive.T
    covariance += _unbiased(with_negative) * of_negative @ of_negative.T
    between = _unbiased(int(group.max()) + 1) * of_positive @ of_negative.T
    return np.asarray(covariance + between + between.T)


def _patients_of_each_class(
    positive: NDArray[np.bool_], group: NDArray[np.int64]
) -> tuple[int, int]:
    """Count the patients with a positive row, and those with a negative one."""
    counts = len(np.unique(group[positive])), len(np.unique(group[~positive]))
    if min(counts) < 2:
        which = "positive" if counts[0] < 2 else "negative"
        raise EvaluationError(
            f"The {which} rows come from {min(counts)} patient: DeLong's variance needs two of "
            "each class at least. Ask for no interval, or gather more patients."
        )
    return counts


def _unbiased(patients: int) -> float:
    return patients / (patients - 1)
