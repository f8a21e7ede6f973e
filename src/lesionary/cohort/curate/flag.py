"""What a check found of one series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "failed", "not possible"]


@dataclass(frozen=True)
class Flag:
    """The outcome of one check of one series.

    Attributes
    ----------
    check : str
        Which check.
    outcome : {"passed", "failed", "not possible"}
    reason : str
        What was found against what was asked for, or what the check lacks.
    value : float or None
        The number that was judged, where it is one.

    Examples
    --------
    >>> Flag("slices", "failed", "7 slices, fewer than 20", 7).outcome
    'failed'
    """

    check: str
    outcome: Outcome
    reason: str
    value: float | None = None


def judged(check: str, good: bool, reason: str, value: float | None = None) -> Flag:
    """Return a flag that is passed or failed."""
    return Flag(check, "passed" if good else "failed", reason, value)


def impossible(check: str, reason: str) -> Flag:
    """Return a flag of a check that could not be made."""
    return Flag(check, "not possible", reason)
