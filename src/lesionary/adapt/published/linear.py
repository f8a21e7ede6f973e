"""The published linear models: a pickled logistic regression, whose scaler was not saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.adapt.probes.fitted import FittedClassifier, Linear
from lesionary.adapt.probes.given import column_names, feature_values
from lesionary.adapt.probes.prepare import Preparation
from lesionary.adapt.published.arrays import Array
from lesionary.adapt.published.machine import Instance, follow
from lesionary.errors import ModelError

_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class PublishedLinear:
    """What a pickled ``LogisticRegression`` of scikit-learn holds.

    Attributes
    ----------
    coef : ndarray of float64 (k, p)
        k is 1 for two classes.
    intercept : ndarray of float64 (k,)
    classes : tuple
    version : str or None
        Of the scikit-learn that wrote it.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    classes: tuple[Any, ...]
    version: str | None

    def on(self, train: pd.DataFrame, *, scaled: bool = True) -> FittedClassifier:
        """Return a classifier, with the scaler that was not saved learnt again.

        Parameters
        ----------
        train : DataFrame (n, p)
            Features of the training rows of the publication, in its order of columns.
        scaled : bool
            Whether the model was fitted to standardised features, as the published ones were.
        """
        values = feature_values(train)
        if values.shape[1] != self.coef.shape[1]:
            raise ModelError(
                f"The model is of {self.coef.shape[1]:,} features, and these are "
                f"{values.shape[1]:,}."
            )
        if np.isnan(values).any():
            raise ModelError("Training features are missing in places; the published had all.")
        zero, one = np.zeros(values.shape[1]), np.ones(values.shape[1])
        mean, scale = (values.mean(axis=0), values.std(axis=0)) if scaled else (zero, one)
        every = np.arange(values.shape[1])
        # As scikit-learn's scaler, a constant column is only centred.
        preparation = Preparation(every, mean, mean, np.where(scale > 0, scale, 1.0))
        return FittedClassifier(
            "linear",
            column_names(train),
            self.classes,
            preparation,
            Linear(self.coef, self.intercept),
        )


def read_published_linear(path: str | Path) -> PublishedLinear:
    """Read a published linear model (``model.pkl``) without executing the file.

    Parameters
    ----------
    path
        A ``LogisticRegression`` written by pickle (protocol 2 to 5) or joblib (not compressed),
        by any version of scikit-learn and NumPy.

    Raises
    ------
    ModelError
        If it is something else. What the file names beyond a logistic regression and its
        arrays is refused by name.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"There is no model {path}.")
    if path.stat().st_size > _MOST_BYTES:
        raise ModelError(f"{path} is larger than any linear model.")
    try:
        found = follow(path.read_bytes())
        return _linear(found)
    except ModelError as error:
        raise ModelError(f"{path} is no linear model that can be read. {error}") from error


def _linear(found: Any) -> PublishedLinear:
    if not isinstance(found, Instance):
        raise ModelError(f"It holds a {type(found).__name__}, and no logistic regression.")
    held = found.attributes
    missing = [name for name in ("coef_", "intercept_", "classes_") if name not in held]
    if missing:
        raise ModelError(f"The logistic regression has no {', '.join(missing)}: is it fitted?")
    classes = tuple(_values(held["classes_"]).tolist())
    coef = _values(held["coef_"]).astype(np.float64)
    intercept = np.broadcast_to(_values(held["intercept_"]).astype(np.float64), coef.shape[:1])
    if (
        coef.ndim != 2
        or len(classes) < 2
        or len(coef) != (1 if len(classes) == 2 else len(classes))
    ):
        raise ModelError(f"Coefficients of shape {coef.shape} are not of {len(classes)} classes.")
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
        raise ModelError("Coefficients are not finite.")
    kind, solver = held.get("multi_class", "auto"), held.get("solver", "lbfgs")
    if len(classes) > 2 and (kind == "ovr" or (kind == "auto" and solver == "liblinear")):
        raise ModelError("It is a regression for each class against the rest, not one of all.")
    # Of two classes, a "multinomial" model has half the logit for each.
    size = 2.0 if len(classes) == 2 and kind == "multinomial" else 1.0
    version = held.get("_sklearn_version")
    return PublishedLinear(
        size * coef, size * intercept, classes, version if isinstance(version, str) else None
    )


def _values(held: Any) -> NDArray[Any]:
    if not isinstance(held, Array) or held.content is None:
        raise ModelError("Coefficients are no array.")
    return held.content
