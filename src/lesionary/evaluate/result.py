"""A number, how sure we are of it, and what it rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """A metric with its interval, and how both were computed. Prints itself.

    Parameters
    ----------
    metric
        What it is, as a person says it: ``AUC``, ``balanced accuracy``.
    value
        The metric of the rows as they are (never the mean over resamples).
    low, high
        Bounds of the interval. None if there is none; then ``notes`` say why, unless none
        was asked for.
    n
        Rows.
    method
        How the interval was computed: ``DeLong``, ``bootstrap percentile, 1,000 resamples``.
    events
        Rows of the positive class, or events; None where there is no such thing.
    patients
        Independent groups that the rows come from; None if each row is its own.
    level
        Of the interval.
    notes
        What a reader should know: few events, resamples without a class, and the like.

    Examples
    --------
    >>> print(Result("AUC", 0.794, 0.754, 0.834, n=489, events=205, method="DeLong"))
    AUC 0.794 (95 % CI 0.754 to 0.834), n = 489, 205 events; DeLong
    """

    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    method: str
    events: int | None = None
    patients: int | None = None
    level: float = 0.95
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        interval = ""
        if self.low is not None and self.high is not None:
            interval = f" ({self.level * 100:g} % CI {self.low:.3f} to {self.high:.3f})"
        counts = f"n = {self.n:,}"
        if self.events is not None:
            counts += f", {self.events:,} events"
        if self.patients is not None:
            counts += f", {self.patients:,} patients"
        method = f"; {self.method}" if self.method else ""
        notes = "".join(f"\n  {note}" for note in self.notes)
        return f"{self.metric} {self.value:.3f}{interval}, {counts}{method}{notes}"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for a row of a table, or for JSON.

        A time that is not reached is ``inf``, for which JSON has no number: write null.
        """
        return {**asdict(self), "notes": "; ".join(self.notes)}


def p_words(p: float) -> str:
    """Write a p-value with as many digits as mean anything.

    Examples
    --------
    >>> p_words(0.0123), p_words(0.0002)
    ('0.012', '<0.001')
    """
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def p_equation(p: float) -> str:
    """Write ``p = 0.012``, or ``p < 0.001``."""
    words = p_words(p)
    return f"p < {words[1:]}" if words.startswith("<") else f"p = {words}"
