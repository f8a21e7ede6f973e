"""A fresh classifier, fitted: scikit-learn's or a probe, which also wants to know the patients."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lesionary.errors import ModelError


def fitted(
    classifier: Any, X: pd.DataFrame, codes: NDArray[np.int64], groups: ArrayLike | None
) -> Any:
    """Fit a copy of a classifier; tell it the patients where its ``fit`` takes them."""
    if isinstance(classifier, type) or not hasattr(classifier, "predict_proba"):
        raise ModelError(
            f"Fusion needs a classifier with fit and predict_proba, not {classifier!r}: scikit-"
            "learn's LogisticRegression() or LinearProbe(), say (an SVC needs probability=True)."
        )
    # Not scikit-learn's clone: probes are no estimators of it.
    fresh = copy.deepcopy(classifier)
    takes = inspect.signature(fresh.fit).parameters
    known = {name: groups for name in ("patients", "groups") if name in takes}
    fresh.fit(X, codes, **(known if groups is not None else {}))
    return fresh
