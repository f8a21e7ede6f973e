"""What is asked of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.correction import Correction
from lesionary.evaluate.comparisons.verdicts import Test
from lesionary.evaluate.thresholds import Rule


@dataclass(frozen=True)
class ThresholdChoice:
    """How a score becomes a decision.

    Parameters
    ----------
    rule
        Chosen by it on the tune split. None: at ``value``.
    at
        The sensitivity or specificity that the rule keeps.
    value
        A threshold given beforehand.
    """

    rule: Rule | None = None
    at: float | None = None
    value: float = 0.5

    @classmethod
    def of(cls, words: str) -> ThresholdChoice:
        """Read ``0.5``, ``youden``, ``sensitivity=0.9`` or ``specificity=0.9``.

        Examples
        --------
        >>> ThresholdChoice.of("sensitivity=0.95").at
        0.95
        """
        rule, _, number = words.strip().lower().partition("=")
        try:
            if rule == "youden" and not number:
                return cls("youden")
            if rule == "sensitivity":
                return cls("sensitivity", float(number))
            if rule == "specificity":
                return cls("specificity", float(number))
            return cls(value=float(words))
        except ValueError as error:
            raise EvaluationError(
                f"The threshold is a number, 'youden', 'sensitivity=0.9' or 'specificity=0.9', not "
                f"{words!r}."
            ) from error


@dataclass(frozen=True)
class Settings:
    """What is judged, and how.

    Parameters
    ----------
    split
        Judged. None: ``test`` where the table has splits, else all rows.
    tune_split
        Thresholds are chosen on it.
    metrics
        By which models are compared, the first also for subgroups and fractions; default ``auc``,
        and of survival ``c_index`` (Harrell's; ``c_index_uno`` is Uno's).
    times
        Of survival, at which the AUC is judged: ascending, in the unit of the table's.
    threshold
        Of classes. None: Youden's on the tune split where there is one, else 0.5 for probabilities.
    reference
        Model with which all others are compared; default all pairs.
    subgroups
        Columns; ``edges`` say where those of numbers are cut.
    test, correction
        Of the comparisons.
    resamples, level, seed
        Of everything that is drawn.
    """

    split: str | None = None
    tune_split: str = "tune"
    metrics: Sequence[str] = ()
    times: Sequence[float] = ()
    threshold: ThresholdChoice | None = None
    reference: str | None = None
    subgroups: Sequence[str] = ()
    edges: Mapping[str, Sequence[float]] = field(default_factory=dict)
    test: Test = "permutation"
    correction: Correction | None = "holm"
    resamples: int = 1000
    level: float = 0.95
    seed: int = 0
