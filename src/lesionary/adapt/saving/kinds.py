"""The kinds of model a file may hold. A file names a kind; it never names code."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lesionary.errors import ModelError

KINDS = {
    "classifier": ("lesionary.adapt.probes.fitted", "FittedClassifier"),
    "cox": ("lesionary.adapt.survival.cox", "CoxModel"),
    "cox-stack": ("lesionary.adapt.survival.stacking", "StackedCox"),
    "fusion": ("lesionary.adapt.fusion.saved", "FusedModel"),
    "survival-forest": ("lesionary.adapt.survival.forest", "RandomSurvivalForest"),
}
"""Of each kind, the module and the class that puts it together (see ``Savable``)."""


def class_of(kind: Any) -> Any:
    """Return the class of a kind of model."""
    if kind not in KINDS:
        raise ModelError(
            f"The model is of the kind {kind!r}, which this version of Lesionary does not know "
            f"(it knows {', '.join(KINDS)}): use the version that wrote it, or a newer one."
        )
    module, name = KINDS[kind]
    return getattr(import_module(module), name)
