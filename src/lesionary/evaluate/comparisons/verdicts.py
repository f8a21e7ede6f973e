"""From the tests of all pairs to a comparison, whatever was judged: classes or survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.comparison import Comparison, Difference
from lesionary.evaluate.comparisons.correction import CORRECTIONS, Correction, check_correction
from lesionary.evaluate.comparisons.paired import AnyPaired, Pairs
from lesionary.evaluate.comparisons.resampled import drawn_interval
from lesionary.evaluate.level import check_level
from lesionary.evaluate.metrics.kernel import Values
from lesionary.evaluate.resample.bootstrap import FEW_PATIENTS
from lesionary.evaluate.result import Result
from lesionary.spelling import hint

Test = Literal["permutation", "bootstrap", "delong", "mcnemar", "wilcoxon"]
Alternative = Literal["two-sided", "published"]

_USUAL_LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """What a test says of a pair: p, the bounds of the difference, and notes."""

    p: float
    low: float | None
    high: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """How the models of a family are compared: as :func:`lesionary.evaluate.compare` is told."""

    test: Test
    reference: str | None
    correction: Correction | None
    resamples: int
    level: float
    alternative: Alternative = "two-sided"

    def words(self, *, grouped: bool) -> str:
        """Say which test it is; ``grouped`` if patients are known."""
        whom = "patients" if grouped else "rows"
        words = {
            "permutation": f"paired permutation of {whom}, {self.resamples:,} times",
            "bootstrap": f"paired bootstrap, {self.resamples:,} resamples",
            "delong": "DeLong, clustered by patient (Obuchowski)" if grouped else "DeLong",
            "mcnemar": "McNemar, clustered by patient (Durkalski)" if grouped else "McNemar",
            "wilcoxon": f"Wilcoxon signed rank over {whom}",
        }[self.test]
        side = "two-sided" if self.alternative == "two-sided" else "one-sided as published"
        return f"{words}, {side}"

    @property
    def smallest_p(self) -> float:
        """What no p of a pair can be below; the published one can be 0."""
        two_sided = self.alternative == "two-sided"
        counted = {"permutation": 1, "bootstrap": 2}.get(self.test, 0) if two_sided else 0
        return counted / (self.resamples + 1)


def check_plan(
    test: str, tests: Sequence[str], correction: str | None, resamples: int, level: float
) -> None:
    """Raise unless there is such a test and correction, and resamples and level make sense."""
    if test not in tests:
        raise EvaluationError(f"There is no test {test!r}{hint(test, tests)}.")
    check_correction(correction)
    if resamples < 1:
        raise EvaluationError(f"There must be resamples; {resamples} were asked for.")
    check_level(level)


def with_intervals(
    tested: Sequence[tuple[float, tuple[str, ...]]],
    drawn: Sequence[Values],
    resamples: int,
    level: float,
) -> list[Verdict]:
    """Put beside each pair's p and notes the interval of its drawn differences."""
    verdicts = []
    for (p, notes), each in zip(tested, drawn, strict=True):
        low, high, more = drawn_interval(each, resamples, level)
        verdicts.append(Verdict(p, low, high, (*notes, *more)))
    return verdicts


def comparison_of(
    models: AnyPaired,
    pairs: Pairs,
    verdicts: Sequence[Verdict],
    plan: Plan,
    *,
    title: str,
    values: Mapping[str, float],
    method: str,
    higher_is_better: bool = True,
    notes: tuple[str, ...] = (),
) -> Comparison:
    """Correct p over all pairs, and say what each difference rests on.

    Parameters
    ----------
    models, pairs, verdicts, plan
        Who was compared, and how; a verdict a pair.
    title
        The metric, as a person says it.
    values
        Of each model.
    method
        Of the intervals.
    notes
        What holds for all pairs.
    """
    p = [verdict.p for verdict in verdicts]
    corrected = p if plan.correction is None else CORRECTIONS[plan.correction](p).tolist()
    rows = models.rows
    differences = tuple(
        Difference(
            a,
            b,
            Result(
                f"difference in {title}",
                values[a] - values[b],
                verdict.low,
                verdict.high,
                n=rows.n,
                method=method,
                events=rows.events,
                patients=rows.patients,
                level=plan.level,
                notes=verdict.notes,
            ),
            verdict.p,
            corrected_p,
        )
        for (a, b), verdict, corrected_p in zip(pairs, verdicts, corrected, strict=True)
    )
    return Comparison(
        title,
        higher_is_better,
        dict(values),
        differences,
        plan.reference,
        plan.words(grouped=rows.grouped),
        plan.correction,
        (*notes, *_few(models, plan), *_limits(plan, len(pairs))),
    )


def _few(models: AnyPaired, plan: Plan) -> tuple[str, ...]:
    if plan.test == "delong" or models.patients >= FEW_PATIENTS:
        return ()
    unit = "patients" if models.rows.grouped else "rows"
    return (f"{models.patients} {unit}: the intervals are likely too narrow.",)


def _limits(plan: Plan, pairs: int) -> tuple[str, ...]:
    """Say where no corrected p could be small, whatever the data."""
    smallest = pairs * plan.smallest_p
    if plan.correction != "holm" or smallest <= _USUAL_LEVEL:
        return ()
    enough = round(200 * smallest * (plan.resamples + 1))  # for a corrected p of 0.005
    return (
        f"With {plan.resamples:,} resamples and {pairs:,} comparisons no corrected p can be below "
        f"{min(1.0, smallest):.3f}: give resamples={enough:,} or a reference.",
    )
