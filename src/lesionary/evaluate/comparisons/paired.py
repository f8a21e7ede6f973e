"""Several models' scores of the same rows, checked together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import EvaluationError
from lesionary.evaluate.inputs import Labelled, labelled
from lesionary.spelling import hint

Pairs: TypeAlias = list[tuple[str, str]]


class Rows(Protocol):
    """What rows of classes and of survival have in common."""

    @property
    def group(self) -> NDArray[np.int64]:
        """Of each row its patient, numbered from 0."""

    @property
    def grouped(self) -> bool:
        """Whether patients are known."""

    @property
    def n(self) -> int:
        """Rows."""

    @property
    def events(self) -> int | None:
        """Rows of the positive class, or in which the event happened."""

    @property
    def patients(self) -> int | None:
        """Patients, if they are known."""


RowsT_co = TypeVar("RowsT_co", bound=Rows, covariant=True)


@dataclass(frozen=True)
class Paired(Generic[RowsT_co]):
    """Models by name, all with the same rows but for their scores."""

    models: Mapping[str, RowsT_co]

    @property
    def rows(self) -> RowsT_co:
        """Rows of the first model: what is not its score is the same for all."""
        return next(iter(self.models.values()))

    @property
    def patients(self) -> int:
        """Number of what is drawn and swapped together: patients, or rows if these are unknown."""
        return int(self.rows.group.max()) + 1

    def pairs(self, reference: str | None) -> Pairs:
        """List what is compared: all pairs in the order given, or all with one."""
        if reference is None:
            return list(combinations(self.models, 2))
        if reference not in self.models:
            raise EvaluationError(
                f"There is no model {reference!r} to compare with{hint(reference, self.models)}."
            )
        return [(name, reference) for name in self.models if name != reference]


AnyPaired: TypeAlias = Paired[Rows]


def paired(
    y: ArrayLike,
    scores: Mapping[str, ArrayLike],
    groups: ArrayLike | None,
    classes: Sequence[Any] | None,
) -> Paired[Labelled]:
    """Check labels, each model's scores and groups; errors name the model."""
    need_two(scores)
    models: dict[str, Labelled] = {}
    for name, score in scores.items():
        try:
            models[name] = labelled(y, _in_order(score, classes), groups, classes=classes)
        except EvaluationError as error:
            raise EvaluationError(f"Model {name!r}: {error}") from error
        # A table's columns say which classes there are; later tables are put in its order.
        classes = models[name].classes
    return Paired(models)


def _in_order(score: ArrayLike, classes: Sequence[Any] | None) -> ArrayLike:
    if (
        isinstance(score, pd.DataFrame)
        and classes is not None
        and set(score.columns) == set(classes)
    ):
        return score[list(classes)]
    return score


def need_two(scores: Mapping[str, ArrayLike]) -> None:
    """Raise unless there are two models, and their scores are of the same rows."""
    if len(scores) < 2:
        raise EvaluationError(
            f"A comparison needs two models at least; given: {', '.join(scores) or 'none'}."
        )
    indexed = {
        name: score.index
        for name, score in scores.items()
        if isinstance(score, pd.Series | pd.DataFrame)
    }
    first = next(iter(indexed), None)
    for name, index in indexed.items():
        if first is not None and not indexed[first].equals(index):
            raise EvaluationError(
                f"The scores of {first!r} and {name!r} have different indexes: join them by "
                "lesion_id first."
            )
