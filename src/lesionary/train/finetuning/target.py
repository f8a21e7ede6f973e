"""What is to be learnt: a label, survival, or both; and what the network's outputs mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator
from scipy.special import expit, softmax

from lesionary.cohort.columns import EVENT, TIME
from lesionary.train.config import Part, Positive

Kind = Literal["binary", "classes"]
Metric = Literal["auc", "map", "balanced_accuracy", "c_index"]

RISK = "score_risk"


class Survival(Part):
    """Survival as a target: Cox's partial likelihood, ties by Efron's method.

    Attributes
    ----------
    time, event : str
        Columns: the time to the event or to the end of observation, and 1 or 0 for which.
    weight : float
        Of its loss, beside the label's.
    """

    time: str = TIME
    event: str = EVENT
    weight: Positive = 1.0


class Target(Part):
    """What is to be learnt.

    Attributes
    ----------
    label : str or None
        Column of the class. Lesions without a value are not learnt from.
    kind : {"classes", "binary"}
        ``classes``: one output a class, softmax and cross-entropy. ``binary``: one output,
        sigmoid and binary cross-entropy.
    positive : str, int or None
        The class that ``binary`` scores; by default the greater of two numbers (1, true).
    survival : Survival or None
        Give an empty mapping for the columns ``time`` and ``event``.
    """

    label: str | None = None
    kind: Kind = "classes"
    positive: int | str | None = None
    survival: Survival | None = None

    @model_validator(mode="after")
    def _something(self) -> Target:
        if self.label is None and self.survival is None:
            raise ValueError("give the column of a label, or survival, or both")
        if self.positive is not None and (self.label is None or self.kind != "binary"):
            raise ValueError("positive goes with a label of kind: binary")
        return self


@dataclass(frozen=True)
class Outputs:
    """What the network's outputs mean: those of the label first, then the log hazard.

    Attributes
    ----------
    kind : {"classes", "binary"} or None
        None where there is no label.
    classes : tuple
        Values of the label, as in the table, in the order of their codes 0, 1, ...; of a binary
        label the positive one is the second.
    survival : bool
    """

    kind: Kind | None
    classes: tuple[Any, ...]
    survival: bool

    @property
    def of_label(self) -> int:
        """Number of outputs for the label."""
        return {None: 0, "binary": 1, "classes": len(self.classes)}[self.kind]

    @property
    def count(self) -> int:
        """Number of outputs."""
        return self.of_label + self.survival

    @property
    def columns(self) -> list[str]:
        """Names of the score columns."""
        scored = self.classes[-self.of_label :] if self.of_label else ()
        return [f"score_{value}" for value in scored] + [RISK] * self.survival

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What can be measured of it; the first is what a run goes by unless told otherwise."""
        of_label: dict[Kind | None, tuple[Metric, ...]] = {
            None: (),
            "binary": ("auc", "map", "balanced_accuracy"),
            "classes": ("balanced_accuracy", "map"),
        }
        return (*of_label[self.kind], *(("c_index",) if self.survival else ()))

    def scores(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn outputs ``(n, count)`` to scores: probabilities of the label, the log hazard."""
        label = outputs[:, : self.of_label]
        if self.kind == "binary":
            label = expit(label)
        elif self.kind == "classes":
            label = softmax(label, axis=1)
        return np.concatenate([label, outputs[:, self.of_label :]], axis=1)
