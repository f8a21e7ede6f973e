"""scikit-learn estimators as bytes, read back only where every type is on our list."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from lesionary.errors import ModelError

TRUSTED = (
    "lesionary.adapt.fusion.early.BlockScaler",
    "lesionary.adapt.fusion.early.EarlyFusion",
    "lesionary.adapt.fusion.late.LateFusion",
    "lesionary.adapt.selection.chain.SelectorChain",
    "lesionary.adapt.selection.correlation.CorrelationFilter",
    "lesionary.adapt.selection.elimination.RFE",
    "lesionary.adapt.selection.forest.ForestImportance",
    "lesionary.adapt.selection.lasso.Lasso",
    "lesionary.adapt.selection.missing.MissingShare",
    "lesionary.adapt.selection.mrmr.MRMR",
    "lesionary.adapt.selection.stability.StabilitySelection",
    "lesionary.adapt.selection.univariate.UnivariateScreen",
    "lesionary.adapt.selection.variance.NearZeroVariance",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.impute._iterative.IterativeImputer",
    "sklearn.impute._iterative._ImputerTriplet",
    "sklearn.tree._tree.Tree",
)
"""Types beyond those that skops knows to be harmless, which our estimators are made of."""


def estimator_bytes(estimator: Any) -> bytes:
    """Write an estimator by skops, and make sure that it can be read again."""
    from skops.io import dumps, get_untrusted_types

    data: bytes = dumps(estimator)
    strange = set(get_untrusted_types(data=data)) - set(TRUSTED)
    if strange:
        raise ModelError(f"{', '.join(sorted(strange))} cannot be saved: not on the list of types.")
    return data


def read_estimator(data: bytes, path: Path) -> Any:
    """Read an estimator; what is not on our list is refused by name, and nothing is run."""
    from skops.io import get_untrusted_types, loads

    try:
        strange = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
        if not strange:
            return loads(data, trusted=list(TRUSTED))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is a damaged model ({error}).") from error
    raise ModelError(
        f"{path} holds {', '.join(strange)}, which no model of Lesionary is made of: it was not "
        "read, and may be an attack. Do not use it."
    )
