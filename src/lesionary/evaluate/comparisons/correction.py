"""Corrections of p-values for how many comparisons were made."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.spelling import hint

Floats = NDArray[np.float64]


def holm(p: ArrayLike) -> Floats:
    """Correct by Holm 1979: at 0.05, any false finding at all has at most that probability.

    Parameters
    ----------
    p : array_like (m,)
        Of every comparison made, not of those that came out well.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values, order = _ordered(p)
    times = len(values) - np.arange(len(values))
    return _back(np.maximum.accumulate(values[order] * times), order)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Correct by Benjamini and Hochberg 1995: of what is below 0.05, at most that share is false.

    Holds for independent comparisons, and those that depend on each other positively.

    Parameters
    ----------
    p : array_like (m,)

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    values, order = _ordered(p)
    share = len(values) / np.arange(1, len(values) + 1)
    return _back(np.minimum.accumulate((values[order] * share)[::-1])[::-1], order)


Correction = Literal["holm", "benjamini-hochberg"]

CORRECTIONS = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}


def check_correction(name: str | None) -> None:
    """Raise unless there is such a correction; None is none."""
    if name is not None and name not in CORRECTIONS:
        known = hint(name, (*CORRECTIONS, "None"))
        raise EvaluationError(f"There is no correction {name!r}{known}.")


def _ordered(p: ArrayLike) -> tuple[Floats, NDArray[np.intp]]:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise EvaluationError("p-values are a list of numbers from 0 to 1, without gaps.")
    return values, np.argsort(values, kind="stable")


def _back(corrected: Floats, order: NDArray[np.intp]) -> Floats:
    out = np.empty_like(corrected)
    out[order] = np.minimum(corrected, 1)
    return out
