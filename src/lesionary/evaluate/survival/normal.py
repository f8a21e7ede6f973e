"""How many standard errors an interval reaches to each side."""

from __future__ import annotations

from scipy.stats import norm

from lesionary.errors import EvaluationError


def reach(level: float) -> float:
    """Return the normal quantile of a two-sided interval.

    Examples
    --------
    >>> round(reach(0.95), 3)
    1.96
    """
    if not 0 < level < 1:
        raise EvaluationError(f"level is between 0 and 1, as 0.95; not {level:g}.")
    return float(norm.ppf((1 + level) / 2))
