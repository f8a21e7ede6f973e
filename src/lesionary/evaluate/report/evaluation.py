"""Everything that is said of a table of predictions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pandas as pd

from lesionary.cohort.columns import SPLIT
from lesionary.errors import EvaluationError
from lesionary.evaluate.comparisons.comparison import Comparison
from lesionary.evaluate.predictions import Predictions
from lesionary.evaluate.report.settings import Settings
from lesionary.evaluate.result import Result
from lesionary.evaluate.subgroups import Subgroups, cut_column
from lesionary.progress import track
from lesionary.spelling import hint

Found = TypeVar("Found")


@dataclass(frozen=True)
class Judged:
    """One number of one model, or why there is none.

    Parameters
    ----------
    model, metric
        ``metric`` is the name in the tables: ``auc``, ``calibration_slope``.
    of_class
        Of one class against the rest; empty for all.
    result
        None where it could not be computed; ``reason`` then says why.
    """

    model: str
    metric: str
    result: Result | None
    reason: str = ""
    of_class: str = ""


@dataclass(frozen=True)
class Evaluation:
    """Numbers, comparisons and what figures are drawn from.

    Parameters
    ----------
    predictions
        What was judged.
    settings
        As asked for; ``split`` is the one that was judged (None: all rows).
    judged
        All numbers.
    decisions
        Of each model how it was decided: the threshold in words.
    comparisons
        By the name of the metric; empty for one model.
    subgroups
        Of each model one a column.
    fractions
        Limited-data curves: ``model``, ``fraction`` and a result's columns. None without.
    notes
        What a reader should know, beyond the notes of single numbers.
    """

    predictions: Predictions
    settings: Settings
    judged: tuple[Judged, ...]
    decisions: Mapping[str, str]
    comparisons: Mapping[str, Comparison]
    subgroups: Mapping[str, tuple[Subgroups, ...]]
    fractions: pd.DataFrame | None
    notes: tuple[str, ...]

    def of(self, model: str, metric: str) -> Judged | None:
        """Return a model's number over all classes, if it was asked for."""
        for one in self.judged:
            if (one.model, one.metric, one.of_class) == (model, metric, ""):
                return one
        return None

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that were judged."""
        return tuple(dict.fromkeys(one.model for one in self.judged))

    def rows(self, model: str) -> pd.DataFrame:
        """Return the rows of a model that were judged."""
        return self.predictions.of(model, self.settings.split)

    def shared_rows(self) -> dict[str, pd.DataFrame]:
        """Return of each model its rows of the lesions that all models have, in one order."""
        return shared_rows({model: self.rows(model) for model in self.models})

    @property
    def results(self) -> pd.DataFrame:
        """One row a number."""
        rows: list[dict[str, Any]] = []
        for one in self.judged:
            row: dict[str, Any] = {
                "model": one.model,
                "split": self.settings.split or "all",
                "metric": one.metric,
                "class": one.of_class,
            }
            if one.result is None:
                row["notes"] = f"not computed: {one.reason}"
            else:
                told = one.result.as_dict()
                row |= {**told, "name": told["metric"], "metric": one.metric}
            rows.append(row)
        columns = ["model", "split", "metric", "class", "name", "value", "low", "high", "level"]
        columns += ["n", "events", "patients", "method", "notes"]
        return pd.DataFrame(rows).reindex(columns=columns)

    @property
    def compared(self) -> pd.DataFrame:
        """One row a metric and pair of models."""
        if not self.comparisons:
            return pd.DataFrame()
        return pd.concat([one.table for one in self.comparisons.values()], ignore_index=True)

    @property
    def subgroup_table(self) -> pd.DataFrame:
        """One row a model, column and subgroup."""
        tables = [
            one.table.assign(model=model)
            for model, found in self.subgroups.items()
            for one in found
        ]
        if not tables:
            return pd.DataFrame()
        # As objects: a table of a subgroup without a number has columns of another type.
        table = pd.concat([one.astype(object) for one in tables], ignore_index=True)
        return table[["model", *(name for name in table if name != "model")]]


def shared_rows(rows: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Keep of tables, each with lesions as index, the lesions that all have, in one order."""
    index = functools.reduce(lambda one, two: one[one.isin(two)], (t.index for t in rows.values()))
    return {name: table.loc[index] for name, table in rows.items()}


def attempt(
    model: str, metric: str, compute: Callable[..., Result], *arguments: Any, **options: Any
) -> Judged:
    """Compute a number, or keep the reason why it cannot be."""
    try:
        return Judged(model, metric, compute(*arguments, **options))
    except EvaluationError as error:
        return Judged(model, metric, None, str(error))


def where_possible(
    names: Sequence[str],
    compute: Callable[[str], Found],
    notes: list[str],
    *,
    doing: str,
    missing: str,
) -> dict[str, Found]:
    """Compute something of each name; add a note of those of which it cannot be, and why.

    Parameters
    ----------
    names
        Of models, or metrics.
    compute
        From a name to what is wanted.
    notes
        To be added to.
    doing
        What the progress is called.
    missing
        How a note begins, with a place for the name: ``Models are not compared by {}``.
    """
    found = {}
    for name in track(names, doing):
        try:
            found[name] = compute(name)
        except EvaluationError as error:
            notes.append(f"{missing.format(name)}: {error}")
    return found


def models_and_split(
    predictions: Predictions, settings: Settings
) -> tuple[list[str], Settings, list[str]]:
    """Return the models that have rows to judge, the settings with the split, and notes.

    Raises
    ------
    EvaluationError
        If there is no such split, column or reference.
    """
    split, notes = _split_to_judge(predictions, settings.split)
    for column in (*settings.subgroups, *settings.edges):
        if column not in predictions.table:
            raise EvaluationError(
                f"There is no column {column!r} to make subgroups by"
                f"{hint(column, map(str, predictions.table))}."
            )
    for column in settings.subgroups:
        cut_column(predictions.table[column], settings.edges.get(column))
    idle = [column for column in settings.edges if column not in settings.subgroups]
    if idle:
        raise EvaluationError(
            f"{idle[0]!r} has edges but is not among the subgroups: add it, or leave out its edges."
        )
    models = []
    for model in predictions.models:
        if predictions.of(model, split).empty:
            notes.append(
                f"Model {model!r} has no predictions of split {split!r}: it is not judged."
            )
        else:
            models.append(model)
    if settings.reference is not None and settings.reference not in models:
        raise EvaluationError(
            f"There is no model {settings.reference!r} to compare with"
            f"{hint(settings.reference, models)}."
        )
    return models, replace(settings, split=split), notes


def _split_to_judge(predictions: Predictions, wanted: str | None) -> tuple[str | None, list[str]]:
    """Say which split is judged (None: all rows), and what is to be known of that."""
    if SPLIT not in predictions.table:
        if wanted is not None:
            raise EvaluationError(
                f"The predictions have no column 'split' to find {wanted!r} in: add it, or take it "
                "from the lesion table."
            )
        return None, [
            "There is no column 'split': all rows are judged, as if no model had seen any of them."
        ]
    there = [str(name) for name in predictions.table[SPLIT].unique()]
    name = wanted or "test"
    if name not in there:
        raise EvaluationError(f"There are no predictions of split {name!r}{hint(name, there)}.")
    return name, []
