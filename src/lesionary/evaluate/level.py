"""Levels of intervals, and how many standard errors they reach."""

from __future__ import annotations

from scipy.stats import norm

from lesionary.errors import EvaluationError


def check_level(level: float) -> None:
    """Raise unless an interval can have this level."""
    if not 0.0 < level < 1.0:
        raise EvaluationError(f"The level of an interval is between 0 and 1, as 0.95; not {level}.")


def reach(level: float) -> float:
    """Return how many standard errors a two-sided normal interval reaches to each side.

    Examples
    --------
    >>> round(reach(0.95), 3)
    1.96
    """
    check_level(level)
    return float(norm.ppf((1 + level) / 2))
