"""A fitted classifier: all that is needed to apply it, and nothing of how it was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from lesionary.adapt.probes.families import Predictor
from lesionary.adapt.probes.logistic import class_probabilities
from lesionary.adapt.probes.prepare import Preparation
from lesionary.adapt.probes.rows import Floats
from lesionary.adapt.saving.parts import Parts

_PREPARATION = ("kept", "fill", "mean", "scale")


@dataclass(frozen=True)
class Linear:
    """A linear classifier of prepared features.

    Attributes
    ----------
    coef : ndarray (k, q)
        k is 1 for two classes (the logit of the second), else one row a class.
    intercept : ndarray (k,)
    """

    coef: Floats
    intercept: Floats

    def predict_proba(self, X: Floats) -> Floats:
        """Return the probability (n, classes) of each class."""
        return class_probabilities(X @ self.coef.T + self.intercept)


@dataclass(frozen=True)
class FittedClassifier:
    """A classifier with the columns it wants and what is done to them first.

    Attributes
    ----------
    family : str
        ``linear``, ``knn``, ...
    columns : tuple of str
        Features, in the order of the fit.
    classes : tuple
        Labels, in the order of the probabilities' columns.
    preparation : Preparation
    predictor
        :class:`Linear`, or a scikit-learn classifier.
    """

    kind: ClassVar[str] = "classifier"

    family: str
    columns: tuple[str, ...]
    classes: tuple[Any, ...]
    preparation: Preparation
    predictor: Predictor

    def predict_proba(self, features: Floats) -> Floats:
        """Return the probability (n, classes) of each class.

        Parameters
        ----------
        features : ndarray (n, p)
            Columns as ``columns`` has them; NaN is filled in as learnt from the training rows.
        """
        return np.asarray(self.predictor.predict_proba(self.preparation(features)))

    def scores(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return ``score_<class>`` of rows that have exactly ``columns``."""
        values = features.to_numpy(dtype=np.float64, na_value=np.nan)
        return pd.DataFrame(
            self.predict_proba(values), columns=score_columns(self.classes), index=features.index
        )

    def parts(self) -> Parts:
        """Take the model apart (see :class:`~lesionary.adapt.saving.Savable`)."""
        facts = {"family": self.family, "columns": self.columns, "classes": self.classes}
        arrays = {name: getattr(self.preparation, name) for name in _PREPARATION}
        if isinstance(self.predictor, Linear):
            arrays |= {"coef": self.predictor.coef, "intercept": self.predictor.intercept}
            return Parts(facts, arrays)
        return Parts(facts, arrays, self.predictor)

    @classmethod
    def of_parts(cls, parts: Parts) -> FittedClassifier:
        """Put a model together."""
        arrays, facts = parts.arrays, parts.facts
        preparation = Preparation(*(arrays[name] for name in _PREPARATION))
        predictor = parts.estimator or Linear(arrays["coef"], arrays["intercept"])
        columns, classes = tuple(facts["columns"]), tuple(facts["classes"])
        _check_shapes(preparation, predictor, len(columns), len(classes))
        return cls(facts["family"], columns, classes, preparation, predictor)


def score_columns(classes: Sequence[Any]) -> list[str]:
    """Return the names of the columns of probabilities: ``score_0``, ``score_1``."""
    return [f"score_{one}" for one in classes]


def _check_shapes(preparation: Preparation, predictor: Any, columns: int, classes: int) -> None:
    width = len(preparation.kept)
    if any(getattr(preparation, name).shape != (width,) for name in _PREPARATION):
        raise ValueError("the preparation's arrays differ in length")
    if width and not 0 <= preparation.kept.min() <= preparation.kept.max() < columns:
        raise ValueError("it uses columns that it does not have")
    if isinstance(predictor, Linear):
        outputs = 1 if classes == 2 else classes
        wanted = ((outputs, width), (outputs,))
        if (predictor.coef.shape, predictor.intercept.shape) != wanted:
            raise ValueError("coefficients have another shape")
    elif predictor.n_features_in_ != width or len(predictor.classes_) != classes:
        raise ValueError("the estimator was fitted to other columns or classes")
